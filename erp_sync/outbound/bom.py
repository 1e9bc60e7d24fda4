"""Who takes which material of an order off stock: one answer per item, and what is told to the ERP accordingly."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q

from erp_sync.models import BomPolicy, ErpLink, ErpMapping
from erp_sync.outbound.codes import Codes
from mes.journal.write import record
from mes.materials.models import Consumption
from mes.production.models import Item, OrderMaterial
from mes.tracking.order_counts import Made

ZERO = Decimal(0)
How = BomPolicy.How


@dataclass(frozen=True, slots=True)
class Used:
    """So much of an item (and lot) that is to be told; zero says that nothing of it is to be taken off stock."""

    item: Item
    lot: str
    quantity: Decimal  # in the item's unit


def used_of(link: ErpLink, made: Made, codes: Codes) -> list[Used]:
    """What is to be told of the order's materials, in three queries. Each item by exactly one of the policies.

    erp: nothing, the ERP does it. scan: what was scanned, else zero. mes: what was scanned, and only where nothing
    was: per piece x (good + scrap). none: zero. An item that is on no list is told when it was scanned.
    """
    if link.order_id is None:
        return []
    said = {row.item_id: row.how for row in BomPolicy.objects.filter(link=link)}
    needs, scanned, items = _materials(link.order_id)
    told: list[Used] = []
    for pk, item in items:
        how = said.get(pk) or _default(link, item, codes)
        told += _told(item, how, needs.get(pk), scanned.get(pk, []), made)
    return told


@dataclass(frozen=True, slots=True)
class Booking:
    """A material of an order and who books it. `said_by` empty: nobody chose, the ERP's line or the connection says."""

    item: Item
    need: OrderMaterial | None
    scanned: Decimal
    how: str
    said_by: str


def bookings_of(link: ErpLink, codes: Codes) -> list[Booking]:
    """What the order needs or took, each with its one policy, by item. Empty for a link without an order."""
    if link.order_id is None:
        return []
    said = {row.item_id: row for row in BomPolicy.objects.filter(link=link)}
    needs, scanned, items = _materials(link.order_id)
    found: list[Booking] = []
    for pk, item in items:
        row, used = said.get(pk), sum((one.quantity for one in scanned.get(pk, ())), ZERO)
        how, by = (row.how, row.by) if row is not None else (_default(link, item, codes), "")
        found.append(Booking(item, needs.get(pk), used, how, by))
    return found


def bom_policy_set(*, link: ErpLink, item: Item, how: str, actor: str, at: datetime) -> bool:
    """From now on the item of this order is booked so, and the ERP is told at once. True if that changed something."""
    if how not in How.values:
        raise ValueError(f"A material is booked by one of {', '.join(How.values)}, not {how}.")
    with transaction.atomic():
        ErpLink.objects.select_for_update(no_key=True, of=("self",)).get(pk=link.pk)
        before = BomPolicy.objects.filter(link=link, item=item).first()
        if before is not None and before.how == how:
            return False
        BomPolicy.objects.update_or_create(link=link, item=item, defaults={"how": how, "by": actor, "at": at})
        order = link.order.number if link.order is not None else ""  # by which its message is found
        data = {"order": order, "item": item.code, "before": before.how if before else None, "after": how}
        record(actor=actor, at=at, action="bom_policy_set", kind="erp-order", code=str(link), data=data)
        return True


def _default(link: ErpLink, item: Item, codes: Codes) -> str:
    """As the ERP's line says (`backflush`), else as the connection says, else what is scanned."""
    backflushed = {row["item"] for row in link.request.get("materials", ()) if row.get("backflush")}
    if codes.keys.get((ErpMapping.Kind.ITEM, item.code)) in backflushed:
        return How.ERP
    chosen = str(link.connection.options.get("consumption", ""))
    return chosen if chosen in How.values else How.SCAN


def _told(item: Item, how: str, need: OrderMaterial | None, scanned: list[Used], made: Made) -> Iterable[Used]:
    if how == How.ERP:
        return []
    if how == How.NONE:
        return [Used(item, "", ZERO)]
    if how == How.MES and need is not None and not any(row.quantity for row in scanned):
        return [Used(item, "", _reckoned(need, made))]
    return scanned or [Used(item, "", ZERO)]


def _reckoned(need: OrderMaterial, made: Made) -> Decimal:
    """Per piece x (good + scrap); a quantity for the whole order in proportion to the pieces ordered."""
    pieces = made.good + made.scrap
    return need.per_piece * pieces if need.per_piece is not None else (need.total or ZERO) * pieces / made.quantity


def _materials(order_id: int) -> tuple[dict[int, OrderMaterial], dict[int, list[Used]], list[tuple[int, Item]]]:
    """What is on the order's list, what was scanned, and the items of both by their codes."""
    scanned = _scanned(order_id)
    needs = {row.item_id: row for row in OrderMaterial.objects.filter(order=order_id).select_related("item")}
    items = {pk: row.item for pk, row in needs.items()} | {pk: lots[0].item for pk, lots in scanned.items()}
    return needs, scanned, sorted(items.items(), key=lambda pair: pair[1].code)


def _scanned(order_id: int) -> dict[int, list[Used]]:
    """Lots used in the order or in its lots, less what was taken back; lots of its own are no material."""
    rows = Consumption.objects.filter(Q(order=order_id) | Q(into__order=order_id), kind=Consumption.Kind.USED)
    # `exclude` would also drop lots without an order, which most materials are: unknown is not equal.
    rows = rows.filter(Q(lot__order=None) | ~Q(lot__order=order_id)).select_related("lot__item")
    sums: dict[tuple[str, str], Used] = {}
    for row in rows.order_by(F("lot__number"), "pk"):
        key = (row.lot.item.code, row.lot.number)
        before = sums[key].quantity if key in sums else ZERO
        sums[key] = Used(row.lot.item, row.lot.number, before + row.quantity)
    found: dict[int, list[Used]] = {}
    for used in sums.values():
        found.setdefault(used.item.pk, []).append(used)
    return found
