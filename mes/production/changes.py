"""A planner asks to change an order. One that does not run is changed at once; at a running one the floor answers."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.production.lifecycle import OVER
from mes.production.models import ChangeRequest, WorkOrder
from mes.production.order_rows import check_version, order_locked, stored, tell, words_of
from mes.production.refusals import OrderRefused

Status = ChangeRequest.Status
_ACTIONS: dict[str, str] = {
    Status.ACCEPTED: "change_accept",
    Status.REFUSED: "change_refuse",
    Status.WITHDRAWN: "change_withdraw",
}


def change_ask(
    *,
    order: WorkOrder,
    quantity: Decimal | None = None,
    due_at: datetime | None = None,
    priority: int | None = None,
    why: str,
    actor: str,
    at: datetime,
    key: UUID,
    seen_version: int | None = None,
) -> ChangeRequest:
    """Asks for a new quantity (above 0), due time or priority; None leaves it as it is. The same `key` again: once.

    On an order that does not run it is accepted at once. Raises OrderRefused for one that is over, where nothing would
    change, or while another request waits for its answer.
    """
    words = words_of(why, "why")
    asked = {name: value for name, value in _asked(quantity, due_at, priority).items() if value is not None}
    with transaction.atomic():
        fresh = order_locked(order)
        known = ChangeRequest.objects.filter(key=key).first()
        if known is not None:
            return _same(known, fresh)
        _check_may_ask(fresh, asked, seen_version)
        fields = {"order": fresh, "why": words, "asked_at": at, "asked_by": actor, "key": key} | asked
        try:
            with transaction.atomic():
                request = ChangeRequest.objects.create(**fields)
        except IntegrityError as error:
            said = _("%(number)s has a request that waits for its answer: withdraw it first.")
            raise OrderRefused(said % {"number": fresh.number}) from error
        tell(fresh, "change_ask", actor, at, {"asked": asked, "why": words})
        if fresh.status != WorkOrder.Status.RUNNING:
            _answer(request, fresh, Status.ACCEPTED, _("The order did not run."), actor, at)
        return request


def change_accept(*, request: ChangeRequest, answer: str = "", actor: str, at: datetime) -> bool:
    """The order is as asked from now on. True if this call did it; False if it was accepted before."""
    return _answered(request, Status.ACCEPTED, words_of(answer, "answer", needed=False), actor, at)


def change_refuse(*, request: ChangeRequest, answer: str, actor: str, at: datetime) -> bool:
    """The order stays as it is; the answer says why. True if this call did it."""
    return _answered(request, Status.REFUSED, words_of(answer, "answer"), actor, at)


def change_withdraw(*, request: ChangeRequest, actor: str, at: datetime) -> bool:
    """Nobody needs to answer any more. True if this call did it."""
    return _answered(request, Status.WITHDRAWN, "", actor, at)


def requests_end(order: WorkOrder, at: datetime) -> None:
    """Inside the transaction that ends an order: what nobody answered is withdrawn."""
    waiting = ChangeRequest.objects.filter(order=order, status=Status.OPEN)
    waiting.update(status=Status.WITHDRAWN, answer=_("The order ended."), answered_at=at, answered_by="system")


def open_request(order: WorkOrder) -> ChangeRequest | None:
    """What waits for an answer."""
    return ChangeRequest.objects.filter(order=order, status=Status.OPEN).first()


def _asked(quantity: Decimal | None, due_at: datetime | None, priority: int | None) -> dict[str, Any]:
    return {"quantity": quantity, "due_at": due_at, "priority": priority}


def _check_may_ask(order: WorkOrder, asked: dict[str, Any], seen_version: int | None) -> None:
    if order.status in OVER:
        state = order.get_status_display().lower()
        raise OrderRefused(_("%(number)s is %(state)s: it stays as it is.") % {"number": order.number, "state": state})
    check_version(order, seen_version)
    if all(getattr(order, name) == value for name, value in asked.items()):
        raise OrderRefused(_("Nothing would change: give another quantity, due time or priority."), "quantity")


def _same(request: ChangeRequest, order: WorkOrder) -> ChangeRequest:
    if request.order_id != order.pk:
        raise OrderRefused(_("This form was sent for another order: open the page again."))
    return request


def _answered(request: ChangeRequest, status: str, answer: str, actor: str, at: datetime) -> bool:
    with transaction.atomic():
        order = order_locked(request.order)
        fresh = ChangeRequest.objects.get(pk=request.pk)
        if fresh.status == status:
            return False
        if fresh.status != Status.OPEN:
            said = _("The request was answered already by %(who)s: %(status)s.")
            words = {"who": fresh.answered_by, "status": fresh.get_status_display().lower()}
            raise OrderRefused(said % words)
        _answer(fresh, order, status, answer, actor, at)
        return True


def _answer(request: ChangeRequest, order: WorkOrder, status: str, answer: str, actor: str, at: datetime) -> None:
    fields = {"status": status, "answer": answer, "answered_at": at, "answered_by": actor}
    ChangeRequest.objects.filter(pk=request.pk).update(**fields)
    data: dict[str, Any] = {"why": answer}
    if status == Status.ACCEPTED:
        asked = _asked(request.quantity, request.due_at, request.priority)
        after = {name: value for name, value in asked.items() if value is not None}
        data |= {"before": {name: getattr(order, name) for name in after}, "after": after}
        stored(order, **after)
    tell(order, _ACTIONS[status], actor, at, data)
