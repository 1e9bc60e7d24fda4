"""How likely a shift misses its target, read off the quantiles of its forecast (pure)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

TELL_FROM = 0.8
"""Said from four in five on: a word given earlier is wrong too often to be heeded."""
OVER_BELOW = 0.6
"""A word once given is taken back only below that, or it would come and go around the limit."""


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


def share_left(hours: Iterable[tuple[datetime, datetime, int]], at: datetime) -> float:
    """Share of a plan, hours as (start, end, pieces), that is still to come at an instant; 0 where nothing is planned.

    Pieces of an hour fall evenly over it. Worked: 100, 100, 200 planned, half an hour into the second: 250 / 400.
    """
    planned = coming = 0.0
    for start, end, pieces in hours:
        planned += pieces
        coming += pieces * min(1.0, max(0.0, (end - at) / (end - start)))
    return coming / planned if planned else 0.0
