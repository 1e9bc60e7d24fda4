"""Order pages in Chromium: an order goes from planner to machine and back by real clicks; axe on every state."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from mes.people.models import Person, Role
from mes.production.changes import change_ask
from mes.production.models import Tool, WorkOrder
from mes.production.operations import StepGiven, operations_set
from mes.production.order_steps import order_hold
from mes.production.orders import order_start
from mes.production.supply import MaterialGiven, materials_set, stock_say
from tests.browser.test_every_page import violations
from tests.production.small_plant import SmallPlant, small_plant

PHONE, DESK = (360, 740), (1280, 900)
PAGES = [
    *("/orders/?line=LINE-1", "/orders/WO-1/", "/orders/WO-2/", "/orders/-/new/", "/orders/dispatch/PACK/"),
    *("/station/FILL/", "/station/FILL/pause/", "/station/PRESS/orders/"),
]
WIDEST = ["/orders/?line=LINE-1", "/orders/WO-1/"]


@pytest.fixture
def plant(transactional_db: None) -> SmallPlant:
    """WO-1 runs with two operations and a request; WO-2 lacks material and a tool; WO-3 is on hold."""
    plant, now = small_plant(), datetime.now(UTC)
    first, second, third = plant.order("WO-1"), plant.order("WO-2", line=plant.line_2), plant.order("WO-3")
    steps = [
        StepGiven(10, "Fill", work_center=plant.filler, count_source="manual", setup_min=15),
        StepGiven(20, "Pack", work_center=plant.packer, count_source="upstream"),
    ]
    operations_set(order=first, steps=steps, actor="pia", at=now)
    order_start(order=first, work_center=plant.filler, actor="otto", at=now - timedelta(minutes=30))
    change_ask(order=first, quantity=Decimal(1200), why="urgent", actor="pia", at=now, key=uuid4())
    materials_set(order=second, materials=[MaterialGiven(plant.water, total=Decimal(50))], actor="pia", at=now)
    stock_say(
        item=plant.water,
        site=plant.line_2.area.site,
        on_hand=Decimal(20),
        expected_quantity=Decimal(500),
        expected_at=now + timedelta(days=1),
        as_of=now - timedelta(hours=3),
        source="erp",
        actor="erp",
        at=now,
    )
    Tool.objects.create(code="M-7", name="Mould", state="away", note="in repair").needs.create(
        item=plant.cola, work_center=plant.press
    )
    order_hold(order=third, why="wrong label", actor="quinn", at=now)
    return plant


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


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESK, False)])
def test_order_pages_have_nothing_for_axe_and_fit(
    plant: SmallPlant, open_as: Callable[..., Any], size: tuple[int, int], dark: bool
) -> None:
    problems = []
    with open_as(plant.person(Role.SUPERVISOR), size, dark=dark) as page:
        for path in PAGES if size == PHONE else WIDEST:
            page.goto(path)
            page.eval_on_selector_all("main details", "all => all.forEach(one => { one.open = true })")
            problems += [f"{path}: {text}" for text in violations(page)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                problems.append(f"{path}: wider than {size[0]} px")
    assert problems == []


@pytest.mark.parametrize(("size", "js"), [(PHONE, False), (DESK, True)])
def test_an_order_goes_from_the_planner_to_the_machine_and_back_by_real_clicks(
    plant: SmallPlant, open_as: Callable[..., Any], size: tuple[int, int], js: bool
) -> None:
    WorkOrder.objects.filter(number="WO-3").update(priority=1)
    with open_as(plant.person(Role.SUPERVISOR), size, js=js) as page:
        page.goto("/orders/WO-1/")
        page.get_by_role("button", name="Accept").dblclick(no_wait_after=True)
        page.get_by_text("of 1,200 pcs ordered").wait_for()
        page.get_by_text("Enter pieces").first.click()
        page.get_by_label("Good").first.fill("40")
        page.get_by_role("button", name="Enter", exact=True).dblclick(no_wait_after=True)
        page.get_by_text("40 good, 0 scrap entered").wait_for()
        page.get_by_role("button", name="Done").first.click()
        page.get_by_text("Between two operations").wait_for()
        page.goto("/orders/dispatch/PACK/")
        page.get_by_text("On hold: wrong label").wait_for()
        page.goto("/station/PACK/orders/")
        page.get_by_role("button", name="WO-1").click()
        page.get_by_role("link", name="Pause this order").click()
        page.get_by_role("button", name="Material is missing").click()
        page.get_by_text("WO-1 is paused").wait_for()
        page.goto("/orders/WO-1/")
        page.get_by_text("Complete this order").click()
        page.get_by_label("why is it complete").select_option("rest-later")
        page.get_by_role("button", name="Complete it now").dblclick(no_wait_after=True)
        page.get_by_text("completed with less: The rest comes with another order").wait_for()
    order = WorkOrder.objects.get(number="WO-1")
    assert (order.status, order.quantity, order.short_reason) == ("completed", 1200, "rest-later")
    assert order.operations.get(sequence=10).manual_counts.get().good == 40
