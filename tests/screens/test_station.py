"""The operator's station by plain forms: start, scrap, reason, complete; sent twice they happen once."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from mes.downtime.models import Stop
from mes.downtime.queries import stop_ref
from mes.people.models import Role
from mes.plant.models import Shift
from mes.production.models import Run, WorkOrder
from mes.production.orders import order_start
from mes.tracking.models import CountFlag
from tests.production.small_plant import SmallPlant, counted, shift_around, small_plant

MIN = timedelta(minutes=1)
SIX_BUTTONS = ["start", "reason", "scrap", "check", "call", "complete"]


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    Shift.objects.all().delete()
    plant.shift = shift_around(plant.line_1, datetime.now(UTC))
    return plant


@pytest.fixture
def operator(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1, name="otto"))
    return client


def running(plant: SmallPlant, number: str = "WO-1") -> WorkOrder:
    order = plant.order(number)
    order_start(order=order, work_center=plant.packer, actor="otto", at=datetime.now(UTC) - 30 * MIN)
    counted(plant.packer, datetime.now(UTC) - 10 * MIN, good=100, order=order, shift=plant.shift)
    order.refresh_from_db()
    return order


def start(client: Client, order: WorkOrder, running: str = "") -> int:
    data = {"order": order.number, "version": order.version, "running": running}
    return client.post("/station/PACK/start/", data).status_code


def now_running() -> set[str]:
    return set(Run.objects.filter(ends_at=None).values_list("order__number", flat=True))


def test_the_station_shows_state_order_and_six_buttons_of_which_a_dead_one_says_why(
    plant: SmallPlant, operator: Client
) -> None:
    page = operator.get("/station/PACK/").content.decode()
    assert "No order runs here" in page
    assert "Start order" in page
    assert re.findall(r'data-button="(\w+)"', page) == SIX_BUTTONS
    assert "Complete, next<small>No order runs here.</small>" in page
    running(plant)
    page = operator.get("/station/PACK/").content.decode()
    assert "WO-1" in page
    assert re.findall(r"<dd>([\d,]+)</dd>", page) == ["100", "0", "900"]
    assert re.findall(r'data-button="(\w+)"', page) == SIX_BUTTONS
    assert 'href="/station/PACK/finish/"' in page


def test_who_may_look_but_not_act_sees_no_buttons_to_act(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.MANAGER))
    running(plant)
    page = client.get("/station/PACK/").content.decode()
    assert "Scrap<small>Not for your role.</small></div>" in page
    assert "Complete, next<small>Not for your role.</small></div>" in page
    assert client.post("/station/PACK/scrap/", {"quick": "3", "key": str(uuid4())}).status_code == 403
    assert client.get("/station/PACK/orders/").status_code == 403
    assert not CountFlag.objects.exists()


def test_an_operator_with_one_machine_goes_straight_to_it(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_2))
    assert client.get("/station/").headers["Location"] == "/station/PRESS/"


def test_other_lines_do_not_exist_for_an_operator(plant: SmallPlant, operator: Client) -> None:
    order = plant.order("WO-9", line=plant.line_2)
    for path in ("", "reason/", "orders/", "finish/", "scrap/"):
        assert operator.get(f"/station/PRESS/{path}").status_code == 404
    assert operator.get("/station/NONE/").status_code == 404
    assert start(operator, order) == 404
    assert operator.post("/station/PRESS/start/", {"order": "WO-9", "version": 1}).status_code == 404
    assert "PRESS" not in operator.get("/station/").content.decode()
    assert now_running() == set()


def test_an_order_is_started_by_one_tap_in_the_queue(plant: SmallPlant, operator: Client) -> None:
    order = plant.order("WO-1")
    assert "WO-1" in operator.get("/station/PACK/orders/").content.decode()
    assert start(operator, order) == 302
    assert start(operator, order) == 302
    assert now_running() == {"WO-1"}
    assert Run.objects.count() == 2  # the line's two machines, once each


def test_a_start_form_sent_again_later_starts_nothing_anew(plant: SmallPlant, operator: Client) -> None:
    first, second = plant.order("WO-1"), plant.order("WO-2")
    start(operator, first)
    start(operator, second, running="WO-1")
    start(operator, first)  # the old page, sent again
    assert now_running() == {"WO-2"}
    page = operator.get("/station/PACK/orders/").content.decode()
    assert "Meanwhile WO-2 runs here" in page


def test_scrap_of_three_is_two_taps_and_a_double_tap_counts_once(plant: SmallPlant, operator: Client) -> None:
    order = running(plant)
    page = operator.get("/station/PACK/scrap/", follow=True).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    for _ in range(2):
        sent = operator.post(
            "/station/PACK/scrap/", {"quick": "3", "key": key[1], "order": order.number, "quantity": ""}
        )
        assert sent.status_code == 302
    assert CountFlag.objects.filter(role="scrap").count() == 1
    page = operator.get("/station/PACK/").content.decode()
    assert re.findall(r"<dd>([\d,]+)</dd>", page) == ["97", "3", "903"]
    assert operator.post("/station/PACK/scrap/undo/", {"key": key[1]}).status_code == 302
    page = operator.get("/station/PACK/").content.decode()
    assert re.findall(r"<dd>([\d,]+)</dd>", page) == ["100", "0", "900"]


@pytest.mark.parametrize("typed", ["", "0", "-1", "1.5", "1e3", "٣", "101", "9" * 9])
def test_scrap_that_cannot_be_is_refused_on_the_page_and_keeps_what_was_typed(
    plant: SmallPlant, operator: Client, typed: str
) -> None:
    order = running(plant)
    data = {"quantity": typed, "key": str(uuid4()), "order": order.number}
    answer = operator.post("/station/PACK/scrap/", data)
    assert answer.status_code == 422
    assert "Nothing was entered" in answer.content.decode()
    assert f'value="{typed}"' in answer.content.decode()
    assert not CountFlag.objects.exists()


def test_nobody_undoes_scrap_of_another_machine_through_this_one(plant: SmallPlant, operator: Client) -> None:
    key = uuid4()
    CountFlag.objects.create(
        work_center=plant.press,
        kind="manual",
        role="scrap",
        quantity=1,
        from_at=datetime.now(UTC),
        to_at=datetime.now(UTC),
        key=key,
    )
    assert operator.post("/station/PACK/scrap/undo/", {"key": str(key)}).status_code == 404
    assert operator.post("/station/PACK/scrap/undo/", {"key": "x"}).status_code == 404
    assert CountFlag.objects.count() == 1


def test_a_stop_past_the_threshold_shows_its_reasons_on_the_station(plant: SmallPlant, operator: Client) -> None:
    stop = Stop.objects.create(
        work_center=plant.packer, starts_at=datetime.now(UTC) - 3 * MIN, state="Aborted", plc_code=17
    )
    page = operator.get("/station/PACK/").content.decode()
    assert page.index("Jam infeed") < page.index("Motor fault")
    assert "the machine gave code 17" in page
    data = {"reason": "JAM", "version": 1, "back": "/station/PACK/"}
    answer = operator.post(f"/downtime/{stop_ref(stop)}/reason/", data)
    assert answer.headers["Location"] == "/station/PACK/"
    stop.refresh_from_db()
    assert (stop.reason, stop.explained_by) == (plant.jam, "otto")
    assert "Motor fault" not in operator.get("/station/PACK/").content.decode()


def test_a_short_stop_asks_for_nothing(plant: SmallPlant, operator: Client) -> None:
    Stop.objects.create(work_center=plant.packer, starts_at=datetime.now(UTC) - 1 * MIN, state="Held")
    assert "Motor fault" not in operator.get("/station/PACK/").content.decode()
    assert "Motor fault" in operator.get("/station/PACK/reason/").content.decode()


def test_an_order_is_completed_and_the_next_started_by_one_tap_once(plant: SmallPlant, operator: Client) -> None:
    order, following = running(plant), plant.order("WO-2")
    page = operator.get("/station/PACK/finish/").content.decode()
    assert "900 pcs are missing" in page
    data = {"order": "WO-1", "next": "WO-2", "version": following.version, "running": "WO-1"}
    data |= {"short": "not-needed"}
    for _ in range(2):
        assert operator.post("/station/PACK/complete/", data).status_code == 302
    order.refresh_from_db()
    assert order.status == "completed"
    assert now_running() == {"WO-2"}
    assert Run.objects.filter(order=following).count() == 2


def test_without_a_running_order_the_page_to_complete_leads_to_the_queue(plant: SmallPlant, operator: Client) -> None:
    assert operator.get("/station/PACK/finish/").headers["Location"] == "/station/PACK/orders/"


def test_nobody_gets_in_without_logging_in(plant: SmallPlant, client: Client) -> None:
    for path in ("/station/", "/station/PACK/", "/station/PACK/scrap/", "/downtime/", "/orders/", "/shift/"):
        assert client.get(path).headers["Location"].startswith("/login/")
