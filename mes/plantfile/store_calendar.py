"""Stores the calendar of a plant file: crews of patterns, exceptions and maintenance that have not begun (R8)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Model

from mes.plant.models import Area, Line, OtherDay, PlannedMaintenance, ShiftPattern, Site, WorkCenter
from mes.plantfile.document import ExceptionRow, MaintenanceRow, Plant
from mes.plantfile.outcome import Outcome

LEVELS: Mapping[str, type[Model]] = {"site": Site, "area": Area, "line": Line, "work_center": WorkCenter}
_Key = tuple[Any, ...]


def calendar_store(plant: Plant, outcome: Outcome, at: datetime) -> None:
    """Makes what lies ahead of the file's places what the file says; what has begun stays, as does what is not said."""
    places = _places(plant)
    if plant.exceptions is not None:
        _exceptions(plant.exceptions, places, outcome, at.date())
    if plant.maintenance is not None:
        _maintenance(plant.maintenance, places, outcome, at)


def _places(plant: Plant) -> dict[tuple[str, str], Any]:
    """The stored places that the file names."""
    rows = {"site": plant.sites, "area": plant.areas, "line": plant.lines, "work_center": plant.work_centers}
    found: dict[tuple[str, str], Any] = {}
    for level, model in LEVELS.items():
        codes = [row.code for row in rows[level]]  # type: ignore[attr-defined]
        for place in model._default_manager.filter(code__in=codes):
            found[level, place.code] = place  # type: ignore[attr-defined]
    return found


def _exceptions(
    said: tuple[ExceptionRow, ...], places: Mapping[tuple[str, str], Any], outcome: Outcome, today: date
) -> None:
    patterns = {pattern.code: pattern for pattern in ShiftPattern.objects.all()}
    stored = {
        (_level(row), row.place.code, row.date): row
        for row in OtherDay.objects.filter(date__gt=today).select_related("pattern", *LEVELS)
        if (_level(row), row.place.code) in places
    }
    wanted = {(row.level, row.place.code, row.date): row for row in said if row.date > today}
    for key in sorted({*stored, *wanted}):
        before, row = stored.get(key), wanted.get(key)
        told = _told(before.name, before.pattern, before.shifts) if before else None
        pattern = patterns[row.shifts.code] if row and row.shifts else None
        after = _told(row.name, pattern, list(row.only)) if row else None
        if told != after and before:
            before.delete()
        if row and told != after:
            values = {"name": row.name, "pattern": pattern, "shifts": list(row.only)}
            OtherDay.objects.create(**{key[0]: places[key[0], key[1]]}, date=row.date, **values)
        outcome.note("exception", f"{key[1]} {key[2]}", told, after)


def _maintenance(
    said: tuple[MaintenanceRow, ...], places: Mapping[tuple[str, str], Any], outcome: Outcome, at: datetime
) -> None:
    stored: dict[_Key, PlannedMaintenance] = {
        (_level(row), row.place.code, row.name, row.starts_at, row.ends_at, row.works_on): row
        for row in PlannedMaintenance.objects.filter(starts_at__gt=at).select_related(*LEVELS)
        if (_level(row), row.place.code) in places
    }
    wanted: set[_Key] = {
        (row.level, row.place.code, row.name, row.starts, row.ends, row.works_on) for row in said if row.starts > at
    }
    for key in sorted({*stored, *wanted}):
        level, code, name, starts, ends, works_on = key
        told = {"name": name, "starts_at": starts, "ends_at": ends, "works_on": works_on}
        if key not in wanted:
            stored[key].delete()
        elif key not in stored:
            PlannedMaintenance.objects.create(**{level: places[level, code]}, **told)
        outcome.note("maintenance", f"{code} {name}", told if key in stored else None, told if key in wanted else None)


def _level(row: OtherDay | PlannedMaintenance) -> str:
    return row.LEVELS[row.level]


def _told(name: str, pattern: ShiftPattern | None, shifts: list[str]) -> dict[str, Any]:
    return {"name": name, "shifts": pattern.code if pattern else None, "only": sorted(shifts)}
