"""What a machine is expected to make when (pure): jobs one after the other, as long as their pieces take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Job:
    """An order of the queue: pieces still to make and planned ms per piece (ideal cycle / target share), if known."""

    order: int
    pieces: Decimal
    ms_per_piece: Decimal | None


class Expected(NamedTuple):
    """A job and the stretch in which it is expected to run. `number` is its place in the queue."""

    number: int
    start: datetime
    end: datetime


def expected_runs(jobs: Sequence[Job], working: Sequence[Span], start: datetime, end: datetime) -> list[Expected]:
    """Jobs in their order from `start`, each until its pieces are made in the `working` stretches; to `end` at most.

    The last job goes on to the end, as a machine does while nobody says otherwise; so does one whose pace is unknown,
    because nobody can say when it is over. Worked: 300 pieces at 10 s from 6:00 with a break 6:30-6:40 last until 7:00.
    """
    found: list[Expected] = []
    at = start
    for number, job in enumerate(jobs):
        last = number == len(jobs) - 1 or job.ms_per_piece is None
        until = end if last else _worked(working, at, max(job.pieces, Decimal(0)) * (job.ms_per_piece or 0), end)
        if at < until:
            found.append(Expected(number, at, until))
        if last or until >= end:
            break
        at = until
    return found


def _worked(working: Sequence[Span], start: datetime, ms: Decimal, end: datetime) -> datetime:
    """When `ms` of working time after `start` are over; `end` where they are not before it."""
    left = timedelta(microseconds=int(ms * 1000))
    for since, until in working:
        a, b = max(since, start), min(until, end)
        if a >= b:
            continue
        if left <= b - a:
            return a + left
        left -= b - a
    return start if not left else end


def less(spans: Sequence[Span], pauses: Sequence[Span]) -> list[Span]:
    """Disjoint stretches without disjoint, sorted pauses: the working time."""
    found: list[Span] = []
    for start, end in spans:
        at = start
        for since, until in pauses:
            if until <= at or since >= end:
                continue
            if since > at:
                found.append((at, since))
            at = max(at, until)
        if at < end:
            found.append((at, end))
    return found
