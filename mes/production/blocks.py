"""Why an order cannot be worked on: a hold, an earlier operation, a missing material or tool. In words, batch-wise."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mes.plant.models import WorkCenter
from mes.production.models import Operation, OrderHold, OrderMaterial, StockLevel, Tool, ToolNeed, WorkOrder
from mes.production.routing_rules import waits_for

HOLD, OPERATION, MATERIAL, TOOL = "hold", "operation", "material", "tool"


@dataclass(frozen=True, slots=True)
class Block:
    """One reason. A firm one is not passed over by anybody; others may be, with words that are kept."""

    kind: str
    text: str

    @property
    def firm(self) -> bool:
        """A hold is released, never passed over. What an ERP says of stock may be wrong, so it is no firm no."""
        return self.kind == HOLD


@dataclass(frozen=True, slots=True)
class Need:
    """A material of an order beside what is said to be in stock (`stock` None: nobody said, so it is unknown)."""

    material: OrderMaterial
    quantity: Decimal
    stock: StockLevel | None

    @property
    def missing(self) -> bool:
        """Less on hand than needed; unknown is not missing."""
        return self.stock is not None and self.stock.on_hand < self.quantity


def blocks_of(
    orders: Iterable[WorkOrder], at: datetime, *, work_center: WorkCenter | None = None
) -> dict[int, list[Block]]:
    """What blocks each order (by id) at `at`, on the machine or (None) anywhere; in at most seven queries.

    Materials count until the first start: afterwards they lie at the line, and stock figures no longer tell.
    """
    orders = list(orders)
    found: dict[int, list[Block]] = {order.pk: [] for order in orders}
    for hold in OrderHold.objects.filter(order__in=found, released_at=None):
        ref = f" ({hold.ref})" if hold.ref else ""
        found[hold.order_id].append(Block(HOLD, _("On hold%(ref)s: %(why)s") % {"ref": ref, "why": hold.why}))
    _operations(orders, work_center, found)
    for pk, needs in needs_of([order for order in orders if order.started_at is None]).items():
        order = next(order for order in orders if order.pk == pk)
        found[pk] += [Block(MATERIAL, _missing(need, order, at)) for need in needs if need.missing]
    _tools(orders, work_center, found)
    return found


def needs_of(orders: Sequence[WorkOrder]) -> dict[int, list[Need]]:
    """What each order needs of which material for its whole quantity, with the stock of its site."""
    by_pk = {order.pk: order for order in orders}
    materials = list(OrderMaterial.objects.filter(order__in=by_pk).select_related("item").order_by("item__code"))
    sites = {pk: order.line.area.site_id for pk, order in by_pk.items()} if materials else {}
    levels = StockLevel.objects.filter(item__in={material.item_id for material in materials})
    stock = {(level.item_id, level.site_id): level for level in levels} if materials else {}
    found: dict[int, list[Need]] = defaultdict(list)
    for material in materials:
        order = by_pk[material.order_id]
        quantity = material.total if material.per_piece is None else material.per_piece * order.quantity
        level = stock.get((material.item_id, sites[order.pk]))
        found[order.pk].append(Need(material, quantity or Decimal(0), level))
    return found


def age_words(age: timedelta) -> str:
    """How long ago something was said: '5 minutes ago', '2 hours ago', '3 days ago'."""
    minutes = max(int(age.total_seconds() // 60), 0)
    if minutes < 120:
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    if minutes < 2 * 24 * 60:
        return ngettext("%(n)d hour ago", "%(n)d hours ago", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d day ago", "%(n)d days ago", minutes // 1440) % {"n": minutes // 1440}


def plain(quantity: Decimal) -> str:
    """A quantity without superfluous zeros."""
    return f"{quantity.normalize():f}"


def _missing(need: Need, order: WorkOrder, at: datetime) -> str:
    level = need.stock
    if level is None:
        return ""
    unit = need.material.item.unit
    words = {
        "item": need.material.item.code,
        "need": f"{plain(need.quantity)} {unit}",
        "have": f"{plain(level.on_hand)} {unit}",
        "age": age_words(at - level.as_of),
    }
    text = _("Material %(item)s: %(need)s needed, %(have)s on hand (said %(age)s)") % words
    if level.expected_at is None or level.expected_quantity is None:
        return text + "; " + _("none is announced")
    local = level.expected_at.astimezone(ZoneInfo(order.line.area.site.time_zone))
    coming = {"more": f"{plain(level.expected_quantity)} {unit}", "when": f"{local:%Y-%m-%d %H:%M}"}
    return text + "; " + _("%(more)s expected on %(when)s") % coming


def _operations(orders: list[WorkOrder], work_center: WorkCenter | None, found: dict[int, list[Block]]) -> None:
    if work_center is None:
        return
    steps: dict[int, list[Operation]] = defaultdict(list)
    for operation in Operation.objects.filter(order__in=found).order_by("sequence"):
        steps[operation.order_id].append(operation)
    if not steps:
        return
    here = Q(work_center=work_center) | Q(pool__work_centers=work_center)
    own = Operation.objects.filter(here, order__in=list(steps), done_at=None).order_by("-sequence")
    mine = {operation.order_id: operation for operation in own}
    for pk, operation in mine.items():
        done = frozenset(step.sequence for step in steps[pk] if step.done_at is not None)
        before = waits_for(operation, steps[pk], done)
        if before is not None:
            found[pk].append(Block(OPERATION, _("Operation %(before)s is not done yet") % {"before": before}))


def _tools(orders: list[WorkOrder], work_center: WorkCenter | None, found: dict[int, list[Block]]) -> None:
    away = ToolNeed.objects.filter(item__in={order.item_id for order in orders}).exclude(tool__state=Tool.State.OK)
    if work_center is not None:
        away = away.filter(Q(work_center=None) | Q(work_center=work_center))
    needs: dict[int, list[ToolNeed]] = defaultdict(list)
    for need in away.select_related("tool", "work_center").order_by("tool__code", "work_center__code"):
        needs[need.item_id].append(need)
    for order in orders:
        for need in needs[order.item_id]:
            if need.work_center is not None and need.work_center.line_id != order.line_id:
                continue
            note = f": {need.tool.note}" if need.tool.note else ""
            words = {"tool": need.tool.code, "name": need.tool.name, "note": note}
            block = Block(TOOL, _("Tool %(tool)s %(name)s is not available%(note)s") % words)
            if block not in found[order.pk]:
                found[order.pk].append(block)
