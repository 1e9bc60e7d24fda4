"""Orders pages: list, search, typing one, a CSV file with a preview, completing and cancelling."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mes.people.models import Role
from mes.production.models import WorkOrder
from mes.production.orders import order_start
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

GOOD = b"number,item,line,quantity,due\nWO-1,COLA-05,LINE-1,1200,2026-11-30 14:00\nWO-2,COLA-05,LINE-2,12.5,\n"


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def pia(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.PLANNER, name="pia"))
    return client


def numbers(client: Client, query: str = "") -> list[str]:
    return [order.number for order, _made, _needs in client.get(f"/orders/{query}").context["rows"]]


def typed(**change: str) -> dict[str, str]:
    data = {"number": "WO-1", "item": "COLA-05", "line": "LINE-1", "quantity": "1200", "due": "", "priority": ""}
    return data | change


def upload(client: Client, data: bytes) -> object:
    return client.post("/orders/-/import/", {"file": SimpleUploadedFile("orders.csv", data)})


def test_the_list_is_narrowed_by_line_state_and_words(plant: SmallPlant, pia: Client) -> None:
    plant.order("WO-1")
    plant.order("WO-2", line=plant.line_2, item=plant.water)
    WorkOrder.objects.create(number="WO-3", item=plant.cola, line=plant.line_1, quantity=1, status="cancelled")
    assert numbers(pia) == ["WO-1", "WO-2"]
    assert numbers(pia, "?line=LINE-2") == ["WO-2"]
    assert numbers(pia, "?state=cancelled") == ["WO-3"]
    assert numbers(pia, "?q=water") == ["WO-2"]
    assert numbers(pia, "?q=%00") == ["WO-1", "WO-2"]
    assert pia.get("/orders/?state=odd").status_code == 404


def test_orders_of_other_lines_do_not_exist(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1))
    plant.order("WO-2", line=plant.line_2)
    assert numbers(client) == []
    assert client.get("/orders/?line=LINE-2").status_code == 404
    assert client.get("/orders/WO-2/").status_code == 404
    assert client.get("/orders/%00/").status_code == 404
    assert client.post("/orders/WO-2/cancel/").status_code == 404
    answer = client.post("/orders/-/new/", typed(line="LINE-2"))
    assert answer.status_code == 422
    assert "LINE-2" not in answer.content.decode()
    assert WorkOrder.objects.get().status == "released"


def test_who_may_not_edit_orders_reads_them_and_changes_nothing(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    plant.order("WO-1")
    assert "New order" not in client.get("/orders/").content.decode()
    assert client.get("/orders/WO-1/").status_code == 200
    assert client.post("/orders/-/new/", typed(number="WO-2")).status_code == 403
    assert client.post("/orders/WO-1/cancel/").status_code == 403
    assert upload(client, GOOD).status_code == 403  # type: ignore[attr-defined]
    assert WorkOrder.objects.get().status == "released"


def test_an_order_is_typed_and_sent_twice_is_there_once(plant: SmallPlant, pia: Client) -> None:
    for _ in range(2):
        answer = pia.post("/orders/-/new/", typed(due="2026-11-30 14:00", quantity="12,5"))
        assert answer.headers["Location"] == "/orders/WO-1/"
    order = WorkOrder.objects.get()
    assert (str(order.quantity), order.due_at.isoformat()) == ("12.500", "2026-11-30T13:00:00+00:00")


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("number", "", "missing"),
        ("item", "COKE", "There is no item COKE"),
        ("line", "LINE-9", "Choose the line"),
        ("quantity", "1e400", "is not a quantity"),
        ("due", "30.11.2026", "is not a due time"),
        ("due", "2026-03-29 02:30", "clocks go forward"),
        ("priority", "high", "is not a priority"),
    ],
)
def test_each_mistake_is_named_at_its_field(plant: SmallPlant, pia: Client, field: str, value: str, word: str) -> None:
    answer = pia.post("/orders/-/new/", typed(**{field: value}))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'href="#id_{field}"' in page
    assert word in page
    assert not WorkOrder.objects.exists()


def test_a_number_that_is_taken_is_refused_with_what_is_there(plant: SmallPlant, pia: Client) -> None:
    plant.order("WO-1", quantity="7")
    answer = pia.post("/orders/-/new/", typed())
    assert "its quantity is 7" in answer.content.decode()
    assert answer.status_code == 422


def test_a_file_is_shown_first_and_applied_as_shown(plant: SmallPlant, pia: Client) -> None:
    page = upload(pia, GOOD)
    assert "2 orders to create" in page.content.decode()  # type: ignore[attr-defined]
    assert "2026-11-30 14:00" in page.content.decode()  # type: ignore[attr-defined]
    assert not WorkOrder.objects.exists()
    content = page.context["content"]  # type: ignore[attr-defined]
    for _ in range(2):
        assert pia.post("/orders/-/import/", {"content": content, "apply": "all"}).status_code == 302
    assert WorkOrder.objects.count() == 2


def test_a_file_with_a_mistake_is_refused_whole_unless_the_good_rows_are_chosen(plant: SmallPlant, pia: Client) -> None:
    bad = GOOD + b"WO-3,COLA-05,LINE-1,1_000,\n"
    page = upload(pia, bad)
    assert page.status_code == 422  # type: ignore[attr-defined]
    assert "1 error: nothing is written" in page.content.decode()  # type: ignore[attr-defined]
    content = b64encode(bad).decode()
    assert pia.post("/orders/-/import/", {"content": content, "apply": "all"}).status_code == 422
    assert not WorkOrder.objects.exists()
    assert pia.post("/orders/-/import/", {"content": content, "apply": "partial"}).status_code == 302
    assert WorkOrder.objects.count() == 2


def test_a_form_without_a_file_says_so(plant: SmallPlant, pia: Client) -> None:
    for data in ({}, {"content": "not base64!"}):
        answer = pia.post("/orders/-/import/", data)
        assert answer.status_code == 422
        assert "No file came" in answer.content.decode()


def test_the_page_of_an_order_tells_its_quantity_runs_and_story(plant: SmallPlant, pia: Client) -> None:
    pia.post("/orders/-/new/", typed())
    order = WorkOrder.objects.get()
    order_start(order=order, work_center=plant.packer, actor="otto", at=SIX)
    counted(plant.packer, SIX, good=300, order=order)
    page = pia.get("/orders/WO-1/")
    assert page.context["made"].good == 300
    text = page.content.decode()
    assert "created" in text
    assert "started" in text
    assert "(FILL, PACK)" in text
    assert "Running" in text


@pytest.mark.parametrize(("verb", "status"), [("complete", "completed"), ("cancel", "cancelled")])
def test_an_order_is_closed_once(plant: SmallPlant, pia: Client, verb: str, status: str) -> None:
    order = plant.order("WO-1")
    order_start(order=order, work_center=plant.packer, actor="otto", at=datetime.now(UTC))
    for _ in range(2):
        assert pia.post(f"/orders/WO-1/{verb}/", {"short": "not-needed"}).status_code == 302
    order.refresh_from_db()
    assert order.status == status
    assert pia.get(f"/orders/WO-1/{verb}/").status_code == 405
    assert pia.post("/orders/WO-1/other/").status_code == 404


def test_the_list_costs_the_same_queries_for_any_number_of_orders(
    plant: SmallPlant, pia: Client, django_assert_max_num_queries: object
) -> None:
    for n in range(30):
        plant.order(f"WO-{n}")
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        assert len(numbers(pia)) == 30
