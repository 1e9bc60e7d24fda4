"""A page's new orders at once: the first pull of an ERP brings thousands, and they need few questions."""

from collections.abc import Sequence
from datetime import datetime

from django.db import DatabaseError, transaction

from erp_sync.inbound.apply import OVER, actor_of
from erp_sync.inbound.effects import unit_freeze
from erp_sync.inbound.mapped import Mapped, Mappings, mapped
from erp_sync.inbound.numbers import plain_number
from erp_sync.messages import OperationsRequest, RequestState
from erp_sync.models import ErpConnection, ErpLink
from erp_sync.wire import content_hash, plain
from mes.production.models import WorkOrder
from mes.production.order_many import NewOrder, orders_create
from mes.production.refusals import OrderRefused
from mes.production.typed import MAX_INTEGER_DIGITS


def new_ones(
    connection: ErpConnection, requests: Sequence[OperationsRequest], mappings: Mappings, at: datetime
) -> set[str]:
    """Makes orders and links of those requests that are plain: not seen before, mapped, with a free number.

    Gives their keys. Everything else, and everything where one of them fails, is left to `request_apply`, which looks
    at each alone. `requests` have no link yet.
    """
    default_line = str(connection.options.get("default_line", ""))
    there = {request.ref.key: (request, mapped(request, mappings, default_line=default_line)) for request in requests}
    ready = {key: (request, found) for key, (request, found) in there.items() if _is_plain(request, found)}
    numbers = _free_numbers([request for request, _found in ready.values()])
    ready = {key: pair for key, pair in ready.items() if key in numbers}
    if not ready:
        return set()
    try:
        with transaction.atomic():
            new = [_new(numbers[key], request, found) for key, (request, found) in ready.items()]
            orders = orders_create(orders=new, source=connection.code, actor=actor_of(connection), at=at)
            links = [
                _link(connection, request, found, order, at)
                for (request, found), order in zip(ready.values(), orders, strict=True)
            ]
            ErpLink.objects.bulk_create(links)
    except (DatabaseError, OrderRefused, ValueError, ArithmeticError):
        return set()
    return set(ready)


def _is_plain(request: OperationsRequest, found: Mapped) -> bool:
    if request.state in OVER or not found.complete or found.item is None or found.line is None:
        return False
    if request.state is RequestState.PLANNED and not request.ref.number:
        return False
    return found.measure is not None and 0 < request.quantity.value < 10**MAX_INTEGER_DIGITS


def _free_numbers(requests: Sequence[OperationsRequest]) -> dict[str, str]:
    """Key to number, for orders whose number is good and nobody else's, in the page or here."""
    wanted: dict[str, list[str]] = {}
    for request in requests:
        wanted.setdefault(plain_number(request), []).append(request.ref.key)
    taken = set(WorkOrder.objects.filter(number__in=list(wanted)).values_list("number", flat=True))
    return {keys[0]: number for number, keys in wanted.items() if number and number not in taken and len(keys) == 1}


def _new(number: str, request: OperationsRequest, found: Mapped) -> NewOrder:
    if found.item is None or found.line is None or found.measure is None:
        raise ValueError("Only a mapped order is made.")
    return NewOrder(
        number=number,
        item=found.item,
        line=found.line,
        quantity=found.measure.to_mes(request.quantity.value),
        due_at=request.due_at,
        priority=request.priority,
        released=request.state is not RequestState.PLANNED,
        steps=found.steps,
        materials=found.materials,
    )


def _link(
    connection: ErpConnection, request: OperationsRequest, found: Mapped, order: WorkOrder, at: datetime
) -> ErpLink:
    said = plain(request)
    link = ErpLink(
        connection=connection,
        key=request.ref.key,
        number=request.ref.number,
        version=request.ref.version,
        order=order,
        request=said,
        applied=said,
        content_hash=content_hash(request),
        erp_state=request.erp_state[:40],
        first_seen_at=at,
        last_seen_at=at,
    )
    unit_freeze(link, found)
    return link
