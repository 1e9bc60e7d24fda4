"""Whose shift is whose: the one answer to "the shifts of this machine", and when it is scheduled and pauses.

A machine follows its line's shifts. While `OwnShifts` holds for it, it follows shifts of its own, and overtime said for
it alone is always its own. A shift belongs to the machine that followed it when it began.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, prefetch_related_objects

from mes.plant.calendar import Override as Said
from mes.plant.calendar import ShiftSpan, scheduled_spans
from mes.plant.models import Line, Override, OwnShifts, PlannedMaintenance, Shift, WorkCenter
from mes.plant.stretches import Pause, Word, nearest, with_breaks

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A machine's shifts, when it is scheduled (shifts, overtime, less what the floor took away) and its pauses."""

    shifts: list[Shift] = field(default_factory=list)
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)

    def planned_s(self, start: datetime, end: datetime) -> float:
        """Planned seconds in [start, end): scheduled time less pauses (R2)."""
        total = 0.0
        for since, until in self.spans:
            a, b = max(since, start), min(until, end)
            if a < b:
                total += (b - a).total_seconds()
                rest = (min(p.ends_at, b) - max(p.starts_at, a) for p in self.pauses)
                total -= sum(max(0.0, length.total_seconds()) for length in rest)
        return total


def shifts_of(work_centers: Iterable[WorkCenter], start: datetime, end: datetime) -> dict[int, list[Shift]]:
    """Machine (by id) to its shifts that overlap [start, end), in order of time. Two queries for any number."""
    machines = {wc.pk: wc.line_id for wc in work_centers}
    whose = Q(line__in=set(machines.values()), work_center=None) | Q(work_center__in=machines)
    found: dict[int, list[Shift]] = {pk: [] for pk in machines}
    shifts = list(Shift.objects.filter(whose, starts_at__lt=end, ends_at__gt=start).order_by("starts_at"))
    if not shifts:
        return found
    apart = _apart(list(machines), shifts[0].starts_at, end)
    of_line: dict[int, list[Shift]] = defaultdict(list)
    for shift in shifts:
        if shift.work_center_id is None:
            of_line[shift.line_id].append(shift)
        else:
            found[shift.work_center_id].append(shift)
    for pk, line in machines.items():
        own = apart.get(pk, [])
        common = [s for s in of_line[line] if not any(_covers(row, s.starts_at) for row in own)]
        found[pk] = sorted([*common, *found[pk]], key=lambda shift: shift.starts_at) if found[pk] else common
    return found


def shift_at(work_center: WorkCenter, at: datetime) -> Shift | None:
    """The machine's shift in which an instant lies; an instant on a border belongs to the later one (R3)."""
    return shift_now([work_center], at).get(work_center.pk)


def shift_now(work_centers: Iterable[WorkCenter], at: datetime) -> dict[int, Shift]:
    """Machine (by id) to its shift in which an instant lies; a machine without one is missing."""
    return {pk: shifts[-1] for pk, shifts in shifts_of(work_centers, at, at + INSTANT).items() if shifts}


def shifts_of_row(machine: str, line: str) -> QuerySet[Shift]:
    """The shifts of the machine that an outer query's row names, for Exists() and Subquery()."""
    own = OwnShifts.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=OuterRef("starts_at")),
        work_center=OuterRef(OuterRef(machine)),
        starts_at__lte=OuterRef("starts_at"),
    )
    common = Q(work_center=None, line=OuterRef(line)) & ~Exists(own)
    return Shift.objects.filter(Q(work_center=OuterRef(machine)) | common)


def schedules_of(work_centers: Sequence[WorkCenter], start: datetime, end: datetime) -> dict[int, Schedule]:
    """Machine (by id) to its schedule as far as it touches [start, end). A fixed number of queries.

    Spans and pauses reach beyond the window where a shift or a word does, but are complete only inside it.
    """
    shifts = shifts_of(work_centers, start, end)
    every = list({shift.pk: shift for rows in shifts.values() for shift in rows}.values())
    prefetch_related_objects(every, "breaks")
    breaks = {shift.pk: [Pause(b.name, b.starts_at, b.ends_at) for b in shift.breaks.all()] for shift in every}
    words = _overrides(work_centers, start, end)
    pauses = maintenance_of(work_centers, start, end)
    return {
        wc.pk: Schedule(
            shifts[wc.pk],
            scheduled_spans(map(_span, shifts[wc.pk]), words[wc.pk]),
            with_breaks(pauses[wc.pk], [pause for shift in shifts[wc.pk] for pause in breaks[shift.pk]]),
        )
        for wc in work_centers
    }


def line_schedule(line: Line, start: datetime, end: datetime) -> Schedule:
    """The same for a line as such: what holds for a machine of it of which nothing else was said."""
    rows = Shift.objects.filter(line=line, work_center=None, starts_at__lt=end, ends_at__gt=start)
    shifts = list(rows.prefetch_related("breaks").order_by("starts_at"))
    said = Override.objects.filter(line=line, withdrawn_at=None, starts_at__lt=end, ends_at__gt=start)
    words = [Said(row.said_at, row.starts_at, row.ends_at, row.scheduled) for row in said]
    breaks = [Pause(b.name, b.starts_at, b.ends_at) for shift in shifts for b in shift.breaks.all()]
    maintained = _maintained((line.area.site_id, line.area_id, line.pk, None), _maintenance(start, end))
    return Schedule(shifts, scheduled_spans(map(_span, shifts), words), with_breaks(maintained, breaks))


def maintenance_of(work_centers: Sequence[WorkCenter], start: datetime, end: datetime) -> dict[int, list[Pause]]:
    """Machine (by id) to its planned maintenance that overlaps [start, end): the nearest word wins at every instant."""
    rows = _maintenance(start, end)
    if not rows:
        return {wc.pk: [] for wc in work_centers}
    places = WorkCenter.objects.filter(pk__in=[wc.pk for wc in work_centers])
    above = places.values_list("line__area__site", "line__area", "line", "pk")
    return {place[3]: _maintained(place, rows) for place in above}


def _maintenance(start: datetime, end: datetime) -> list[PlannedMaintenance]:
    return list(PlannedMaintenance.objects.filter(starts_at__lt=end, ends_at__gt=start))


def _maintained(above: Sequence[int | None], rows: Iterable[PlannedMaintenance]) -> list[Pause]:
    """The rows that speak of a place or of what it lies in; `above` are the ids of its site, area, line and itself."""
    return nearest(
        Word(row.level, row.starts_at, row.ends_at, row.name, not row.works_on)
        for row in rows
        if getattr(row, f"{row.LEVELS[row.level]}_id") == above[row.level]
    )


def _overrides(work_centers: Sequence[WorkCenter], start: datetime, end: datetime) -> dict[int, list[Said]]:
    lines = {wc.line_id for wc in work_centers}
    whose = Q(line__in=lines) | Q(work_center__in=[wc.pk for wc in work_centers])
    rows = list(Override.objects.filter(whose, withdrawn_at=None, starts_at__lt=end, ends_at__gt=start))
    return {
        wc.pk: [
            Said(row.said_at, row.starts_at, row.ends_at, row.scheduled)
            for row in rows
            if row.work_center_id == wc.pk or row.line_id == wc.line_id
        ]
        for wc in work_centers
    }


def _apart(machines: list[int], start: datetime, end: datetime) -> dict[int, list[OwnShifts]]:
    found: dict[int, list[OwnShifts]] = defaultdict(list)
    rows = OwnShifts.objects.filter(Q(ends_at=None) | Q(ends_at__gt=start), work_center__in=machines)
    for row in rows.filter(starts_at__lt=end):
        found[row.work_center_id].append(row)
    return found


def _covers(row: OwnShifts, at: datetime) -> bool:
    return row.starts_at <= at and (row.ends_at is None or at < row.ends_at)


def _span(shift: Shift) -> ShiftSpan:
    return ShiftSpan(shift.name, shift.production_date, shift.starts_at, shift.ends_at)
