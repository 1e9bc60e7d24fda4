"""What became of an order so far, in the ERP's words and units: absolute totals, from the rows of the facts."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from erp_sync.inbound.units import to_erp
from erp_sync.messages import Actuals, DowntimeActual, MaterialActual, MaterialUse, Quantity
from erp_sync.models import ErpLink
from erp_sync.outbound.bom import used_of
from erp_sync.outbound.codes import Codes
from erp_sync.outbound.machine_time import machine_time_of
from mes.labour.queries import labour_of
from mes.materials.models import Lot
from mes.production.models import WorkOrder
from mes.tracking.models import CountFlag, CountHour
from mes.tracking.order_counts import Made, made_of

ZERO = Decimal(0)


def actuals_of(link: ErpLink, until: datetime, codes: Codes | None = None, made: Made | None = None) -> Actuals:
    """Totals of the link's order. Pieces, lots and materials as they are known now; times up to `until`.

    `made` are the order's pieces where the caller, who holds the link, has them for many orders at once.

    Quantities are rounded once, as totals, to what the ERP's unit keeps. What has no name in the ERP stands under ours
    and is named in `codes.missing`. ValueError for a link without an order or unit: it waits for a mapping.
    """
    if link.order is None:
        raise ValueError(f"{link} has no order here yet: it waits for a mapping.")
    codes = codes or Codes(link.connection, until)
    order = link.order
    made = made or made_of([order])[order.pk]
    times = machine_time_of(order, until)
    stood: dict[tuple[str, str], int] = {}
    for (reason, place), ms in times.stood_ms.items():
        key = codes.reason(reason), codes.work_center(place)
        stood[key] = stood.get(key, 0) + ms
    return Actuals(
        good=_pieces(link, made.good),
        scrap=_pieces(link, made.scrap),
        rework=_pieces(link, rework_of(order)),
        materials=(*_produced(link, order, codes), *consumed_of(link, made, codes)),
        downtime=tuple(DowntimeActual(reason, ms // 1000, place) for (reason, place), ms in sorted(stood.items())),
        labor_s=labour_of(order, until).total_ms // 1000,
        run_s=times.run_ms // 1000,
        setup_s=times.setup_ms // 1000,
    )


def rework_of(order: WorkOrder) -> Decimal:
    """Pieces of the order that machines or people counted as rework, wherever that was."""
    counted = CountHour.objects.filter(order=order).aggregate(n=Sum("rework_sum"))["n"] or 0
    kinds = (CountFlag.Kind.GAP, CountFlag.Kind.MANUAL)
    flags = CountFlag.objects.filter(order=order, kind__in=kinds, role="rework")
    return Decimal(counted) + (flags.aggregate(n=Sum("quantity"))["n"] or ZERO)


def _pieces(link: ErpLink, pieces: Decimal) -> Quantity:
    return Quantity(to_erp(link, pieces), link.erp_unit)


def _produced(link: ErpLink, order: WorkOrder, codes: Codes) -> Iterable[MaterialActual]:
    """The lots the order made, each with all there ever was of it."""
    lots = Lot.objects.filter(order=order, item=order.item_id).order_by("number")
    for lot in lots.select_related("item"):
        item = codes.item(lot.item, link)
        yield MaterialActual(MaterialUse.PRODUCED, item, _pieces(link, lot.quantity), lot.number)


def consumed_of(link: ErpLink, made: Made, codes: Codes) -> Iterable[MaterialActual]:
    """What Millwright books of the order's materials, in the ERP's units; see `used_of`."""
    for used in used_of(link, made, codes):
        item = codes.item(used.item, link)
        quantity = codes.quantity(used.quantity, used.item, item, link)
        yield MaterialActual(MaterialUse.CONSUMED, item, quantity, used.lot)
