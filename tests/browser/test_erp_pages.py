"""The planner's ERP pages in Chromium: nothing for axe, nothing too wide, and every decision without a script."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from erp_sync.models import ErpConnection, ErpMapping, OutboxMessage, SyncRun
from mes.people.models import Person, Role
from mes.production.models import Run, WorkOrder
from mes.tracking.models import StateInterval
from tests.browser.test_every_page import violations
from tests.erp_sync.erp_rows import connection, dead, difference, link, message
from tests.production.small_plant import SmallPlant, counted, shift_around, small_plant

PHONE, DESK = (360, 740), (1280, 900)
PAGES = (
    "",
    "erp/",
    "erp/orders/",
    "erp/attention/",
    "erp/differences/?state=all",
    "erp/log/",
    "erp/ERP/orders/7/",
    "erp/imports/",
)

WIDEST = ("", "erp/", "erp/orders/", "erp/attention/")


@dataclass
class World:
    """Orders that are late, in conflict, changed, waiting; a message that was refused; a silent second ERP."""

    plant: SmallPlant
    refused: UUID


@pytest.fixture
def world(transactional_db: None) -> World:
    plant, now = small_plant(), datetime.now(UTC)
    shift_around(plant.line_1, now)
    erp = connection(plant.line_1.area.site, now, name="Tryton of the plant", clock_skew_s=-45.0)
    silent = {"last_pull_at": now - timedelta(hours=2), "problem": "No answer from the ERP within 5 s.", "kind": "csv"}
    connection(plant.line_1.area.site, now, "OLD", **silent)
    order = plant.order("WO-7", quantity="9600")
    due = {"starts_at": (now - timedelta(hours=2)).isoformat(), "due_at": (now + timedelta(minutes=30)).isoformat()}
    WorkOrder.objects.filter(pk=order.pk).update(status="running", started_at=now - timedelta(hours=2))
    for place in (plant.filler, plant.packer):
        Run.objects.create(work_center=place, order=order, item=plant.cola, starts_at=now - timedelta(hours=2))
        StateInterval.objects.create(work_center=place, starts_at=now - timedelta(hours=1), state="Running", kind="run")
        counted(place, now - timedelta(minutes=5), good=2400, scrap=24, order=order)
    running = link(erp, "7", now, order, badge="conflict", confirmed={"good": {"value": "60"}, "scrap": {"value": "0"}})
    running.request |= due
    running.said = "The ERP changed the quantity: 400 pk24 -> 90 pk24, less than was made."
    running.save()
    changed = {"erp_value": "90 pk24", "mes_value": "400 pk24", "amount": None, "kind": "change"}
    difference(running, now, "change:quantity", **changed)
    difference(running, now, "scrap", amount=Decimal("-1"), erp_value="0", mes_value="1")
    refused = dead(running, now, good="100", scrap="1", attempts=3)
    message(running, now, fault="transient", attempts=2, last_error="No answer in 30 s.", due_at=now)
    WorkOrder.objects.filter(pk=plant.order("WO-8").pk).update(due_at=now - timedelta(days=2))
    link(erp, "8", now, WorkOrder.objects.get(number="WO-8"), badge="changed", said="Due 3 March -> 5 March.")
    asked = {"item": "COLA-ERP", "quantity": {"value": "400", "unit": "pk24"}}
    link(
        erp, "9", now, badge="waiting", said="Not mapped yet: item COLA-ERP.", request={}, erp_state=str(asked["item"])
    )
    link(erp, "10", now, plant.order("WO-10", line=plant.line_2))
    took = {"started_at": now - timedelta(seconds=4), "finished_at": now}
    SyncRun.objects.create(connection=erp, kind="orders", read=200, new=3, changed=1, unchanged=195, failed=1, **took)
    return World(plant, refused.event_id)


@pytest.fixture
def open_as(browser: Browser, live_server: LiveServer) -> Callable[..., Any]:
    """A page of somebody who is logged in: `with open_as(person, size, js=..., dark=...) as page`."""

    @contextmanager
    def opened(person: Person, size: tuple[int, int], *, js: bool = True, dark: bool = False) -> Iterator[Page]:
        client = Client()
        client.force_login(person)
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=js,
            color_scheme="dark" if dark else "light",
            base_url=live_server.url,
        )
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        context.set_default_timeout(15_000)
        yield context.new_page()
        context.close()

    return opened


def odd(page: Page, path: str, width: int) -> list[str]:
    """What is wrong with a page whose folded parts are open."""
    page.goto(path)
    page.eval_on_selector_all("main details", "all => all.forEach(one => { one.open = true })")
    found = [f"{path}: {text}" for text in violations(page)]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{path}: wider than {width} px")
    return found


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESK, False)])
def test_planning_pages_have_nothing_for_axe_and_fit(
    world: World, open_as: Callable[..., Any], size: tuple[int, int], dark: bool
) -> None:
    problems = []
    with open_as(world.plant.person(Role.PLANNER), size, dark=dark) as page:
        for path in (*PAGES, f"erp/messages/{world.refused}/") if size == PHONE else WIDEST:
            problems += odd(page, f"/planning/{path}", size[0])
    with open_as(world.plant.person(Role.ENGINEER), size, dark=dark) as page:
        for path in ("erp/ERP/setup/", "erp/new/"):
            problems += odd(page, f"/planning/{path}", size[0])
    assert problems == []


def test_a_planner_sees_what_is_late_and_decides_without_a_script(world: World, open_as: Callable[..., Any]) -> None:
    with open_as(world.plant.person(Role.PLANNER, name="pia"), PHONE, js=False) as page:
        page.goto("/planning/")
        page.get_by_text("late at the present rate").wait_for()
        page.get_by_text("ERP data of OLD system as of").wait_for()
        page.get_by_role("link", name="Needs attention").click()
        page.get_by_text("Quantity 500 exceeds MO-7 by 100").wait_for()
        page.get_by_text("Not in the ERP: 40 pk24 good, 1 pk24 scrap.").wait_for()
        page.get_by_role("button", name="Retry now").click()
        page.get_by_text("MO-7 #1 is sent again.").wait_for()
    assert OutboxMessage.objects.get(event_id=world.refused).decided_by == "pia"


def test_a_planner_fixes_a_mapping_by_real_clicks(world: World, open_as: Callable[..., Any]) -> None:
    ErpConnection.objects.filter(code="OLD").update(state="stopped")
    with open_as(world.plant.person(Role.PLANNER, name="pia"), DESK) as page:
        page.goto("/planning/erp/attention/")
        page.get_by_role("link", name="Fix mapping MO-9").click()
        page.get_by_label("Another code of the ERP").fill("COLA-ERP")
        page.get_by_label("What it is here").fill("COLA-05")
        page.get_by_role("button", name="Keep these").dblclick(no_wait_after=True)
        page.get_by_text("1 code is mapped.").wait_for()
    assert ErpMapping.objects.get().mes_code == "COLA-05"
