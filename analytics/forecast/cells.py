"""Cells of a line's calendar (pure): hours, cut where a shift begins, each with the minutes planned in it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HOUR_MS = 3_600_000
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ShiftSpan:
    """A shift: its id (None: imported, there is no row), [start, end) in ms, its day of production as ordinal."""

    pk: int | None
    start_ms: int
    end_ms: int
    day: int


@dataclass(slots=True)
class Cell:
    """`shift` None: the hour lies in no shift. `planned_ms`: scheduled less pauses."""

    start_ms: int
    shift: ShiftSpan | None
    planned_ms: int = 0


def cells(shifts: Sequence[ShiftSpan], planned: Iterable[Span], start_ms: int, end_ms: int) -> list[Cell]:
    """Every whole UTC hour of [start, end), in order of time; both must be on the hour.

    An hour in which two shifts lie is two cells, the second from where its shift begins; what of an hour lies in no
    shift belongs to the shift that touches it. Planned time is given to the shift it lies in; overlapping shifts share
    nothing, the later one has it.
    """
    by_hour: dict[int, list[ShiftSpan]] = defaultdict(list)
    for shift in sorted(shifts, key=lambda row: row.start_ms):
        first, last = max(start_ms, shift.start_ms // HOUR_MS * HOUR_MS), min(end_ms, shift.end_ms)
        for hour in range(first, last, HOUR_MS):
            by_hour[hour].append(shift)
    worked = _by_hour(planned, start_ms, end_ms)
    found: list[Cell] = []
    for hour in range(start_ms, end_ms, HOUR_MS):
        inside = by_hour.get(hour, [])
        if not inside:
            found.append(Cell(hour, None, sum(b - a for a, b in worked.get(hour, ()))))
            continue
        edges = [hour, *(max(hour, shift.start_ms) for shift in inside[1:]), hour + HOUR_MS]
        for n, shift in enumerate(inside):
            spans = ((max(a, edges[n]), min(b, edges[n + 1])) for a, b in worked.get(hour, ()))
            found.append(Cell(edges[n], shift, sum(max(0, b - a) for a, b in spans)))
    return found


def _by_hour(spans: Iterable[Span], start_ms: int, end_ms: int) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = defaultdict(list)
    for since, until in spans:
        at = max(since, start_ms)
        while at < min(until, end_ms):
            hour = at // HOUR_MS * HOUR_MS
            stop = min(until, end_ms, hour + HOUR_MS)
            found[hour].append((at, stop))
            at = stop
    return found


def without(spans: Iterable[Span], pauses: Iterable[Span]) -> list[Span]:
    """The spans less the pauses; both may overlap and come in any order."""
    found: list[Span] = []
    rests = sorted(pauses)
    for start, end in sorted(spans):
        at = start
        for since, until in rests:
            if until <= at:
                continue
            if since >= end:
                break
            if since > at:
                found.append((at, since))
            at = max(at, until)
        if at < end:
            found.append((at, end))
    return found
