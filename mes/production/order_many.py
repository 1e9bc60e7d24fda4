"""Many new orders at once, each with its operations and materials: what an ERP or a long file brings."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction

from mes.journal.write import record
from mes.plant.models import Line
from mes.production.models import Item, Operation, OrderMaterial, WorkOrder
from mes.production.operations import StepGiven, operations_from_routings, steps_check
from mes.production.order_rows import KIND
from mes.production.supply import MaterialGiven


class NewOrder(NamedTuple):
    """An order to be made. No `steps`: those of its item's routing. Priority None is the default."""

    number: str
    item: Item
    line: Line
    quantity: Decimal
    due_at: datetime | None
    priority: int | None
    released: bool = True
    steps: tuple[StepGiven, ...] = ()
    materials: tuple[MaterialGiven, ...] = ()


def orders_create(*, orders: Sequence[NewOrder], source: str, actor: str, at: datetime) -> list[WorkOrder]:
    """Makes all of them or none, in the same order, with one journal entry each.

    The numbers are free: raises IntegrityError where one is taken. Raises OrderRefused for operations that make no
    sense. Where one may be wrong and the others right, make them one by one (`order_create`).
    """
    checked: set[tuple[int, tuple[StepGiven, ...]]] = set()
    for new in orders:
        if new.steps and (new.line.pk, new.steps) not in checked:
            steps_check(new.steps, new.line)
            checked.add((new.line.pk, new.steps))
    with transaction.atomic():
        made = WorkOrder.objects.bulk_create(_row(new, source) for new in orders)
        pairs = list(zip(made, orders, strict=True))
        operations_from_routings(order for order, new in pairs if not new.steps)
        Operation.objects.bulk_create(
            Operation(order=order, **step._asdict()) for order, new in pairs for step in new.steps
        )
        OrderMaterial.objects.bulk_create(_materials(pairs))
        for order, new in pairs:
            action = "order_create" if new.released else "order_receive"
            record(actor=actor, at=at, action=action, kind=KIND, code=order.number, data=_told(order, new, source))
    return made


def _row(new: NewOrder, source: str) -> WorkOrder:
    status = WorkOrder.Status.RELEASED if new.released else WorkOrder.Status.RECEIVED
    row = WorkOrder(number=new.number, item=new.item, line=new.line, quantity=new.quantity, due_at=new.due_at)
    row.source, row.status = source[:20], status
    if new.priority is not None:
        row.priority = new.priority
    return row


def _materials(pairs: Iterable[tuple[WorkOrder, NewOrder]]) -> list[OrderMaterial]:
    return [OrderMaterial(order=order, **given._asdict()) for order, new in pairs for given in new.materials]


def _told(order: WorkOrder, new: NewOrder, source: str) -> dict[str, Any]:
    data: dict[str, Any] = {"item": order.item.code, "line": order.line.code, "quantity": order.quantity}
    data |= {"due_at": order.due_at, "source": source, "kind": order.kind}
    if new.steps:
        data["steps"] = [{"sequence": step.sequence, "name": step.name} for step in new.steps]
    if new.materials:
        data["materials"] = [
            {"item": one.item.code, "total": one.total, "per_piece": one.per_piece} for one in new.materials
        ]
    return data
