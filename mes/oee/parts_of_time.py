"""Cutting a window into shifts, hours and production days."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mes.oee.cuts import HOUR, floor_hour
from mes.oee.places import Place
from mes.plant.calendar import day_bounds
from mes.plant.shift_of import shifts_of

BY_TIME = ("shift", "hour", "day")
BY_CONTENT = ("order", "item")
Window = tuple[datetime, datetime]


def windows_of(place: Place, group: str, start: datetime, end: datetime) -> list[tuple[dict[str, Any], Window]]:
    """Key and window of each group, clipped to [start, end). Hours are clock hours of UTC, days are the site's."""
    named: list[tuple[dict[str, Any], Window]]
    if group == "hour":
        begins = floor_hour(start)
        edges = [begins + HOUR * n for n in range((end - begins) // HOUR + 2)]
        named = [({"hour": edge}, (edge, edge + HOUR)) for edge in edges]
    elif group == "day":
        zone = ZoneInfo(place.work_centers[0].line.area.site.time_zone)
        first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        named = [({"day": day}, day_bounds(day, zone)) for day in days]
    else:
        named = list({(key["shift"], *window): (key, window) for key, window in _shifts(place, start, end)}.values())
        named.sort(key=lambda one: one[1])
    clipped = [(key, (max(begin, start), min(until, end))) for key, (begin, until) in named]
    return [(key, window) for key, window in clipped if window[0] < window[1]]


def _shifts(place: Place, start: datetime, end: datetime) -> list[tuple[dict[str, Any], Window]]:
    """Every shift of the place's machines; those of the same name and time are one."""
    return [
        (
            {"shift": shift.name, "production_date": shift.production_date, "crew": shift.crew},
            (shift.starts_at, shift.ends_at),
        )
        for shifts in shifts_of(place.work_centers, start, end).values()
        for shift in shifts
    ]
