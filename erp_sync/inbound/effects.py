"""What verdicts do to the order: amended, held, cancelled, released; and what they leave open on the link."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from erp_sync.inbound.changes import Action, Aspect, Here, Verdict
from erp_sync.inbound.differences import (
    difference_open,
    differences_gone,
    field_of,
    messages_park,
    messages_unpark,
)
from erp_sync.inbound.mapped import Mapped
from erp_sync.messages import OperationsRequest, RequestState
from erp_sync.models import ErpLink, OutboxMessage
from mes.production.amend import order_amend
from mes.production.lifecycle import OVER
from mes.production.models import OrderHold, WorkOrder
from mes.production.operations import operations_set
from mes.production.order_steps import order_hold, order_release, order_release_hold
from mes.production.orders import order_cancel
from mes.production.supply import MaterialGiven, materials_set

Badge = ErpLink.Badge
OPEN = frozenset({Action.CONFLICT, Action.HOLD, Action.BANNER, Action.DIFFERENCE, Action.COMPARE})
"""Actions after which the ERP's value is not ours (yet)."""


@dataclass(slots=True)
class Change:
    """One changed order on its way into ours."""

    link: ErpLink
    order: WorkOrder
    now: OperationsRequest
    mapped: Mapped | None
    actor: str
    at: datetime
    missing: bool = False  # absent in the ERP, not cancelled
    notes: list[str] = field(default_factory=list)


def here_of(order: WorkOrder) -> Here:
    """Where the order stands, in the terms of the change matrix."""
    if order.status in OVER:
        return Here.FINISHED
    return Here.WAITING if order.started_at is None else Here.RUNNING


def hold_ref(link: ErpLink) -> str:
    """The hold of this connection on an order."""
    return f"ERP-{link.connection.code}"[:60]


def effects(change: Change, verdicts: list[Verdict]) -> list[Verdict]:
    """Does what the verdicts say; gives those that stay open. Sets the link's badge and words, does not save it."""
    amended = [verdict for verdict in verdicts if verdict.action in (Action.APPLY, Action.NOTICE)]
    if amended:
        _amend(change, {verdict.aspect for verdict in amended})
    for verdict in verdicts:
        if verdict.aspect is Aspect.STATE:
            _state(change, verdict)
    left = [verdict for verdict in verdicts if verdict.action in OPEN and not _agrees(change, verdict)]
    for verdict in left:
        if verdict.action is not Action.COMPARE:
            difference_open(change.link, verdict, change.at)
    gone = differences_gone(change.link, [field_of(verdict) for verdict in left], change.at)
    _hold(change, left, bool(gone))
    _badge(change, verdicts, left)
    return left


def _agrees(change: Change, verdict: Verdict) -> bool:
    """Both sides ended it: there is nothing to settle. A finished order is compared by totals, not here."""
    if verdict.action is Action.DIFFERENCE:
        return change.order.status == WorkOrder.Status.CANCELLED
    return verdict.action is Action.COMPARE and change.order.status in OVER


def _amend(change: Change, aspects: set[Aspect]) -> None:
    now, order, found = change.now, change.order, change.mapped
    if found is None or found.measure is None or found.item is None or found.line is None:
        raise ValueError("Only a mapped order is applied.")
    started = order.started_at is not None
    old_quantity = order.quantity
    quantity = found.measure.to_mes(now.quantity.value)
    values: dict[Aspect, dict[str, Any]] = {
        Aspect.DUE: {"due_at": now.due_at},
        Aspect.PRIORITY: {} if now.priority is None else {"priority": now.priority},
        Aspect.QUANTITY: {"quantity": quantity},
        Aspect.ITEM: {"item": found.item, "quantity": quantity},
        Aspect.LINE: {"line": found.line},
    }
    changes: dict[str, Any] = {}
    for aspect in aspects & values.keys():
        changes |= values[aspect]
    why = _("Changed in the ERP (%(connection)s).") % {"connection": change.link.connection.code}
    who: dict[str, Any] = {"actor": change.actor, "at": change.at}
    if changes:
        order_amend(order=order, changes=changes, why=why, **who)
    if aspects & {Aspect.QUANTITY, Aspect.ITEM} and not started:
        unit_freeze(change.link, found)
    if aspects & {Aspect.ITEM, Aspect.LINE, Aspect.ROUTING} and found.steps and not started:
        operations_set(order=order, steps=found.steps, **who)
    if not started and now.materials:
        materials_set(order=order, materials=found.materials, **who)
    elif started and Aspect.QUANTITY in aspects:
        _materials_scale(order, old_quantity, quantity, who)


def _materials_scale(order: WorkOrder, old: Decimal, new: Decimal, who: dict[str, Any]) -> None:
    """Once begun, what the ERP says of materials is what was reported; so our own list follows the quantity."""
    rows = list(order.materials.select_related("item"))
    thousandth = Decimal("0.001")
    scaled = [
        MaterialGiven(
            item=row.item,
            per_piece=row.per_piece,
            total=None if row.total is None else max((row.total * new / old).quantize(thousandth), thousandth),
        )
        for row in rows
    ]
    materials_set(order=order, materials=scaled, **who)


def unit_freeze(link: ErpLink, found: Mapped) -> None:
    """The order keeps the unit it came with, whatever the mapping says later."""
    if found.measure is not None:
        link.erp_unit, link.mes_unit = found.measure.erp_unit, found.measure.mes_unit
        link.factor, link.erp_digits = found.measure.factor, found.measure.digits


def _state(change: Change, verdict: Verdict) -> None:
    who: dict[str, Any] = {"order": change.order, "actor": change.actor, "at": change.at}
    if verdict.action is Action.CANCEL:
        why = _("Deleted in the ERP.") if change.missing else _("Cancelled in the ERP.")
        order_cancel(why=why, **who)
        change.notes.append(why)
    elif verdict.action is Action.CLOSE:
        order_cancel(why=_("Closed in the ERP before anything was made."), **who)
        change.notes.append(_("Closed in the ERP before anything was made."))
    elif verdict.action is Action.PARK:
        why = _("Taken back into planning in the ERP.")
        order_hold(why=why, ref=hold_ref(change.link), **who)
        change.notes.append(why)
    elif verdict.action is Action.RELEASE:
        _release(change, who)
    elif verdict.action in (Action.BANNER, Action.DIFFERENCE):
        why = _gone_words(change, verdict)
        messages_park(change.link, why)
        change.notes.append(why)


def _release(change: Change, who: dict[str, Any]) -> None:
    if change.order.status == WorkOrder.Status.RECEIVED:
        order_release(**who)
    words = _("Released again in the ERP.")
    if change.order.status == WorkOrder.Status.CANCELLED:
        change.notes.append(_("Released again in the ERP, but cancelled here: it needs a new order."))
    elif OrderHold.objects.filter(order=change.order, ref=hold_ref(change.link), released_at=None).exists():
        order_release_hold(why=words, ref=hold_ref(change.link), **who)
    messages_unpark(change.link, change.at)


def _gone_words(change: Change, verdict: Verdict) -> str:
    what = _("Deleted in the ERP") if change.missing else _("The ERP says: %(state)s") % {"state": verdict.said}
    if verdict.action is Action.DIFFERENCE:
        return _("%(what)s, but it is finished here. What was made cannot be posted.") % {"what": what}
    return _("%(what)s, but it is running here: stop it? What was made is kept and cannot be posted.") % {"what": what}


def _hold(change: Change, left: list[Verdict], taken_back: bool) -> None:
    """The floor sees a hold where a planner must decide; what runs goes on, but is not begun anew or completed.

    Where the ERP took everything back that waited, the hold ends and what was parked is sent.
    """
    ref, order = hold_ref(change.link), change.order
    reasons = [verdict for verdict in left if verdict.action in (Action.HOLD, Action.BANNER)]
    if reasons and order.status not in OVER:
        if reasons[0].action is Action.BANNER:
            why = _("The ERP cancelled it: stop?")
        else:
            names = ", ".join(str(verdict.aspect) for verdict in reasons)
            why = _("Changed in the ERP after the start (%(names)s): a planner decides.") % {"names": names}
        order_hold(order=order, why=why, ref=ref, actor=change.actor, at=change.at)
    elif taken_back and not left and change.now.state in (RequestState.RELEASED, RequestState.RUNNING):
        why = _("Taken back in the ERP.")
        order_release_hold(order=order, why=why, ref=ref, actor=change.actor, at=change.at)
        messages_unpark(change.link, change.at)


def _badge(change: Change, verdicts: list[Verdict], left: list[Verdict]) -> None:
    link = change.link
    actions = {verdict.action for verdict in verdicts}
    told = [f"{one.aspect} {one.was} → {one.said}" for one in verdicts if one.aspect is not Aspect.STATE]
    said = [*change.notes, *([_("Changed in the ERP: %s.") % "; ".join(told)] if told else [])]
    if {Action.CANCEL, Action.BANNER, Action.DIFFERENCE} & actions:
        link.badge = Badge.MISSING if change.missing else Badge.CANCELLED
    elif {verdict.action for verdict in left} & {Action.CONFLICT, Action.HOLD}:
        link.badge = Badge.CONFLICT
    elif actions & {Action.NOTICE, Action.PARK, Action.CLOSE}:
        link.badge = Badge.CHANGED
    elif _stands(change, actions):
        said = said or [link.said]
    else:
        link.badge = Badge.IN_SYNC
    link.said = " ".join(said)[:500]


def _stands(change: Change, actions: set[Action]) -> bool:
    """Whether what the badge says is still so, whatever else was applied."""
    link, badge = change.link, change.link.badge
    if badge == Badge.CONFLICT:
        return OutboxMessage.objects.filter(link=link, status=OutboxMessage.Status.DEAD).exists()
    if badge in (Badge.CANCELLED, Badge.MISSING):
        return change.now.state is RequestState.CANCELLED
    return badge == Badge.SENDING or (badge == Badge.CHANGED and Action.RELEASE not in actions)
