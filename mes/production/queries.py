"""Reading orders: what runs on a machine, what waits for it, what a line has to make."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from mes.plant.models import Line, WorkCenter
from mes.production.models import Run, WorkOrder


def open_run(work_center: WorkCenter) -> Run | None:
    """What the machine makes now, with order and item."""
    return Run.objects.filter(work_center=work_center, ends_at=None).select_related("order__item", "item").first()


def queue_for(work_center: WorkCenter) -> QuerySet[WorkOrder]:
    """The open orders of the machine's line that do not run on this machine, the most urgent first."""
    waiting = WorkOrder.objects.filter(
        line=work_center.line_id, status__in=(WorkOrder.Status.RELEASED, WorkOrder.Status.RUNNING)
    )
    here = Run.objects.filter(work_center=work_center, ends_at=None).values("order")
    return waiting.exclude(pk__in=here).select_related("item").order_by("priority", "due_at", "number")


def orders_of(lines: Iterable[Line], *, state: str = "open", text: str = "") -> QuerySet[WorkOrder]:
    """Orders of some lines. `state`: open, a status, or all; `text` is looked for in number, item code and name."""
    found = WorkOrder.objects.filter(line__in=list(lines)).select_related("item", "line__area__site")
    if state == "open":
        found = found.filter(status__in=(WorkOrder.Status.RELEASED, WorkOrder.Status.RUNNING))
    elif state != "all":
        found = found.filter(status=state)
    for word in text.split():
        found = found.filter(Q(number__icontains=word) | Q(item__code__icontains=word) | Q(item__name__icontains=word))
    return found.order_by("-status", "priority", "due_at", "number")
