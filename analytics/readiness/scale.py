"""From a value to a score (pure): linear between red and green, and the weighted geometric mean of scores."""

from collections.abc import Iterable
from math import prod


def score(value: float, red: float, green: float) -> float:
    """0 at red and beyond, 1 at green and beyond, linear between; green may lie below red (smaller is better).

    Worked: 0.89 between 0.80 and 0.98 is 0.5; 0.175 between 0.25 and 0.10 is 0.5. Raises ValueError where red = green.
    """
    if red == green:
        raise ValueError("Red and green must differ: between equal ends nothing can be linear.")
    return min(1.0, max(0.0, (value - red) / (green - red)))


def readiness(parts: Iterable[tuple[float, float]]) -> float:
    """100 x product of score ^ weight, 0 to 100, the weights scaled to a sum of 1; 0 without parts.

    Geometric, so that one dead dimension (score 0) cannot be averaged away. A dimension that is left out gives its
    weight to the others. Worked: 1 with .5, .25 with .25 and 1 with .25 is 100 x .25 ^ .25 = 70.71.
    """
    weighted = [(part, weight) for part, weight in parts if weight > 0]
    whole = sum(weight for _, weight in weighted)
    if not weighted:
        return 0.0
    return 100 * prod(float(part ** (weight / whole)) for part, weight in weighted)
