"""What a line's forecasts came to, in the figures that stand beside each number (pure)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from analytics.readiness.earned import HIGH_80, LEVELS, LOW_80, pinball

SHIFTS = 84  # planned ones of a record
DAYS = 28  # planned days over which rungs are compared
LAST = {"hour": DAYS * 24, "shift": SHIFTS, "day": DAYS}
"""Buckets that a record of each grain looks back on; of hours all of the days, planned or not."""


@dataclass(frozen=True, slots=True)
class Came:
    """A planned bucket that was forecast and seen. `naive`: what the same bucket a week before came to, None unseen.

    `quantiles`: eleven, or none where a rung has no band.
    """

    starts_at: datetime
    actual: float
    point: float
    quantiles: tuple[float, ...]
    naive: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """`error`, `naive_error`: shares of what was made; `skill`: 1 - error / naive error on the same buckets.

    `held` of `judged` lay in the 80 % band, `held_95` in the 95 % band. None where nothing can be said.
    """

    buckets: int
    error: float | None
    naive_error: float | None
    naive_buckets: int
    skill: float | None
    judged: int
    held: int
    held_95: int
    pinball: float | None

    def as_json(self) -> dict[str, Any]:
        """As it is stored with a forecast."""
        return asdict(self)


def figures(came: Iterable[Came], last: int) -> Figures:
    """The record over the last so many buckets.

    Errors are pooled, sum of absolute errors / sum of what was made: a bucket in which little was made would else
    decide the mean. Worked: 100 as 90 and 50 as 60 with 80 and 50 a week before: error 20/150, naive 20/150, skill 0.
    """
    rows = sorted(came, key=lambda row: row.starts_at)[-last:]
    with_naive = [(row, row.naive) for row in rows if row.naive is not None]
    naive = pooled([(row.actual, before) for row, before in with_naive])
    own = pooled([(row.actual, row.point) for row, _ in with_naive])
    banded = [row for row in rows if row.quantiles]
    return Figures(
        buckets=len(rows),
        error=pooled([(row.actual, row.point) for row in rows]),
        naive_error=naive,
        naive_buckets=len(with_naive),
        skill=1 - own / naive if own is not None and naive else None,
        judged=len(banded),
        held=sum(row.quantiles[LOW_80] <= row.actual <= row.quantiles[HIGH_80] for row in banded),
        held_95=sum(row.quantiles[0] <= row.actual <= row.quantiles[-1] for row in banded),
        pinball=mean_loss(rows),
    )


def pooled(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Sum of absolute errors / sum of (actual, forecast) actuals; None where nothing was made."""
    made = sum(actual for actual, _ in pairs)
    return sum(abs(actual - point) for actual, point in pairs) / made if made > 0 else None


def loss(row: Came) -> float:
    """Twice the mean pinball loss in pieces; of a rung without a band, which says its point at every level, |error|."""
    return pinball(row.quantiles or (row.point,) * len(LEVELS), row.actual)


def mean_loss(rows: Sequence[Came]) -> float | None:
    """The mean over the buckets; None without any."""
    return sum(map(loss, rows)) / len(rows) if rows else None


def losses_by(came: Mapping[str, Sequence[Came]], last: int) -> dict[str, float]:
    """Method to mean loss over the last so many buckets that all of them forecast: only the same can be compared.

    A method that forecast less than half as many buckets as the one with most would shrink what all are judged by, so
    it is left out until it has a record.
    """
    most = max((len(rows) for rows in came.values()), default=0)
    able = {name: {row.starts_at: row for row in rows} for name, rows in came.items() if 2 * len(rows) >= most > 0}
    if not able:
        return {}
    common = sorted(set.intersection(*(set(rows) for rows in able.values())))[-last:]
    return {name: sum(loss(rows[at]) for at in common) / len(common) for name, rows in able.items() if common}


def by_day(first: Sequence[Came], second: Sequence[Came]) -> list[tuple[float, float]]:
    """Mean losses per UTC day of two methods on the buckets both forecast, in order of time."""
    other = {row.starts_at: loss(row) for row in second}
    days: dict[Any, list[tuple[float, float]]] = defaultdict(list)
    for row in sorted(first, key=lambda row: row.starts_at):
        if row.starts_at in other:
            days[row.starts_at.date()].append((loss(row), other[row.starts_at]))
    return [(sum(a for a, _ in pairs) / len(pairs), sum(b for _, b in pairs) / len(pairs)) for pairs in days.values()]
