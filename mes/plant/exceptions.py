"""Exceptions of the calendar as actions: a date with other shifts, planned maintenance; checked before stored."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from mes.journal.write import record
from mes.plant.calendar_of import UP_FROM_LINE, UP_FROM_MACHINE, calendar_for
from mes.plant.changes import ShiftLocked, changed
from mes.plant.models import Area, Line, OtherDay, PlannedMaintenance, ShiftPattern, Site, WorkCenter
from mes.plant.shift_of import shifts_of

Place = Site | Area | Line | WorkCenter
DAY = timedelta(days=1)
MAX_NAME = 60
LONGEST_MAINTENANCE = timedelta(days=62)


class CalendarRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def other_day_put(
    *,
    place: Place,
    day: date,
    name: str,
    pattern: ShiftPattern | None,
    shifts: Sequence[str] = (),
    actor: str,
    at: datetime,
) -> OtherDay:
    """On `day` the shifts of `pattern` (all, or those named) start at the place and below it; without a pattern none.

    What was said before of this place and date is replaced. Shifts that have begun stay (R8). Raises CalendarError
    where the shifts of that day would overlap, CalendarRefused for a shift the pattern has not.
    """
    _check_name(name)
    known = set(pattern.rules.values_list("name", flat=True)) if pattern else set()
    if not set(shifts) <= known:
        missing = ", ".join(sorted(set(shifts) - known))
        raise CalendarRefused(
            f"The pattern has no shift {missing}: choose one of {', '.join(sorted(known)) or 'none'}."
        )
    values = {"name": name, "pattern": pattern, "shifts": list(shifts)}
    with transaction.atomic():
        _lock(place)
        stored = OtherDay.objects.filter(**_at(place), date=day).select_related("pattern").first()
        before = _told(stored) if stored else None
        row, _created = OtherDay.objects.update_or_create(**_at(place), date=day, defaults=values)
        for owner in owners_below(place):
            calendar_for(owner, day - DAY, day + DAY).shifts(day - DAY, day + DAY)
        if before != _told(row):
            _tell("other_day_put", place, {"date": day, "before": before, "after": _told(row)}, actor, at)
        return row


def other_day_remove(*, other_day_id: int, actor: str, at: datetime) -> bool:
    """The date follows the calendar again; True if this call did it. Shifts that have begun stay (R8)."""
    with transaction.atomic():
        row = OtherDay.objects.select_for_update().filter(pk=other_day_id).first()
        if row is None:
            return False
        place = _place(row)
        row.delete()
        _tell("other_day_remove", place, {"date": row.date, "before": _told(row), "after": None}, actor, at)
        return True


def maintenance_add(
    *, place: Place, name: str, starts_at: datetime, ends_at: datetime, works_on: bool = False, actor: str, at: datetime
) -> PlannedMaintenance:
    """A planned stop of the place and all below it; with `works_on` the place works while the level above stands.

    Said twice (same place, name and times) it is stored once. Raises CalendarRefused where it would change the planned
    time of a closed shift, ShiftLocked of a locked one.
    """
    _check_name(name)
    if not timedelta() < ends_at - starts_at <= LONGEST_MAINTENANCE:
        raise CalendarRefused("The end must come after the beginning, and at most 62 days later: correct the times.")
    with transaction.atomic():
        _lock(place)
        values = {**_at(place), "name": name, "starts_at": starts_at, "ends_at": ends_at, "works_on": works_on}
        same = PlannedMaintenance.objects.filter(**values).first()
        if same is not None:
            return same
        _touch(place, starts_at, ends_at, at, "maintenance_add")
        row = PlannedMaintenance.objects.create(**values)
        _tell("maintenance_add", place, {"before": None, "after": _stretch(row)}, actor, at)
        return row


def maintenance_remove(*, maintenance_id: int, actor: str, at: datetime) -> bool:
    """Takes a planned maintenance away; True if this call did it. Raises as `maintenance_add`."""
    with transaction.atomic():
        row = PlannedMaintenance.objects.select_for_update().filter(pk=maintenance_id).first()
        if row is None:
            return False
        place = _place(row)
        _touch(place, row.starts_at, row.ends_at, at, "maintenance_remove")
        row.delete()
        _tell("maintenance_remove", place, {"before": _stretch(row), "after": None}, actor, at)
        return True


def lines_below(place: Place) -> list[Line]:
    """The lines a word on the place reaches; a machine's own line."""
    if isinstance(place, WorkCenter):
        return list(Line.objects.filter(pk=place.line_id).select_related(*UP_FROM_LINE))
    field = {Site: "area__site", Area: "area", Line: "pk"}[type(place)]
    return list(Line.objects.filter(**{field: place.pk}).select_related(*UP_FROM_LINE).order_by("pk"))


def owners_below(place: Place) -> list[Line | WorkCenter]:
    """All whose calendar the place is part of: the lines, and the machines with a pattern of their own."""
    if isinstance(place, WorkCenter):
        return list(WorkCenter.objects.filter(pk=place.pk).select_related(*UP_FROM_MACHINE))
    lines = lines_below(place)
    machines = WorkCenter.objects.filter(line__in=lines, shift_pattern__isnull=False, archived=False)
    return [*lines, *machines.select_related(*UP_FROM_MACHINE)]


def _machines(place: Place) -> list[WorkCenter]:
    if isinstance(place, WorkCenter):
        return [place]
    return list(WorkCenter.objects.filter(line__in=lines_below(place), archived=False))


def _touch(place: Place, start: datetime, end: datetime, at: datetime, why: str) -> None:
    """Refuses what would rewrite closed shifts (R8) and tells the roll-ups about the others."""
    machines = _machines(place)
    for shifts in shifts_of(machines, start, end).values():
        for shift in shifts:
            if shift.locked_at is not None:
                raise ShiftLocked(f"Shift {shift.name} of {shift.production_date} is locked: its figures are final.")
            if shift.closed_at is not None:
                raise CalendarRefused(
                    f"Shift {shift.name} of {shift.production_date} on {shift.line.code} is closed: its planned time"
                    " stays as it was reported. Give the stop a planned reason instead, or choose a later time."
                )
    if start < at:
        changed([(machine.pk, start, min(end, at)) for machine in machines], why=why)


def _lock(place: Place) -> None:
    type(place)._default_manager.select_for_update(no_key=True).get(pk=place.pk)


def _at(place: Place) -> dict[str, Any]:
    """The four columns of a place: one is it, the others are empty."""
    mine = {Site: "site", Area: "area", Line: "line", WorkCenter: "work_center"}[type(place)]
    return {name: place if name == mine else None for name in OtherDay.LEVELS}


def _place(row: OtherDay | PlannedMaintenance) -> Place:
    place = row.place
    assert isinstance(place, Site | Area | Line | WorkCenter)  # noqa: S101  (Node is abstract: there are no others)
    return place


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > MAX_NAME or "\0" in name:
        raise CalendarRefused(f"Give it a name of 1 to {MAX_NAME} characters, so that others know what it is.")


def _told(row: OtherDay) -> dict[str, Any]:
    return {"name": row.name, "pattern": row.pattern.code if row.pattern else None, "shifts": row.shifts}


def _stretch(row: PlannedMaintenance) -> dict[str, Any]:
    return {"name": row.name, "starts_at": row.starts_at, "ends_at": row.ends_at, "works_on": row.works_on}


def _tell(action: str, place: Place, data: dict[str, Any], actor: str, at: datetime) -> None:
    kind = {Site: "site", Area: "area", Line: "line", WorkCenter: "work-center"}[type(place)]
    record(actor=actor, at=at, action=action, kind=kind, code=place.code, data=data)
