"""Time of a line's machines as spans of ms since 1970 UTC, half-open (pure): overlaps, what is missing, by hour."""

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

Span = tuple[int, int]
Spans = Sequence[Span]
HOUR_MS = 3_600_000


def length_ms(spans: Spans) -> int:
    """Their length together; the spans must be disjoint."""
    return sum(end - start for start, end in spans)


def common(one: Spans, other: Spans) -> list[Span]:
    """The time in both; each must be disjoint and in order. A day of a year costs what the day has."""
    found: list[Span] = []
    if not one or not other:
        return found
    first, second = _first_after(one, other[0][0]), _first_after(other, one[0][0])
    while first < len(one) and second < len(other):
        start, end = max(one[first][0], other[second][0]), min(one[first][1], other[second][1])
        if start < end:
            found.append((start, end))
        if one[first][1] < other[second][1]:
            first += 1
        else:
            second += 1
    return found


def without(one: Spans, other: Spans) -> list[Span]:
    """The time in `one` but not in `other`; each must be disjoint and in order."""
    found: list[Span] = []
    place = _first_after(other, one[0][0]) if one else 0
    for start, end in one:
        at = start
        while place < len(other) and other[place][1] <= at:
            place += 1
        ahead = place
        while ahead < len(other) and other[ahead][0] < end:
            if at < other[ahead][0]:
                found.append((at, other[ahead][0]))
            at = max(at, other[ahead][1])
            ahead += 1
        if at < end:
            found.append((at, end))
    return found


def _first_after(spans: Spans, at: int) -> int:
    """The place of the first span that ends after an instant."""
    return bisect_right(spans, at, key=itemgetter(1))


def by_hour(spans: Spans) -> dict[int, int]:
    """ms in each UTC hour (its number since 1970) that has any."""
    found: dict[int, int] = {}
    for start, end in spans:
        at = start
        while at < end:
            hour = at // HOUR_MS
            until = min(end, (hour + 1) * HOUR_MS)
            found[hour] = found.get(hour, 0) + until - at
            at = until
    return found
