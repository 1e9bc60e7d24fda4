"""Reading orders: what runs on a machine, what waits for it, what a line has to make."""

from collections.abc import Iterable

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from mes.plant.models import Line, WorkCenter
from mes.production.dispatch import orders_at
from mes.production.lifecycle import CANCELLED, CLOSED, COMPLETED, DISPATCHED, OPEN, PAUSED, RECEIVED, RELEASED, RUNNING
from mes.production.models import Run, WorkOrder

_LISTED = (RUNNING, PAUSED, DISPATCHED, RELEASED, RECEIVED, COMPLETED, CLOSED, CANCELLED)
"""What needs people now comes first."""


def open_run(work_center: WorkCenter) -> Run | None:
    """What the machine makes now, with order and item."""
    return Run.objects.filter(work_center=work_center, ends_at=None).select_related("order__item", "item").first()


def queue_for(work_center: WorkCenter) -> QuerySet[WorkOrder]:
    """The open orders that may run on the machine and do not run on it, the most urgent first."""
    here = Run.objects.filter(work_center=work_center, ends_at=None).values("order")
    return orders_at([work_center]).exclude(pk__in=here)


def orders_of(lines: Iterable[Line], *, state: str = "open", text: str = "") -> QuerySet[WorkOrder]:
    """Orders of some lines. `state`: open (not over), a status, or all; `text` is looked for in number and item."""
    found = WorkOrder.objects.filter(line__in=list(lines)).select_related("item", "line__area__site")
    if state == "open":
        found = found.filter(status__in=(RECEIVED, *OPEN))
    elif state != "all":
        found = found.filter(status=state)
    for word in text.split():
        found = found.filter(Q(number__icontains=word) | Q(item__code__icontains=word) | Q(item__name__icontains=word))
    nearest = Case(*(When(status=state, then=Value(n)) for n, state in enumerate(_LISTED)), output_field=IntegerField())
    return found.order_by(nearest, "priority", "due_at", "number")
