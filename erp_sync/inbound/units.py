"""The border between the ERP's units and ours: Decimal only, one factor per unit, rounded once. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

DIGITS = 3  # what an ERP keeps where it does not say
OURS = Decimal("0.001")  # quantities are stored with three decimals


@dataclass(frozen=True, slots=True)
class Measure:
    """How a unit of the ERP is said here: so many (`factor`) of ours are one of the ERP's; 24 for a pack of 24."""

    erp_unit: str
    mes_unit: str
    factor: Decimal
    digits: int = DIGITS

    def to_mes(self, value: Decimal) -> Decimal:
        """The ERP's quantity in our unit, to a thousandth. 400 packs of 24 are 9600."""
        return (value * self.factor).quantize(OURS, ROUND_HALF_UP)

    def to_erp(self, value: Decimal) -> Decimal:
        """Our quantity in the ERP's unit, rounded to what the ERP keeps.

        Give totals, never increments: the difference of two rounded totals carries what rounding left over, so that the
        increments add up to the last total whatever they were.
        """
        return (value / self.factor).quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_UP)


class Frozen(Protocol):
    """A link with the unit that was fixed when its order came."""

    erp_unit: str
    mes_unit: str
    factor: Decimal | None
    erp_digits: int


def measure_of(link: Frozen) -> Measure:
    """The unit of an order as it was when the order came. ValueError while the order waits for its mapping."""
    if link.factor is None:
        raise ValueError(f"{link} has no unit yet: it waits for a mapping.")
    return Measure(link.erp_unit, link.mes_unit, Decimal(link.factor), link.erp_digits)


def to_erp(link: Frozen, pieces: Decimal) -> Decimal:
    """A total of the order's pieces in the ERP's unit, rounded to its decimals (see `Measure.to_erp`)."""
    return measure_of(link).to_erp(Decimal(pieces))


def to_mes(link: Frozen, quantity: Decimal) -> Decimal:
    """A quantity of the ERP in the order's pieces."""
    return measure_of(link).to_mes(quantity)
