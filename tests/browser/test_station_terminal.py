"""A station's terminal in Chromium: badge and PIN, the scan field, and entries that could not be sent."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route
from pytest_django.live_server_helper import LiveServer

from mes.downtime.models import Stop
from mes.journal.models import JournalEntry
from mes.labour.models import SignOn
from mes.people.devices import device_create
from mes.people.identity import badge_set, pin_set
from mes.people.models import Person, Role
from mes.plant.models import Shift
from mes.production.models import Run
from mes.production.orders import order_start
from mes.screens.station_device import COOKIE
from mes.tracking.models import CountFlag, MachineCursor, StateInterval
from tests.browser.test_station_pages import GLOVE_PX, PHONE, TERMINAL, numbers, problems
from tests.production.small_plant import SmallPlant, counted, shift_around, small_plant

MIN = timedelta(minutes=1)
Open = Callable[..., Any]


@pytest.fixture
def plant(transactional_db: None) -> SmallPlant:
    """The packer stands still for seven minutes with WO-1 on it; Ana has a badge and a PIN; the terminal is known."""
    plant, now = small_plant(), datetime.now(UTC)
    Shift.objects.all().delete()
    plant.shift = shift_around(plant.line_1, now)
    order = plant.order("WO-1")
    plant.order("WO-2")
    order_start(order=order, work_center=plant.packer, actor="otto", at=now - 60 * MIN)
    counted(plant.packer, now - 30 * MIN, good=100, scrap=2, order=order, shift=plant.shift)
    MachineCursor.objects.create(work_center=plant.packer, heard_at=now, silence_s=3600)
    stop_at = now - 7 * MIN
    for start, end, kind in ((now - 60 * MIN, stop_at, "run"), (stop_at, None, "down")):
        StateInterval.objects.create(work_center=plant.packer, starts_at=start, ends_at=end, state=kind, kind=kind)
    Stop.objects.create(work_center=plant.packer, starts_at=stop_at, state="Aborted", plc_code=17)
    ana = plant.person(Role.OPERATOR, plant.line_1, name="ana")
    Person.objects.filter(pk=ana.pk).update(first_name="Ana", last_name="Ruiz")
    badge_set(person=ana, badge="BADGE-ANA", actor="root", at=now)
    pin_set(person=ana, pin="4711", actor="root", at=now)
    device_create(work_center=plant.packer, name="Packer 1", token="t", actor="sue", at=now)
    return plant


@pytest.fixture
def terminal(browser: Browser, live_server: LiveServer) -> Open:
    """The terminal's browser: `with terminal(size=..., js=..., dark=...) as page`; errors on its console fail."""

    @contextmanager
    def opened(*, size: tuple[int, int] = TERMINAL, js: bool = True, dark: bool = False) -> Iterator[Page]:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=js,
            color_scheme="dark" if dark else "light",
            base_url=live_server.url,
        )
        context.add_cookies([{"name": COOKIE, "value": "t", "url": live_server.url}])
        context.set_default_timeout(15_000)
        page = context.new_page()
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto("/station/PACK/")
        yield page
        assert broken == []
        context.close()

    return opened


def looked(page: Page, name: str) -> None:
    """A picture for people who want to look, where MES_PICTURES names a folder."""
    folder = os.environ.get("MES_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(("size", "js"), [(TERMINAL, True), (PHONE, False)])
def test_ana_works_at_the_terminal_by_real_clicks(
    plant: SmallPlant, terminal: Open, size: tuple[int, int], js: bool
) -> None:
    with terminal(size=size, js=js) as page:
        looked(page, f"station-{size[0]}")
        page.get_by_text("Machine", exact=True).click()  # the reason in two taps, then who it was, once
        page.get_by_role("button", name="Motor fault").click()
        page.get_by_role("heading", name="Who are you?").wait_for()
        page.get_by_label("Ana Ruiz").check()
        page.get_by_label("PIN").fill("4711")
        page.get_by_role("button", name="Go on").last.click()
        page.get_by_text("PACK: Motor fault").wait_for()
        page.get_by_role("link", name="Scrap").click()
        page.get_by_role("button", name="3", exact=True).first.click()
        page.wait_for_url("**/station/PACK/")
        assert numbers(page) == ["97", "5", "903"]
        page.get_by_role("link", name="People").click()
        page.get_by_role("button", name="Sign me on").click()
        page.get_by_text("Ana works on WO-1").wait_for()
        looked(page, f"people-{size[0]}")
        page.get_by_role("link", name="Back to Packer").click()
        page.get_by_label("Scan badge, order or lot").fill("WO-2")
        page.get_by_role("button", name="Go", exact=True).click()
        page.get_by_text("WO-2 is started").wait_for()
        page.get_by_role("button", name="Not me").click()
        page.get_by_text("Nobody is recognised here").wait_for()
    assert Stop.objects.get().reason == plant.motor
    assert CountFlag.objects.get(role="scrap").actor == "ana"
    assert SignOn.objects.get().person.username == "ana"
    assert set(Run.objects.filter(ends_at=None).values_list("order__number", flat=True)) == {"WO-2"}
    told = JournalEntry.objects.filter(action__in=("stop_explain", "scrap_enter", "sign_on"))
    assert set(told.values_list("actor", flat=True)) == {"ana"}


def test_a_scanner_is_heard_wherever_the_page_has_its_focus(plant: SmallPlant, terminal: Open) -> None:
    with terminal() as page:
        page.keyboard.type("BADGE-ANA")
        page.keyboard.press("Enter")
        page.get_by_text("Hello Ana").wait_for()
        page.goto("/station/PACK/scrap/")
        page.get_by_role("heading", name="How many pieces are scrap?").click()
        page.keyboard.type("WO-2")
        page.keyboard.press("Enter")
        page.get_by_text("WO-2 is started").wait_for()


def test_an_entry_that_cannot_be_sent_is_kept_shown_and_sent_once(plant: SmallPlant, terminal: Open) -> None:
    def cut_after_commit(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    with terminal() as page:
        page.goto("/station/-/identify/")
        page.get_by_label("Badge").fill("BADGE-ANA")
        page.get_by_role("button", name="Go on").first.click()
        page.get_by_role("link", name="Scrap").click()
        page.route("**/scrap/**", cut_after_commit)
        page.get_by_role("button", name="3", exact=True).first.click()
        page.get_by_text("1 entry not sent").wait_for()
        looked(page, "unsent")
        assert problems(page) == []
        page.goto("/station/PACK/")  # the terminal was switched off and on
        page.get_by_text("1 entry not sent").wait_for()
        page.unroute_all(behavior="ignoreErrors")
        page.get_by_text("3 pieces of scrap entered").wait_for()
        page.locator("#unsent").wait_for(state="detached")
        page.reload()
        assert numbers(page) == ["97", "5", "903"]
    entry = JournalEntry.objects.get(action="scrap_enter")
    assert entry.actor == "ana"
    assert abs(datetime.fromisoformat(entry.data["entered_at"]) - entry.at) < MIN


def test_a_kept_entry_that_is_refused_is_shown_with_the_refusal(plant: SmallPlant, terminal: Open) -> None:
    with terminal() as page:
        page.goto("/station/-/identify/")
        page.get_by_label("Badge").fill("BADGE-ANA")
        page.get_by_role("button", name="Go on").first.click()
        page.get_by_role("link", name="Scrap").click()
        page.route("**/scrap/**", lambda route: route.abort())
        page.get_by_label("Another number").fill("900")
        page.get_by_role("button", name="Enter as scrap").click()
        page.get_by_text("1 entry not sent").wait_for()
        page.unroute_all(behavior="ignoreErrors")
        page.get_by_text("Only 100 good pieces were counted").wait_for()
        page.get_by_role("button", name="I have read it").click()
        page.reload()
        assert page.locator("#unsent").count() == 0
    assert not CountFlag.objects.exists()


@pytest.mark.parametrize(("size", "dark"), [((1280, 900), False), (PHONE, True)], ids=["1280 light", "360 dark"])
def test_axe_finds_nothing_at_a_terminal_and_gloves_hit_what_they_should(
    plant: SmallPlant, terminal: Open, size: tuple[int, int], dark: bool
) -> None:
    found: list[str] = []
    with terminal(size=size, dark=dark) as page:
        for path in ("/station/PACK/", "/station/-/identify/", "/station/PACK/people/", "/station/PACK/scrap/"):
            page.goto(path)
            looked(page, f"axe{path.replace('/', '_')}{size[0]}")
            found += [f"{path}: {problem}" for problem in problems(page)]
            for box in page.locator(".big-button, .tap, .wide, .name").all():
                if box.is_visible():
                    measured = box.bounding_box()
                    assert measured is not None
                    assert min(measured["width"], measured["height"]) >= GLOVE_PX, (path, box.inner_text(), measured)
        page.goto("/station/-/identify/")
        page.get_by_label("Badge").fill("NOBODY-HAS-IT")
        page.get_by_role("button", name="Go on").first.click()
        page.get_by_role("alert").wait_for()
        found += [f"a wrong badge: {problem}" for problem in problems(page)]
    assert found == []
