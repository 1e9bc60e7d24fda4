"""Many orders are made at once: all or none, each with what it needs and one entry."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from mes.journal.models import JournalEntry
from mes.production.models import WorkOrder
from mes.production.operations import StepGiven
from mes.production.order_many import NewOrder, orders_create
from mes.production.refusals import OrderRefused
from mes.production.supply import MaterialGiven
from tests.production.small_plant import SIX, SmallPlant


def new(plant: SmallPlant, number: str, **other: object) -> NewOrder:
    return NewOrder(number, plant.cola, plant.line_2, Decimal(100), None, None)._replace(**other)  # type: ignore[arg-type]


def test_each_order_has_its_operations_materials_state_and_entry(plant: SmallPlant) -> None:
    steps = (StepGiven(10, "Press", work_center=plant.press),)
    needs = (MaterialGiven(plant.water, total=Decimal(5)),)
    orders = [new(plant, "A-1", steps=steps, materials=needs, priority=3), new(plant, "A-2", released=False)]
    first, second = orders_create(orders=orders, source="ERP", actor="erp:ERP", at=SIX)
    assert (first.status, first.priority, second.status, second.priority) == ("released", 3, "received", 50)
    assert [step.name for step in first.operations.all()] == ["Press"]
    assert [(row.item.code, row.total) for row in first.materials.all()] == [("WATER-05", Decimal(5))]
    told = JournalEntry.objects.order_by("pk").values_list("action", "code", "actor")
    assert list(told) == [("order_create", "A-1", "erp:ERP"), ("order_receive", "A-2", "erp:ERP")]


def test_one_taken_number_or_wrong_operation_makes_none(plant: SmallPlant) -> None:
    plant.order("A-2")
    with pytest.raises(IntegrityError), transaction.atomic():
        orders_create(orders=[new(plant, "A-1"), new(plant, "A-2")], source="ERP", actor="erp:ERP", at=SIX)
    strange = (StepGiven(10, "Fill", work_center=plant.filler),)
    with pytest.raises(OrderRefused, match="FILL is not on this line"):
        orders_create(orders=[new(plant, "A-3", steps=strange)], source="ERP", actor="erp:ERP", at=SIX)
    assert list(WorkOrder.objects.values_list("number", flat=True)) == ["A-2"]
    assert not JournalEntry.objects.exists()
