"""A line's past, calendar and queues as forecasts read them. Only the forecasting child loads this: it needs numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from analytics.forecast.cells import HOUR_MS, Cell, ShiftSpan, cells, without
from analytics.forecast.series import Cells, Past, Queue, Queued
from analytics.forecasts.history_rows import MINUTE_MS, Key, Measured, imported_of, measured_of
from analytics.models import HistoryHour, PlanSnapshot
from analytics.plant_day import instant_of
from mes.oee.fact_models import HourFact
from mes.oee.sources import to_ms
from mes.plant.models import Line
from mes.plant.shift_of import line_schedule
from mes.screens.frame import zone_named

SEEN_ENOUGH = 0.5  # of the planned minutes; a cell of which less was seen says nothing
IMPORTED_SHIFT_HOURS, IMPORTED_FROM_HOUR = 8, 6  # local; of imported hours from before any stored shift
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A cell with what became of it; `good` None where it was not seen."""

    cell: Cell
    planned_min: float
    good: float | None
    cov: float
    item: str
    ideal: float
    run_min: float | None
    down_min: float | None
    chg_min: float | None


def past_of(line: Line, until: datetime) -> Past:
    """All whole hours of a line before `until`, the imported ones first; measured hours win over imported ones.

    A cell that was not rolled, or of which less than half of the planned minutes was seen, is NaN and never 0. Minutes
    that counted more than the machine can make are neither seen nor counted. Empty for a line without any history.
    """
    start = _first_hour(line)
    end = floor_hour(until)
    if start is None or start >= end:
        return _as_past([], zone_of(line))
    measured = measured_of(line, start, end)
    imported = imported_of(line, start, end)
    calendar = _calendar(line, start, end)
    first_measured = min((key[0] for key in measured), default=to_ms(end))
    measured = _on_the_calendar(measured, calendar)
    rows = []
    for cell in calendar:
        hour = cell.start_ms // HOUR_MS * HOUR_MS
        fact = measured.get((hour, cell.shift.pk if cell.shift else None))
        file = imported.get(hour) if cell.start_ms == hour else None
        if fact is None and cell.start_ms < first_measured and hour not in imported:
            continue
        rows.append(_measured_cell(cell, fact) if fact or file is None else _imported_cell(cell, file, zone_of(line)))
    return _as_past(rows, zone_of(line))


def calendar_of(line: Line, origin: datetime, days: int) -> Cells:
    """The hours to come from the hour of `origin` on, over so many times 24 hours: shifts less breaks and maintenance.

    Of the hour in which `origin` lies only what is still to come is planned.
    """
    start = floor_hour(origin)
    found = _calendar(line, start, start + timedelta(days=days), since=origin)
    return _as_cells(found, [cell.planned_ms / MINUTE_MS for cell in found], zone_of(line))


def queues_of(line: Line, since: datetime, until: datetime) -> list[Queue]:
    """The order queues as they were archived in [since, until], the oldest first.

    Pieces still to make, never below zero. The ideal rate of a serial line is that of its slowest machine, of a
    parallel one that of all together (R38); 0 where nobody knows it. Plans say no changeovers: 0, the past tells them.
    """
    parallel = line.flow == "parallel"
    rows = PlanSnapshot.objects.filter(line=line, taken_at__gte=since, taken_at__lte=until).order_by("taken_at")
    return [_queue(row, parallel) for row in rows.only("taken_at", "orders", "ideals").iterator(chunk_size=200)]


def _queue(row: PlanSnapshot, parallel: bool) -> Queue:
    orders = []
    running_first = sorted(row.orders, key=lambda order: order.get("status") != "running")
    for order in running_first:
        rates = [3600 / float(cycle_s) for cycle_s in row.ideals.get(order["item"], {}).values()]
        rate = sum(rates) if parallel else min(rates, default=0.0)
        remaining = max(0.0, float(order["quantity"]) - float(order["good"]))
        orders.append(Queued(order["item"], remaining, rate, 0.0))
    return Queue(to_ms(row.taken_at), tuple(orders))


def zone_of(line: Line) -> ZoneInfo:
    """The clock of the line's plant."""
    return zone_named(line.area.site.time_zone)


def floor_hour(at: datetime) -> datetime:
    """The start of the UTC hour of an instant."""
    return at.replace(minute=0, second=0, microsecond=0)


def _first_hour(line: Line) -> datetime | None:
    hours = [
        HourFact.objects.filter(line=line).order_by("hour").values_list("hour", flat=True).first(),
        HistoryHour.objects.filter(line=line).order_by("starts_at").values_list("starts_at", flat=True).first(),
    ]
    return min((hour for hour in hours if hour is not None), default=None)


def _calendar(line: Line, start: datetime, end: datetime, since: datetime | None = None) -> list[Cell]:
    schedule = line_schedule(line, start, end)
    shifts = [
        ShiftSpan(row.pk, to_ms(row.starts_at), to_ms(row.ends_at), row.production_date.toordinal())
        for row in schedule.shifts
    ]
    spans = [(max(to_ms(a), to_ms(since or start)), to_ms(b)) for a, b in schedule.spans]
    pauses = [(to_ms(pause.starts_at), to_ms(pause.ends_at)) for pause in schedule.pauses]
    planned = without((span for span in spans if span[0] < span[1]), pauses)
    return cells(shifts, planned, to_ms(start), to_ms(end))


def _on_the_calendar(measured: dict[Key, Measured], calendar: Sequence[Cell]) -> dict[Key, Measured]:
    """What was measured in shifts that the line's calendar does not know (a machine's own) goes to the hour's cell."""
    known = {(cell.start_ms // HOUR_MS * HOUR_MS, cell.shift.pk if cell.shift else None) for cell in calendar}
    first: dict[int, Key] = {}
    for cell in calendar:
        hour = cell.start_ms // HOUR_MS * HOUR_MS
        first.setdefault(hour, (hour, cell.shift.pk if cell.shift else None))
    found = {key: fact for key, fact in measured.items() if key in known}
    for key, fact in measured.items():
        if key not in known and key[1] is not None and key[0] in first:
            place = first[key[0]]
            found[place] = found[place].plus(fact) if place in found else fact
    return found


def _measured_cell(cell: Cell, fact: Measured | None) -> _Seen:
    if fact is None:  # never rolled: planned by the calendar, and nobody knows what became of it
        planned = cell.planned_ms / MINUTE_MS
        return _Seen(cell, planned, None if planned else 0.0, 0.0 if planned else 1.0, "", 0.0, None, None, None)
    planned_ms = fact.planned_ms
    cov = max(0.0, 1 - fact.unseen_ms / planned_ms) if planned_ms else 1.0
    seen = cov >= SEEN_ENOUGH
    run, down, chg = (ms / MINUTE_MS if seen else None for ms in (fact.run_ms, fact.down_ms, fact.chg_ms))
    good = float(fact.good) if seen else None
    return _Seen(cell, planned_ms / MINUTE_MS, good, cov, fact.item, fact.ideal, run, down, chg)


def _imported_cell(cell: Cell, row: HistoryHour, zone: ZoneInfo) -> _Seen:
    if cell.shift is None and row.planned_min > 0:
        cell = Cell(cell.start_ms, _shift_before_any(cell.start_ms, zone), cell.planned_ms)
    good = row.good if row.cov >= SEEN_ENOUGH else None
    return _Seen(cell, row.planned_min, good, row.cov, row.item, row.ideal, row.run_min, row.down_min, row.chg_min)


def _shift_before_any(start_ms: int, zone: ZoneInfo) -> ShiftSpan:
    """The shift of an imported hour: eight hours from 6, 14 or 22 local, a night's belongs to the day it began on."""
    local = instant_of(start_ms).astimezone(zone)
    day = local.date() if local.hour >= IMPORTED_FROM_HOUR else local.date() - timedelta(days=1)
    number = (local.hour - IMPORTED_FROM_HOUR) % 24 // IMPORTED_SHIFT_HOURS
    hour = IMPORTED_FROM_HOUR + number * IMPORTED_SHIFT_HOURS
    begins = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
    return ShiftSpan(None, to_ms(begins), to_ms(begins + IMPORTED_SHIFT_HOURS * HOUR), day.toordinal())


def _as_cells(found: Sequence[Cell], planned_min: Sequence[float], zone: ZoneInfo) -> Cells:
    local = [instant_of(cell.start_ms).astimezone(zone) for cell in found]
    return Cells(
        start_ms=np.array([cell.start_ms for cell in found], dtype=np.int64),
        hour=np.array([at.hour for at in local], dtype=np.int64),
        weekday=np.array([at.weekday() for at in local], dtype=np.int64),
        shift=np.array([cell.shift.start_ms // MINUTE_MS if cell.shift else -1 for cell in found], dtype=np.int64),
        day=np.array([cell.shift.day if cell.shift else -1 for cell in found], dtype=np.int64),
        planned_min=np.array(planned_min, dtype=np.float64),
    )


def _as_past(rows: Sequence[_Seen], zone: ZoneInfo) -> Past:
    base = _as_cells([row.cell for row in rows], [row.planned_min for row in rows], zone)

    def floats(values: Sequence[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    return Past(
        start_ms=base.start_ms,
        hour=base.hour,
        weekday=base.weekday,
        shift=base.shift,
        day=base.day,
        planned_min=base.planned_min,
        good=floats([row.good for row in rows]),
        cov=floats([row.cov for row in rows]),
        item=np.array([row.item for row in rows], dtype=object),
        ideal=floats([row.ideal for row in rows]),
        run_min=floats([row.run_min for row in rows]),
        down_min=floats([row.down_min for row in rows]),
        chg_min=floats([row.chg_min for row in rows]),
    )


def day_of_bucket(number: int) -> date:
    """The day of production that a bucket of the day grain is."""
    return date.fromordinal(number)
