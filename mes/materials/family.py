"""The genealogy of a lot as one person may see it: by lines, with a count of what lies on others."""

import gc
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from mes.materials.genealogy import Direction, Member, links_of, members_of
from mes.materials.models import Consumption, Lot, OrderCustomer, Shipment
from mes.materials.trace import Link, depths, neighbours_down, turned
from mes.plant.models import Line
from mes.production.models import WorkOrder


def lots_visible(lines: QuerySet[Line]) -> QuerySet[Lot]:
    """Lots that were made on, lie at or were used on these lines, and received ones in the store of their sites."""
    ids = list(lines.values_list("pk", flat=True))
    sites = list(lines.values_list("area__site", flat=True).distinct())
    used = Consumption.objects.filter(lot=OuterRef("pk"), line__in=ids, undoes=None, undone=False)
    store = Q(line=None, at_line=None, site__in=sites)
    return Lot.objects.filter(Q(line__in=ids) | Q(at_line__in=ids) | store | Q(Exists(used)))


@dataclass(frozen=True, slots=True)
class Family:
    """Lots with their distance from the first one, nearest first, the links between them, the orders on the way.

    `hidden`: lots on lines the person cannot see; None where the person is not even to know that.
    """

    lots: list[tuple[Member, int]]
    links: list[Link]
    orders: dict[int, WorkOrder]
    hidden: int | None


@contextmanager
def collector_paused() -> Iterator[None]:
    """For who asks for a whole genealogy and makes an answer of it.

    That makes 100,000 objects, none of them garbage; to look for some in all memory of the server would cost 80 ms.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def family_of(lot: Lot, direction: Direction, lines: QuerySet[Line], *, count_hidden: bool) -> Family:
    """What the lot was made of (up) or what was made of it (down), narrowed to the lines.

    With `count_hidden` lots behind hidden ones are listed too; without it only what is reached along visible ones, so
    that nothing is learnt of other lines.
    """
    members, order_ids = members_of(lot.pk, direction)
    links = links_of(lot.pk, direction)
    place = dict(lines.values_list("pk", "area__site"))
    visible = _visible(members, links, place) | {lot.pk}
    orders = {one.pk: one for one in WorkOrder.objects.filter(pk__in=order_ids, line__in=place).select_related("item")}
    shown = links
    if len(visible) < len(members) or len(orders) < len(order_ids):
        shown = [
            link for link in links
            if link[0] in visible and (link[1] in visible if link[1] is not None else link[2] in orders)
        ]  # fmt: skip
    walked = members if count_hidden else [one for one in members if one.pk in visible]
    distance = _distances(lot.pk, direction, walked, links if count_hidden else shown)
    found = [(one, distance[one.pk]) for one in members if one.pk in visible and one.pk in distance]
    found.sort(key=lambda pair: (pair[1], pair[0].number))
    if len(found) < len(visible):  # without `count_hidden`: lots that only hidden ones lead to
        shown = [link for link in shown if link[0] in distance]
    hidden = len(members) - len(visible) if count_hidden else None
    return Family(lots=found, links=shown, orders=orders, hidden=hidden)


class Placed(NamedTuple):
    """Quantities of one item: how much there ever was in how many lots, and where it is now."""

    item: str
    item_name: str
    unit: str
    lots: int
    quantity: Decimal
    on_hand: Decimal
    consumed: Decimal
    shipped: Decimal


def by_item(members: Iterable[Member]) -> list[Placed]:
    """Quantities by item and unit, in the order of the items' codes. On hand + consumed + shipped = quantity."""
    sums: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    counts: Counter[tuple[str, str, str]] = Counter()
    for one in members:
        key = (one.item, one.item_name, one.unit)
        counts[key] += 1
        total = sums[key]
        sums[key] = [total[0] + one.quantity, total[1] + one.consumed, total[2] + one.shipped]
    return [
        Placed(*key, counts[key], total, total - consumed - shipped, consumed, shipped)
        for key, (total, consumed, shipped) in sorted(sums.items())
    ]


class Concerned(NamedTuple):
    """A customer who got some of it, or for whom an order was made that has it in it (then nothing is said sent)."""

    customer: str
    customer_order: str
    order: str
    item: str
    unit: str
    sent: Decimal | None


def customers_of(members: Iterable[Member], orders: Iterable[WorkOrder]) -> list[Concerned]:
    """Who got how much of the lots, then for whom the orders are that nobody was sent anything of yet."""
    of = {one.pk: one for one in members}
    shipped: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    sent = Shipment.objects.filter(lot__in=[pk for pk, one in of.items() if one.shipped], undoes=None, undone=False)
    for lot, customer, number, quantity in sent.values_list("lot_id", "customer", "customer_order", "quantity"):
        shipped[customer, number, of[lot].item, of[lot].unit] += quantity
    found = [Concerned(who, number, "", item, unit, much) for (who, number, item, unit), much in shipped.items()]
    told = {(one.customer, one.customer_order) for one in found}
    wanted = OrderCustomer.objects.filter(order__in=list(orders)).select_related("order__item")
    found += [
        Concerned(one.customer, one.customer_order, one.order.number, one.order.item.code, one.order.item.unit, None)
        for one in wanted
        if (one.customer, one.customer_order) not in told
    ]
    return sorted(found, key=lambda one: (one.sent is None, one.customer, one.customer_order, one.item))


def _visible(members: Iterable[Member], links: Iterable[Link], place: dict[int, int]) -> set[int]:
    used = {lot for lot, _into, _order, line in links if line in place}
    sites = set(place.values())
    return {
        one.pk
        for one in members
        if one.line in place
        or one.at_line in place
        or one.pk in used
        or (one.line is None and one.at_line is None and one.site in sites)
    }


def _distances(start: int, direction: Direction, members: Iterable[Member], links: Iterable[Link]) -> dict[int, int]:
    down = neighbours_down(links, {one.pk: one.order for one in members})
    return depths(start, down if direction is Direction.DOWN else turned(down))
