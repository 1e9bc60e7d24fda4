"""An operator's hour at a station by real clicks: order, stop, scrap, check, call, completion; and who reads of it."""

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from mes.plc.simulator.plant import SimulatedPlant
from tests.acceptance.stack import PASSWORD, PERSON, Stack, until

pytestmark = pytest.mark.timeout(400)

SIMULATED = """
controllers:
  PLC-8:
    machines:
      CUT_8:
        script:
          - {run: 12, cycle_s: 0.5, item: DISC}
          - {breakdown: 25, reason: 81}
        repeat: true
"""
PLANT = """
sites:
  TEST: {{name: Test, time_zone: Europe/Berlin}}
shift_patterns:
  ROUND-8:
    name: Round the clock
    shifts:
      - {{name: Day, days: all, from: 06:00, to: 18:00}}
      - {{name: Night, days: all, from: 18:00, to: 06:00}}
areas:
  HALL-8: {{name: Hall 8, site: TEST}}
lines:
  LINE-8: {{name: Line 8, area: HALL-8, shifts: ROUND-8}}
work_centers:
  CUT-8: {{name: Cutter, line: LINE-8, exit: true, micro_stop_s: 0}}
controllers:
  PLC-8: {{name: Cutter, address: "{address}", period_s: 0.5, site: TEST}}
bindings:
  CUT-8: {{controller: PLC-8, udt: CUT_8, state_map: packml-tr88}}
reasons:
  KNIFE:
    name: Knife
    class: failure
    reasons:
      BLUNT: {{name: Knife blunt, plc_code: 81}}
      BROKEN: {{name: Knife broken}}
items:
  DISC: {{name: Disc, ideal_cycle_s: {{CUT-8: 0.5}}}}
check_plans:
  DISC-WIDTH:
    name: Width
    work_center: CUT-8
    unit: mm
    lower: 9
    upper: 11
    when: {{start: true}}
"""
CATEGORY = """
from mes.andon.models import CallCategory
CallCategory.objects.get_or_create(code="MAINT-8", defaults={"name": "Maintenance"})
"""


@pytest.fixture(scope="module")
def plant(stack: Stack) -> Iterator[SimulatedPlant]:
    """A cutter that runs for 12 s and then stands for 25 s, again and again."""
    simulated = stack.simulate(SIMULATED)
    stack.import_plant(PLANT.format(address=simulated.controller("PLC-8").address))
    stack.manage("shell", "-c", CATEGORY)
    until("the machine is heard", lambda: stack.heard("PLC-8"), 60)
    yield simulated
    simulated.pause()


@pytest.fixture
def station(stack: Stack, plant: SimulatedPlant, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The station in Chromium, logged in; `(width, scripts)` is the parameter."""
    width, scripts = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{stack.url}/login/?next=/station/CUT-8/")
    page.fill("[name=username]", PERSON)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/station/CUT-8/")
    yield page
    context.close()


def seen(page: Page, selector: str, *, scripts: bool, within_s: float = 60) -> None:
    """Waits for something to stand on the station; without scripts a person would look again."""
    if scripts:
        page.wait_for_selector(selector, timeout=within_s * 1000)
        return
    end = time.monotonic() + within_s
    while not page.locator(selector).count():
        assert time.monotonic() < end, f"not within {within_s} s: {selector}"
        page.wait_for_timeout(500)
        with contextlib.suppress(Error):  # the page looks again by itself too, and then breaks this look off
            page.reload()


def pressed(page: Page, name: str) -> None:
    """Presses a button and waits for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


@pytest.mark.parametrize(
    ("station", "number"),
    [((1280, True), "WO-81"), ((360, True), "WO-82"), ((1280, False), "WO-83")],
    indirect=["station"],
    ids=["desktop", "phone", "no-script"],
)
def test_an_hour_at_the_station(stack: Stack, station: Page, number: str, request: pytest.FixtureRequest) -> None:
    scripts = "no-script" not in request.node.name
    order = {"number": number, "item": "DISC", "line": "LINE-8", "quantity": "500"}
    session = stack.session()
    token = session.cookies["csrftoken"]
    made = session.post(
        f"{stack.url}/api/v1/work-orders/", json=order, headers={"X-CSRFToken": token, "Referer": stack.url}, timeout=20
    )
    assert made.status_code == 201, made.text

    station.fill("#scan", number)  # a scanner types and ends with Enter
    station.press("#scan", "Enter")
    expect(station.locator("#h-order")).to_have_text(number)
    until("the machine counts it up", lambda: good_of(stack, number) >= 3, 60)

    until("it breaks down on the order", lambda: breaks_of(stack, number) > 0, 60)
    station.goto(f"{stack.url}/station/CUT-8/")  # a sheet that stands already may ask for a stop before the order
    seen(station, ".sheet", scripts=scripts)  # a breakdown opens the reason sheet: two taps
    told = reasons(stack)
    station.locator(".sheet summary", has_text="Knife").click()
    with station.expect_navigation():
        station.locator(".sheet").get_by_role("button", name="Knife broken", exact=True).click()
    until("the reason is stored", lambda: reasons(stack) == told + 1, 20)

    station.goto(f"{stack.url}/station/CUT-8/")
    before = scrap_of(stack, number)
    station.locator("[data-button=scrap]").click()  # scrap: two taps
    with station.expect_navigation():
        station.get_by_role("button", name="3", exact=True).first.click()
    until("three pieces of scrap", lambda: scrap_of(stack, number) - before == 3, 20)

    seen(station, ".check-card a.tap", scripts=scripts)
    station.locator(".check-card a.tap", has_text="Width").click()
    station.fill("#value-1", "12.5")
    pressed(station, "Enter the check")
    station.goto(f"{stack.url}/station/CUT-8/")
    expect(station.locator(".check-card")).to_contain_text("On hold")

    station.locator("[data-button=call]").click()
    pressed(station, "Maintenance")
    station.goto(f"{stack.url}/station/CUT-8/call/")
    pressed(station, "I come")
    station.goto(f"{stack.url}/station/CUT-8/call/")
    station.fill("[id^=what_]", "New knife")
    pressed(station, "Resolved")
    assert stack.rows("SELECT state, outcome FROM andon_call ORDER BY id DESC LIMIT 1") == [("resolved", "New knife")]

    station.goto(f"{stack.url}/station/CUT-8/")
    station.locator("[data-button=complete]").click()
    finish = station.locator("form", has_text="Complete, start nothing")
    for box in finish.locator("[name=reports_seen]").all():
        box.check()  # the report is not decided: completing all the same is said, not assumed
    with station.expect_navigation():
        finish.get_by_role("button", name="Complete, start nothing").click()
    for field in station.locator("form input[name=why], form select[name=why]").all()[:1]:
        field.fill("The rest is not needed")
    if station.locator("form").get_by_role("button", name="The rest is not needed").count():
        station.get_by_role("button", name="The rest is not needed").first.click()
    until("the order is completed", lambda: status_of(stack, number) == "completed", 20)

    handover = text_of(station, stack, handover_of(stack))
    for told in (number, "Knife broken", "Maintenance", "Width"):
        assert told in handover, told
    story = text_of(station, stack, f"/thread/order/{number}/")
    for told in (
        "Order started",
        "Knife broken",
        "3 scrap",
        "called: Maintenance",
        "New knife",
        "Width",
        "Order completed",
    ):
        assert told in story, told
    hours = station.locator("a[href*='/thread/machine-hour/']").first.get_attribute("href") or ""
    assert "CUT_8" in text_of(station, stack, hours), "down to the readings of the controller"


def text_of(page: Page, stack: Stack, path: str) -> str:
    answer = page.goto(stack.url + path)
    assert answer is not None
    assert answer.status == 200, path
    return page.locator("main").inner_text()


def handover_of(stack: Stack) -> str:
    line, day, name = stack.rows(
        "SELECT l.code, s.production_date, s.name FROM plant_shift s JOIN plant_line l ON l.id = s.line_id"
        " WHERE l.code = 'LINE-8' AND s.starts_at <= %s AND s.ends_at > %s",
        *[datetime.now(UTC)] * 2,
    )[0]
    return f"/handover/{line}/{day}/{name}/"


def good_of(stack: Stack, number: str) -> int:
    return counted(stack, number)[0]


def scrap_of(stack: Stack, number: str) -> int:
    by_hand = stack.rows(
        "SELECT coalesce(sum(f.quantity), 0) FROM tracking_countflag f JOIN production_workorder o ON o.id = f.order_id"
        " WHERE o.number = %s AND f.role = 'scrap' AND f.kind = 'manual'",
        number,
    )[0][0]
    return counted(stack, number)[1] + int(by_hand)


def counted(stack: Stack, number: str) -> tuple[int, int]:
    """(good, scrap) that machines counted for an order."""
    good, scrap = stack.rows(
        "SELECT coalesce(sum(good_sum), 0), coalesce(sum(scrap_sum), 0) FROM tracking_counthour c"
        " JOIN production_workorder o ON o.id = c.order_id WHERE o.number = %s",
        number,
    )[0]
    return int(good), int(scrap)


def breaks_of(stack: Stack, number: str) -> int:
    """Stops that began since the order was started."""
    query = (
        "SELECT count(*) FROM downtime_stop s JOIN production_run r ON r.work_center_id = s.work_center_id"
        " JOIN production_workorder o ON o.id = r.order_id WHERE o.number = %s AND s.starts_at > r.starts_at"
    )
    return int(stack.rows(query, number)[0][0])


def reasons(stack: Stack) -> int:
    query = "SELECT count(*) FROM downtime_stop s JOIN downtime_reason r ON r.id = s.reason_id WHERE r.code = 'BROKEN'"
    return int(stack.rows(query)[0][0])


def status_of(stack: Stack, number: str) -> str:
    return str(stack.rows("SELECT status FROM production_workorder WHERE number = %s", number)[0][0])
