"""Whether an order is production, a trial or engineering: the latter two are left out of every KPI (R36)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.plant.changes import changed, refuse_if_locked
from mes.production.models import Run, WorkOrder
from mes.production.refusals import OrderRefused

MAX_WHY = 200
KINDS = WorkOrder.Kind.values


def order_kind_set(*, order: WorkOrder, kind: str, why: str, actor: str, at: datetime) -> bool:
    """The order is of this kind, also for the time it ran already, which is queued to be computed anew. False: it was.

    Raises OrderRefused for an unknown kind or without a reason, ShiftLocked where it ran in a locked shift.
    """
    why = " ".join(why.split())
    if kind not in KINDS:
        raise OrderRefused(_("An order is one of %(kinds)s: choose one of them.") % {"kinds": ", ".join(KINDS)}, "kind")
    if not why or len(why) > MAX_WHY or "\0" in why:
        raise OrderRefused(_("Say in up to %(n)d characters why: figures change with it.") % {"n": MAX_WHY}, "why")
    with transaction.atomic():
        found = WorkOrder.objects.select_for_update().get(pk=order.pk)
        if found.kind == kind:
            return False
        runs = list(Run.objects.filter(order=found).select_related("work_center__line"))
        for run in runs:
            refuse_if_locked(run.work_center, run.starts_at, run.ends_at or at)
        changed([(run.work_center_id, run.starts_at, run.ends_at or at) for run in runs], why="order_kind_set")
        WorkOrder.objects.filter(pk=found.pk).update(kind=kind)
        data = {
            "before": found.kind,
            "after": kind,
            "why": why,
            "work_centers": sorted({run.work_center.code for run in runs}),
        }
        record(actor=actor, at=at, action="order_kind_set", kind="work-order", code=found.number, data=data)
    return True
