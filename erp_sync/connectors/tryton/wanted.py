"""What a confirmation wants booked, and what is missing of it: totals against totals, by item and lot. Pure.

Comparing totals is what makes a repeat harmless: after a lost answer the difference is nought.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from erp_sync.connectors.tryton.catalog import Catalog, Product
from erp_sync.connectors.tryton.values import Unit, converted
from erp_sync.errors import RejectedError
from erp_sync.messages import Actuals, MaterialActual, MaterialUse, Quantity

ByLot = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Totals by lot in each product's own unit, "" for whichever lot. `units` are those of the message."""

    good: ByLot
    scrap: ByLot
    consumed: Mapping[str, ByLot]
    units: Mapping[str, Unit]

    @property
    def good_total(self) -> Decimal:
        """All good output."""
        return sum(self.good.values(), Decimal(0))


def wanted_of(actuals: Actuals, own: Product, catalog: Catalog) -> Wanted:
    """The totals of a message. RejectedError for an order that uses up its own product; MappingMissing for codes."""
    unit = catalog.unit_called(actuals.good.unit, own.unit)
    units = {own.code: unit}
    lines: defaultdict[str, ByLot] = defaultdict(dict)
    for line in actuals.materials:
        if line.use is MaterialUse.CONSUMED:
            if line.item == own.code:
                raise RejectedError(f"An order that uses up {own.code} while making it is booked in Tryton by hand.")
            product = catalog.product(line.item)
            units.setdefault(line.item, catalog.unit_called(line.quantity.unit, product.unit))
            used = lines[line.item]
            used[line.lot] = used.get(line.lot, Decimal(0)) + _base(line.quantity, product, catalog)
    return Wanted(
        _by_lot(actuals.good, MaterialUse.PRODUCED, actuals.materials, own, catalog),
        _by_lot(actuals.scrap, MaterialUse.SCRAP, actuals.materials, own, catalog),
        {item: dict(used) for item, used in lines.items()},
        units,
    )


def lacking(wanted: Mapping[str, Decimal], booked: Mapping[str, Decimal]) -> ByLot:
    """Wanted minus booked by lot, without noughts. What is booked on lots nobody named counts for the lot ""."""
    named = [lot for lot in wanted if lot]
    found = {lot: wanted[lot] - booked.get(lot, Decimal(0)) for lot in named}
    others = sum((quantity for lot, quantity in booked.items() if lot not in named), Decimal(0))
    found[""] = wanted.get("", Decimal(0)) - others
    return {lot: quantity for lot, quantity in found.items() if quantity}


def _by_lot(
    total: Quantity, use: MaterialUse, lines: Iterable[MaterialActual], own: Product, catalog: Catalog
) -> ByLot:
    """A total by the lots that are named. The total counts: lots never add up to more, what they lack has none."""
    rest = _base(total, own, catalog)
    found: ByLot = {}
    for line in lines:
        if line.use is use and line.item == own.code and line.lot:
            share = min(_base(line.quantity, own, catalog), rest)
            found[line.lot] = found.get(line.lot, Decimal(0)) + share
            rest -= share
    if rest:
        found[""] = rest
    return found


def _base(quantity: Quantity, product: Product, catalog: Catalog) -> Decimal:
    """A quantity in the product's unit, after rounding to the decimals that the message's unit has in Tryton."""
    unit = catalog.unit_called(quantity.unit, product.unit)
    return converted(unit.rounded(quantity.value), unit, product.unit)
