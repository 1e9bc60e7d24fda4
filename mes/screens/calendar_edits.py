"""What a planner writes on the calendar page: exceptions, planned maintenance, and restating shifts with a preview."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.plant.calendar import AmbiguousTime, CalendarError, local_label, meant
from mes.plant.changes import ShiftLocked
from mes.plant.exceptions import (
    CalendarRefused,
    Place,
    lines_below,
    maintenance_add,
    maintenance_remove,
    other_day_put,
    other_day_remove,
)
from mes.plant.models import Line, OtherDay, PlannedMaintenance, ShiftPattern, WorkCenter
from mes.plant.tasks import lines_materialise
from mes.screens.calendar import Choice, page, place_or_404
from mes.screens.gate import demand, line_or_404, machine_or_404
from mes.tracking.shift_restate import RestateRefused, shifts_preview, shifts_restate

REFUSED = (CalendarRefused, CalendarError, RestateRefused, ShiftLocked)


class _Ask(Exception):
    """A typed time comes twice: the form asks which."""

    def __init__(self, field: str, error: AmbiguousTime, zone: ZoneInfo) -> None:
        super().__init__(str(error))
        self.choices = {
            field: [
                Choice("first", local_label(error.first, zone)),
                Choice("second", local_label(error.second, zone)),
            ]
        }


@login_required
@require_POST
def other_day(request: HttpRequest, line: str) -> HttpResponse:
    """Puts an exception: a date, a name, and the shifts that start there or none."""

    def put(owner: Line, at: datetime) -> str:
        place = place_or_404(request.user, owner, request.POST.get("place", ""))
        pattern, shifts = _shifts(request.POST.get("shifts", ""))
        other_day_put(
            place=place,
            day=_day(request.POST.get("date", "")),
            name=request.POST.get("name", ""),
            pattern=pattern,
            shifts=shifts,
            actor=request.user.get_username(),
            at=at,
        )
        lines_materialise(at=at, actor=request.user.get_username(), lines=lines_below(place))
        return _("The exception is stored. Shifts that have begun stay as they are.")

    return _written(request, line, "exception", put)


@login_required
@require_POST
def remove_other_day(request: HttpRequest, line: str, number: int) -> HttpResponse:
    """Takes an exception away."""

    def remove(owner: Line, at: datetime) -> str:
        row = OtherDay.objects.filter(pk=number).first()
        if row is not None:
            place = _mine_or_404(request, row)
            other_day_remove(other_day_id=number, actor=request.user.get_username(), at=at)
            lines_materialise(at=at, actor=request.user.get_username(), lines=lines_below(place))
        return _("The exception is gone. Shifts that have begun stay as they are.")

    return _written(request, line, "exception", remove)


@login_required
@require_POST
def maintenance(request: HttpRequest, line: str) -> HttpResponse:
    """Adds a planned maintenance; its times are wall time of the site (R7)."""

    def add(owner: Line, at: datetime) -> str:
        zone = ZoneInfo(owner.area.site.time_zone)
        maintenance_add(
            place=place_or_404(request.user, owner, request.POST.get("place", "")),
            name=request.POST.get("name", ""),
            starts_at=_time(request, "starts", zone),
            ends_at=_time(request, "ends", zone),
            works_on=bool(request.POST.get("works_on")),
            actor=request.user.get_username(),
            at=at,
        )
        return _("The maintenance is planned.")

    return _written(request, line, "maintenance", add)


@login_required
@require_POST
def remove_maintenance(request: HttpRequest, line: str, number: int) -> HttpResponse:
    """Takes a planned maintenance away."""

    def remove(owner: Line, at: datetime) -> str:
        row = PlannedMaintenance.objects.filter(pk=number).first()
        if row is not None:
            _mine_or_404(request, row)
            maintenance_remove(maintenance_id=number, actor=request.user.get_username(), at=at)
        return _("The maintenance is no longer planned.")

    return _written(request, line, "maintenance", remove)


@login_required
@require_POST
def restate(request: HttpRequest, line: str) -> HttpResponse:
    """Shows what restating would change; with `apply` and a reason it is done."""
    demand(request.user, "edit_calendar")
    place, at = line_or_404(request.user, line), datetime.now(UTC)
    code = request.POST.get("machine", "")
    owner: Line | WorkCenter = machine_or_404(request.user, code) if code else place
    if isinstance(owner, WorkCenter) and owner.line_id != place.pk:
        raise Http404(code)
    try:
        first, last = _day(request.POST.get("first", "")), _day(request.POST.get("last", ""))
        if request.POST.get("apply"):
            actor, why = request.user.get_username(), request.POST.get("why", "")
            done = shifts_restate(owner=owner, first=first, last=last, why=why, actor=actor, at=at)
            messages.success(request, _("Restated shifts: %s. The figures follow.") % len(done.changes))
            return HttpResponseRedirect(_home(owner))
        found = shifts_preview(owner=owner, first=first, last=last, at=at)
    except REFUSED as refused:
        return page(request, owner, at, error=str(refused), form="restate", typed=request.POST)
    zone = ZoneInfo(place.area.site.time_zone)
    rows = [
        {"change": change, "before": _words(change.before, zone), "after": _words(change.after, zone)}
        for change in found.changes
    ]
    context = {"owner": owner, "line": place, "machine": code, "first": first, "last": last, "rows": rows}
    return render(request, "calendar/restate.html", context | {"planned": found.planned, "home": _home(owner)})


def _written(request: HttpRequest, line: str, form: str, write: Callable[[Line, datetime], str]) -> HttpResponse:
    """A write of the page: back to it with a word, or the page again with the error and what was typed."""
    demand(request.user, "edit_calendar")
    owner, at = line_or_404(request.user, line), datetime.now(UTC)
    try:
        messages.success(request, write(owner, at))
    except _Ask as asked:
        return page(request, owner, at, error=str(asked), form=form, typed=request.POST, ask=asked.choices)
    except REFUSED as refused:
        return page(request, owner, at, error=str(refused), form=form, typed=request.POST)
    return HttpResponseRedirect(_home(owner))


def _home(owner: Line | WorkCenter) -> str:
    return f"{reverse('calendar')}?{'line' if isinstance(owner, Line) else 'machine'}={owner.code}"


def _mine_or_404(request: HttpRequest, row: OtherDay | PlannedMaintenance) -> Place:
    """The place a word was said of, if every line it reaches is the person's."""
    place: Any = row.place
    lines = lines_below(place)
    text = "line" if isinstance(place, Line) else place.code if isinstance(place, WorkCenter) else row.LEVELS[row.level]
    if not lines:
        raise Http404("place")
    return place_or_404(request.user, lines[0], text)


def _shifts(text: str) -> tuple[ShiftPattern | None, list[str]]:
    """`PATTERN/shift`, `PATTERN/` for all of its shifts, nothing for no shift."""
    code, _slash, name = text.partition("/")
    if not code:
        return None, []
    pattern = ShiftPattern.objects.filter(code=code).first() if "\0" not in code else None
    if pattern is None:
        raise CalendarRefused(_("This shift pattern does not exist (any more): choose another."))
    return pattern, [name] if name else []


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise CalendarRefused(_("Choose the date, e.g. 2026-12-24.")) from error
    if not 2000 <= day.year < 2100:
        raise CalendarRefused(_("The date lies too far away: choose another."))
    return day


def _time(request: HttpRequest, name: str, zone: ZoneInfo) -> datetime:
    try:
        local = datetime.fromisoformat(request.POST.get(name, ""))
    except ValueError as error:
        raise CalendarRefused(_("Choose day and time of begin and end.")) from error
    _day(local.date().isoformat())
    try:
        return meant(local.replace(tzinfo=None), zone, request.POST.get(f"{name}_which", ""))
    except AmbiguousTime as error:
        raise _Ask(name, error, zone) from error


def _words(span: Any, zone: ZoneInfo) -> str:
    if span is None:
        return ""
    crew = f" {span.crew}" if span.crew else ""
    times = f"{local_label(span.start, zone)} – {local_label(span.end, zone)}"
    breaks = ", ".join(f"{pause.name} {local_label(pause.start, zone)}" for pause in span.breaks)
    return f"{span.name}{crew} {times}" + (f" ({breaks})" if breaks else "")
