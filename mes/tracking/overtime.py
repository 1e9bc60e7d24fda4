"""Overtime said on the floor as shifts of its own, so that counts, reports and locks need no second rule.

Overtime never changes a calendar shift (R8): the part of it that lies in none becomes a shift named Overtime, with the
production date and the crew of the shift it touches.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mes.plant.calendar_of import line_of
from mes.plant.models import Line, Override, Shift, WorkCenter
from mes.plant.shift_of import shifts_of
from mes.plant.shifts import Owner
from mes.tracking.rebook import counts_rebook

NAME = "Overtime"
AROUND = timedelta(days=2)  # a word of overtime is at most a day long
Span = tuple[datetime, datetime]


def machines_of(owner: Owner) -> list[WorkCenter]:
    """The machine itself, or the line's in use."""
    if isinstance(owner, WorkCenter):
        return [owner]
    return list(WorkCenter.objects.filter(line=owner, archived=False).order_by("position", "code"))


def overtime_sync(owner: Owner, start: datetime, end: datetime, *, at: datetime) -> None:
    """Makes the overtime shifts of an owner near [start, end) what its words say, within `borders_move`.

    A line's machines follow: those with shifts of their own get the line's overtime too, and a machine's own overtime
    gives way to its line's. Counts made up to `at` are booked on the shifts that hold then.
    """
    window = (start - AROUND, end + AROUND)
    machines = machines_of(owner)
    gone = _sync(owner, window) if isinstance(owner, Line) else []
    for machine in machines:
        gone += _sync(machine, window, besides=gone)
    until = min(at, window[1])
    if window[0] < until:
        counts_rebook(machines, window[0], until, without=gone)
    Shift.objects.filter(pk__in=gone).delete()


def _sync(owner: Owner, window: Span, besides: list[int] | None = None) -> list[int]:
    """Adds and moves one owner's overtime shifts; returns those to delete once nothing is booked on them."""
    own = _overtime_of(owner, window)
    keys = {shift.pk for shift in own} | set(besides or [])
    near = [shift for shift in _shifts(owner, window) if shift.pk not in keys]
    wanted = _less(_words(owner, window), [(shift.starts_at, shift.ends_at) for shift in near])
    for start, end in wanted:
        match = next((shift for shift in own if shift.starts_at < end and start < shift.ends_at), None)
        if match is None:
            _make(owner, start, end, near)
            continue
        own.remove(match)
        if (match.starts_at, match.ends_at) != (start, end):
            Shift.objects.filter(pk=match.pk).update(starts_at=start, ends_at=end)
    return [shift.pk for shift in own]


def _overtime_of(owner: Owner, window: Span) -> list[Shift]:
    mine = Shift.objects.filter(overtime=True, starts_at__gte=window[0], starts_at__lt=window[1]).order_by("starts_at")
    return list(
        mine.filter(line=owner, work_center=None) if isinstance(owner, Line) else mine.filter(work_center=owner)
    )


def _shifts(owner: Owner, window: Span) -> list[Shift]:
    if isinstance(owner, WorkCenter):
        return shifts_of([owner], *window)[owner.pk]
    rows = Shift.objects.filter(line=owner, work_center=None, starts_at__lt=window[1], ends_at__gt=window[0])
    return list(rows.order_by("starts_at"))


def _words(owner: Owner, window: Span) -> list[Span]:
    """The owner's overtime as disjoint stretches; a machine hears its line's words too."""
    rows = Override.objects.filter(
        scheduled=True, withdrawn_at=None, starts_at__gte=window[0], starts_at__lt=window[1]
    ).order_by("starts_at")
    mine = rows.filter(line=owner) if isinstance(owner, Line) else rows.filter(work_center=owner)
    if isinstance(owner, WorkCenter):
        mine = mine | rows.filter(line=owner.line_id)
    joined: list[Span] = []
    for start, end in sorted({(row.starts_at, row.ends_at) for row in mine}):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _less(spans: list[Span], taken: list[Span]) -> list[Span]:
    """The parts of `spans` that lie in none of `taken`."""
    for begins, ends in taken:
        before = [(start, min(end, begins)) for start, end in spans]
        after = [(max(start, ends), end) for start, end in spans]
        spans = sorted({(start, end) for start, end in before + after if start < end})
    return spans


def _make(owner: Owner, start: datetime, end: datetime, near: list[Shift]) -> None:
    line = line_of(owner)
    touches = next((shift for shift in near if shift.ends_at == start), None)
    touches = touches or next((shift for shift in near if shift.starts_at == end), None)
    day = touches.production_date if touches else _local_date(line, start)
    Shift.objects.create(
        line=line,
        work_center=owner if isinstance(owner, WorkCenter) else None,
        name=_free_name(line, owner, day),
        crew=touches.crew if touches else "",
        overtime=True,
        production_date=day,
        starts_at=start,
        ends_at=end,
    )


def _local_date(line: Line, at: datetime) -> date:
    site = Line.objects.select_related("area__site").get(pk=line.pk).area.site
    return at.astimezone(ZoneInfo(site.time_zone)).date()


def _free_name(line: Line, owner: Owner, day: date) -> str:
    """Overtime, Overtime 2, ...: a name is found once in a line's production date."""
    machine = owner if isinstance(owner, WorkCenter) else None
    mine = Shift.objects.filter(line=line, work_center=machine, production_date=day, name__startswith=NAME)
    taken = set(mine.values_list("name", flat=True))
    return next(name for n in range(1, len(taken) + 2) if (name := NAME if n == 1 else f"{NAME} {n}") not in taken)
