"""From the ERP to the station and back, by real clicks, against a running Tryton: an order, and an outage."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from erp_sync.demo.series import DATABASE, NEWEST
from mes.plc.simulator.plant import SimulatedPlant
from tests.acceptance.stack import PASSWORD, PERSON, Stack, until
from tests.acceptance.test_shop_floor import good_of, scrap_of, status_of
from tests.erp_sync.contract.rig_tryton import TrytonRig
from tests.erp_sync.tryton import trytons

pytestmark = pytest.mark.timeout(600)

SIMULATED = """
controllers:
  PLC-9:
    machines:
      CUT_9:
        script:
          - {run: 3600, cycle_s: 0.5, item: DISC}
        repeat: true
"""
PLANT = """
sites:
  TEST: {{name: Test, time_zone: Europe/Berlin}}
shift_patterns:
  ROUND-9:
    name: Round the clock
    shifts:
      - {{name: Day, days: all, from: 06:00, to: 18:00}}
      - {{name: Night, days: all, from: 18:00, to: 06:00}}
areas:
  HALL-9: {{name: Hall 9, site: TEST}}
lines:
  LINE-9: {{name: Line 9, area: HALL-9, shifts: ROUND-9}}
work_centers:
  CUT-9: {{name: Cutter, line: LINE-9, exit: true}}
controllers:
  PLC-9: {{name: Cutter, address: "{address}", period_s: 0.5, site: TEST}}
bindings:
  CUT-9: {{controller: PLC-9, udt: CUT_9, state_map: packml-tr88}}
items:
  DISC-9: {{name: Disc, ideal_cycle_s: {{CUT-9: 0.5}}}}
"""
CONNECT = """
from datetime import UTC, datetime
from decimal import Decimal
from erp_sync.connections import connection_check, connection_create, connection_dry_run, connection_go_live
from erp_sync.inbound.mapping import mapping_set
from erp_sync.secrets import secrets_keep
from mes.plant.models import Site
at, said = datetime.now(UTC), {said}
secrets_keep("TRYTON", said["secrets"])
erp = connection_create(code="TRYTON", name="Tryton", kind="tryton", site=Site.objects.get(code="TEST"),
    address=said["url"], options=said["options"], actor="boss", at=at)
for kind, theirs, ours, factor in (("item", "GLASS-07", "DISC-9", None), ("item", "BOTTLE-GLASS", "-", None),
    ("unit", "u", "pcs", Decimal(1))):
    mapping_set(connection=erp, kind=kind, ext_key=theirs, mes_code=ours, factor=factor, actor="boss", at=at)
connection_check(erp, "boss", at)
connection_dry_run(erp, "boss", at)
connection_go_live(erp, "boss", at)
"""


@pytest.fixture(scope="module")
def plant(stack: Stack) -> Iterator[SimulatedPlant]:
    """A cutter that runs and counts two discs a second."""
    simulated = stack.simulate(SIMULATED)
    stack.import_plant(PLANT.format(address=simulated.controller("PLC-9").address))
    until("the machine is heard", lambda: stack.heard("PLC-9"), 60)
    yield simulated
    simulated.pause()


@pytest.fixture(scope="module")
def erp(stack: Stack, plant: SimulatedPlant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonRig]:
    """A Tryton of its own, connected live: discs are its GLASS-07, in pieces."""
    for tryton_of in trytons(tmp_path_factory.mktemp("tryton")):
        tryton = tryton_of(NEWEST.name)
        tryton.reset()
        said = {
            "url": tryton.url,
            "options": {"database": DATABASE, "default_line": "LINE-9"},
            "secrets": dict(tryton.settings.secrets),
        }
        stack.manage("shell", "-c", CONNECT.format(said=repr(said)))
        rig = TrytonRig(tryton)
        yield rig
        rig.close()


@pytest.fixture
def station(stack: Stack, plant: SimulatedPlant, browser: Browser) -> Iterator[Page]:
    """The station in Chromium, logged in."""
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    page = context.new_page()
    page.goto(f"{stack.url}/login/?next=/station/CUT-9/")
    page.fill("[name=username]", PERSON)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/station/CUT-9/")
    yield page
    context.close()


def made_of(stack: Stack, number: str) -> tuple[int, int]:
    """(good, scrap) of an order: what machines counted; what people scrapped is taken from the good."""
    moved = stack.rows(
        "SELECT coalesce(sum(f.quantity), 0) FROM tracking_countflag f JOIN production_workorder o ON o.id = f.order_id"
        " WHERE o.number = %s AND f.role = 'good' AND f.kind = 'manual'",
        number,
    )[0][0]
    return good_of(stack, number) + int(moved), scrap_of(stack, number)


def scrap(page: Page, stack: Stack, pieces: int) -> None:
    """Two taps."""
    page.goto(f"{stack.url}/station/CUT-9/")
    page.locator("[data-button=scrap]").click()
    with page.expect_navigation():
        page.get_by_role("button", name=str(pieces), exact=True).first.click()


def start(page: Page, number: str) -> None:
    page.fill("#scan", number)  # a scanner types and ends with Enter
    page.press("#scan", "Enter")
    expect(page.locator("#h-order")).to_have_text(number)


def complete(page: Page, stack: Stack) -> None:
    """Completes what runs, with a reason for what is missing."""
    page.goto(f"{stack.url}/station/CUT-9/")
    page.locator("[data-button=complete]").click()
    finish = page.locator("form", has_text="Complete, start nothing")
    with page.expect_navigation():
        finish.get_by_role("button", name="Complete, start nothing").click()
    if page.get_by_role("button", name="The rest is not needed").count():
        with page.expect_navigation():
            page.get_by_role("button", name="The rest is not needed").first.click()


def accept_warning(page: Page, stack: Stack, within_s: float = 30) -> None:
    """Far less was made than ordered: the ERP asks back, and a planner says yes."""

    def asked() -> bool:
        page.goto(f"{stack.url}/planning/erp/attention/")
        return page.get_by_role("button", name="Accept the ERP's warning").count() == 1

    until("the ERP asks back", asked, within_s, every_s=1)
    with page.expect_navigation():
        page.get_by_role("button", name="Accept the ERP's warning").click()


def listed(page: Page, stack: Stack, number: str) -> bool:
    """Whether the order stands on the dispatch list."""
    page.goto(f"{stack.url}/station/CUT-9/orders/")
    return number in page.locator("main").inner_text()


def lots(erp: TrytonRig, key: str) -> set[str]:
    """Lots that the ERP has booked as made by an order."""
    moves = [["production_output", "=", int(key)], ["state", "=", "done"]]
    rows = erp.planner.find("stock.move", moves, ["lot.number"])
    return {str(row["lot."]["number"]) for row in rows if row.get("lot.")}


def waiting(stack: Stack, number: str) -> tuple[int, int]:
    """(messages of an order that are not settled, tries)."""
    rows = stack.rows(
        "SELECT count(*) FILTER (WHERE m.status IN ('pending', 'leased', 'dead', 'parked')),"
        " coalesce(max(m.attempts), 0) FROM erp_sync_outboxmessage m JOIN erp_sync_erplink l ON l.id = m.link_id"
        " JOIN production_workorder o ON o.id = l.order_id WHERE o.number = %s",
        number,
    )
    return int(rows[0][0]), int(rows[0][1])


def run_one(stack: Stack, erp: TrytonRig, station: Page, key: str, number: str) -> None:
    """The order is made with scrap and a lot; each stands in the ERP within 30 s of the tap."""
    station.goto(f"{stack.url}/station/CUT-9/")
    start(station, number)
    until("the machine counts it", lambda: made_of(stack, number)[0] >= 6, 60)
    scrap(station, stack, 3)
    until("the scrap stands in the ERP", lambda: erp.books(key).scrap == 3, 30)
    station.goto(f"{stack.url}/station/CUT-9/material/")
    station.fill("#made-quantity", "5")
    station.fill("#made-number", "LOT-9-1")
    with station.expect_navigation():
        station.locator("form[action$='/material/made/'] button").first.click()
    until("the lot stands in the ERP", lambda: lots(erp, key) >= {"LOT-9-1"}, 30)
    complete(station, stack)
    accept_warning(station, stack)
    until("the order is over in the ERP", lambda: erp.books(key).over, 30)
    assert status_of(stack, number) == "completed"
    assert (erp.books(key).good, erp.books(key).scrap) == made_of(stack, number)


def run_during_outage(stack: Stack, erp: TrytonRig, station: Page, key: str, number: str) -> None:
    """The ERP is away while the order runs; afterwards all of it is there once."""
    erp.erp.stop()  # the ERP is away; the floor works on
    station.goto(f"{stack.url}/station/CUT-9/")
    start(station, number)
    scrap(station, stack, 2)
    scrap(station, stack, 1)
    until("sending was tried", lambda: waiting(stack, number)[1] >= 1, 60)
    complete(station, stack)
    assert status_of(stack, number) == "completed"
    assert waiting(stack, number)[0] >= 1
    erp.erp.start()
    accept_warning(station, stack, within_s=150)
    until("everything arrived", lambda: waiting(stack, number)[0] == 0 and erp.books(key).over, 60)
    assert erp.books(key).scrap == 3
    assert (erp.books(key).good, erp.books(key).scrap) == made_of(stack, number)


def test_an_order_of_the_erp_is_made_and_confirmed_and_an_outage_loses_and_doubles_nothing(
    stack: Stack, erp: TrytonRig, station: Page
) -> None:
    first, second = erp.make(500), erp.make(400)
    rows = erp.planner.find("production", [["id", "in", [int(first), int(second)]]], ["number"])
    numbers = {str(row["id"]): str(row["number"]) for row in rows}
    until("the order is on the dispatch list", lambda: listed(station, stack, numbers[first]), 90, every_s=1)
    run_one(stack, erp, station, first, numbers[first])
    run_during_outage(stack, erp, station, second, numbers[second])
