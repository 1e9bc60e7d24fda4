"""The life of an order by the API: every step said twice happens once, and only where the order's state allows it."""

from decimal import Decimal
from uuid import uuid4

import pytest
from drf_spectacular.generators import SchemaGenerator

from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.production.models import Run, WorkOrder
from mes.production.order_steps import order_hold
from mes.quality.models import Nonconformance
from tests.api.conftest import Caller, caller
from tests.production.small_plant import SIX, SmallPlant, counted

NEW = {"number": "WO-1", "item": "COLA-05", "line": "LINE-1", "quantity": "100"}


def step(api: Caller, verb: str, **body: object) -> tuple[int, str]:
    """Says the step twice with one key; both answers must be the same."""
    first = api.post(f"work-orders/WO-1/{verb}/", body, Idempotency_Key=f"{verb}-{body}")
    again = api.post(f"work-orders/WO-1/{verb}/", body, Idempotency_Key=f"{verb}-{body}")
    assert first.status_code == again.status_code
    return first.status_code, WorkOrder.objects.get().status


def test_an_order_lives_from_received_to_closed_and_each_step_is_told_once(plant: SmallPlant, api: Caller) -> None:
    assert api.post("work-orders/", NEW | {"status": "received", "kind": "trial"}).json()["status"] == "received"
    assert step(api, "start", work_center="FILL") == (409, "received")
    assert step(api, "release") == (200, "released")
    assert step(api, "start", work_center="FILL") == (200, "running")
    assert step(api, "pause", reason="material", note="no caps") == (200, "paused")
    assert step(api, "resume") == (200, "running")
    counted(plant.packer, SIX, good=100, order=WorkOrder.objects.get())
    assert step(api, "complete") == (200, "completed")
    assert step(api, "close") == (200, "closed")
    told = list(
        JournalEntry.objects.filter(kind="work-order", code="WO-1").order_by("pk").values_list("action", flat=True)
    )
    assert told == [
        *("order_receive", "order_release", "order_start", "order_pause"),
        *("order_resume", "order_complete", "order_close"),
    ]
    assert WorkOrder.objects.get().kind == "trial"


def test_a_step_said_twice_without_a_key_changes_nothing_the_second_time(plant: SmallPlant, api: Caller) -> None:
    plant.order("WO-1")
    assert api.post("work-orders/WO-1/start/", {"work_center": "FILL"}).status_code == 200
    version = WorkOrder.objects.get().version
    assert api.post("work-orders/WO-1/start/", {"work_center": "FILL"}).status_code == 200
    assert api.post("work-orders/WO-1/pause/", {"reason": "staff"}).status_code == 200
    assert api.post("work-orders/WO-1/pause/", {"reason": "staff"}).json()["version"] == version + 1


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("pause", {}, 400),
        ("pause", {"reason": "lunch"}, 400),
        ("start", {"work_center": "PRESS"}, 409),
        ("start", {"work_center": "NONE"}, 404),
        ("start", {"work_center": "FILL", "version": 9}, 409),
        ("start", {"work_center": "FILL", "wok_center": "x"}, 400),
        ("complete", {}, 409),
        ("close", {}, 409),
        ("cancel", {"why": "a\0b"}, 400),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(
    plant: SmallPlant, api: Caller, verb: str, body: dict[str, object], status: int
) -> None:
    plant.order("WO-1")
    assert api.post(f"work-orders/WO-1/{verb}/", body).status_code == status
    assert (WorkOrder.objects.get().status, WorkOrder.objects.get().version) == ("released", 1)


def test_completing_short_asks_for_a_reason_which_is_kept(plant: SmallPlant, api: Caller) -> None:
    order = plant.order("WO-1", quantity="100")
    api.post("work-orders/WO-1/start/", {"work_center": "FILL"})
    counted(plant.packer, SIX, good=60, order=order)
    refused = api.post("work-orders/WO-1/complete/", {})
    assert refused.status_code == 409
    assert "Only 60 of 100" in refused.json()["fields"]["short"]
    assert api.post("work-orders/WO-1/complete/", {"short": "material"}).status_code == 200
    told = api.get("work-orders/WO-1/").json()
    assert (told["status"], told["short_reason"]) == ("completed", "material")
    assert Decimal(JournalEntry.objects.get(action="order_complete").data["good"]) == 60


def test_completing_over_open_reports_asks_for_their_names_as_the_page_does(plant: SmallPlant, api: Caller) -> None:
    order = plant.order("WO-1", quantity="10")
    api.post("work-orders/WO-1/start/", {"work_center": "FILL"})
    counted(plant.packer, SIX, good=10, order=order)
    reports = [
        Nonconformance.objects.create(
            line=plant.line_1, work_center=plant.packer, order=order, finding="Dents", raised_by="otto", raised_at=SIX,
            key=uuid4(),
        )
        for _ in range(2)
    ]  # fmt: skip
    first, second = map(str, reports)
    refused = api.post("work-orders/WO-1/complete/", {})
    assert refused.status_code == 409
    assert f"{first}, {second} about WO-1" in refused.json()["fields"]["reports_seen"]
    assert f"{second} about" in api.post("work-orders/WO-1/complete/", {"reports_seen": [first]}).json()["message"]
    assert WorkOrder.objects.get().status == "running"
    assert step(api, "complete", reports_seen=[first, second]) == (200, "completed")
    assert api.post("work-orders/WO-1/complete/", {}).status_code == 200, "it is completed already"


def test_rights_and_lines_hold_for_the_steps(plant: SmallPlant) -> None:
    plant.order("WO-1")
    quality = caller(plant.person(Role.QUALITY), "read", "orders")
    assert quality.post("work-orders/WO-1/start/", {"work_center": "FILL"}).status_code == 403
    operator = caller(plant.person(Role.OPERATOR), "read", "orders")
    assert operator.post("work-orders/WO-1/cancel/", {}).status_code == 403
    stranger = caller(plant.person(Role.SUPERVISOR, plant.line_2), "read", "orders")
    assert stranger.post("work-orders/WO-1/start/", {"work_center": "FILL"}).status_code == 404
    assert not Run.objects.exists()
    assert operator.post("work-orders/WO-1/start/", {"work_center": "FILL"}).status_code == 200


def test_a_held_order_says_so_and_does_not_start(plant: SmallPlant, api: Caller) -> None:
    order_hold(order=plant.order("WO-1"), why="labels wrong", ref="NCR-1", actor="quinn", at=SIX)
    assert api.get("work-orders/WO-1/").json()["on_hold"] is True
    refused = api.post("work-orders/WO-1/start/", {"work_center": "FILL"})
    assert refused.status_code == 409
    assert "on hold (NCR-1): labels wrong" in refused.json()["message"]


def test_the_document_tells_what_each_step_takes(plant: SmallPlant) -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    for verb, body in {"start": "StartBody", "pause": "PauseBody", "close": "Versioned"}.items():
        post = schema["paths"][f"/api/v1/work-orders/{{number}}/{verb}/"]["post"]
        assert post["requestBody"]["content"]["application/json"]["schema"] == {"$ref": f"#/components/schemas/{body}"}
        assert "Idempotency-Key" in [parameter["name"] for parameter in post["parameters"]]
        assert {"200", "403", "404", "409"} <= set(post["responses"])
