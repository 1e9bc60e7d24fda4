"""What a person decides about a change of the ERP: take its value, or keep ours, with the reason. Said twice: once."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from erp_sync.inbound.apply import KEPT
from erp_sync.inbound.changes import Aspect
from erp_sync.inbound.differences import PREFIX, messages_unpark, open_changes
from erp_sync.inbound.effects import hold_ref, unit_freeze
from erp_sync.inbound.mapped import Mapped, Mappings, mapped
from erp_sync.messages import OperationsRequest, RequestState
from erp_sync.models import Difference, ErpLink
from erp_sync.wire import request_from
from mes.journal.write import record
from mes.production.amend import order_amend
from mes.production.lifecycle import OVER
from mes.production.models import OrderHold, WorkOrder
from mes.production.operations import operations_set
from mes.production.order_rows import words_of
from mes.production.order_steps import order_release_hold
from mes.production.orders import order_cancel, order_complete
from mes.production.refusals import OrderRefused
from mes.production.supply import materials_set
from mes.tracking.order_counts import made_of

Badge = ErpLink.Badge


def erp_value_accept(about: Difference | ErpLink, *, actor: str, at: datetime, why: str = "") -> bool:
    """The ERP is right: its value becomes ours, for one difference or all open changes of a link. True if done now.

    Raises OrderRefused where the order cannot take it any more (another item after the start), MappingMissing where it
    is not mapped. A cancelled order is cancelled here too, one that was closed is completed; one that is finished here
    stays as it is, and the difference is settled.
    """
    words = words_of(why, "why", needed=False)
    found = [about] if isinstance(about, Difference) else open_changes(about)
    with transaction.atomic():
        done = [_accept(difference, words, actor, at) for difference in found]
    return any(done)


def difference_resolve(difference: Difference, *, why: str, actor: str, at: datetime) -> bool:
    """Ours stays, for a reason that is kept; the same value of the ERP is not asked again. True if done now."""
    words = words_of(why, "why")
    with transaction.atomic():
        link = _locked(difference)
        how = "mes" if difference.field.startswith(PREFIX) else "discarded"  # the comparison opens no such one anew
        if not _resolve(difference, how, words, actor, at):
            return False
        if difference.field.startswith(PREFIX):
            aspect = Aspect(difference.field.removeprefix(PREFIX))
            link.applied |= {key: link.request[key] for key in KEPT[aspect]}
            _let_go(link, words, actor, at)
            if aspect is Aspect.STATE and link.request["state"] not in ("cancelled", "planned"):
                messages_unpark(link, at)
            link.save()
        _tell(link, "erp_difference_resolve", difference, words, actor, at)
        return True


def notice_seen(link: ErpLink, *, actor: str, at: datetime) -> bool:
    """Somebody has read what the ERP changed. True if this call did it."""
    with transaction.atomic():
        rows = ErpLink.objects.filter(pk=link.pk, badge=Badge.CHANGED)
        if not rows.update(badge=Badge.IN_SYNC, said=""):
            return False
        data = {"before": {"badge": Badge.CHANGED, "said": link.said}, "after": {"badge": Badge.IN_SYNC}}
        record(actor=actor, at=at, action="erp_notice_seen", kind="erp-link", code=str(link), data=data)
        return True


def _accept(difference: Difference, words: str, actor: str, at: datetime) -> bool:
    link = _locked(difference)
    if not difference.field.startswith(PREFIX):
        raise OrderRefused(_("Totals are settled by posting again, or with a reason: they are not copied."))
    if not _resolve(difference, "erp", words, actor, at):
        return False
    aspect = Aspect(difference.field.removeprefix(PREFIX))
    order = link.order
    if order is not None and order.status not in OVER:
        now = request_from(link.request)
        if aspect is Aspect.STATE:
            _end(order, now, actor, at)
        else:
            _take(link, order, aspect, now, actor, at)
    link.applied |= {key: link.request[key] for key in KEPT[aspect]}
    _let_go(link, words or _("The ERP's value was accepted."), actor, at)
    link.save()
    _tell(link, "erp_value_accept", difference, words, actor, at)
    return True


def _end(order: WorkOrder, now: OperationsRequest, actor: str, at: datetime) -> None:
    if now.state in (RequestState.COMPLETED, RequestState.CLOSED):
        made = made_of([order])[order.pk]
        why = _("Closed in the ERP.")
        _release(order, why, actor, at)
        order_complete(order=order, actor=actor, at=at, good=made.good, short=WorkOrder.Short.NOT_NEEDED, note=why)
    else:
        order_cancel(order=order, actor=actor, at=at, why=_("The ERP cancelled it."))


def _take(link: ErpLink, order: WorkOrder, aspect: Aspect, now: OperationsRequest, actor: str, at: datetime) -> None:
    found = mapped(
        now, Mappings(link.connection, at), default_line=str(link.connection.options.get("default_line", ""))
    )
    if not found.complete or found.measure is None:
        raise OrderRefused(found.words())
    who: dict[str, Any] = {"order": order, "actor": actor, "at": at}
    changes = _changes(aspect, now, found)
    if changes:
        order_amend(changes=changes, why=_("The ERP's value was accepted."), **who)
        if aspect in (Aspect.QUANTITY, Aspect.ITEM):
            unit_freeze(link, found)
    elif aspect is Aspect.BILL:
        materials_set(materials=found.materials, **who)
    elif aspect is Aspect.ROUTING and found.steps:
        operations_set(steps=found.steps, **who)


def _changes(aspect: Aspect, now: OperationsRequest, found: Mapped) -> dict[str, Any]:
    quantity = found.measure.to_mes(now.quantity.value) if found.measure else None
    values: dict[Aspect, dict[str, Any]] = {
        Aspect.QUANTITY: {"quantity": quantity},
        Aspect.ITEM: {"item": found.item, "quantity": quantity},
        Aspect.LINE: {"line": found.line},
        Aspect.DUE: {"due_at": now.due_at},
        Aspect.PRIORITY: {} if now.priority is None else {"priority": now.priority},
    }
    return values.get(aspect, {})


def _locked(difference: Difference) -> ErpLink:
    links = ErpLink.objects.select_for_update(no_key=True, of=("self",))
    return links.select_related("connection__site", "order__item", "order__line__area__site").get(pk=difference.link_id)


def _resolve(difference: Difference, resolution: str, words: str, actor: str, at: datetime) -> bool:
    rows = Difference.objects.filter(pk=difference.pk, resolved_at=None)
    return bool(rows.update(resolved_at=at, resolved_by=actor[:150], resolution=resolution, why=words))


def _let_go(link: ErpLink, words: str, actor: str, at: datetime) -> None:
    """Nothing waits for a planner any more: the hold ends, and the badge says where the order stands."""
    if open_changes(link):
        return
    if link.order is not None:
        _release(link.order, words, actor, at, ref=hold_ref(link))
    if link.badge == Badge.CONFLICT:
        link.badge, link.said = Badge.IN_SYNC, ""


def _release(order: WorkOrder, words: str, actor: str, at: datetime, *, ref: str = "") -> None:
    holds = OrderHold.objects.filter(order=order, released_at=None)
    for hold in holds.filter(ref=ref) if ref else holds.filter(ref__startswith="ERP-"):
        order_release_hold(order=order, why=words, ref=hold.ref, actor=actor, at=at)


def _tell(link: ErpLink, action: str, difference: Difference, words: str, actor: str, at: datetime) -> None:
    data = {
        "field": difference.field,
        "before": {"mes": difference.mes_value},
        "after": {"erp": difference.erp_value},
        "why": words,
    }
    record(actor=actor, at=at, action=action, kind="erp-link", code=f"{link.connection.code} {link}", data=data)
