"""What the office does to an order: it is released, dispatched, reopened, closed, held. One journal entry each."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.plant.models import WorkCenter
from mes.production.lifecycle import OVER, is_there
from mes.production.models import Operation, OrderHold, WorkOrder
from mes.production.order_rows import check_step, check_version, order_locked, stored, tell, words_of
from mes.production.refusals import OrderRefused

Status = WorkOrder.Status


def order_release(*, order: WorkOrder, actor: str, at: datetime, seen_version: int | None = None) -> bool:
    """A received order may be worked on. True if this call did it, False if it was released."""
    return _step(order, "release", actor, at, seen_version, {}, {})


def order_dispatch(
    *,
    order: WorkOrder,
    actor: str,
    at: datetime,
    work_center: WorkCenter | None = None,
    seen_version: int | None = None,
) -> bool:
    """The planner sends the order to the floor, to every machine of its line or (where one is named) to that one only.

    True if this call did it; the same again changes nothing. Raises OrderRefused for a machine of another line.
    """
    if work_center is not None and work_center.line_id != order.line_id:
        words = {"machine": work_center.code, "number": order.number, "line": order.line.code}
        raise OrderRefused(_("%(machine)s is not on line %(line)s of %(number)s: choose a machine of it.") % words)
    fields = {"dispatched_to": work_center}
    return _step(order, "dispatch", actor, at, seen_version, fields, {"to": work_center.code if work_center else None})


def order_reopen(*, order: WorkOrder, why: str, actor: str, at: datetime, seen_version: int | None = None) -> bool:
    """A completed order was not complete: it is paused and may be resumed. True if this call did it."""
    with transaction.atomic():
        fresh = order_locked(order)
        if is_there("reopen", fresh.status):
            return False
        words = words_of(why, "why")
        check_step(fresh, "reopen")
        check_version(fresh, seen_version)
        ended_with_it = Operation.objects.filter(order=fresh, done_at=fresh.completed_at)
        ended_with_it.update(done_at=None, done_by="")
        before = {"status": fresh.status, "completed_at": fresh.completed_at, "short": fresh.short_reason}
        fields = {"completed_at": None, "short_reason": "", "short_note": ""}
        pause = {"pause_reason": WorkOrder.Pause.OTHER, "pause_note": words}
        stored(fresh, status=Status.PAUSED, **fields, **pause)
        tell(fresh, "order_reopen", actor, at, {"before": before, "after": {"status": "paused"}, "why": words})
        return True


def order_close(*, order: WorkOrder, actor: str, at: datetime, seen_version: int | None = None) -> bool:
    """A completed order is settled for good: it is not reopened any more. True if this call did it."""
    return _step(order, "close", actor, at, seen_version, {}, {})


def order_hold(*, order: WorkOrder, why: str, actor: str, at: datetime, ref: str = "") -> bool:
    """The order is neither started nor completed until it is released. What runs goes on. True if this call did it.

    `ref` (up to 60 characters) names whose hold it is, e.g. NCR-12; several may be open, one of each ref.
    """
    words = words_of(why, "why")
    with transaction.atomic():
        fresh = order_locked(order)
        if fresh.status in OVER:
            state = fresh.get_status_display().lower()
            about = {"number": fresh.number, "state": state}
            raise OrderRefused(_("%(number)s is %(state)s: it stays as it is.") % about)
        try:
            with transaction.atomic():
                OrderHold.objects.create(order=fresh, ref=ref[:60], why=words, held_at=at, held_by=actor)
        except IntegrityError:
            return False
        stored(fresh)
        tell(fresh, "order_hold", actor, at, {"ref": ref, "why": words})
        return True


def order_release_hold(*, order: WorkOrder, why: str, actor: str, at: datetime, ref: str = "") -> bool:
    """The hold of that ref is over. True if this call did it, False if none was open."""
    words = words_of(why, "why")
    with transaction.atomic():
        fresh = order_locked(order)
        fields = {"released_at": at, "released_by": actor, "released_why": words}
        if not OrderHold.objects.filter(order=fresh, ref=ref[:60], released_at=None).update(**fields):
            return False
        stored(fresh)
        tell(fresh, "order_release_hold", actor, at, {"ref": ref, "why": words})
        return True


def _step(
    order: WorkOrder,
    step: str,
    actor: str,
    at: datetime,
    seen_version: int | None,
    fields: dict[str, Any],
    data: dict[str, Any],
) -> bool:
    with transaction.atomic():
        fresh = order_locked(order)
        there = is_there(step, fresh.status)
        if there and all(getattr(fresh, name) == value for name, value in fields.items()):
            return False
        check_step(fresh, step)
        check_version(fresh, seen_version)
        target = {"release": Status.RELEASED, "dispatch": Status.DISPATCHED, "close": Status.CLOSED}[step]
        stored(fresh, status=target, **fields)
        tell(fresh, f"order_{step}", actor, at, {"before": fresh.status, "after": target.value} | data)
        return True
