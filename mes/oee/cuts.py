"""How a window is answered (pure): whole rolled days and hours from their rows, the rest reckoned from raw rows."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Span = tuple[datetime, datetime]


class Cut(NamedTuple):
    """A window in pieces: `bare` time before anything was known, rolled `days` and `hours`, and the `raw` rest.

    `hours` and `days` are runs of whole ones. `raw` pieces are sorted and none crosses a full hour.
    """

    bare: list[Span]
    days: list[Span]
    hours: list[Span]
    raw: list[Span]


def floor_hour(at: datetime) -> datetime:
    """The UTC hour in which an instant lies."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def ceil_hour(at: datetime) -> datetime:
    """The first full UTC hour not before an instant."""
    floor = floor_hour(at)
    return floor if floor == at else floor + HOUR


def hours_between(start: datetime, end: datetime) -> list[datetime]:
    """The UTC hours that touch [start, end)."""
    first = floor_hour(start)
    return [first + HOUR * n for n in range(max(0, -(-(end - first) // HOUR)))]


def cut(window: Span, rolled: Span | None, apart: Collection[datetime] = (), *, by_day: bool = True) -> Cut:
    """Cuts a window. `rolled`: between which full hours rows are stored; `apart`: hours whose rows do not count."""
    start, end = window
    if rolled is None:
        return Cut([], [], [], list(_by_hour(start, end)))
    known = max(start, min(rolled[0], end))
    bare = [(start, known)] if start < known else []
    first, last = ceil_hour(known), min(floor_hour(end), rolled[1])
    if first >= last:
        return Cut(bare, [], [], list(_by_hour(known, end)))
    days: list[Span] = []
    hours: list[Span] = []
    raw = [*_by_hour(known, first)]
    since = first
    for hour in sorted(hour for hour in apart if first <= hour < last):
        _run(since, hour, days, hours, by_day)
        raw.append((hour, hour + HOUR))
        since = hour + HOUR
    _run(since, last, days, hours, by_day)
    return Cut(bare, days, hours, [*raw, *_by_hour(last, end)])


def _run(start: datetime, end: datetime, days: list[Span], hours: list[Span], by_day: bool) -> None:
    midnight = start.replace(hour=0)
    first = midnight if midnight == start else midnight + DAY
    last = end.replace(hour=0)
    if by_day and first < last:
        days.append((first, last))
        pieces = [(start, first), (last, end)]
    else:
        pieces = [(start, end)]
    hours += [piece for piece in pieces if piece[0] < piece[1]]


def _by_hour(start: datetime, end: datetime) -> Iterator[Span]:
    while start < end:
        until = min(floor_hour(start) + HOUR, end)
        yield start, until
        start = until
