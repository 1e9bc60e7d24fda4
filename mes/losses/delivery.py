"""Delivery on time: how many of the orders that were due were finished by then, and in full."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mes.plant.models import Line
from mes.production.models import WorkOrder

Status = WorkOrder.Status


@dataclass(frozen=True, slots=True)
class Delivery:
    """Orders due in a time: all, those finished by their due time, and those of them with nothing missing."""

    due: int
    on_time: int
    in_full: int

    @property
    def share(self) -> float | None:
        """Share on time and in full, 0 to 1; None where nothing was due."""
        return self.in_full / self.due if self.due else None


def delivery_of(lines: Iterable[Line], start: datetime, end: datetime, *, now: datetime) -> Delivery:
    """Production orders of some lines that were due in [start, min(end, now)); cancelled ones are left out.

    On time: completed at or before the due time. In full: completed without a reason for less (`WorkOrder.Short`), that
    is within the order's tolerance. An order that is still open after its due time is late.
    """
    orders = WorkOrder.objects.filter(
        line__in=list(lines), kind=WorkOrder.Kind.PRODUCTION, due_at__gte=start, due_at__lt=min(end, now)
    ).exclude(status=Status.CANCELLED)
    rows = list(orders.values_list("status", "completed_at", "due_at", "short_reason"))
    on_time = [
        short
        for status, completed, due, short in rows
        if status in (Status.COMPLETED, Status.CLOSED)
        and completed is not None
        and due is not None
        and completed <= due
    ]
    return Delivery(len(rows), len(on_time), sum(not short for short in on_time))
