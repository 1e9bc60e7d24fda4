"""Two weeks of a schedule as bars, a day each, and the same as rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from mes.plant.calendar import day_bounds, local_label
from mes.plant.models import Shift
from mes.plant.shift_of import Schedule

DAY_UNITS = 1440
ROW_HEIGHT = 24
DAYS = 14


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of a day in units of a minute (of a day of 24 hours), with what it is in words."""

    kind: str
    x: str
    width: str
    y: int
    height: int
    title: str


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift as a row of the table."""

    shift: Shift
    starts: str
    ends: str
    planned_min: float
    state: str


@dataclass(frozen=True, slots=True)
class DayRow:
    """A local day with its bars and the shifts that count for it."""

    day: date
    note: str
    bars: list[Bar]
    shifts: list[ShiftRow]
    is_today: bool


# Height and place of each kind, so that the picture can be read without colour.
_LOOK = {"shift": (4, 16), "overtime": (0, 20), "rest": (18, 4), "pause": (8, 8)}


def day_rows(
    schedule: Schedule, first: date, zone: ZoneInfo, notes: dict[date, str], now: datetime, days: int = DAYS
) -> list[DayRow]:
    """The days from `first` on."""
    parts = _parts(schedule, zone)
    rows = []
    for day in (first + timedelta(days=number) for number in range(days)):
        start, end = day_bounds(day, zone)
        shifts = [
            ShiftRow(
                shift,
                local_label(shift.starts_at, zone),
                local_label(shift.ends_at, zone),
                schedule.planned_s(shift.starts_at, shift.ends_at) / 60,
                _state(shift, now),
            )
            for shift in schedule.shifts
            if start <= shift.starts_at < end
        ]
        bars = [bar for part in parts if (bar := _bar(part, start, end)) is not None]
        rows.append(DayRow(day, notes.get(day, ""), bars, shifts, start <= now < end))
    return rows


_Part = tuple[str, datetime, datetime, str]


def _parts(schedule: Schedule, zone: ZoneInfo) -> list[_Part]:
    """Shifts, overtime, what the floor took off them, and pauses, from back to front."""
    parts: list[_Part] = []
    for shift in schedule.shifts:
        kind = "overtime" if shift.overtime else "shift"
        name = f"{shift.name} {shift.crew}".strip()
        parts.append((kind, shift.starts_at, shift.ends_at, name))
        parts += [
            ("rest", start, end, _("Not scheduled"))
            for start, end in _outside(schedule.spans, shift.starts_at, shift.ends_at)
        ]
    parts += [("pause", pause.starts_at, pause.ends_at, pause.name) for pause in schedule.pauses]
    return [
        (kind, start, end, f"{name} {local_label(start, zone)} – {local_label(end, zone)}")
        for kind, start, end, name in parts
    ]


def _outside(
    spans: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """The parts of [start, end) that lie in no span; spans are disjoint and in order."""
    inside = [(max(a, start), min(b, end)) for a, b in spans if a < end and start < b]
    edges = [(start, start), *inside, (end, end)]
    return [(before[1], after[0]) for before, after in pairwise(edges) if before[1] < after[0]]


def _bar(part: _Part, start: datetime, end: datetime) -> Bar | None:
    kind, since, until, title = part
    left, right = max(since, start), min(until, end)
    if right <= left:
        return None
    scale = DAY_UNITS / (end - start).total_seconds()
    y, height = _LOOK[kind]
    x = (left - start).total_seconds() * scale
    return Bar(kind, f"{x:.1f}", f"{(right - left).total_seconds() * scale:.1f}", y, height, title)


def _state(shift: Shift, now: datetime) -> str:
    if shift.locked_at is not None:
        return _("locked")
    if shift.closed_at is not None:
        return _("closed")
    if shift.starts_at > now:
        return _("planned")
    return _("running") if now < shift.ends_at else _("over")
