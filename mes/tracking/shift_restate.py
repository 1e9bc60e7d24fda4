"""Restating shifts: the only way by which a changed calendar reaches shifts that have begun or are closed (R8)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q

from mes.journal.write import record
from mes.plant.calendar import ShiftSpan, Span, day_bounds
from mes.plant.calendar_of import calendar_for, has_own_calendar, line_of
from mes.plant.changes import ShiftLocked, changed
from mes.plant.models import Line, OwnShifts, Shift, WorkCenter
from mes.plant.shift_of import schedules_of
from mes.plant.shifts import (
    Owner,
    borders_move,
    breaks_store,
    locked_line,
    locked_machine,
    shifts_follow,
    shifts_of_owner,
    shifts_store,
    stored_key,
    wanted_key,
)
from mes.tracking.overtime import machines_of, overtime_sync
from mes.tracking.rebook import counts_rebook

DAY = timedelta(days=1)
LONGEST = 93  # days in one restatement
MAX_WHY = 200


class RestateRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class ShiftChange:
    """A shift before and after; None: it was not there, or is no longer. `closed`: its figures were reported."""

    before: ShiftSpan | None
    after: ShiftSpan | None
    closed: bool = False

    @property
    def stretch(self) -> tuple[datetime, datetime]:
        """From the earlier begin to the later end."""
        spans = [span for span in (self.before, self.after) if span is not None]
        return min(span.start for span in spans), max(span.end for span in spans)


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """Planned minutes of a machine before and after, from the first day to the day after the last (night shifts)."""

    work_center: str
    before_min: float
    after_min: float


@dataclass(frozen=True, slots=True)
class Restatement:
    """What a restatement would change, or changed. Without changes there was nothing to restate."""

    changes: list[ShiftChange]
    planned: list[PlannedChange]
    rows_moved: int


def shifts_preview(*, owner: Owner, first: date, last: date, at: datetime) -> Restatement:
    """What `shifts_restate` would do now: it does it and takes it back, so that both cannot differ."""
    with transaction.atomic():
        found = _restate(owner, first, last, "preview", at)
        transaction.set_rollback(True)
    return found


def shifts_restate(*, owner: Owner, first: date, last: date, why: str, actor: str, at: datetime) -> Restatement:
    """Makes the shifts that began on the local dates `first` to `last` what the calendar says now, also closed ones.

    A shift of the same name and production date keeps its row; counts move to the shift of their minute; overtime gives
    way. Said twice it changes nothing and writes no entry. Raises ShiftLocked for a locked shift, RestateRefused
    without a reason, for more than 93 days and where a neighbour outside of these days would overlap, CalendarError for
    a calendar that cannot be.
    """
    if not why.strip() or len(why) > MAX_WHY or "\0" in why:
        raise RestateRefused(f"Say in 1 to {MAX_WHY} characters why the past is restated: it stands in the journal.")
    with transaction.atomic():
        found = _restate(owner, first, last, actor, at)
        if found.changes:
            data = {
                "first": first,
                "last": last,
                "before": [_plain(change.before) for change in found.changes],
                "after": [_plain(change.after) for change in found.changes],
                "planned_min": {row.work_center: [row.before_min, row.after_min] for row in found.planned},
                "why": why,
            }
            kind = "line" if isinstance(owner, Line) else "work-center"
            record(actor=actor, at=at, action="shifts_restate", kind=kind, code=owner.code, data=data)
        return found


def _restate(owner: Owner, first: date, last: date, actor: str, at: datetime) -> Restatement:
    if last < first or (last - first).days >= LONGEST:
        raise RestateRefused(f"Choose a first and a last day, in this order and at most {LONGEST} days apart.")
    owner = locked_line(owner.pk) if isinstance(owner, Line) else locked_machine(owner.pk)
    zone = ZoneInfo(line_of(owner).area.site.time_zone)
    last = min(last, at.astimezone(zone).date())
    if last < first:
        return Restatement([], [], 0)
    window = (day_bounds(first, zone)[0], day_bounds(last, zone)[1] + DAY)
    machines = machines_of(owner)
    before = _planned(machines, window)
    try:
        with borders_move():
            since = _own_since(owner, first, window[0])
            changes, gone = _changes(owner, first, last, (window[0], window[1] - DAY), at)
            if changes:
                _move(owner, machines, changes, gone, at)
                shifts_follow(owner, last, last + DAY, actor, at, since=since)
    except IntegrityError as error:
        raise RestateRefused(
            "A shift of the day before or after would overlap: choose more days, so that it is restated too."
        ) from error
    after = _planned(machines, window)
    planned = [PlannedChange(wc.code, before[wc.pk], after[wc.pk]) for wc in machines]
    return Restatement(changes, planned, len(gone))


def _own_since(owner: Owner, first: date, begin: datetime) -> datetime | None:
    """A machine's own shifts reach back to the first day that is restated."""
    if isinstance(owner, Line):
        return None
    if not has_own_calendar(owner, first):
        raise RestateRefused(f"{owner.code} has no calendar of its own: restate its line {owner.line.code}.")
    rows = OwnShifts.objects.filter(Q(ends_at=None) | Q(ends_at__gt=begin), work_center=owner)
    begins = min([begin, *rows.values_list("starts_at", flat=True)])
    rows.delete()
    OwnShifts.objects.create(work_center=owner, starts_at=begins)
    return begins


def _changes(
    owner: Owner, first: date, last: date, window: tuple[datetime, datetime], at: datetime
) -> tuple[list[ShiftChange], list[int]]:
    """Stores what the calendar says; returns what is different, and the shifts to delete once nothing is on them."""
    begun = shifts_of_owner(owner).filter(
        starts_at__gte=window[0], starts_at__lt=window[1], starts_at__lte=at, overtime=False
    )
    stored = {stored_key(shift): shift for shift in begun.prefetch_related("breaks").order_by("starts_at")}
    spans = [span for span in calendar_for(owner, first, last).shifts(first, last) if span.start <= at]
    wanted = {wanted_key(span): span for span in spans}
    new = [span for key, span in wanted.items() if key not in stored]
    old = {(shift.production_date, shift.name): shift for key, shift in stored.items() if key not in wanted}
    _refuse_locked(list(old.values()))
    changes: list[ShiftChange] = []
    for span in [span for span in new if (span.production_date, span.name) in old]:
        shift = old.pop((span.production_date, span.name))
        changes.append(ShiftChange(_span(shift), span, shift.closed_at is not None))
        Shift.objects.filter(pk=shift.pk).update(starts_at=span.start, ends_at=span.end, crew=span.crew or "")
        shift.breaks.all().delete()
        breaks_store([shift], [span])
        new.remove(span)
    changes += [ShiftChange(None, span) for span in new]
    shifts_store(owner, new)
    changes += [ShiftChange(_span(shift), None, shift.closed_at is not None) for shift in old.values()]
    return sorted(changes, key=lambda change: change.stretch), [shift.pk for shift in old.values()]


def _refuse_locked(shifts: list[Shift]) -> None:
    for shift in shifts:
        if shift.locked_at is not None:
            raise ShiftLocked(
                f"Shift {shift.name} of {shift.production_date} is locked: its figures are final. A manager or an"
                " admin can reopen it on the shift's page, with a reason; then restate again."
            )


def _move(owner: Owner, machines: list[WorkCenter], changes: list[ShiftChange], gone: list[int], at: datetime) -> None:
    """Counts, overtime and the queue of roll-ups follow the changed shifts."""
    stretches = [change.stretch for change in changes]
    start, end = min(start for start, _ in stretches), max(end for _, end in stretches)
    for begin, until in stretches:
        counts_rebook(machines, begin, min(until, at), without=gone)
    Shift.objects.filter(pk__in=gone).delete()
    overtime_sync(owner, start, end, at=at)
    changed([(wc.pk, begin, until) for wc in machines for begin, until in stretches], why="shifts_restate")


def _planned(machines: list[WorkCenter], window: tuple[datetime, datetime]) -> dict[int, float]:
    return {pk: schedule.planned_s(*window) / 60 for pk, schedule in schedules_of(machines, *window).items()}


def _span(shift: Shift) -> ShiftSpan:
    breaks = tuple(Span(pause.name, pause.starts_at, pause.ends_at) for pause in shift.breaks.all())
    return ShiftSpan(shift.name, shift.production_date, shift.starts_at, shift.ends_at, breaks, shift.crew or None)


def _plain(span: ShiftSpan | None) -> dict[str, Any] | None:
    if span is None:
        return None
    breaks = [[pause.name, pause.start, pause.end] for pause in span.breaks]
    told = {"name": span.name, "production_date": span.production_date, "crew": span.crew, "breaks": breaks}
    return {**told, "starts_at": span.start, "ends_at": span.end}
