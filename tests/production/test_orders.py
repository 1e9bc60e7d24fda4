"""Orders are created, started, completed and cancelled; each said twice happens once."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from mes.journal.models import JournalEntry
from mes.production.models import Run, WorkOrder
from mes.production.order_new import order_create
from mes.production.orders import order_cancel, order_complete, order_start
from mes.production.refusals import OrderRefused
from tests.production.small_plant import SIX, SmallPlant, small_plant

HOUR = timedelta(hours=1)


def create(plant: SmallPlant, number: str = "WO-1", quantity: str = "500") -> WorkOrder:
    return order_create(
        number=number,
        item=plant.cola,
        line=plant.line_1,
        quantity=Decimal(quantity),
        due_at=None,
        priority=None,
        source="typed",
        actor="pia",
        at=SIX,
    )


def entries(number: str) -> list[str]:
    return list(
        JournalEntry.objects.filter(kind="work-order", code=number).order_by("pk").values_list("action", flat=True)
    )


def running(plant: SmallPlant) -> dict[str, str]:
    return dict(Run.objects.filter(ends_at=None).values_list("work_center__code", "order__number"))


def test_an_order_created_twice_is_there_once(plant: SmallPlant) -> None:
    assert create(plant).pk == create(plant).pk
    assert entries("WO-1") == ["order_create"]


def test_another_order_under_a_taken_number_is_refused_and_the_first_stays(plant: SmallPlant) -> None:
    create(plant)
    with pytest.raises(OrderRefused, match="WO-1 exists already and its quantity is 500"):
        create(plant, quantity="600")
    assert WorkOrder.objects.get().quantity == 500


def test_an_order_of_the_line_runs_on_all_its_machines(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
    assert running(plant) == {"FILL": "WO-1", "PACK": "WO-1"}
    order.refresh_from_db()
    assert (order.status, order.started_at) == ("running", SIX)


def test_an_order_of_a_single_machine_runs_there_only(plant: SmallPlant) -> None:
    order = plant.order("WO-1", line=plant.line_2)
    order_start(order=order, work_center=plant.press, actor="otto", at=SIX)
    assert running(plant) == {"PRESS": "WO-1"}


def test_a_start_said_twice_changes_nothing(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
    order_start(order=order, work_center=plant.packer, actor="otto", at=SIX + HOUR)
    assert list(Run.objects.values_list("starts_at", flat=True)) == [SIX, SIX]
    assert entries("WO-1") == ["order_start"]
    order.refresh_from_db()
    assert order.version == 2


def test_the_order_that_ran_is_ended_first_and_waits_again(plant: SmallPlant) -> None:
    first, second = plant.order("WO-1"), plant.order("WO-2")
    order_start(order=first, work_center=plant.filler, actor="otto", at=SIX)
    order_start(order=second, work_center=plant.filler, actor="otto", at=SIX + HOUR)
    assert running(plant) == {"FILL": "WO-2", "PACK": "WO-2"}
    first.refresh_from_db()
    assert (first.status, first.started_at) == ("paused", SIX)
    assert set(first.runs.values_list("ends_at", "ended_by")) == {(SIX + HOUR, "otto")}
    assert JournalEntry.objects.get(code="WO-2").data["ended"] == ["WO-1"]


def test_an_order_of_another_line_is_refused(plant: SmallPlant) -> None:
    with pytest.raises(OrderRefused, match="planned for line LINE-2"):
        order_start(order=plant.order("WO-1", line=plant.line_2), work_center=plant.filler, actor="otto", at=SIX)
    assert running(plant) == {}
    assert entries("WO-1") == []


def test_a_start_before_the_running_order_began_is_refused_and_changes_nothing(plant: SmallPlant) -> None:
    order_start(order=plant.order("WO-1"), work_center=plant.filler, actor="otto", at=SIX)
    with pytest.raises(OrderRefused, match="give a later time"):
        order_start(order=plant.order("WO-2"), work_center=plant.filler, actor="otto", at=SIX - HOUR)
    assert running(plant) == {"FILL": "WO-1", "PACK": "WO-1"}


def test_a_completed_order_ends_its_runs_and_is_completed_once(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
    assert order_complete(order=order, actor="otto", at=SIX + HOUR)
    assert not order_complete(order=order, actor="pia", at=SIX + 2 * HOUR)
    order.refresh_from_db()
    assert (order.status, order.completed_at) == ("completed", SIX + HOUR)
    assert running(plant) == {}
    assert entries("WO-1") == ["order_start", "order_complete"]
    with pytest.raises(OrderRefused, match="WO-1 is completed"):
        order_start(order=order, work_center=plant.filler, actor="otto", at=SIX + 3 * HOUR)


def test_an_order_that_never_ran_can_be_cancelled_but_not_completed(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    with pytest.raises(OrderRefused, match="never started"):
        order_complete(order=order, actor="otto", at=SIX)
    assert order_cancel(order=order, actor="pia", at=SIX)
    assert not order_cancel(order=order, actor="pia", at=SIX)
    with pytest.raises(OrderRefused, match="is cancelled"):
        order_complete(order=order, actor="otto", at=SIX)
    assert entries("WO-1") == ["order_cancel"]


@pytest.mark.django_db(transaction=True)
def test_orders_started_at_the_same_moment_leave_exactly_one_running_everywhere() -> None:
    plant = small_plant()
    orders = [plant.order(f"WO-{n}") for n in range(6)]
    together = threading.Barrier(len(orders))
    failures: list[Exception] = []

    def start(order: WorkOrder) -> None:
        together.wait()
        try:
            order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=start, args=[order]) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(running(plant)) == 2
    assert len(set(running(plant).values())) == 1
    assert WorkOrder.objects.filter(status="running").count() == 1
