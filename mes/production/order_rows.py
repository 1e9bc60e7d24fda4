"""What every action on an order does: lock in one order, check the step, end runs, tell the journal."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.plant.changes import changed as past_changed
from mes.plant.changes import refuse_if_locked
from mes.plant.models import WorkCenter
from mes.production.lifecycle import may_step
from mes.production.models import Operation, OrderHold, Run, WorkOrder
from mes.production.refusals import OrderRefused

KIND = "work-order"
MAX_WORDS = 200


def order_locked(order: WorkOrder) -> WorkOrder:
    """The order as it is now, locked until the transaction ends, with item, line and site."""
    rows = WorkOrder.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("line__area__site", "item").get(pk=order.pk)


def line_locked(line_id: int) -> list[WorkCenter]:
    """The line's machines, locked in one order so that two actions wait for each other, never in a circle."""
    locked = WorkCenter.objects.select_for_update(no_key=True, of=("self",)).filter(line=line_id, archived=False)
    return list(locked.select_related("line__area__site").order_by("pk"))


def check_step(order: WorkOrder, step: str) -> None:
    """Raises OrderRefused where the order's state does not allow the step, with what to do instead."""
    if may_step(step, order.status):
        return
    words = {"number": order.number, "state": order.get_status_display().lower()}
    if step == "complete" and order.status in ("received", "released", "dispatched"):
        raise OrderRefused(_("%(number)s was never started: start it, or cancel it if it is not to be made.") % words)
    if step in ("start", "resume") and order.status == "received":
        raise OrderRefused(_("%(number)s is received but not released: release it first.") % words)
    if step in ("start", "resume"):
        raise OrderRefused(_("%(number)s is %(state)s: choose another order.") % words)
    if step == "close":
        raise OrderRefused(_("%(number)s is %(state)s: only a completed order is closed.") % words)
    raise OrderRefused(_("%(number)s is %(state)s: it stays as it is.") % words)


def check_version(order: WorkOrder, seen_version: int | None) -> None:
    """Raises OrderRefused where somebody changed the order since the page that shows `seen_version` was opened."""
    if seen_version is not None and seen_version != order.version:
        raise OrderRefused(
            _("%(number)s was changed since this page was opened: look at it and choose again.")
            % {"number": order.number}
        )


def check_not_held(order: WorkOrder) -> None:
    """Raises OrderRefused while a hold of the order is open."""
    hold = OrderHold.objects.filter(order=order, released_at=None).first()
    if hold is not None:
        ref = f" ({hold.ref})" if hold.ref else ""
        raise OrderRefused(
            _("%(number)s is on hold%(ref)s: %(why)s. Quality or a supervisor can release it.")
            % {"number": order.number, "ref": ref, "why": hold.why}
        )


def words_of(text: str, field: str, *, needed: bool = True) -> str:
    """A person's words on one line. Raises OrderRefused for more than 200 characters, a NUL, or none where needed."""
    words = " ".join(text.split())
    if "\0" in words or len(words) > MAX_WORDS or (needed and not words):
        raise OrderRefused(_("Say in up to %(n)d characters why.") % {"n": MAX_WORDS}, field)
    return words


def open_runs(places: Iterable[WorkCenter]) -> QuerySet[Run]:
    """What runs on these machines."""
    return Run.objects.filter(work_center__in=list(places), ends_at=None).select_related("work_center", "order")


def end_runs(runs: list[Run], actor: str, at: datetime) -> set[int]:
    """Ends the runs at `at`; the ids of their orders. Raises OrderRefused where one began later."""
    for run in runs:
        if run.starts_at > at:
            started = run.starts_at.isoformat(timespec="seconds")
            raise OrderRefused(
                _("What runs there now was started at %(started)s: give a later time.") % {"started": started}
            )
    Run.objects.filter(pk__in=[run.pk for run in runs], ends_at=None).update(ends_at=at, ended_by=actor)
    return {run.order_id for run in runs}


def runs_end(
    order: WorkOrder, action: str, actor: str, at: datetime, *, operation: Operation | None = None
) -> list[str]:
    """Ends the open runs of the order, or of one operation of it; the codes of the machines.

    The line's machines are locked already. Raises ShiftLocked in a locked shift.
    """
    found = Run.objects.filter(order=order, ends_at=None).select_related("work_center__line")
    runs = list(found.filter(operation=operation) if operation else found)
    for run in runs:
        refuse_if_locked(run.work_center, at, at)
    end_runs(runs, actor, at)
    past_changed([(run.work_center_id, at, at) for run in runs], why=action)
    return sorted(run.work_center.code for run in runs)


def stored(order: WorkOrder, **fields: Any) -> None:
    """Writes the fields and counts the version up."""
    WorkOrder.objects.filter(pk=order.pk).update(version=F("version") + 1, **fields)


def tell(order: WorkOrder, action: str, actor: str, at: datetime, data: dict[str, Any]) -> None:
    """One journal entry about the order; `data` has before, after and why where something changed."""
    about = {"item": order.item.code, "line": order.line.code, "quantity": order.quantity, "due_at": order.due_at}
    record(actor=actor, at=at, action=action, kind=KIND, code=order.number, data={**about, **data})
