"""The dispatch list of a machine or a pool: its open orders, most urgent first, each with what blocks it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from mes.plant.models import WorkCenter
from mes.production.blocks import Block, blocks_of
from mes.production.lifecycle import OPEN
from mes.production.models import Operation, Pool, Run, WorkOrder
from mes.production.operations import operations_at


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row: the order, its operation here (None: made in one step), what blocks it, where it runs now."""

    order: WorkOrder
    operation: Operation | None
    blocks: list[Block]
    runs_on: list[str]


def orders_at(work_centers: Sequence[WorkCenter]) -> QuerySet[WorkOrder]:
    """Open orders that may run on one of these machines, the most urgent first.

    Orders with operations count where an operation that is not done belongs there, others on every machine of their
    line, unless they were dispatched to one machine.
    """
    ids = [place.pk for place in work_centers]
    operations = Operation.objects.filter(order=OuterRef("pk"))
    here = operations.filter(Q(work_center__in=ids) | Q(pool__work_centers__in=ids), done_at=None)
    found = WorkOrder.objects.filter(line__in={place.line_id for place in work_centers}, status__in=OPEN)
    found = found.filter(Q(dispatched_to=None) | Q(dispatched_to__in=ids))
    found = found.filter(Exists(here) | ~Exists(operations))
    return found.select_related("item", "line__area__site").order_by("priority", "due_at", "number")


def dispatch_list(work_centers: Sequence[WorkCenter], at: datetime, *, limit: int = 100) -> list[Waiting]:
    """The rows of a machine (one) or a pool (several). What a pool's tool needs is asked for all its machines."""
    return waiting_rows(list(orders_at(work_centers)[:limit]), work_centers, at)


def waiting_rows(orders: list[WorkOrder], work_centers: Sequence[WorkCenter], at: datetime) -> list[Waiting]:
    """The rows of these orders on these machines: a block holds where it holds on each of them."""
    runs: dict[int, list[str]] = {}
    for pk, code in Run.objects.filter(order__in=orders, ends_at=None).values_list("order", "work_center__code"):
        runs.setdefault(pk, []).append(code)
    blocked = [blocks_of(orders, at, work_center=place) for place in work_centers]
    operations = [operations_at(orders, place) for place in work_centers]
    rows = []
    for order in orders:
        everywhere = [blocks[order.pk] for blocks in blocked]
        texts = [block for block in everywhere[0] if all(block in other for other in everywhere)] if everywhere else []
        steps = [step for found in operations for step in found[order.pk] if step.done_at is None]
        step = min(steps, key=lambda one: one.sequence, default=None)
        rows.append(Waiting(order, step, texts, sorted(runs.get(order.pk, []))))
    return rows


def machines_of(place: WorkCenter | Pool) -> list[WorkCenter]:
    """The machine itself, or the pool's machines."""
    if isinstance(place, WorkCenter):
        return [place]
    return list(
        place.work_centers.filter(archived=False).select_related("line__area__site").order_by("position", "code")
    )
