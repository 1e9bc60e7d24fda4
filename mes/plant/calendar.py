"""Shifts in UTC from rules in local wall time (pure): overnight, DST, rotations, holidays, overtime."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

ProductionDay = Literal["shift-start", "shift-end", "calendar"]
DAY = timedelta(days=1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class CalendarError(ValueError):
    """A calendar that cannot be true; the message says what, where and how to mend it."""


class AmbiguousTime(CalendarError):
    """A wall time that clocks show twice that night; `first` and `second` are the instants it may mean (R7)."""

    def __init__(self, local: datetime, zone: ZoneInfo, first: datetime, second: datetime) -> None:
        self.first, self.second = first, second
        labels = " or ".join(local_label(at, zone) for at in (first, second))
        super().__init__(f"{local:%Y-%m-%d %H:%M} comes twice in {zone.key}: choose {labels}.")


@dataclass(frozen=True, slots=True)
class BreakRule:
    """A planned break in local wall time. Its length is what the rule says, also in a night when clocks change."""

    name: str
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class ShiftRule:
    """A shift in local wall time; `days` are the weekdays it STARTS on (0 = Monday). An end at or before the start is
    on the next day."""

    name: str
    days: frozenset[int]
    start: time
    end: time
    breaks: tuple[BreakRule, ...] = ()


@dataclass(frozen=True, slots=True)
class CycleRule:
    """A rotation: `crew` works `shift` on the days of a cycle that repeats from `anchor` (2-2-3: 14 days)."""

    crew: str
    shift: str
    anchor: date
    on: tuple[bool, ...]

    def works(self, day: date) -> bool:
        """Whether the crew works the shift that starts on `day`; days before the anchor follow the same cycle."""
        return bool(self.on) and self.on[(day - self.anchor).days % len(self.on)]


def cycle_days(text: str) -> tuple[bool, ...]:
    """The days of a cycle from its lengths: days on, days off, days on and so on.

    An odd number of lengths goes on the other way round: 2-2-3 is 2 on, 2 off, 3 on, 2 off, 2 on, 3 off (14 days), and
    4-4 is 4 on, 4 off. Raises CalendarError for anything else, and for more than 366 days.
    """
    parts = text.strip().split("-")
    if not all(part.isascii() and part.isdigit() and 0 < int(part) <= 366 for part in (p.strip()[:4] for p in parts)):
        raise CalendarError(f'"{text}" is no cycle: write days on, days off, ... like 2-2-3 or 4-4, each from 1.')
    lengths = [int(part) for part in parts] * (2 if len(parts) % 2 else 1)
    if sum(lengths) > 366:
        raise CalendarError(f'The cycle "{text}" is {sum(lengths)} days long: a cycle has at most 366 days.')
    return tuple(number % 2 == 0 for number, length in enumerate(lengths) for _ in range(length))


@dataclass(frozen=True, slots=True)
class Span:
    """A named half-open stretch of UTC time."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ShiftSpan:
    """A shift that takes place: half-open, UTC, with its breaks, production date and (in a rotation) crew."""

    name: str
    production_date: date
    start: datetime
    end: datetime
    breaks: tuple[Span, ...] = ()
    crew: str | None = None


@dataclass(frozen=True, slots=True)
class Exceptional:
    """One date with other shifts than the pattern's: those of `rules` (their weekdays do not matter), or none."""

    day: date
    rules: tuple[ShiftRule, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Override:
    """Said on the floor: from `start` to `end` the machine is scheduled (overtime) or not. The latest word holds."""

    said_at: datetime
    start: datetime
    end: datetime
    scheduled: bool


def exists(local: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks in `zone` ever show this wall time: in the spring gap they do not."""
    there = local.replace(tzinfo=zone)
    return there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(fold=0)


def to_utc(local: datetime, zone: ZoneInfo, *, later: bool = False) -> datetime:
    """The instant of a naive wall time (R1, R7).

    A time that clocks skip is refused with an explanation. A time that clocks show twice means the first, or, with
    `later` (or `fold=1`), the second.
    """
    if not exists(local, zone):
        said = f"{local:%Y-%m-%d %H:%M} does not exist in {zone.key}: clocks go forward over it. Choose a time"
        raise CalendarError(f"{said} before or after, e.g. {_after_gap(local, zone).astimezone(zone):%H:%M}.")
    return local.replace(tzinfo=zone, fold=1 if later else local.fold).astimezone(UTC)


def meant(local: datetime, zone: ZoneInfo, which: str = "") -> datetime:
    """The instant of a wall time that a person typed (R7); `which` is "", "first" or "second".

    Raises CalendarError for a time that clocks skip and AmbiguousTime for one they show twice, unless `which` says it.
    """
    first, second = to_utc(local, zone), to_utc(local, zone, later=True)
    if first != second and which not in ("first", "second"):
        raise AmbiguousTime(local, zone, first, second)
    return second if which == "second" else first


def _after_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after the gap that swallows a wall time, found to the second between its two readings."""
    low, high = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high.replace(microsecond=0)


def _by_the_clock(local: datetime, zone: ZoneInfo) -> datetime:
    """When a rule's wall time comes: in the spring gap that is when clocks go forward over it."""
    return to_utc(local, zone) if exists(local, zone) else _after_gap(local, zone)


def local_label(at: datetime, zone: ZoneInfo) -> str:
    """Wall time with its offset where it would be ambiguous, e.g. "02:30 (+02:00)" (R7); else plain "14:05"."""
    there = at.astimezone(zone)
    ambiguous = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
    return f"{there:%H:%M} ({there.isoformat()[-6:]})" if ambiguous else f"{there:%H:%M}"


def materialise(
    rules: Sequence[ShiftRule],
    zone: ZoneInfo,
    first: date,
    last: date,
    production_day: ProductionDay | str = "shift-start",
    *,
    cycles: Sequence[CycleRule] = (),
    holidays: Collection[date] = (),
    exceptions: Sequence[Exceptional] = (),
) -> list[ShiftSpan]:
    """All shifts that start on the local dates `first` to `last` inclusive, in order of time (R1, R2, R4, R7).

    Start and end follow the wall clock, so a night shift lasts 7 or 9 hours when clocks change; a rule's time in the
    spring gap comes when clocks go forward over it (only times people type are refused), and an hour shown twice means
    the first. A break starts by the wall clock and keeps its length. No shift starts on a holiday; an exception
    replaces a date's shifts, also on a holiday. A shift that has cycles takes place on their days, with their crew.
    Raises CalendarError for overlapping shifts, for breaks that overlap or lie outside their shift.
    """
    other = {exception.day: exception.rules for exception in exceptions}
    spans: list[ShiftSpan] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        todays: list[tuple[ShiftRule, str | None]]
        if day in other:
            todays = [(rule, None) for rule in other[day]]
        elif day in holidays:
            todays = []
        else:
            todays = [
                (rule, crew) for rule in rules if day.weekday() in rule.days for crew in _crews(rule, day, cycles)
            ]
        spans += [_shift(rule, day, zone, production_day, crew) for rule, crew in todays]
    spans = sorted((span for span in spans if span.start < span.end), key=lambda span: (span.start, span.name))
    _refuse_overlaps(spans, zone)
    return spans


def _refuse_overlaps(spans: Sequence[ShiftSpan], zone: ZoneInfo) -> None:
    for before, after in pairwise(spans):
        if after.start < before.end:
            said = f"Shift {after.name} of {after.start.astimezone(zone):%Y-%m-%d %H:%M} begins before shift"
            ends = before.end.astimezone(zone)
            raise CalendarError(f"{said} {before.name} ends ({ends:%H:%M}): change one of the two.")


def _crews(rule: ShiftRule, day: date, cycles: Sequence[CycleRule]) -> list[str | None]:
    """The crew of a shift on a day: [None] without rotation, [] where no crew works it."""
    mine = [cycle for cycle in cycles if cycle.shift == rule.name]
    if not mine:
        return [None]
    crews = [cycle.crew for cycle in mine if cycle.works(day)]
    if len(crews) > 1:
        said = f"Crews {' and '.join(crews)} both work shift {rule.name} on {day}"
        raise CalendarError(f"{said}: change the anchor or the days of one cycle.")
    return list(crews)


def _shift(rule: ShiftRule, day: date, zone: ZoneInfo, production_day: str, crew: str | None) -> ShiftSpan:
    local_start = datetime.combine(day, rule.start)
    local_end = datetime.combine(day if rule.end > rule.start else day + DAY, rule.end)
    start, end = _by_the_clock(local_start, zone), _by_the_clock(local_end, zone)
    return ShiftSpan(
        rule.name, _production_date(start, end, zone, production_day), start, end, _breaks(rule, day, end, zone), crew
    )


def _breaks(rule: ShiftRule, day: date, end: datetime, zone: ZoneInfo) -> tuple[Span, ...]:
    spans = sorted((_break(pause, rule, day, zone) for pause in rule.breaks), key=lambda span: span.start)
    for before, after in pairwise(spans):
        if after.start < before.end:
            raise CalendarError(f"Breaks {before.name} and {after.name} of shift {rule.name} overlap on {day}.")
    return tuple(Span(span.name, span.start, min(span.end, end)) for span in spans if span.start < end)


def _break(pause: BreakRule, rule: ShiftRule, day: date, zone: ZoneInfo) -> Span:
    opens = datetime.combine(day, rule.start)
    closes = datetime.combine(day if rule.end > rule.start else day + DAY, rule.end)
    begins = datetime.combine(day if pause.start >= rule.start else day + DAY, pause.start)
    length = datetime.combine(day, pause.end) - datetime.combine(day, pause.start)
    length = length if length > timedelta(0) else length + DAY
    if begins < opens or begins + length > closes:
        said = f"Break {pause.name} ({pause.start:%H:%M}-{pause.end:%H:%M}) is not inside shift {rule.name}"
        raise CalendarError(f"{said} ({rule.start:%H:%M}-{rule.end:%H:%M}): move it.")
    since = _by_the_clock(begins, zone)
    return Span(pause.name, since, since + length)


def _production_date(start: datetime, end: datetime, zone: ZoneInfo, production_day: str) -> date:
    if production_day == "shift-end":  # half-open: a shift until 00:00 still ends on the day before
        return (end - timedelta(microseconds=1)).astimezone(zone).date()
    if production_day in ("shift-start", "calendar"):
        return start.astimezone(zone).date()
    raise CalendarError(f'"{production_day}" is no production day: use shift-start, shift-end or calendar.')


def production_date_at(at: datetime, shifts: Iterable[ShiftSpan], zone: ZoneInfo, production_day: str) -> date:
    """The production date of an instant (R4): its shift's, or by "calendar" (and outside all shifts) the local date.

    Half-open: an instant on the border belongs to the later shift (R3).
    """
    if production_day != "calendar":
        for shift in shifts:
            if shift.start <= at < shift.end:
                return shift.production_date
    return at.astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A local calendar day as UTC [start, end): 23 or 25 hours when clocks change; begins after a midnight gap."""
    first, last = datetime.combine(day, time()), datetime.combine(day + DAY, time())
    return _by_the_clock(first, zone), _by_the_clock(last, zone)


def scheduled_spans(shifts: Iterable[ShiftSpan], overrides: Iterable[Override] = ()) -> list[tuple[datetime, datetime]]:
    """When the machine is scheduled: its shifts, plus overtime, minus "not scheduled until" (the latest word holds)."""
    spans = _union((shift.start, shift.end) for shift in shifts)
    for override in sorted(overrides, key=lambda said: (said.said_at, said.start, said.end, said.scheduled)):
        if override.end <= override.start:
            continue
        if override.scheduled:
            spans = _union([*spans, (override.start, override.end)])
        else:
            cut = ((start, min(end, override.start)) for start, end in spans)
            rest = ((max(start, override.end), end) for start, end in spans)
            spans = _union([*cut, *rest])
    return spans


def _union(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
