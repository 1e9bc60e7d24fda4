"""How well forecasts of a line were (pure): whether each quantile meant what it said, and the error by lead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.forecasts.record import pooled
from analytics.readiness.earned import LEVELS

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEADS = {
    "hour": (4 * HOUR, 8 * HOUR, 24 * HOUR, 48 * HOUR),
    "shift": (DAY, 2 * DAY, 3 * DAY, 7 * DAY, 14 * DAY),
    "day": (DAY, 2 * DAY, 3 * DAY, 7 * DAY, 14 * DAY),
}
"""Upper ends of the groups of leads: time from the forecast's origin to the start of the bucket."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a forecast said of a planned bucket. `quantiles`: eleven, or none where it had no band."""

    origin: datetime
    starts_at: datetime
    ends_at: datetime
    planned_min: float
    point: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LeadError:
    """`since`, `until`: of the group of leads. `error`: share of what was made; None where nothing was judged."""

    since: timedelta
    until: timedelta
    judged: int
    error: float | None


def last_before(told: Iterable[Told]) -> dict[datetime, Told]:
    """Start of a bucket to the last forecast that was made before it began, or as it began."""
    best: dict[datetime, Told] = {}
    for one in told:
        known = best.get(one.starts_at)
        if one.origin <= one.starts_at and (known is None or known.origin < one.origin):
            best[one.starts_at] = one
    return best


def reliability(last: Mapping[datetime, Told], came: Mapping[datetime, float]) -> list[tuple[float, float]]:
    """(level, share of buckets that came to at most that quantile); empty without a judged bucket.

    A level that means what it says has the same share. Worked: quantiles 1 to 11 and an actual of 6 is at most the
    sixth (50 %) quantile, so the shares are 0 below 50 % and 1 from there on.
    """
    judged = [(told.quantiles, came[at]) for at, told in last.items() if at in came and told.quantiles]
    if not judged:
        return []
    shares = ((sum(actual <= told[n] for told, actual in judged)) / len(judged) for n in range(len(LEVELS)))
    return list(zip(LEVELS, shares, strict=True))


def errors_by_lead(told: Iterable[Told], came: Mapping[datetime, float], grain: str) -> list[LeadError]:
    """Errors of all forecasts, pooled within groups of leads: sum of absolute errors / sum of what was made."""
    ends: Sequence[timedelta] = LEADS[grain]
    groups: list[list[tuple[float, float]]] = [[] for _ in ends]
    for one in told:
        lead = one.starts_at - one.origin
        place = next((n for n, end in enumerate(ends) if timedelta() <= lead < end), None)
        if place is not None and one.starts_at in came:
            groups[place].append((came[one.starts_at], one.point))
    starts = (timedelta(), *ends[:-1])
    return [LeadError(a, b, len(rows), pooled(rows)) for a, b, rows in zip(starts, ends, groups, strict=True)]
