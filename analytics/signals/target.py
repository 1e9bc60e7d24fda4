"""How likely a shift misses its target, read off the quantiles of its forecast (pure)."""

from collections.abc import Sequence
from itertools import pairwise

TELL_FROM = 0.8
"""Said from four in five on: a word given earlier is wrong too often to be heeded."""


def risk_of_missing(levels: Sequence[float], values: Sequence[float], target: float) -> float:
    """Probability, 0 to 1, of making less than `target` pieces; straight lines between the quantiles.

    Beyond the outermost quantiles nothing is known but their level: the answer stays there. A target of 0 or less is
    never missed. Raises ValueError unless there is one value per level, levels rise and values do not fall.
    """
    if len(levels) != len(values) or not levels:
        raise ValueError("one value per level is needed")
    if any(a >= b for a, b in pairwise(levels)) or any(a > b for a, b in pairwise(values)):
        raise ValueError("levels must rise and values must not fall")
    if target <= 0:
        return 0.0
    if target <= values[0]:
        return levels[0]
    for (low, high), (from_level, to_level) in zip(pairwise(values), pairwise(levels), strict=True):
        if low < target <= high:
            return from_level + (to_level - from_level) * (target - low) / (high - low)
    return levels[-1]
