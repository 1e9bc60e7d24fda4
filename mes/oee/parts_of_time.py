"""Cutting a window into shifts, hours and production days, or into orders and items."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mes.oee.counted import count_spans
from mes.oee.elements import CountSpan, Elements, elements_from
from mes.oee.facts import WindowFacts, window_facts
from mes.oee.places import Place
from mes.oee.timeline import Owned
from mes.plant.calendar import day_bounds
from mes.plant.shift_of import shifts_of
from mes.production.models import WorkOrder

HOUR = timedelta(hours=1)
MINUTE_MS = 60_000
BY_TIME = ("shift", "hour", "day")
BY_CONTENT = ("order", "item")
Window = tuple[datetime, datetime]


def windows_of(place: Place, group: str, start: datetime, end: datetime) -> list[tuple[dict[str, Any], Window]]:
    """Key and window of each group, clipped to [start, end). Hours are clock hours of UTC, days are the site's."""
    named: list[tuple[dict[str, Any], Window]]
    if group == "hour":
        begins = start.replace(minute=0, second=0, microsecond=0)
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


def by_content(
    place: Place, group: str, window: Window, *, now: datetime
) -> tuple[WindowFacts, list[tuple[str | None, Elements]]]:
    """Elements per order or item of a machine; what belonged to none comes last, under None."""
    [facts] = window_facts(place.work_centers, *window, now=now).values()
    numbers = _numbers(facts)
    keys = {piece.order if group == "order" else piece.item for piece in facts.owned}
    keys |= {_key(row, group, numbers) for row in (*facts.rows.counts, *facts.rows.flags)}
    found = []
    for key in sorted(keys, key=lambda key: (key is None, key or "")):
        owned = [piece for piece in facts.owned if (piece.order if group == "order" else piece.item) == key]
        counts = [row for row in facts.rows.counts if _key(row, group, numbers) == key]
        flags = [row for row in facts.rows.flags if _key(row, group, numbers) == key]
        spans = count_spans(replace(facts.rows, counts=counts, flags=flags), *window)
        elements: Elements = elements_from(owned, [_moved(span, owned) for span in spans])
        if elements.calendar_ms or elements.total or elements.unscheduled_total:
            found.append((key, elements))
    return facts, found


def _numbers(facts: WindowFacts) -> dict[int, str]:
    rows: list[Any] = [*facts.rows.counts, *facts.rows.flags]
    ids = {row.order_id for row in rows if row.order_id}
    return dict(WorkOrder.objects.filter(pk__in=ids).values_list("pk", "number"))


def _key(row: Any, group: str, numbers: dict[int, str]) -> str | None:
    if group == "order":
        return numbers.get(row.order_id) if row.order_id else None
    return row.item.code if row.item else None


def _moved(span: CountSpan, owned: list[Owned]) -> CountSpan:
    """A pulse stands at the begin of its minute; an order that began within that minute has it from its own begin."""
    if span.gap or any(piece.start_ms <= span.start_ms < piece.end_ms for piece in owned):
        return span
    begun = [piece.start_ms for piece in owned if span.start_ms < piece.start_ms < span.start_ms + MINUTE_MS]
    return replace(span, start_ms=min(begun), end_ms=min(begun)) if begun else span
