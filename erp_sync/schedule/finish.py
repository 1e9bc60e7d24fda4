"""When an order ends at the present rate, and how late that is (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

Span = tuple[datetime, datetime]

RATE_RUN = timedelta(hours=1)
"""The rate is that of the last hour in which the machine ran."""
LEAST_RUN = timedelta(minutes=5)
"""A rate of less run time than this says nothing."""


class Basis(StrEnum):
    """What an outlook rests on."""

    ENDED = "ended"
    MADE = "made"  # every piece is made, nobody has completed it
    RATE = "rate"
    NO_RATE = "no-rate"  # it runs, and nobody knows how fast
    NO_CALENDAR = "no-calendar"  # no shift is known that reaches so far
    STANDS = "stands"  # started, but no machine has it now
    NOT_STARTED = "not-started"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an order. `rate_per_s` is good pieces per second of run time, all its machines together."""

    remaining: Decimal
    starts_at: datetime | None
    due_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    runs: bool
    rate_per_s: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """When it ends, and how late. `late` below zero is time to spare; None: no due date, or nobody knows.

    `at_least` says that it is late already and that nobody knows how late it will be. `start_late` is how long ago an
    order that did not start should have started.
    """

    basis: Basis
    finish_at: datetime | None = None
    late: timedelta | None = None
    at_least: bool = False
    start_late: timedelta | None = None

    @property
    def is_late(self) -> bool:
        """Whether it is late, or will be at the present rate."""
        return self.late is not None and self.late > timedelta()

    @property
    def urgency(self) -> tuple[int, timedelta]:
        """Sorts the latest first, then overdue starts, then what has least time to spare, then the rest."""
        if self.basis is Basis.ENDED:
            return (4, timedelta())
        if self.is_late:
            return (0, -(self.late or timedelta()))
        if self.start_late is not None:
            return (1, -self.start_late)
        return (3, timedelta()) if self.late is None else (2, -self.late)


def outlook(known: Known, working: Sequence[Span], now: datetime) -> Outlook:
    """What will become of an order. `working` are its machine's working stretches from now on, in order of time.

    Worked: 600 pieces left at 0.1 a second need 6000 s; with a break of 30 minutes in between they end 130 minutes from
    now; due in 100 minutes, that is 30 minutes late.
    """
    if known.ended_at is not None:
        return Outlook(Basis.ENDED, known.ended_at, _late(known.ended_at, known.due_at))
    if known.remaining <= 0 and known.started_at is not None:
        return _unknown(Basis.MADE, known, now)
    if not known.runs:
        return _unknown(Basis.STANDS if known.started_at is not None else Basis.NOT_STARTED, known, now)
    if not known.rate_per_s:
        return _unknown(Basis.NO_RATE, known, now)
    finish = worked_until(working, now, timedelta(seconds=float(known.remaining / known.rate_per_s)))
    if finish is None:
        return _unknown(Basis.NO_CALENDAR, known, now)
    return Outlook(Basis.RATE, finish, _late(finish, known.due_at))


def rate_window(ran: Sequence[Span], now: datetime) -> tuple[datetime, timedelta] | None:
    """Since when (a full minute) the machine ran for an hour, and how long it ran since then; `ran` in order of time.

    Less than an hour in all: since its first run. None below five minutes: nobody can say how fast it is.
    """
    left, start = RATE_RUN, None
    for since, until in reversed(ran):
        start = max(since, until - left)
        left -= until - start
        if left <= timedelta():
            break
    if start is None:
        return None
    start = start.replace(second=0, microsecond=0)
    run = sum((min(until, now) - max(since, start) for since, until in ran if until > start), timedelta())
    return (start, run) if run >= LEAST_RUN else None


def worked_until(working: Sequence[Span], start: datetime, need: timedelta) -> datetime | None:
    """When `need` of working time after `start` is over; None where the known working time does not suffice."""
    for since, until in working:
        begin = max(since, start)
        if begin >= until:
            continue
        if need <= until - begin:
            return begin + need
        need -= until - begin
    return None


def _unknown(basis: Basis, known: Known, now: datetime) -> Outlook:
    start_late = None
    if basis is Basis.NOT_STARTED and known.starts_at is not None and known.starts_at < now:
        start_late = now - known.starts_at
    late = _late(now, known.due_at)
    passed = late is not None and late > timedelta()
    return Outlook(basis, None, late if passed else None, at_least=passed, start_late=start_late)


def _late(at: datetime, due_at: datetime | None) -> timedelta | None:
    return None if due_at is None else at - due_at
