"""The calendar page of a line: two weeks of shifts, exceptions, planned maintenance and what the floor said."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mes.people.access import lines_for, may
from mes.plant.calendar import day_bounds, local_label
from mes.plant.calendar_of import UP_FROM_LINE, nearest_days, pattern_for
from mes.plant.exceptions import Place, lines_below
from mes.plant.models import (
    Area,
    CycleRule,
    Holiday,
    Line,
    OtherDay,
    Override,
    OwnShifts,
    PlannedMaintenance,
    Shift,
    ShiftPattern,
    Site,
    WorkCenter,
)
from mes.plant.shift_of import line_schedule, schedules_of
from mes.screens.calendar_bars import DAYS, day_rows
from mes.screens.gate import demand, line_or_404, machine_or_404, storable

BACK = timedelta(days=365)
EMPTY: Mapping[str, str] = {}


class Choice(NamedTuple):
    """An answer of a select: its value, its words, whether it is chosen."""

    value: str
    label: str
    chosen: bool = False


@login_required
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """`/calendar/`: the first of the person's lines; `?line=` or `?machine=`, `?from=` a Monday."""
    demand(request.user, "see_calendar")
    now = datetime.now(UTC)
    if request.GET.get("machine"):
        owner: Line | WorkCenter = machine_or_404(request.user, request.GET["machine"])
    elif request.GET.get("line"):
        owner = line_or_404(request.user, request.GET["line"])
    else:
        first = lines_for(request.user).order_by("area__code", "position", "code").first()
        if first is None:
            raise Http404("line")
        owner = first
    return page(request, owner, now)


def page(
    request: HttpRequest,
    owner: Line | WorkCenter,
    now: datetime,
    *,
    error: str = "",
    form: str = "",
    typed: Mapping[str, str] = EMPTY,
    ask: Mapping[str, list[Choice]] | None = None,
) -> HttpResponse:
    """The page of a line or machine; after a refused form with its error, what was typed and is asked back (R7)."""
    line = owner if isinstance(owner, Line) else owner.line
    line = Line.objects.select_related(*UP_FROM_LINE).get(pk=line.pk)
    zone = ZoneInfo(line.area.site.time_zone)
    first = _first_day(request, now.astimezone(zone).date())
    last = first + timedelta(days=DAYS - 1)
    window = (day_bounds(first, zone)[0], day_bounds(last, zone)[1])
    schedule = line_schedule(line, *window) if owner == line else schedules_of([owner], *window)[owner.pk]  # type: ignore[list-item]
    known = Shift.objects.filter(line=line, work_center=None, overtime=False).order_by("-starts_at").first()
    context = {
        "owner": owner,
        "line": line,
        "machine": owner if isinstance(owner, WorkCenter) else None,
        "zone": zone.key,
        "first": first,
        "last": last,
        "days": day_rows(schedule, first, zone, _notes(owner, line, first, last), now),
        "known_until": known.starts_at.astimezone(zone).date() if known else None,
        "pattern": pattern_for(owner),
        "crews": _crews(pattern_for(owner)),
        "earlier": _address(owner, first - timedelta(days=DAYS)),
        "later": _address(owner, first + timedelta(days=DAYS)),
        "today": _address(owner, None),
        "lines": [(one.name, _address(one, first), one == line) for one in _lines(request.user)],
        "machines": _machines(line, owner, first, window),
        "exceptions": _exceptions(request.user, line, now.astimezone(zone).date()),
        "maintenance": _maintenance(request.user, line, zone, now),
        "said": _said(line, zone, now),
        "edit": may(request.user, "edit_calendar"),
        "places": _places(request.user, line, owner, typed.get("place", "")),
        "patterns": _patterns(typed.get("shifts", "")),
        "error": error,
        "form": form,
        "typed": typed,
        "ask": ask or {},
    }
    return render(request, "calendar/calendar.html", context, status=400 if error else 200)


def place_or_404(user: object, line: Line, text: str) -> Place:
    """`site`, `area`, `line` or a machine's code, seen from a line; all lines it reaches must be the person's."""
    named: dict[str, Place] = {"site": line.area.site, "area": line.area, "line": line}
    place = named.get(text)
    if place is None:
        place = (
            WorkCenter.objects.select_related("line")
            .filter(line=line, archived=False, code=storable(text)[:40])
            .first()
        )
    if place is None or not _all_mine(user, place):
        raise Http404("place")
    return place


def _all_mine(user: object, place: Place) -> bool:
    mine = set(lines_for(user).values_list("pk", flat=True))
    return all(line.pk in mine for line in lines_below(place))


def _first_day(request: HttpRequest, today: date) -> date:
    """The Monday of the day in the address; of today where there is none."""
    text = request.GET.get("from", "")
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise Http404("from") from error
    if abs(day - today) > BACK * 5:
        raise Http404("from")
    return day - timedelta(days=day.weekday())


def _address(owner: Line | WorkCenter, first: date | None) -> str:
    values = {"line" if isinstance(owner, Line) else "machine": owner.code}
    if first is not None:
        values["from"] = first.isoformat()
    return f"{reverse('calendar')}?{urlencode(values)}"


def _lines(user: object) -> list[Line]:
    return list(lines_for(user).order_by("area__code", "position", "code"))


def _notes(owner: Line | WorkCenter, line: Line, first: date, last: date) -> dict[date, str]:
    """Why a day is not as usual: its exception, else its holiday."""
    holidays = Holiday.objects.filter(site=line.area.site, date__range=(first, last))
    notes = {row.date: row.name for row in holidays}
    return notes | {day: row.name for day, row in nearest_days(owner, first, last).items()}


def _machines(
    line: Line, owner: Line | WorkCenter, first: date, window: tuple[datetime, datetime]
) -> list[dict[str, Any]]:
    """The line's machines as chips; marked are those of which something of their own is said in these weeks."""
    inside = {"work_center__line": line, "starts_at__lt": window[1]}
    differs = set(Override.objects.filter(**inside, ends_at__gt=window[0]).values_list("work_center", flat=True))
    differs |= set(
        PlannedMaintenance.objects.filter(**inside, ends_at__gt=window[0]).values_list("work_center", flat=True)
    )
    differs |= set(
        OwnShifts.objects.filter(**inside).exclude(ends_at__lte=window[0]).values_list("work_center", flat=True)
    )
    machines = WorkCenter.objects.filter(line=line, archived=False).order_by("position", "code")
    return [
        {"name": wc.name, "href": _address(wc, first), "current": wc == owner, "differs": wc.pk in differs}
        for wc in machines
    ]


def _exceptions(user: object, line: Line, today: date) -> list[dict[str, Any]]:
    rows = OtherDay.objects.filter(date__gte=today - timedelta(days=DAYS)).select_related(
        "pattern", "site", "area", "line", "work_center__line"
    )
    return [
        {"row": row, "where": str(row.place.name), "what": _what(row), "mine": _all_mine(user, row.place)}  # type: ignore[arg-type]
        for row in rows
        if _reaches(row, line)
    ]


def _what(row: OtherDay) -> str:
    if row.pattern is None:
        return _("no shift")
    return f"{row.pattern.name}: {', '.join(row.shifts)}" if row.shifts else row.pattern.name


def _maintenance(user: object, line: Line, zone: ZoneInfo, now: datetime) -> list[dict[str, Any]]:
    rows = PlannedMaintenance.objects.filter(ends_at__gt=now - timedelta(days=DAYS)).select_related(
        "site", "area", "line", "work_center__line"
    )
    return [
        {
            "row": row,
            "where": row.place.name,
            "starts": f"{row.starts_at.astimezone(zone):%Y-%m-%d} {local_label(row.starts_at, zone)}",
            "ends": f"{row.ends_at.astimezone(zone):%Y-%m-%d} {local_label(row.ends_at, zone)}",
            "mine": _all_mine(user, row.place),  # type: ignore[arg-type]
        }
        for row in rows
        if _reaches(row, line)
    ]


def _reaches(row: OtherDay | PlannedMaintenance, line: Line) -> bool:
    """Whether a word has to do with a line: said of it, of what it lies in, or of one of its machines."""
    machine = row.work_center
    above = (row.site_id == line.area.site_id, row.area_id == line.area_id, row.line_id == line.pk)
    return any(above) or (machine is not None and machine.line_id == line.pk)


def _said(line: Line, zone: ZoneInfo, now: datetime) -> list[dict[str, Any]]:
    rows = Override.objects.filter(ends_at__gt=now - timedelta(days=1)).select_related("work_center")
    mine = rows.filter(line=line) | rows.filter(work_center__line=line)
    return [
        {
            "row": row,
            "where": row.work_center.name if row.work_center else line.name,
            "starts": f"{row.starts_at.astimezone(zone):%a} {local_label(row.starts_at, zone)}",
            "ends": f"{row.ends_at.astimezone(zone):%a} {local_label(row.ends_at, zone)}",
        }
        for row in mine.order_by("-said_at")[:20]
    ]


def _places(user: object, line: Line, owner: Line | WorkCenter, chosen: str) -> list[Choice]:
    """Of whom a word can be said: only what lies wholly within the person's lines."""
    chosen = chosen or (owner.code if isinstance(owner, WorkCenter) else "line")
    area: Area = line.area
    site: Site = area.site
    named: list[tuple[str, str, Place]] = [
        ("line", _("Line: %s") % line.name, line),
        ("area", _("Area: %s") % area.name, area),
        ("site", _("Site: %s") % site.name, site),
    ]
    found = [Choice(key, label, key == chosen) for key, label, place in named if _all_mine(user, place)]
    machines = WorkCenter.objects.filter(line=line, archived=False).order_by("position", "code")
    return found + [Choice(wc.code, wc.name, wc.code == chosen) for wc in machines]


def _patterns(chosen: str) -> list[Choice]:
    """No shift, every pattern as a whole, and each of its shifts alone; the value is `PATTERN/shift`."""
    found = [Choice("", _("No shift"), not chosen)]
    for pattern in ShiftPattern.objects.prefetch_related("rules"):
        names = [rule.name for rule in pattern.rules.all()]
        value = f"{pattern.code}/"
        found.append(Choice(value, f"{pattern.name}: {', '.join(names)}", value == chosen))
        alone = names if len(names) > 1 else []
        only = _("%(pattern)s: only %(shift)s")
        found += [
            Choice(value + name, only % {"pattern": pattern.name, "shift": name}, value + name == chosen)
            for name in alone
        ]
    return found


def _crews(pattern: ShiftPattern | None) -> list[CycleRule]:
    return list(CycleRule.objects.filter(rule__pattern=pattern).select_related("rule")) if pattern else []
