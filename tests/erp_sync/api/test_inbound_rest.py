"""An ERP that pushes: it puts orders, one or many, fetches confirmations and acknowledges them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from erp_sync.models import ErpConnection, ErpLink, ErpMapping, OutboxMessage
from mes.people.keys import api_key_create
from mes.people.models import ApiKey, Role
from mes.plant.models import Site
from mes.production.models import WorkOrder
from tests.production.small_plant import SIX, SmallPlant, small_plant

ONE = "/api/v1/erp/operations-requests/SAP/4711/"
MANY = "/api/v1/erp/operations-requests/"
WAITING = "/api/v1/erp/operations-responses/?system=SAP"
ORDER: dict[str, Any] = {
    "number": "100471",
    "item": "M-COLA",
    "quantity": {"value": "400", "unit": "PK"},
    "work_center": "L1",
    "priority": 20,
    "due_at": "2026-03-03T12:00:00+01:00",
    "modified_at": "2026-03-02T05:00:00Z",
}


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """A live connection SAP that knows COLA-05, packs of 24 and line one."""
    plant = small_plant()
    erp = ErpConnection.objects.create(
        code="SAP", name="SAP through middleware", kind="rest", site=Site.objects.get(), state="live"
    )
    for kind, key, ours, factor in (
        ("item", "M-COLA", "COLA-05", None),
        ("unit", "PK", "pcs", Decimal(24)),
        ("work-center", "L1", "LINE-1", None),
    ):
        ErpMapping.objects.create(
            connection=erp, kind=kind, ext_key=key, mes_code=ours, factor=factor, valid_from=SIX, by="pia"
        )
    return plant


class Middleware:
    """What calls, with a key of scope erp."""

    def __init__(self, plant: SmallPlant, *lines: Any, name: str = "cpi") -> None:
        owner = plant.person(Role.PLANNER, name=name)
        now = datetime.now(UTC)
        key = api_key_create(owner=owner, name=name, scopes=["read", "erp"], lines=lines, actor="ada", at=now)
        self._client = Client(headers={"Authorization": f"Token {key}"})

    def put(self, body: Any, path: str = ONE) -> tuple[int, Any]:
        answer = self._client.put(path, body, content_type="application/json")
        return answer.status_code, answer.json()

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        answer = self._client.post(path, body, content_type="application/json")
        return answer.status_code, answer.json()

    def get(self, path: str) -> Any:
        return self._client.get(path).json()


def test_an_order_that_is_put_is_released_and_said_again_changes_nothing(plant: SmallPlant) -> None:
    cpi = Middleware(plant)
    status, report = cpi.put(ORDER)
    assert (status, report["outcome"], report["order"]) == (201, "new", "100471")
    order = WorkOrder.objects.get()
    assert (order.quantity, order.item.code, order.status, order.source) == (9600, "COLA-05", "released", "SAP")
    assert cpi.put(ORDER)[1]["outcome"] == "unchanged"
    assert cpi.put(ORDER | {"quantity": {"value": "500", "unit": "PK"}})[1]["outcome"] == "changed"
    assert WorkOrder.objects.get().quantity == 12000


def test_an_older_word_than_the_stored_one_is_refused(plant: SmallPlant) -> None:
    cpi = Middleware(plant)
    cpi.put(ORDER)
    status, report = cpi.put(ORDER | {"priority": 1, "modified_at": "2026-03-02T04:59:59Z"})
    assert (status, report["outcome"]) == (409, "refused")
    assert WorkOrder.objects.get().priority == 20


def test_what_cannot_be_mapped_is_kept_and_waits_visibly(plant: SmallPlant) -> None:
    status, report = Middleware(plant).put(ORDER | {"item": "M-NEW"})
    assert (status, report["outcome"], report["order"], report["badge"]) == (202, "waiting", None, "waiting")
    assert "M-NEW" in report["message"]
    assert ErpLink.objects.get().order is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"quantity": {"value": "nan", "unit": "PK"}}, "quantity"),
        ({"quantity": {"value": "-1", "unit": "PK"}}, "quantity"),
        ({"quantity": "400"}, "quantity"),
        ({"state": "half"}, "state"),
        ({"item": ""}, "item"),
        ({"item": "A\0B"}, "item"),
        ({"due_at": "tomorrow"}, "due_at"),
        ({"materials": [{"item": "X", "quantity": {"value": "many", "unit": "l"}}]}, "materials"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_with_its_field(plant: SmallPlant, wrong: Any, field: str) -> None:
    status, report = Middleware(plant).put(ORDER | wrong)
    assert (status, report["outcome"], list(report["wrong"])) == (422, "refused", [field])
    assert not ErpLink.objects.exists()


def test_a_bulk_reports_each_order_and_one_that_is_wrong_leaves_the_others(plant: SmallPlant) -> None:
    rows = [ORDER | {"key": "1", "number": "A1"}, ORDER | {"key": "2", "item": ""}, {"item": "x"}, ORDER | {"key": "3"}]
    status, body = Middleware(plant).post(MANY, {"system": "SAP", "requests": rows})
    assert status == 207
    assert [(row["key"], row["status"]) for row in body["results"]] == [("1", 201), ("2", 422), ("", 422), ("3", 201)]
    assert set(WorkOrder.objects.values_list("number", flat=True)) == {"A1", "100471"}


@pytest.mark.parametrize("body", [[], {"system": "SAP"}, {"system": 7, "requests": []}, "x"])
def test_a_bulk_that_is_none_is_refused(plant: SmallPlant, body: Any) -> None:
    assert Middleware(plant).post(MANY, body)[0] == 400


def test_only_a_live_connection_that_is_pushed_takes_orders(plant: SmallPlant) -> None:
    cpi = Middleware(plant)
    assert cpi.put(ORDER, MANY + "NONE/1/")[0] == 404
    ErpConnection.objects.update(state="stopped")
    assert cpi.put(ORDER)[0] == 409
    ErpConnection.objects.update(state="live", kind="simulated")
    assert cpi.put(ORDER)[0] == 409


def test_a_key_of_other_lines_and_one_without_the_scope_get_nowhere(plant: SmallPlant) -> None:
    Middleware(plant).put(ORDER)
    narrow = Middleware(plant, plant.line_2, name="narrow")
    assert narrow.put(ORDER | {"priority": 1})[1]["message"] == "Order 4711 is not on your lines."
    assert narrow.put(ORDER, MANY + "SAP/9/")[0] == narrow.put(ORDER | {"item": "M-NEW"}, MANY + "SAP/8/")[0] == 422
    assert WorkOrder.objects.get().priority == 20
    ApiKey.objects.update(scopes=["read"])
    assert narrow.put(ORDER)[0] == 403


def a_message(link: ErpLink, sequence: int, status: str = "pending") -> OutboxMessage:
    now = datetime.now(UTC)
    event, total = uuid4(), {"good": {"value": str(40 * sequence), "unit": "PK"}}
    return OutboxMessage.objects.create(
        event_id=event, link=link, sequence=sequence, cause="x", status=status, created_at=now, due_at=now,
        payload={"event_id": str(event), "sequence": sequence, "cumulative": total},
    )  # fmt: skip


def test_confirmations_are_fetched_until_they_are_acknowledged_one_of_an_order_after_the_other(
    plant: SmallPlant,
) -> None:
    cpi = Middleware(plant)
    cpi.put(ORDER)
    first, second = (a_message(ErpLink.objects.get(), number) for number in (1, 2))
    assert [row["sequence"] for row in cpi.get(WAITING)["results"]] == [1]
    assert [row["sequence"] for row in cpi.get(WAITING)["results"]] == [1]  # nobody said that it arrived
    assert cpi.post(f"/api/v1/erp/operations-responses/{first.event_id}/ack/", {"document": "49001"})[0] == 200
    assert cpi.post(f"/api/v1/erp/operations-responses/{first.event_id}/ack/", {"document": "49001"})[0] == 200
    first.refresh_from_db()
    assert (first.status, first.erp_document) == ("sent", "49001")
    assert ErpLink.objects.get().confirmed == first.payload["cumulative"]
    [row] = cpi.get(WAITING)["results"]
    assert row["event_id"] == str(second.event_id)
    assert cpi.get(WAITING + f"&cursor={second.pk}")["results"] == []


def test_a_refusal_of_the_erp_waits_for_a_planner_and_holds_back_what_follows(plant: SmallPlant) -> None:
    cpi = Middleware(plant)
    cpi.put(ORDER)
    first, _second = (a_message(ErpLink.objects.get(), number) for number in (1, 2))
    cpi.post(f"/api/v1/erp/operations-responses/{first.event_id}/ack/", {"refused": "Period is closed"})
    first.refresh_from_db()
    assert (first.status, first.erp_said) == ("dead", "Period is closed")
    assert cpi.get(WAITING)["results"] == []
    assert cpi.post(f"/api/v1/erp/operations-responses/{UUID(int=1)}/ack/", {})[0] == 404


def test_connections_messages_and_differences_are_listed_without_secrets(plant: SmallPlant, client: Client) -> None:
    cpi = Middleware(plant)
    cpi.put(ORDER)
    a_message(ErpLink.objects.get(), 1, "dead")
    [erp] = cpi.get("/api/v1/erp/connections/")["results"]
    assert (erp["code"], erp["verified"], erp["backlog"], erp["dead"]) == ("SAP", "verified", 0, 1)
    assert "address" not in erp
    [message] = cpi.get("/api/v1/erp/messages/?status=dead")["results"]
    assert (message["order"], message["sequence"]) == ("100471", 1)
    assert cpi.get("/api/v1/erp/differences/")["results"] == []
    client.force_login(plant.person(Role.PLANNER, plant.line_2, name="other"))
    assert client.get("/api/v1/erp/messages/").json()["results"] == []
    client.force_login(plant.person(Role.OPERATOR))
    assert client.get("/api/v1/erp/connections/").status_code == 403
