"""One order of the ERP becomes one of ours, or changes it, or waits with a sentence. Said twice, happens once."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import DatabaseError, OperationalError, transaction
from django.utils.translation import gettext as _

from erp_sync.inbound.changes import Aspect, Verdict, decide
from erp_sync.inbound.effects import Change, effects, here_of, unit_freeze
from erp_sync.inbound.mapped import Mappings, mapped
from erp_sync.inbound.numbers import order_number
from erp_sync.inbound.texts import storable
from erp_sync.inbound.units import to_erp
from erp_sync.messages import OperationsRequest, RequestState
from erp_sync.models import ErpConnection, ErpLink
from erp_sync.wire import content_hash, plain, request_from
from mes.plant.changes import ShiftLocked
from mes.production.models import WorkOrder
from mes.production.operations import operations_set
from mes.production.order_new import order_create, order_receive
from mes.production.refusals import OrderRefused
from mes.production.supply import materials_set
from mes.tracking.order_counts import made_of

Badge = ErpLink.Badge
OVER = (RequestState.COMPLETED, RequestState.CLOSED, RequestState.CANCELLED)
KEPT: dict[Aspect, tuple[str, ...]] = {  # the parts of a request that stay as they were while an aspect waits
    Aspect.DUE: ("due_at",),
    Aspect.PRIORITY: ("priority",),
    Aspect.QUANTITY: ("quantity",),
    Aspect.ITEM: ("item",),
    Aspect.BILL: ("materials",),
    Aspect.ROUTING: ("segments",),
    Aspect.LINE: ("work_center",),
    Aspect.STATE: ("state", "erp_state"),
}


class Outcome(StrEnum):
    """What became of an order that was read."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"  # it waits: the link says for what


def actor_of(connection: ErpConnection) -> str:
    """Who did what an ERP said, in the journal."""
    return f"erp:{connection.code}"


def request_apply(
    *,
    connection: ErpConnection,
    request: OperationsRequest,
    mappings: Mappings,
    at: datetime,
    missing: bool = False,
    again: bool = False,
) -> Outcome:
    """Brings our order to what the ERP says of it, by the change matrix. Whatever is wrong with it stays its own.

    `missing` says that the ERP has no such order any more (`request` is then the last it said, cancelled); `again`
    looks at an order anew that the ERP did not change, because our side may have gone on.
    """
    try:
        with transaction.atomic():
            return _apply(connection, request, mappings, at, missing, again)
    except OperationalError:
        raise  # the database is away or two waited for each other: nothing is wrong with the order, it is read again
    except (OrderRefused, ShiftLocked, DatabaseError, ValueError, ArithmeticError) as error:
        text = _("It does not fit here: %s") % error if isinstance(error, DatabaseError) else str(error)
        link_wait(connection, request.ref.key, text, at, request=request)
        return Outcome.FAILED


def link_wait(
    connection: ErpConnection, key: str, problem: str, at: datetime, *, request: OperationsRequest | None = None
) -> None:
    """The order stays out, or as it is, with a sentence; it is looked at again whenever it is read."""
    said: dict[str, Any] = {"badge": Badge.WAITING, "said": storable(problem)[:500], "content_hash": ""}
    if request is not None:
        said |= {"number": storable(request.ref.number)[:120], "request": storable(plain(request))}
    said["last_seen_at"] = at
    with transaction.atomic():
        ErpLink.objects.update_or_create(
            connection=connection,
            key=storable(key)[:120],
            defaults=said,
            create_defaults=said | {"first_seen_at": at},
        )


def _apply(
    connection: ErpConnection, request: OperationsRequest, mappings: Mappings, at: datetime, missing: bool, again: bool
) -> Outcome:
    link = _link(connection, request, at)
    digest = "" if missing else content_hash(request)
    if link is None:
        return Outcome.UNCHANGED
    if link_knows(link, digest) and not again:
        fresh = {"version": request.ref.version, "last_seen_at": at, "missing_sweeps": 0}
        ErpLink.objects.filter(pk=link.pk).update(**fresh)
        return Outcome.UNCHANGED
    link.request, link.content_hash = plain(request), digest
    link.number, link.version = request.ref.number, request.ref.version
    link.erp_state, link.last_seen_at = request.erp_state[:40], link.last_seen_at if missing else at
    if not missing:
        link.missing_sweeps = 0
    if link.order is None:
        outcome = _create(link, request, mappings, at)
    else:
        outcome = _change(link, link.order, request, mappings, at, missing)
    link.save()
    return outcome


def link_knows(link: ErpLink, digest: str) -> bool:
    """Whether an order with this content is known and needs no second look."""
    return bool(digest) and digest == link.content_hash and link.badge not in (Badge.WAITING, Badge.MISSING)


def _link(connection: ErpConnection, request: OperationsRequest, at: datetime) -> ErpLink | None:
    """The order's link, locked; None for one that was over in the ERP before it was ever seen here."""
    links = ErpLink.objects.select_for_update(no_key=True, of=("self",))
    links = links.select_related("connection", "order__item", "order__line__area__site")
    found = links.filter(connection=connection, key=request.ref.key).first()
    if found is None and request.state not in OVER:
        ErpLink.objects.get_or_create(
            connection=connection, key=request.ref.key, defaults={"first_seen_at": at, "last_seen_at": at}
        )
        found = links.get(connection=connection, key=request.ref.key)
    return found


def _create(link: ErpLink, request: OperationsRequest, mappings: Mappings, at: datetime) -> Outcome:
    link.badge, link.said = Badge.IN_SYNC, ""
    if request.state in OVER:
        link.badge = Badge.CANCELLED if request.state is RequestState.CANCELLED else Badge.IN_SYNC
        link.said = _("It ended in the ERP before it came in here.")
        return Outcome.CHANGED
    if request.state is RequestState.PLANNED and not request.ref.number:
        link.said = _("Planned in the ERP, without a number: it comes in when it has one.")
        return Outcome.NEW
    found = mapped(request, mappings, default_line=str(link.connection.options.get("default_line", "")))
    if not found.complete or found.item is None or found.line is None or found.measure is None:
        link.badge, link.said, link.content_hash = Badge.WAITING, found.words()[:500], ""
        return Outcome.FAILED
    new = order_receive if request.state is RequestState.PLANNED else order_create
    who: dict[str, Any] = {"actor": actor_of(link.connection), "at": at}
    order = new(
        number=order_number(link, request),
        item=found.item,
        line=found.line,
        quantity=_positive(found.measure.to_mes(request.quantity.value)),
        due_at=request.due_at,
        priority=request.priority,
        source=link.connection.code[:20],
        **who,
    )
    if found.steps:
        operations_set(order=order, steps=found.steps, **who)
    if found.materials:
        materials_set(order=order, materials=found.materials, **who)
    unit_freeze(link, found)
    link.order, link.applied = order, link.request
    return Outcome.NEW


def _change(
    link: ErpLink, order: WorkOrder, request: OperationsRequest, mappings: Mappings, at: datetime, missing: bool
) -> Outcome:
    before = request_from(link.applied)
    here = here_of(order)
    made = to_erp(link, made_of([order])[order.pk].good)
    verdicts = decide(before, request, here, made, told_items=_told(link))
    found = None
    if any(verdict.action in ("apply", "notice") for verdict in verdicts):
        found = mapped(request, mappings, default_line=str(link.connection.options.get("default_line", "")))
        if not found.complete:
            link.badge, link.said, link.content_hash = Badge.WAITING, found.words()[:500], ""
            return Outcome.FAILED
    change = Change(link, order, request, found, actor_of(link.connection), at, missing)
    left = effects(change, verdicts)
    link.applied = _merged(link.applied, link.request, left)
    return Outcome.CHANGED if verdicts else Outcome.UNCHANGED


def _merged(before: dict[str, Any], now: dict[str, Any], left: list[Verdict]) -> dict[str, Any]:
    """What is applied now: the ERP's order, but for what waits for a person and what the ERP no longer says."""
    kept = {key for verdict in left for key in KEPT[verdict.aspect]}
    kept |= {name for name in ("materials", "segments") if not now[name]}
    return now | {key: before[key] for key in kept}


def _told(link: ErpLink) -> frozenset[str]:
    """Materials that we reported to the ERP ourselves."""
    return frozenset(str(row.get("item", "")) for row in link.confirmed.get("materials", ()))


def _positive(quantity: Decimal) -> Decimal:
    if quantity <= 0:
        raise OrderRefused(_("The ERP orders a quantity of %(n)s: nothing to make.") % {"n": quantity}, "quantity")
    return quantity


def deleted(request: OperationsRequest) -> OperationsRequest:
    """The order as it stands after the ERP deleted it."""
    return replace(request, state=RequestState.CANCELLED, erp_state="deleted")
