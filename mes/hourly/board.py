"""The board as it is known now: every clock hour of a shift or a day with plan, pieces, losses and what was said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mes.hourly.clock_hours import Span, clock_hours
from mes.hourly.expected import less
from mes.hourly.first_plan import pieces_by_hour
from mes.hourly.models import HourNote, HourPlan, HoursSigned
from mes.hourly.places import BoardPlace
from mes.hourly.rows import Compared, Made, compared
from mes.hourly.top_loss import Loss, losses, sorted_losses
from mes.oee.counted import count_spans, made_in
from mes.oee.facts import WindowFacts, window_facts
from mes.oee.sources import to_ms
from mes.plant.calendar import day_bounds
from mes.plant.models import Shift
from mes.plant.shift_of import Schedule, line_schedule, schedules_of
from mes.plant.stretches import Pause


@dataclass(frozen=True, slots=True)
class HourRow:
    """One clock hour. `top` is what cost the most time in it; `pauses` are its breaks and planned maintenance."""

    figures: Compared
    shift: Shift | None
    pauses: tuple[Pause, ...]
    top: Loss | None
    note: HourNote | None
    running: bool
    coming: bool

    @property
    def replanned(self) -> bool:
        """Its plan is not the original one."""
        return self.figures.made.plan != self.figures.made.original


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """A shift of the board with every version of its plan; without one its plan is the live target so far."""

    shift: Shift
    versions: tuple[HourPlan, ...]
    signed: HoursSigned | None

    @property
    def latest(self) -> HourPlan | None:
        """The version that holds."""
        return self.versions[-1] if self.versions else None


@dataclass(frozen=True, slots=True)
class Board:
    """A board of [start, end), which is a shift or a calendar day of the plant."""

    place: BoardPlace
    start: datetime
    end: datetime
    rows: tuple[HourRow, ...]
    shifts: tuple[ShiftPlan, ...]

    @property
    def last_compared(self) -> Compared | None:
        """The running sums as they stand now; None where nothing could be compared."""
        return next((row.figures for row in reversed(self.rows) if row.figures.total_delta is not None), None)


def shift_board(place: BoardPlace, shift: Shift, *, now: datetime) -> Board:
    """The board of one shift."""
    return _board(place, shift.starts_at, shift.ends_at, [shift], now)


def day_board(place: BoardPlace, day: date, *, now: datetime) -> Board:
    """The board of a calendar day of the plant: 23 or 25 clock hours where clocks change."""
    start, end = day_bounds(day, place.zone)
    return _board(place, start, end, place.shifts(start, end), now)


def _board(place: BoardPlace, start: datetime, end: datetime, shifts: Sequence[Shift], now: datetime) -> Board:
    borders = [edge for shift in shifts for edge in (shift.starts_at, shift.ends_at)]
    hours = clock_hours(start, end, place.zone, borders)
    facts = window_facts(place.machines, start, end, now=now) if place.leaving else {}
    schedule = _schedule(place, start, end)
    planned = _shift_plans(place, shifts)
    notes = {(note.shift_id, note.starts_at): note for note in place.notes(shifts)}
    made: list[Made] = []
    for hour in hours:
        shift = _shift_of(hour, shifts)
        made.append(_made(place, facts, schedule, hour, now, _planned(planned, shift, hour)))
    made = _with_targets(place, facts, planned, made, now)
    rows = []
    for figures in compared(made):
        one = figures.made
        hour = (one.start, one.end)
        shift = _shift_of(hour, shifts)
        pauses = tuple(p for p in schedule.pauses if p.starts_at < one.end and p.ends_at > one.start) if shift else ()
        note = notes.get((shift.pk, one.start)) if shift else None
        top = _top(facts.values(), hour) if one.start < now else None
        rows.append(HourRow(figures, shift, pauses, top, note, one.start <= now < one.end, one.start > now))
    return Board(place, start, end, tuple(rows), tuple(planned.values()))


def _schedule(place: BoardPlace, start: datetime, end: datetime) -> Schedule:
    if place.work_center is not None:
        return schedules_of([place.work_center], start, end)[place.work_center.pk]
    return line_schedule(place.line, start, end)


def _shift_of(hour: Span, shifts: Sequence[Shift]) -> Shift | None:
    return next((shift for shift in shifts if shift.starts_at <= hour[0] < shift.ends_at), None)


def _shift_plans(place: BoardPlace, shifts: Sequence[Shift]) -> dict[int, ShiftPlan]:
    versions: dict[int, list[HourPlan]] = {shift.pk: [] for shift in shifts}
    for plan in place.plans(shifts):
        versions[plan.shift_id].append(plan)
    signed = {row.shift_id: row for row in place.signed(shifts)}
    return {shift.pk: ShiftPlan(shift, tuple(versions[shift.pk]), signed.get(shift.pk)) for shift in shifts}


def _planned(planned: dict[int, ShiftPlan], shift: Shift | None, hour: Span) -> tuple[int | None, int | None]:
    """(plan that holds, original plan) of an hour."""
    versions = planned[shift.pk].versions if shift is not None else ()
    if not versions:
        return None, None
    found = [next((one.pieces for one in plan.hours.all() if one.starts_at == hour[0]), None) for plan in versions]
    return found[-1], found[0]


def _made(
    place: BoardPlace,
    facts: dict[str, WindowFacts],
    schedule: Schedule,
    hour: Span,
    now: datetime,
    plan: tuple[int | None, int | None],
) -> Made:
    working = less(schedule.spans, [(pause.starts_at, pause.ends_at) for pause in schedule.pauses])
    start, end = hour
    good = scrap = None
    if start < now and facts:
        leaving = {wc.code for wc in place.leaving}
        good = scrap = 0
        for code, fact in facts.items():
            window = (to_ms(start), to_ms(min(end, now)))
            some, bad, _rework = made_in(count_spans(fact.rows, start, min(end, now)), window)
            good, scrap = good + (some if code in leaving else 0), scrap + bad
    return Made(
        start, end, *plan, good, scrap, _inside_ms(working, start, end), _inside_ms(working, start, min(end, now))
    )


def _inside_ms(spans: Sequence[Span], start: datetime, end: datetime) -> int:
    return sum(max(0, to_ms(min(until, end)) - to_ms(max(since, start))) for since, until in spans)


def _with_targets(
    place: BoardPlace,
    facts: dict[str, WindowFacts],
    planned: dict[int, ShiftPlan],
    made: list[Made],
    now: datetime,
) -> list[Made]:
    """Hours of shifts for which no plan was fixed get the live target so far: it was due, planned or not."""
    found = {row.start: row for row in made}
    for one in planned.values():
        if one.versions or not facts:
            continue
        shift = one.shift
        own = [(row.start, row.end) for row in made if shift.starts_at <= row.start < shift.ends_at and row.start < now]
        for machine in place.leaving:
            for (start, _end), pieces in zip(
                own, pieces_by_hour(facts[machine.code].rows, shift, own, now=now), strict=True
            ):
                if pieces is not None:
                    row = found[start]
                    plan = (row.plan or 0) + pieces
                    found[start] = Made(row.start, row.end, plan, plan, row.good, row.scrap, 0, 0)
    return [found[row.start] for row in made]


def _top(facts: Iterable[WindowFacts], hour: Span) -> Loss | None:
    lost: dict[str, int] = {}
    for fact in facts:
        for loss in losses(fact.owned, to_ms(hour[0]), to_ms(hour[1])):
            lost[loss.reason] = lost.get(loss.reason, 0) + loss.lost_ms
    return next(iter(sorted_losses(lost)), None)
