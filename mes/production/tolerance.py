"""How much more or less than ordered is all right. Pure."""

from decimal import Decimal
from typing import Literal, NamedTuple

USUAL_OVER_PERCENT = Decimal(5)
USUAL_UNDER_PERCENT = Decimal(0)

Verdict = Literal["short", "within", "over"]


class Limits(NamedTuple):
    """An order is full from `least` good pieces on, and over above `most`."""

    least: Decimal
    most: Decimal


def limits_of(
    quantity: Decimal,
    *,
    under_percent: tuple[Decimal | None, ...] = (),
    over_percent: tuple[Decimal | None, ...] = (),
) -> Limits:
    """The limits of a quantity (pieces, above 0). Percents: the nearest first (order, item); None asks the next one.

    Nothing given anywhere: 0 % under and 5 % over. 1000 pieces with 2 % under and 3 % over: 980 and 1030.
    """
    under = next((percent for percent in under_percent if percent is not None), USUAL_UNDER_PERCENT)
    over = next((percent for percent in over_percent if percent is not None), USUAL_OVER_PERCENT)
    return Limits(quantity * (100 - under) / 100, quantity * (100 + over) / 100)


def verdict(good: Decimal, limits: Limits) -> Verdict:
    """Where a count of good pieces lies. Exactly on a limit is within; more than `most` is told, never cut."""
    if good < limits.least:
        return "short"
    return "over" if good > limits.most else "within"
