"""The resources: what they show, how they are filtered, and that a list costs a fixed number of queries."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mes.downtime.models import Stop
from mes.journal.models import JournalEntry
from mes.plc.models import Controller, ControllerHealth, TagBinding, TagHealth
from mes.production.models import Run, WorkOrder
from mes.tracking.models import CountHour
from tests.api.conftest import Caller
from tests.production.small_plant import SIX, SmallPlant

# Queries of a list: one finds the key, the rest is the list itself. Grown figures mean a query per row.
QUERIES = {
    "sites": 4,
    "areas": 4,
    "lines": 4,
    "work-centers": 4,
    "shifts": 5,
    "reasons": 2,
    "controllers": 7,
    "items": 5,
    "work-orders": 4,
    "runs": 4,
    "stops": 4,
    "counts": 4,
}


@pytest.fixture
def busy(plant: SmallPlant) -> SmallPlant:
    """A few rows of everything."""
    for n in range(4):
        order = plant.order(f"WO-{n}")
        start = SIX + timedelta(hours=n)
        Run.objects.create(
            work_center=plant.filler,
            order=order,
            item=plant.cola,
            starts_at=start,
            ends_at=start + timedelta(minutes=30),
            started_by="op",
        )
        Stop.objects.create(
            work_center=plant.filler,
            starts_at=start,
            ends_at=start + timedelta(minutes=5),
            state="Held",
            reason=plant.jam,
        )
        CountHour.objects.create(
            work_center=plant.filler, hour=start, shift=plant.shift, order=order, item=plant.cola, good_sum=n
        )
        controller = Controller.objects.create(
            code=f"PLC-{n}", name="Controller", site=plant.line_1.area.site, address="127.0.0.1"
        )
        TagBinding.objects.create(
            controller=controller,
            work_center=plant.filler,
            role=["good", "scrap", "total", "rework"][n],
            tag="T",
            valid_from=SIX,
        )
        ControllerHealth.objects.create(controller=controller, comm="online", last_good_at=SIX, polls=7)
        TagHealth.objects.create(controller=controller, tag="T", quality="bad", error="no such tag", since=SIX)
    return plant


@pytest.mark.parametrize("resource", QUERIES)
def test_a_list_costs_a_fixed_number_of_queries(api: Caller, busy: SmallPlant, resource: str) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = api.get(f"{resource}/")
    assert answer.status_code == 200
    assert answer.json()["results"]
    assert len(queries) <= QUERIES[resource], "\n".join(query["sql"][:200] for query in queries)


def test_rows_name_each_other_by_code(api: Caller, busy: SmallPlant) -> None:
    assert api.get("work-centers/FILL/").json() == {
        "code": "FILL",
        "name": "Filler",
        "isa95_level": "work-unit",
        "line": "LINE-1",
        "position": 1,
        "is_exit": False,
        "micro_stop_s": 120,
        "target_oee": "0.850",
    }
    order = api.get("work-orders/WO-1/").json()
    assert (order["item"], order["line"], order["quantity"]) == ("COLA-05", "LINE-1", "1000.000")
    controller = api.get("controllers/PLC-0/").json()
    assert controller["health"]["comm"] == "online"
    assert controller["bad_tags"][0]["error"] == "no such tag"
    shift = api.get("shifts/").json()["results"][0]
    assert (shift["name"], len(shift["breaks"])) == ("Early", 1)
    assert api.get("reasons/JAM/").json()["parent"] == "MACHINE"
    count = api.get("counts/").json()["results"][1]
    assert (count["order"], count["item"], count["good"], len(count["minutes"]["good"])) == ("WO-1", "COLA-05", 1, 60)


def test_lists_are_filtered_by_machine_and_time(api: Caller, busy: SmallPlant) -> None:
    Stop.objects.create(work_center=busy.press, starts_at=SIX, state="Held")
    assert len(api.get("stops/").json()["results"]) == 5
    assert len(api.get("stops/", work_center="PRESS").json()["results"]) == 1
    assert len(api.get("stops/", line="LINE-1").json()["results"]) == 4
    span = {"from": "2026-03-02T08:00:00+01:00", "to": "2026-03-02T08:01:00Z", "work_center": "FILL"}
    found = api.get("stops/", **span).json()["results"]
    assert [row["starts_at"] for row in found] == ["2026-03-02T08:00:00Z", "2026-03-02T07:00:00Z"]
    assert len(api.get("counts/", **span).json()["results"]) == 2
    assert api.get("stops/", work_center="NONE").status_code == 404
    naive = api.get("stops/", **{"from": "2026-03-02T08:00:00"})
    assert (naive.status_code, list(naive.json()["fields"])) == (400, ["from"])


def test_an_order_is_created_once_however_often_it_is_sent(api: Caller, plant: SmallPlant) -> None:
    body = {"number": "WO-9", "item": "COLA-05", "line": "LINE-1", "quantity": "12.5", "due_at": "2026-03-03T06:00:00Z"}
    first = api.post("work-orders/", body, Idempotency_Key="abc")
    again = api.post("work-orders/", body, Idempotency_Key="abc")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert api.post("work-orders/", body).status_code == 201  # without a key: the same order is the same order
    assert WorkOrder.objects.get().quantity == Decimal("12.5")
    [entry] = JournalEntry.objects.filter(action="order_create")
    assert entry.actor.startswith("api:")
    other = api.post("work-orders/", body | {"quantity": "13"}, Idempotency_Key="abc")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    taken = api.post("work-orders/", body | {"quantity": "13"})
    assert (taken.status_code, taken.json()["code"], list(taken.json()["fields"])) == (409, "conflict", ["number"])


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"item": "NOPE"}, 422, "item"),
        ({"line": "NOPE"}, 404, "line"),
        ({"quantity": "0"}, 422, "quantity"),
        ({"quantity": "many"}, 400, "quantity"),
        ({"number": "a b"}, 400, "number"),
        ({"duedate": "2026-03-03"}, 400, "duedate"),
        ({"due_at": "2026-03-03T06:00:00"}, 400, "due_at"),
    ],
)
def test_a_wrong_order_is_refused_with_its_field_and_can_be_sent_again(
    api: Caller, plant: SmallPlant, change: dict[str, str], status: int, field: str
) -> None:
    body = {"number": "WO-9", "item": "COLA-05", "line": "LINE-1", "quantity": "12"}
    refused = api.post("work-orders/", body | change, Idempotency_Key="k")
    assert (refused.status_code, list(refused.json()["fields"])) == (status, [field]), refused.json()
    assert not WorkOrder.objects.exists()
    assert api.post("work-orders/", body, Idempotency_Key="k").status_code == 201


def test_a_stop_is_explained_unless_somebody_was_faster(api: Caller, busy: SmallPlant) -> None:
    Stop.objects.update(reason=None)
    stop = api.get("stops/").json()["results"][0]
    assert stop["ref"] == "FILL@2026-03-02T09:00:00.000000Z"
    path = f"stops/{stop['ref']}/explain/"
    done = api.post(path, {"reason": "JAM", "note": "cap", "version": stop["version"]})
    assert (done.status_code, done.json()["reason"], done.json()["version"]) == (200, "JAM", 2)
    late = api.post(path, {"reason": "MOTOR", "version": stop["version"]})
    assert (late.status_code, late.json()["fields"]) == (409, {"version": "2"})
    assert api.post(path, {"reason": "NOPE", "version": 2}).status_code == 422
    assert api.post(path, {"reason": "MACHINE", "version": 2}).status_code == 422
    assert api.get(f"stops/{stop['ref']}/").json()["note"] == "cap"
    assert api.get("stops/FILL@nonsense/").status_code == 404
