"""The rows of a board (pure): real hours of the plant's clock, however many a day or a shift has."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
Span = tuple[datetime, datetime]


def clock_hours(start: datetime, end: datetime, zone: ZoneInfo, borders: Iterable[datetime] = ()) -> list[Span]:
    """[start, end) cut where the wall clock of `zone` shows a full hour, and at `borders` (of shifts) inside.

    Time is walked as it passes, so a day of a clock change has 23 or 25 rows and no hour is doubled or lost. Where the
    clock jumps by half an hour one row is up to half an hour longer or shorter on the clock, never in time passed.
    Nothing for an empty stretch.
    """
    edges = {start, *(at for at in borders if start < at < end)}
    at = start.astimezone(UTC)  # sums of times in another zone would be sums on its wall clock
    while at < end:
        edges.add(at)
        local = at.astimezone(zone)
        at += HOUR - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return list(pairwise([*sorted(edges), end])) if start < end else []
