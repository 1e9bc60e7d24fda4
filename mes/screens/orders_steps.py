"""The steps of an order as plain forms: one address per verb, each said twice happens once."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mes.plant.changes import ShiftLocked
from mes.plant.models import WorkCenter
from mes.production.changes import change_accept, change_ask, change_refuse, change_withdraw, open_request
from mes.production.entries import count_enter
from mes.production.models import Operation, WorkOrder
from mes.production.operation_steps import operation_finish, operation_reopen
from mes.production.order_steps import (
    order_close,
    order_dispatch,
    order_hold,
    order_release,
    order_release_hold,
    order_reopen,
)
from mes.production.orders import order_pause, order_resume
from mes.production.refusals import OrderRefused
from mes.production.typed import Unreadable, due_from, priority_from
from mes.screens.gate import actor_of, demand, machine_or_404
from mes.screens.orders_found import order_or_404
from mes.screens.typed import quantity_typed
from mes.tracking.order_finish import order_part

_SIGNED = re.compile(r"-?[0-9]{1,11}(?:[.,][0-9]{1,3})?")


class Verb(NamedTuple):
    """What a form does: the right it needs, the action, and what the page says when this call did it."""

    right: str
    act: Callable[[HttpRequest, WorkOrder, dict[str, Any]], object]
    said: Any


@login_required
@require_POST
def step(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """`/orders/<number>/do/<verb>/`: does it and goes back to the page the form stood on."""
    if verb not in VERBS:
        raise Http404(verb)
    right, act, said = VERBS[verb]
    found = order_or_404(request, number)
    demand(request.user, right)
    who = {"actor": actor_of(request), "at": datetime.now(UTC)}
    try:
        if act(request, found, who):
            messages.success(request, said % {"number": found.number}, extra_tags="good")
    except (OrderRefused, ShiftLocked, Unreadable) as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(_back(request, found))


def _back(request: HttpRequest, order: WorkOrder) -> str:
    place = request.POST.get("place", "")
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", place):
        return reverse("dispatch", args=[place])
    return reverse("order", args=[order.number])


def _seen(request: HttpRequest) -> int:
    version = request.POST.get("version", "")
    if not re.fullmatch(r"[0-9]{1,9}", version):
        raise OrderRefused(_("The page was incomplete: open it again."))
    return int(version)


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        raise OrderRefused(_("The page was incomplete: open it again.")) from None


def _signed(text: str) -> Decimal:
    plain = text.strip()
    if not plain:
        return Decimal(0)
    if not _SIGNED.fullmatch(plain):
        raise OrderRefused(_("Write a number of pieces, e.g. 12, or -12 to take some back."))
    return Decimal(plain.replace(",", "."))


def _machine(request: HttpRequest) -> WorkCenter | None:
    code = request.POST.get("work_center", "")
    return machine_or_404(request.user, code) if code else None


def _release(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    return order_release(order=order, seen_version=_seen(request), **who)


def _dispatch(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    return order_dispatch(order=order, work_center=_machine(request), seen_version=_seen(request), **who)


def _pause(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    reason, note = request.POST.get("reason", ""), request.POST.get("note", "")
    return order_pause(order=order, reason=reason, note=note, **who)


def _resume(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    despite = request.POST.get("despite", "")
    if despite:
        demand(request.user, "start_blocked_order")
    return order_resume(order=order, despite=despite, **who)


def _reopen(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    return order_reopen(order=order, why=request.POST.get("why", ""), seen_version=_seen(request), **who)


def _close(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    return order_close(order=order, seen_version=_seen(request), **who)


def _hold(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    return order_hold(order=order, why=request.POST.get("why", ""), **who)


def _release_hold(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    ref, why = request.POST.get("ref", ""), request.POST.get("why", "")
    return order_release_hold(order=order, ref=ref.replace("\0", ""), why=why, **who)


def _change(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    quantity, due, priority = (request.POST.get(name, "") for name in ("quantity", "due", "priority"))
    return change_ask(
        order=order,
        quantity=quantity_typed(quantity) if quantity.strip() else None,
        due_at=due_from(due, ZoneInfo(order.line.area.site.time_zone)),
        priority=priority_from(priority) if priority.strip() else None,
        why=request.POST.get("why", ""),
        key=_key(request),
        seen_version=_seen(request),
        **who,
    )


def _withdraw(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    waiting = open_request(order)
    return waiting is not None and change_withdraw(request=waiting, **who)


def _answer(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    waiting = open_request(order)
    if waiting is None:
        raise OrderRefused(_("The request was answered or withdrawn meanwhile."))
    act = change_accept if request.POST.get("verb") == "accept" else change_refuse
    return act(request=waiting, answer=request.POST.get("answer", ""), **who)


def _part(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    quantity, note = _signed(request.POST.get("quantity", "")), request.POST.get("note", "")
    return order_part(order=order, quantity=quantity, note=note, key=_key(request), **who)


def _operation(request: HttpRequest, order: WorkOrder) -> Operation:
    sequence = request.POST.get("sequence", "")
    found = Operation.objects.filter(
        order=order, sequence=int(sequence) if re.fullmatch("[0-9]{1,5}", sequence) else -1
    )
    operation = found.select_related("order__line").first()
    if operation is None:
        raise Http404("operation")
    return operation


def _finish(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    return operation_finish(operation=_operation(request, order), **who)


def _unfinish(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    return operation_reopen(operation=_operation(request, order), **who)


def _count(request: HttpRequest, order: WorkOrder, who: dict[str, Any]) -> object:
    good, scrap = _signed(request.POST.get("good", "")), _signed(request.POST.get("scrap", ""))
    operation, note = _operation(request, order), request.POST.get("note", "")
    return count_enter(operation=operation, good=good, scrap=scrap, note=note, key=_key(request), **who)


VERBS: dict[str, Verb] = {
    "release": Verb("edit_orders", _release, gettext_lazy("%(number)s is released.")),
    "dispatch": Verb("edit_orders", _dispatch, gettext_lazy("%(number)s is sent to the floor.")),
    "pause": Verb("start_order", _pause, gettext_lazy("%(number)s is paused.")),
    "resume": Verb("start_order", _resume, gettext_lazy("%(number)s runs again.")),
    "reopen": Verb("reopen_order", _reopen, gettext_lazy("%(number)s is open again.")),
    "close": Verb("edit_orders", _close, gettext_lazy("%(number)s is closed.")),
    "hold": Verb("hold_order", _hold, gettext_lazy("%(number)s is on hold.")),
    "release-hold": Verb("hold_order", _release_hold, gettext_lazy("A hold of %(number)s is released.")),
    "change": Verb("edit_orders", _change, gettext_lazy("The change of %(number)s is asked for.")),
    "withdraw": Verb("edit_orders", _withdraw, gettext_lazy("The request about %(number)s is withdrawn.")),
    "answer": Verb("answer_change", _answer, gettext_lazy("The request about %(number)s is answered.")),
    "part": Verb("complete_order", _part, gettext_lazy("A part of %(number)s is reported.")),
    "operation-done": Verb("complete_order", _finish, gettext_lazy("The operation of %(number)s is done.")),
    "operation-open": Verb("complete_order", _unfinish, gettext_lazy("The operation of %(number)s is open again.")),
    "count": Verb("complete_order", _count, gettext_lazy("The pieces of %(number)s are entered.")),
}
