"""The list of stops with the inbox 'needs a reason', and the page on which a stop gets its reason in two taps."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.downtime.actions import StopRefused, stop_clear_reason, stop_explain
from mes.downtime.models import Reason, Stop
from mes.downtime.queries import stop_by_ref, stop_ref, stops_in, stops_that_need_a_reason
from mes.people.access import lines_for, may, work_centers_for
from mes.plant.changes import ShiftLocked
from mes.plant.models import Line, Shift, WorkCenter
from mes.plant.shift_of import shift_at
from mes.screens.counts import counts_waiting_for
from mes.screens.gate import demand, line_or_404, machine_or_404, storable
from mes.screens.station import sheet

WINDOW = timedelta(days=7)
LIMIT = 200


class Row(NamedTuple):
    """A stop as the list shows it."""

    stop: Stop
    ref: str
    href: str
    lasted_s: float
    asks: bool


class Filters(NamedTuple):
    """What the address asks for. Everything is optional; codes outside the person's lines are 404."""

    need: bool
    line: Line | None
    place: WorkCenter | None
    shift: Shift | None

    def query(self, **change: Any) -> str:
        """The address with some of the filters changed."""
        shift = f"{self.shift.production_date}/{self.shift.name}" if self.shift else ""
        values = {
            "need": "reason" if self.need else "",
            "line": self.line.code if self.line else "",
            "work-center": self.place.code if self.place else "",
            "shift": shift,
        }
        for name, value in change.items():
            values[name.replace("_", "-")] = value
        return "?" + urlencode({name: value for name, value in values.items() if value})


@login_required
@require_safe
def stops(request: HttpRequest) -> HttpResponse:
    """`/downtime/`: stops of the last week, or of a shift; `?need=reason&line=&work-center=&shift=DATE/NAME`."""
    now = datetime.now(UTC)
    filters = filters_of(request)
    scope, asking = stops_of(request.user, filters, now)
    found = asked_for(scope, filters, asking)
    shown = list(found[: LIMIT + 1])
    lines = list(lines_for(request.user).order_by("area__code", "position", "code"))
    context = {
        "rows": [_row(stop, filters, asking, now) for stop in shown[:LIMIT]],
        "more": len(shown) > LIMIT,
        "limit": LIMIT,
        "asking": len(asking),
        "share": reason_share(scope, asking, now),
        "filters": filters,
        "chips": chips(filters, lines),
        "places": work_centers_for(request.user).filter(line=filters.line) if filters.line else [],
        "explain": may(request.user, "explain_stop"),
        **counts_waiting_for(request.user),
    }
    return render(request, "downtime/stops.html", context)


@login_required
@require_safe
def stop_page(request: HttpRequest, ref: str) -> HttpResponse:
    """`/downtime/<work-center>@<start>/`: one stop, its reason, and the next and previous of the filtered list."""
    now = datetime.now(UTC)
    stop = stop_or_404(request, ref)
    return render(request, "downtime/stop.html", stop_context(request, stop, now))


@login_required
@require_POST
def explain(request: HttpRequest, ref: str) -> HttpResponse:
    """Gives the stop a reason; whoever comes second sees what the first one did."""
    stop = stop_or_404(request, ref)
    demand(request.user, "explain_stop")
    actor, at, version = request.user.get_username(), datetime.now(UTC), _version(request)
    code = request.POST.get("reason", "")
    try:
        if code:
            reason = Reason.objects.filter(code=code).first() if "\0" not in code else None
            if reason is None:
                raise StopRefused(_("That reason does not exist (any more): choose another one."))
            note = request.POST.get("note", "")
            stop = stop_explain(stop_id=stop.pk, reason=reason, note=note, actor=actor, at=at, version=version)
            messages.success(request, _("%(place)s: %(reason)s.") % {"place": stop.work_center.code, "reason": reason})
        else:
            stop_clear_reason(stop_id=stop.pk, actor=actor, at=at, version=version)
            messages.success(request, _("The reason is taken back."))
    except (StopRefused, ShiftLocked) as refused:
        messages.error(request, str(refused), extra_tags="bad")
        return HttpResponseRedirect(_stop_href(ref, request))
    return HttpResponseRedirect(_after(request, ref))


def filters_of(request: HttpRequest) -> Filters:
    """Reads the filters of the address. The shift `DATE/NAME` is one of the chosen line (or machine's line)."""
    get = request.GET
    place = machine_or_404(request.user, get["work-center"]) if get.get("work-center") else None
    line = line_or_404(request.user, get["line"]) if get.get("line") else place.line if place else None
    shift = None
    if get.get("shift") and line:
        day, _slash, name = get["shift"].partition("/")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", day, re.ASCII):
            raise Http404("shift")
        try:
            shift = Shift.objects.filter(
                line=line, work_center=None, production_date=date.fromisoformat(day), name=storable(name)
            ).first()
        except ValueError as error:
            raise Http404("shift") from error
        if shift is None:
            raise Http404("shift")
    return Filters(get.get("need") == "reason", line, place, shift)


def stops_of(user: object, filters: Filters, now: datetime) -> tuple[QuerySet[Stop], set[int]]:
    """All stops of the chosen places and time, and the ids of those that need a reason."""
    places = work_centers_for(user)
    if filters.place:
        places = places.filter(pk=filters.place.pk)
    elif filters.line:
        places = places.filter(line=filters.line)
    start, end = (filters.shift.starts_at, filters.shift.ends_at) if filters.shift else (now - WINDOW, now)
    scope = stops_in(places, start, end)
    return scope, set(stops_that_need_a_reason(scope, now).values_list("pk", flat=True))


def asked_for(scope: QuerySet[Stop], filters: Filters, asking: set[int]) -> QuerySet[Stop]:
    """The stops the list shows: all of the scope, or only those that need a reason."""
    return scope.filter(pk__in=asking) if filters.need else scope


def reason_share(found: QuerySet[Stop], asking: set[int], now: datetime) -> float | None:
    """Share of stop time with a reason among stops that should have one; None where there are none."""
    total = explained = 0.0
    for stop in found.filter(reason__isnull=False) | found.filter(pk__in=asking):
        seconds = ((stop.ends_at or now) - stop.starts_at).total_seconds()
        total += seconds
        explained += seconds if stop.reason_id else 0.0
    return explained / total if total else None


def chips(filters: Filters, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The filters one tap away."""
    shown = [
        {"label": _("All stops"), "href": filters.query(need=""), "current": not filters.need},
        {"label": _("Needs a reason"), "href": filters.query(need="reason"), "current": filters.need},
    ]
    if len(lines) > 1:
        every = filters.query(line="", work_center="", shift="")
        shown.append({"label": _("Every line"), "href": every, "current": filters.line is None})
        shown += [
            {
                "label": line.name,
                "href": filters.query(line=line.code, work_center="", shift=""),
                "current": filters.line == line,
            }
            for line in lines
        ]
    return shown


def stop_or_404(request: HttpRequest, ref: str) -> Stop:
    """The stop of that name on one of the person's machines."""
    stop = stop_by_ref(storable(ref), work_centers_for(request.user))
    if stop is None:
        raise Http404(ref)
    return stop


def stop_context(request: HttpRequest, stop: Stop, now: datetime) -> dict[str, Any]:
    """What the page of one stop shows."""
    filters = filters_of(request)
    scope, asking = stops_of(request.user, filters, now)
    found = asked_for(scope, filters, asking)
    earlier = found.filter(starts_at__lt=stop.starts_at).first()
    later = found.filter(starts_at__gt=stop.starts_at).order_by("starts_at").first()
    query = filters.query()
    return {
        "sheet": sheet(stop, now),
        "stop": stop,
        "place": stop.work_center,
        "asks": stop.pk in asking,
        "explain": may(request.user, "explain_stop"),
        "earlier": _href(earlier, query) if earlier else "",
        "later": _href(later, query) if later else "",
        "list_href": reverse("stops") + query,
        "query": query,
        "zone": stop.work_center.line.area.site.time_zone,
        "shift": shift_at(stop.work_center, stop.starts_at),
    }


def _row(stop: Stop, filters: Filters, asking: set[int], now: datetime) -> Row:
    lasted_s = ((stop.ends_at or now) - stop.starts_at).total_seconds()
    return Row(stop, stop_ref(stop), _href(stop, filters.query()), lasted_s, stop.pk in asking)


def _href(stop: Stop, query: str) -> str:
    return reverse("stop", args=[stop_ref(stop)]) + (query if query != "?" else "")


def _stop_href(ref: str, request: HttpRequest) -> str:
    query = request.POST.get("query", "")
    return reverse("stop", args=[ref]) + (query if query.startswith("?") else "")


def _after(request: HttpRequest, ref: str) -> str:
    """Where to go after a reason: the page that asked for it, else the stop again."""
    back = request.POST.get("back", "")
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return _stop_href(ref, request)


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise BadRequest("version")
    return int(text)
