"""How sure a mean over lines is: bootstrap over whole lines, the same draws for every method, seeded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mes.config.bench.forecast.score import Scored

DRAWS = 2000
SEED = 20_260_101
SURE = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the range that holds it in 95 % of the draws."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(sums: Sequence[tuple[float, float]]) -> Interval:
    """Of lines as (numerator, denominator): sum of numerators / sum of denominators, lines drawn with replacement.

    Worked: (1, 2) and (3, 4) give 4 / 6. A denominator of 0 gives NaN. One line alone has an interval of width 0.
    """
    pairs = np.array(sums, dtype=np.float64).reshape(-1, 2)
    if not len(pairs):
        return Interval(float("nan"), float("nan"), float("nan"))
    drawn = np.random.default_rng(SEED).integers(0, len(pairs), size=(DRAWS, len(pairs)))
    totals = pairs[drawn].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = pairs[:, 0].sum() / pairs[:, 1].sum()
        low, high = np.nanquantile(totals[:, 0] / totals[:, 1], SURE)
    return Interval(float(value), float(low), float(high))


def mean_over_lines(scores: Sequence[Scored], of: Callable[[Scored], float | None]) -> Interval:
    """Mean over lines and origins of what is there; the origins of a line are drawn together."""
    return interval([(sum(values), len(values)) for values in _by_line(scores, of).values()])


def inside(scores: Sequence[Scored], band: int) -> Interval:
    """Share of planned buckets inside the 80 or 95 % band."""
    hits = _by_line(scores, lambda one: float(one.inside80 if band == 80 else one.inside95))
    planned = _by_line(scores, lambda one: float(one.planned))
    return interval([(sum(hits[line]), sum(planned[line])) for line in hits])


def ratio(ours: Sequence[Scored], theirs: Sequence[Scored], of: Callable[[Scored], float | None]) -> Interval:
    """Mean of ours / mean of theirs on the lines that both have."""
    mine, other = _by_line(ours, of), _by_line(theirs, of)
    return interval([(sum(mine[line]), sum(other[line])) for line in mine if line in other])


def _by_line(scores: Sequence[Scored], of: Callable[[Scored], float | None]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for one in scores:
        value = of(one)
        if value is not None:
            found.setdefault(one.line, []).append(value)
    return found
