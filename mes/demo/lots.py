"""The demo's lots: raw material in the store, what the last days' orders made of it, multipacks of bottles, a hold."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from mes.materials.consume import lot_consume
from mes.materials.holds import lot_hold
from mes.materials.lots import lot_produce, lot_receive
from mes.materials.models import Lot, LotRule, OrderCustomer, SsccRange
from mes.materials.shipping import lot_ship
from mes.plant.models import Line, Site, WorkCenter
from mes.production.models import Item, Run, WorkOrder
from mes.tracking.order_counts import made_of

STOREKEEPER, QUALITY = "paula", "quentin"
ORDERS = 3  # so many orders of each line have lots: those that began last
PALLETS = 4  # lots of an order
COMPANY = "4099999"  # a GS1 prefix for examples: no company sells under it

# code, name, unit, supplier, days it keeps
RAW = (
    ("PREFORM", "PET preform 24 g", "pcs", "Polymer Works", None),
    ("CAP-28", "Closure 28 mm, blue", "pcs", "Verschluss Nord", None),
    ("SYRUP-LEMON", "Lemonade syrup", "kg", "Zitrus & Co", 120),
    ("LABELS-05", "Label roll 0.5 l", "roll", "Druckhaus Elbe", None),
)
# Line -> the machine at which material goes in, the one where pallets come out, its materials and the operator.
TAKEN_AT = {
    "BOTTLE-1": ("FILL-1", "SHRINK-1", ("PREFORM", "CAP-28", "LABELS-05"), "olga"),
    "BOTTLE-2": ("FILL-2", "CRATE-2", ("CAP-28", "SYRUP-LEMON"), "otto"),
    "PACK-3": ("MULTI-3", "PALLET-3", (), "otto"),
}
GTINS = {"STILL-05": "04099999000012", "SPARK-05": "04099999000029", "LEMON-05": "04099999000036"}


def lots_write(*, now: datetime) -> None:
    """Writes lots up to `now`. Needs the demo's story, in a transaction of the caller; nothing of it may be there."""
    site = Line.objects.select_related("area__site").get(code="BOTTLE-1").area.site
    SsccRange.objects.create(site=site, company_prefix=COMPANY, extension=3, next_serial=1)
    for code, gtin in GTINS.items():
        LotRule.objects.create(
            item=Item.objects.get(code=code), how="step", step=12_000, shelf_life_days=365, gtin=gtin
        )
    raw = _raw(site, now)
    bottles: list[Lot] = []
    for line, (enters, leaves, materials, who) in TAKEN_AT.items():
        machine = WorkCenter.objects.select_related("line__area__site").get(code=leaves)
        for order, begun in _orders(line):
            there = sorted((lot for lot in bottles if lot.at < begun), key=lambda lot: lot.at)
            sources = [raw[code] for code in materials] or there[-3:]
            _taken(order, WorkCenter.objects.get(code=enters), sources, begun, who)
            made = _made(order, machine, begun, now, who)
            bottles += made if materials else []
    _told(raw, bottles, now)


def _raw(site: Site, now: datetime) -> dict[str, Lot]:
    """One lot of each material in use, and a second one in the store."""
    lots: dict[str, Lot] = {}
    for code, name, unit, supplier, keeps in RAW:
        item = Item.objects.create(code=code, name=name, unit=unit)
        for nth, days in enumerate((6, 1), 1):
            at = now - timedelta(days=days)
            lot = lot_receive(
                item=item, number=f"{code}-{at:%y%m%d}", quantity=Decimal(800_000 if unit == "pcs" else 900), site=site,
                supplier=supplier, supplier_lot=f"{supplier[:2].upper()}-{7300 + 11 * nth}",
                expires_on=(at + timedelta(days=keeps)).date() if keeps else None, actor=STOREKEEPER, at=at,
                key=_key(f"{code}-{nth}"),
            )  # fmt: skip
            lots.setdefault(code, lot)
    return lots


def _orders(line: str) -> Iterator[tuple[WorkOrder, datetime]]:
    """The orders of a line that began last and made something, each with when it began."""
    latest = Run.objects.filter(work_center__line__code=line).order_by("-starts_at").values_list("order", "starts_at")
    begun: dict[int, datetime] = {}
    for order, starts_at in latest[:200]:
        if order not in begun and len(begun) == ORDERS:
            break
        begun[order] = min(starts_at, begun.get(order, starts_at))
    orders = WorkOrder.objects.select_related("item").in_bulk(begun)
    for pk in sorted(begun, key=lambda each: begun[each]):
        yield orders[pk], begun[pk]


def _taken(order: WorkOrder, machine: WorkCenter, sources: list[Lot], at: datetime, who: str) -> None:
    for lot in sources:
        left = Lot.objects.get(pk=lot.pk).on_hand
        share = (left / 4).to_integral_value()
        if share > 0:
            lot_consume(
                lot=lot, quantity=share, work_center=machine, order=order, actor=who, at=at,
                key=_key(f"{order.number} {lot.number}"),
            )  # fmt: skip


def _made(order: WorkOrder, machine: WorkCenter, begun: datetime, now: datetime, who: str) -> list[Lot]:
    """All good pieces of a finished order on its pallets; of one that runs three quarters, so that a lot is due."""
    good = made_of([order])[order.pk].good
    end = order.completed_at or now
    shares = PALLETS if order.completed_at else PALLETS - 1
    size = (good / PALLETS).to_integral_value()
    if size <= 0:
        return []
    return [
        lot_produce(
            item=order.item, quantity=size, work_center=machine, order=order, actor=who,
            at=begun + (end - begun) * nth / PALLETS, key=_key(f"{order.number} {nth}"),
        )
        for nth in range(1, shares + 1)
    ]  # fmt: skip


def _told(raw: dict[str, Lot], bottles: list[Lot], now: datetime) -> None:
    """Who ordered it, what left already, and a lot of closures that quality holds."""
    customers = (("Market Nord", "PO-88231"), ("Kiosk Union", "KU-1704"))
    for order, (customer, number) in zip(sorted({lot.order_id or 0 for lot in bottles}), customers, strict=False):
        OrderCustomer.objects.create(order_id=order, customer=customer, customer_order=number)
    for nth, lot in enumerate(bottles[:2]):
        customer, number = customers[nth % 2]
        half = (Lot.objects.get(pk=lot.pk).on_hand / 2).to_integral_value()
        if half > 0:
            lot_ship(
                lot=lot, quantity=half, customer=customer, customer_order=number, actor=STOREKEEPER,
                at=now - timedelta(hours=5), key=_key(f"ship {lot.number}"),
            )  # fmt: skip
    second = Lot.objects.filter(item=raw["CAP-28"].item).exclude(pk=raw["CAP-28"].pk).first()
    if second is not None:
        why = "Colour differs from the sample: laboratory looks at it"
        lot_hold(lot=second, why=why, actor=QUALITY, at=now - timedelta(hours=20))


def _key(name: str) -> UUID:
    """The same demo has the same keys."""
    return uuid5(NAMESPACE_URL, f"demo lots {name}")
