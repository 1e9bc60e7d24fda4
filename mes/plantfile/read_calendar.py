"""Reads the exceptions and the planned maintenance of a plant file; their times are wall time of the place's site."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from mes.plant.calendar import AmbiguousTime, CalendarError, meant
from mes.plantfile.document import AreaRow, ExceptionRow, LineRow, MaintenanceRow, Ref, SiteRow, WorkCenterRow
from mes.plantfile.fields import Fields, day_from
from mes.plantfile.tree import Listing, Mistakes, Node, Scalar

LEVELS = ("site", "area", "line", "work_center")
EXCEPTION_FIELDS = (*LEVELS, "date", "name", "shifts", "only")
MAINTENANCE_FIELDS = (*LEVELS, "name", "from", "to", "works_on")
Zones = Mapping[tuple[str, str], ZoneInfo]


def zones_of(
    sites: Iterable[SiteRow], areas: Iterable[AreaRow], lines: Iterable[LineRow], machines: Iterable[WorkCenterRow]
) -> Zones:
    """The time zone of every place of the file; places whose site is wrong are missing."""
    zones: dict[tuple[str, str], ZoneInfo] = {}
    for site in sites:
        try:
            zones["site", site.code] = ZoneInfo(site.time_zone)
        except (ValueError, OSError, KeyError):  # reported where the site was read
            continue
    below = [("area", row.code, ("site", row.site.code)) for row in areas]
    below += [("line", row.code, ("area", row.area.code)) for row in lines]
    below += [("work_center", row.code, ("line", row.at_line.code)) for row in machines]
    for level, code, above in below:
        if above in zones:
            zones[level, code] = zones[above]
    return zones


def exceptions_from(node: Node | None, mistakes: Mistakes) -> tuple[ExceptionRow, ...] | None:
    """The section `exceptions`; None where the file says nothing of them."""
    if node is None:
        return None
    rows: list[ExceptionRow] = []
    for fields in _entries(node, "exception", EXCEPTION_FIELDS, mistakes):
        level, place = _place(fields)
        day = _day(fields)
        only = fields.items.get("only")
        names = (
            [item.value if isinstance(item, Scalar) else "" for item in only.items] if isinstance(only, Listing) else []
        )
        if only is not None and not names:
            fields.wrong("only", "needs 'only' as a list of shifts of the pattern, e.g. [Early].")
        row = ExceptionRow(
            level,
            place,
            day,
            fields.text("name", longest=60),
            fields.ref("shifts", required=False),
            tuple(sorted(names)),
            fields.line,
        )
        if any((row.level, row.place, row.date) == (other.level, other.place, other.date) for other in rows):
            fields.wrong("date", f"is there twice for {place.code} on {day}: keep one of them.")
        rows.append(row)
    return tuple(sorted(rows, key=lambda row: (row.date, LEVELS.index(row.level), row.place.code)))


def maintenance_from(node: Node | None, zones: Zones, mistakes: Mistakes) -> tuple[MaintenanceRow, ...] | None:
    """The section `maintenance`; None where the file says nothing of it."""
    if node is None:
        return None
    rows = []
    for fields in _entries(node, "maintenance", MAINTENANCE_FIELDS, mistakes):
        level, place = _place(fields)
        zone = zones.get((level, place.code), ZoneInfo("UTC"))
        starts, ends = _time(fields, "from", zone), _time(fields, "to", zone)
        if ends <= starts and fields.has("from") and fields.has("to"):
            fields.wrong("to", "ends before it begins: correct one of the two.")
        name = fields.text("name", longest=60)
        rows.append(MaintenanceRow(level, place, name, starts, ends, fields.yes("works_on", False), fields.line))
    return tuple(sorted(rows, key=lambda row: (row.starts, LEVELS.index(row.level), row.place.code, row.name)))


def _entries(node: Node, noun: str, known: tuple[str, ...], mistakes: Mistakes) -> list[Fields]:
    if isinstance(node, Scalar) and node.empty:
        return []
    if not isinstance(node, Listing):
        mistakes.add(node.line, f"Write each {noun} as an entry of a list: '- {{{known[2]}: ..., {known[4]}: ...}}'.")
        return []
    return [Fields(item, f"{noun} {number}", mistakes, known) for number, item in enumerate(node.items, start=1)]


def _place(fields: Fields) -> tuple[str, Ref]:
    said = [level for level in LEVELS if fields.has(level)]
    if len(said) != 1:
        fields.wrong(said[-1] if said else "", f"must name one place: write one of {', '.join(LEVELS)}.")
        return "line", Ref("", fields.line)
    return said[0], fields.ref(said[0]) or Ref("", fields.line)


def _day(fields: Fields) -> date:
    text = fields.text("date")
    day = day_from(text)
    if day is None:
        if text:
            fields.wrong("date", f"has the date '{text}': write 2026-12-25.")
        return date(2000, 1, 1)
    return day


def _time(fields: Fields, key: str, zone: ZoneInfo) -> datetime:
    """Wall time of the site, e.g. 2026-07-01 06:00; with an offset behind it an instant."""
    text = fields.text(key)
    try:
        typed = datetime.fromisoformat(text)
    except ValueError:
        if text:
            fields.wrong(key, f"has '{text}' for '{key}': write 2026-07-01 06:00 in wall time of the site.")
        return datetime(2000, 1, 1, tzinfo=UTC)
    if typed.tzinfo is not None:
        return typed.astimezone(UTC)
    try:
        return meant(typed, zone)
    except AmbiguousTime as error:
        both = " or ".join(
            f"{at.astimezone(zone):%Y-%m-%d %H:%M}{at.astimezone(zone).isoformat()[-6:]}"
            for at in (error.first, error.second)
        )
        fields.wrong(key, f"has '{text}' for '{key}', which comes twice that night: write {both}.")
    except CalendarError as error:
        fields.wrong(key, f"has '{text}' for '{key}': {error}")
    return typed.replace(tzinfo=UTC)
