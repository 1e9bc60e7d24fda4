"""An operation of an order is done, or not done after all; the next one may begin only after it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mes.production.lifecycle import OVER
from mes.production.models import Operation, Run, WorkOrder
from mes.production.order_rows import line_locked, order_locked, runs_end, stored, tell
from mes.production.refusals import OrderRefused


def operation_finish(*, operation: Operation, actor: str, at: datetime) -> bool:
    """The operation is done: its runs end at `at`. True if this call did it.

    Where nothing else of the order runs, the order is paused until its next operation starts. The order itself is
    completed by `order_complete` only.
    """
    with transaction.atomic():
        order = _open_order(operation)
        if not Operation.objects.filter(pk=operation.pk, done_at=None).update(done_at=at, done_by=actor):
            return False
        ended = runs_end(order, "operation_finish", actor, at, operation=operation)
        fields: dict[str, Any] = {}
        running = Run.objects.filter(order=order, ends_at=None).exists()
        if order.status == WorkOrder.Status.RUNNING and not running:
            fields = {"status": WorkOrder.Status.PAUSED, "pause_reason": WorkOrder.Pause.BETWEEN, "pause_note": ""}
        stored(order, **fields)
        tell(order, "operation_finish", actor, at, {"operation": str(operation), "work_centers": ended})
        return True


def operation_reopen(*, operation: Operation, actor: str, at: datetime) -> bool:
    """The operation is not done after all. True if this call did it."""
    with transaction.atomic():
        order = _open_order(operation)
        if not Operation.objects.filter(pk=operation.pk, done_at__isnull=False).update(done_at=None, done_by=""):
            return False
        stored(order)
        tell(order, "operation_reopen", actor, at, {"operation": str(operation)})
        return True


def _open_order(operation: Operation) -> WorkOrder:
    line_locked(operation.order.line_id)
    order = order_locked(operation.order)
    if order.status in OVER:
        words = {"number": order.number, "state": order.get_status_display().lower()}
        raise OrderRefused(_("%(number)s is %(state)s: it stays as it is.") % words)
    return order
