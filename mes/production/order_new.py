"""New orders: typed, from a file or from an ERP. A received one waits for its release; a created one is released."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.plant.models import Line
from mes.production.models import Item, WorkOrder
from mes.production.operations import operations_from_routings
from mes.production.order_rows import tell
from mes.production.refusals import OrderRefused

Status = WorkOrder.Status


def order_create(
    *,
    number: str,
    item: Item,
    line: Line,
    quantity: Decimal,
    due_at: datetime | None,
    priority: int | None,
    source: str,
    actor: str,
    at: datetime,
    kind: str | None = None,
    over_percent: Decimal | None = None,
    under_percent: Decimal | None = None,
) -> WorkOrder:
    """A new order, released. The same order said again is returned as it is; another under its number is refused.

    `number` and `quantity` are already read by `mes.production.typed`. Priority None is the default (50), kind None is
    production, a tolerance (percent of the quantity) None is the item's. Where the line has a routing of the item, the
    order gets its operations. Raises OrderRefused for another kind or a tolerance that is none.
    """
    fields = {"item": item, "line": line, "quantity": quantity, "due_at": due_at}
    return _new(
        number,
        fields | _given(priority, kind, over_percent, under_percent),
        Status.RELEASED,
        "order_create",
        source,
        actor,
        at,
    )


def order_receive(
    *,
    number: str,
    item: Item,
    line: Line,
    quantity: Decimal,
    due_at: datetime | None,
    priority: int | None,
    source: str,
    actor: str,
    at: datetime,
    kind: str | None = None,
    over_percent: Decimal | None = None,
    under_percent: Decimal | None = None,
) -> WorkOrder:
    """As `order_create`, but the order waits until somebody releases it (`order_release`)."""
    fields = {"item": item, "line": line, "quantity": quantity, "due_at": due_at}
    return _new(
        number,
        fields | _given(priority, kind, over_percent, under_percent),
        Status.RECEIVED,
        "order_receive",
        source,
        actor,
        at,
    )


def _given(
    priority: int | None, kind: str | None, over_percent: Decimal | None, under_percent: Decimal | None
) -> dict[str, Any]:
    """What the caller said, checked; what it left out takes its default and is no difference to a stored order."""
    if kind is not None and kind not in WorkOrder.Kind.values:
        kinds = ", ".join(WorkOrder.Kind.values)
        raise OrderRefused(_("An order is one of %(kinds)s: choose one of them.") % {"kinds": kinds}, "kind")
    percents = {"over_percent": (over_percent, 999), "under_percent": (under_percent, 100)}
    for name, (percent, most) in percents.items():
        if percent is not None and not (0 <= percent <= most and percent == percent.quantize(Decimal("0.01"))):
            raise OrderRefused(
                _("A tolerance is 0 to %(most)d percent, with up to two decimals.") % {"most": most}, name
            )
    said = {"priority": priority, "kind": kind, "over_percent": over_percent, "under_percent": under_percent}
    return {name: value for name, value in said.items() if value is not None}


def _new(
    number: str, fields: dict[str, Any], status: str, action: str, source: str, actor: str, at: datetime
) -> WorkOrder:
    try:
        with transaction.atomic():
            order = WorkOrder.objects.create(number=number, source=source, status=status, **fields)
            operations_from_routings([order])
            tell(order, action, actor, at, {"source": source, "kind": order.kind})
            return order
    except IntegrityError:
        existing = WorkOrder.objects.select_related("item", "line").get(number=number)
    different = differences(existing, fields)
    if different:
        raise OrderRefused(taken_message(existing, different), "number")
    return existing


def differences(order: WorkOrder, fields: dict[str, Any]) -> list[str]:
    """What a stored order has otherwise, as texts: 'quantity is 500'. Nothing where it is the same order."""
    zone = ZoneInfo(order.line.area.site.time_zone)
    due = order.due_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if order.due_at else _("not set")
    shown = {"item": order.item.code, "line": order.line.code, "due_at": due}
    return [
        _("its %(field)s is %(value)s")
        % {"field": name.removesuffix("_at"), "value": shown.get(name, getattr(order, name))}
        for name, value in fields.items()
        if getattr(order, name) != value
    ]


def taken_message(order: WorkOrder, different: list[str]) -> str:
    """The sentence for a number that is taken by an order with other content."""
    return _("%(number)s exists already and %(different)s: use another number, or send what is stored.") % {
        "number": order.number,
        "different": ", ".join(different),
    }
