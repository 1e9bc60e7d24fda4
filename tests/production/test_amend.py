"""An order is amended by whoever it came from: what may change when, once, with its entry."""

from decimal import Decimal
from typing import Any

import pytest

from mes.journal.models import JournalEntry
from mes.production.amend import order_amend
from mes.production.models import WorkOrder
from mes.production.operations import StepGiven, routing_set
from mes.production.orders import order_cancel, order_start
from mes.production.refusals import OrderRefused
from tests.production.small_plant import SIX, SmallPlant

WHO: dict[str, Any] = {"why": "Changed in the ERP.", "actor": "erp:ERP", "at": SIX}


def test_an_amendment_said_twice_is_made_and_told_once(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    assert order_amend(order=order, changes={"quantity": Decimal(1200), "priority": 3}, **WHO)
    assert not order_amend(order=order, changes={"quantity": Decimal(1200), "priority": 3}, **WHO)
    assert (order.quantity, order.priority, order.version) == (1200, 3, 2)
    entry = JournalEntry.objects.get(action="order_amend")
    assert (entry.data["before"], entry.data["why"]) == (
        {"quantity": "1000.000", "priority": 50},
        "Changed in the ERP.",
    )


def test_another_line_before_the_start_takes_that_lines_operations_and_no_machine(plant: SmallPlant) -> None:
    steps = [StepGiven(10, "Press", work_center=plant.press)]
    routing_set(item=plant.cola, line=plant.line_2, steps=steps, actor="eva", at=SIX)
    order = plant.order("WO-1")
    WorkOrder.objects.filter(pk=order.pk).update(dispatched_to=plant.filler)
    assert order_amend(order=order, changes={"line": plant.line_2}, **WHO)
    assert (order.line, order.dispatched_to) == (plant.line_2, None)
    assert [step.name for step in order.operations.all()] == ["Press"]


def test_item_and_line_stay_after_the_start_and_nothing_else_is_changed_with_them(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    order_start(order=order, work_center=plant.packer, actor="otto", at=SIX)
    with pytest.raises(OrderRefused, match="WO-1 was started: its item and line stay"):
        order_amend(order=order, changes={"item": plant.water, "quantity": Decimal(5)}, **WHO)
    order.refresh_from_db()
    assert (order.item, order.quantity) == (plant.cola, 1000)


def test_an_order_that_is_over_and_a_quantity_of_0_are_refused(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    with pytest.raises(OrderRefused, match="needs a quantity above 0"):
        order_amend(order=order, changes={"quantity": Decimal(0)}, **WHO)
    order_cancel(order=order, actor="pia", at=SIX)
    with pytest.raises(OrderRefused, match="WO-1 is cancelled: it stays as it is"):
        order_amend(order=order, changes={"priority": 1}, **WHO)


def test_only_what_is_meant_to_be_amended_can_be(plant: SmallPlant) -> None:
    with pytest.raises(ValueError, match="status"):
        order_amend(order=plant.order("WO-1"), changes={"status": "completed"}, **WHO)
