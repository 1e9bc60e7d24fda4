"""The pages of the shop floor in Chromium: real clicks with and without JavaScript, gloves, a phone, and axe."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from analytics.readiness.report import readiness_measure
from mes.downtime.models import Stop
from mes.downtime.queries import stop_ref
from mes.people.models import Person, Role
from mes.plant.models import Shift
from mes.plc.models import BrowseRequest, Controller, ControllerHealth, TagBinding, TagHealth
from mes.production.models import Run
from mes.production.orders import order_start
from mes.quality.checks import check_record
from mes.quality.judging import Reading
from mes.quality.models import Characteristic, Check, Hold, Trigger
from mes.tracking.models import CountFlag, MachineCursor, StateInterval
from tests.production.small_plant import SmallPlant, counted, shift_around, small_plant

AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text()
MIN = timedelta(minutes=1)
GLOVE_PX = 76
PHONE, TERMINAL, DESK = (360, 740), (1024, 600), (1280, 900)


@pytest.fixture
def plant(transactional_db: None) -> SmallPlant:
    """The packer stands still for seven minutes with an order on it; another order waits."""
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
    return plant


Open = Callable[..., Any]


@pytest.fixture
def open_as(browser: Browser, live_server: LiveServer) -> Open:
    """A logged-in page: `with open_as(person, size=..., js=..., dark=...) as page`; errors on its console fail."""

    @contextmanager
    def opened(person: Person, *, size: tuple[int, int] = DESK, js: bool = True, dark: bool = False) -> Iterator[Page]:
        client = Client()
        client.force_login(person)
        context: BrowserContext = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=js,
            color_scheme="dark" if dark else "light",
            base_url=live_server.url,
        )
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        context.set_default_timeout(15_000)
        page = context.new_page()
        broken: list[str] = []

        def listen(message: ConsoleMessage) -> None:
            if "Content Security Policy" in message.text:
                broken.append(message.text)

        page.on("console", listen)
        page.on("pageerror", lambda error: broken.append(str(error)))
        yield page
        assert broken == []
        context.close()

    return opened


def numbers(page: Page) -> list[str]:
    return page.locator("#order .amounts dd").all_inner_texts()


def now_running() -> set[str]:
    return set(Run.objects.filter(ends_at=None).values_list("order__number", flat=True))


@pytest.mark.parametrize(("size", "js"), [(TERMINAL, True), (TERMINAL, False), (PHONE, True), (PHONE, False)])
def test_an_operators_routine_by_real_clicks(plant: SmallPlant, open_as: Open, size: tuple[int, int], js: bool) -> None:
    with open_as(plant.person(Role.OPERATOR, plant.line_1, name="otto"), size=size, js=js) as page:
        page.goto("/station/PACK/")
        page.get_by_text("Machine", exact=True).click()  # a reason in two taps: category, reason
        page.get_by_role("button", name="Motor fault").click()
        page.get_by_text("PACK: Motor fault").wait_for()
        assert page.locator(".sheet").count() == 0
        page.get_by_role("link", name="Scrap").click()  # scrap of three in two taps
        page.get_by_role("button", name="3", exact=True).first.click()
        page.wait_for_url("**/station/PACK/")
        assert numbers(page) == ["97", "5", "903"]
        page.get_by_role("button", name="Undo").click()
        page.get_by_text("The scrap entry is taken back").wait_for()
        assert numbers(page) == ["100", "2", "900"]
        page.get_by_role("link", name="Complete, next").click()  # the next order in two taps
        page.get_by_role("button", name="WO-2").click()
        page.get_by_role("button", name="The rest is not needed").click()  # a third says why it is short
        page.get_by_text("WO-1 is completed").wait_for()
        assert page.locator("#h-order").inner_text() == "WO-2"
    assert Stop.objects.get().reason == plant.motor
    assert now_running() == {"WO-2"}


def test_a_double_tap_on_scrap_counts_once(plant: SmallPlant, open_as: Open) -> None:
    with open_as(plant.person(Role.OPERATOR, plant.line_1), js=False) as page:
        page.goto("/station/PACK/scrap/")
        page.get_by_role("button", name="5", exact=True).dblclick(no_wait_after=True)
        page.wait_for_url("**/station/PACK/")
        assert numbers(page) == ["95", "7", "905"]
        page.go_back()
        page.get_by_text("5 pieces were entered").wait_for()
        page.get_by_role("link", name="Enter more scrap").click()
        page.get_by_role("button", name="1", exact=True).click()
        page.wait_for_url("**/station/PACK/")
        assert numbers(page) == ["94", "8", "906"]
    assert sorted(CountFlag.objects.filter(role="scrap").values_list("quantity", flat=True)) == [1, 5]


def test_the_numpad_types_into_the_field(plant: SmallPlant, open_as: Open) -> None:
    with open_as(plant.person(Role.OPERATOR, plant.line_1)) as page:
        page.goto("/station/PACK/scrap/")
        for key in ("1", "9", "2"):
            page.locator(f'#numpad [data-key="{key}"]').click()
        page.get_by_role("button", name="Delete the last digit").click()
        page.get_by_role("button", name="Enter as scrap").click()
        page.wait_for_url("**/station/PACK/")
        assert numbers(page) == ["81", "21", "919"]


def test_what_an_operator_hits_with_gloves_is_large_enough(plant: SmallPlant, open_as: Open) -> None:
    with open_as(plant.person(Role.OPERATOR, plant.line_1), size=TERMINAL) as page:
        for path in ("", "reason/", "orders/", "finish/", "scrap/", "tally/"):
            page.goto(f"/station/PACK/{path}")
            for box in page.locator(".big-button, .tap, .category > summary, .wide").all():
                if box.is_visible():
                    size = box.bounding_box()
                    assert size is not None
                    assert min(size["width"], size["height"]) >= GLOVE_PX, (path, box.inner_text(), size)


PAGES = [
    "/station/",
    "/station/PACK/",
    "/station/PACK/reason/",
    "/station/PACK/orders/",
    "/station/PACK/finish/",
    "/station/PACK/scrap/",
    "/station/PACK/tally/",
    "/station/PACK/people/",
    "/station/PACK/device/",
    "/station/PACK/checks/",
    "/station/PACK/checks/FILL-W/",
    "/quality/",
    "/quality/FILL-W/",
    "/quality/-/holds/HOLD/",
    "/witness/",
    "/witness/LINE-1/",
    "/downtime/",
    "/downtime/?need=reason&line=LINE-1",
    "/downtime/STOP/",
    "/orders/",
    "/orders/-/new/",
    "/orders/-/import/",
    "/orders/WO-1/",
    "/shift/",
    "/shift/LINE-1/DAY/Now/",
    "/improve/readiness/",
    "/improve/readiness/LINE-1/",
    "/improve/readiness/LINE-1/import/",
    "/improve/phases/",
    "/improve/phases/LINE-1/",
    "/counts/",
    "/controllers/",
    "/controllers/PLC-1/",
    "/controllers/PLC-1/tags/",
]


def weight_of(plant: SmallPlant) -> Characteristic:
    """10.0 to 10.4 g, due since the order began."""
    weight = Characteristic.objects.create(
        code="FILL-W", name="Fill weight", work_center=plant.packer, unit="g", decimals=1, lsl=Decimal("10.0"),
        usl=Decimal("10.4"), chart="individuals",
    )  # fmt: skip
    Trigger.objects.create(characteristic=weight, kind="start")
    return weight


def weighed(weight: Characteristic, value: str) -> None:
    now = datetime.now(UTC)
    reading = Reading(values=(Decimal(value),))
    check_record(characteristic=weight, reading=reading, taken_at=now, actor="quinn", at=now, key=uuid4())


@pytest.mark.parametrize(("size", "js"), [(TERMINAL, True), (PHONE, False)])
def test_a_due_check_out_of_limits_opens_a_hold_by_real_clicks(
    plant: SmallPlant, open_as: Open, size: tuple[int, int], js: bool
) -> None:
    weight_of(plant)
    with open_as(plant.person(Role.OPERATOR, plant.line_1), size=size, js=js) as page:
        page.goto("/station/PACK/")
        page.get_by_role("link", name="Fill weight").click()
        if js:
            for key in ("1", "0", ".", "5"):
                page.locator(f'#checkpad [data-key="{key}"]').click()
        else:
            page.get_by_label("Value").fill("10.5")
        page.get_by_role("button", name="Enter the check").dblclick(no_wait_after=True)
        page.get_by_role("heading", name="Fill weight: Out of limits").wait_for()
        page.get_by_role("link", name=str(Hold.objects.get().nonconformance)).wait_for()
    assert Check.objects.count() == 1


def controller_of(plant: SmallPlant) -> None:
    now = datetime.now(UTC)
    plc = Controller.objects.create(
        code="PLC-1", name="Packer PLC", site=plant.line_1.area.site, address="127.0.0.1:44818"
    )
    for role, tag in (("good", "PACK.Good"), ("scrap", "PACK.Skrap")):
        TagBinding.objects.create(controller=plc, work_center=plant.packer, role=role, tag=tag, valid_from=now)
    ControllerHealth.objects.create(controller=plc, comm="online", since=now, last_good_at=now, polls=1234, missed=2)
    TagHealth.objects.create(controller=plc, tag="PACK.Skrap", quality="bad", error="There is no such tag.", since=now)
    listing = [["PACK", "Machine", "", "", "Read/Write", False], ["PACK.Good", "DINT", "", "", "Read/Write", True]]
    BrowseRequest.objects.create(
        controller=plc, asked_by="eva", asked_at=now, answered_at=now, state="done", listing=listing,
        identity={"vendor": "Rockwell Automation/Allen-Bradley", "product_name": "1756-L83E", "keyswitch": "RUN"},
        readings={"PACK.Good": ["100", "good", None]},
    )  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["360", "1280"])
def test_axe_finds_nothing_and_nothing_overflows(
    plant: SmallPlant, open_as: Open, size: tuple[int, int], dark: bool
) -> None:
    controller_of(plant)
    readiness_measure(line=plant.line_1, actor="system", at=datetime.now(UTC))
    stop = Stop.objects.select_related("work_center").get()
    weight = weight_of(plant)
    for value in ("10.2", "10.5"):
        weighed(weight, value)
    named = {"STOP": stop_ref(stop), "DAY": str(plant.shift.production_date), "HOLD": str(Hold.objects.get().pk)}
    found: list[str] = []
    with open_as(plant.person(Role.ADMIN), size=size, dark=dark) as page:
        for path in PAGES:
            page.goto(re.sub("STOP|DAY|HOLD", lambda word: named[word[0]], path))
            found += [f"{path}: {problem}" for problem in problems(page)]
        page.get_by_role("link", name="Controllers").first.click()
        page.goto("/orders/-/new/")
        page.get_by_role("button", name="Create the order").click()
        found += [f"a form with errors: {problem}" for problem in problems(page)]
        page.goto("/orders/-/import/")
        page.locator("#file").set_input_files(
            {
                "name": "o.csv",
                "mimeType": "text/csv",
                "buffer": b"number,item,line,quantity,due\nWO-9,COLA-05,LINE-1,1,\nWO-8,X,Y,0,\n",
            }
        )
        page.get_by_role("button", name="Look at it first").click()
        page.get_by_text("What the file would do").first.wait_for()
        found += [f"a preview: {problem}" for problem in problems(page)]
    assert found == []


def problems(page: Page) -> list[str]:
    """What axe says about the page as it is, and whether it must be scrolled sideways."""
    page.evaluate(AXE)
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations)")
    told = [
        f"{one['id']} {node['html'][:150]} {node['failureSummary'][:300]}"
        for one in violations
        for node in one["nodes"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return told + ([f"{wide} px too wide"] if wide > 0 else [])
