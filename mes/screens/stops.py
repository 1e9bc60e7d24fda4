"""The list of stops with the inbox 'needs a reason', and the page of one stop: its reason, its parts, its history."""

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from mes.downtime.actions import StopRefused, stop_clear_reason, stop_explain
from mes.downtime.inbox import figures, stops_explain
from mes.downtime.models import Reason, Stop
from mes.downtime.queries import reason_tree, stop_by_ref, stop_ref
from mes.people.access import lines_for, may, work_centers_for
from mes.plant.changes import ShiftLocked
from mes.plant.shift_of import shift_at
from mes.screens.counts import counts_waiting_for
from mes.screens.gate import actor_of, demand, storable
from mes.screens.station import sheet
from mes.screens.stops_filters import SINCE, Filters, asked_for, chips, filters_of, more_chips, stops_of
from mes.screens.stops_line import line_effects
from mes.screens.stops_parts import parts_context

LIMIT = 200


class Row(NamedTuple):
    """A stop as the list shows it."""

    stop: Stop
    ref: str
    href: str
    lasted_s: float
    asks: bool


@login_required
@require_safe
def stops(request: HttpRequest) -> HttpResponse:
    """`/downtime/`: stops of a time; `?need=reason&line=&work-center=&shift=DATE/NAME&least=&since=&mine=1`."""
    now = datetime.now(UTC)
    filters = filters_of(request)
    scope, asking = stops_of(request.user, filters, now)
    found = asked_for(scope, filters, asking, actor_of(request))
    shown = list(found[: LIMIT + 1])
    lines = list(lines_for(request.user).order_by("area__code", "position", "code"))
    context = {
        "rows": [_row(stop, filters, asking, now) for stop in shown[:LIMIT]],
        "more": len(shown) > LIMIT,
        "limit": LIMIT,
        "figures": figures(scope, asking, now),
        "filters": filters,
        "since": SINCE[filters.since][1],
        "chips": chips(filters, lines),
        "more_chips": more_chips(filters),
        "places": work_centers_for(request.user).filter(line=filters.line) if filters.line else [],
        "explain": may(request.user, "explain_stop"),
        "rules": may(request.user, "edit_reasons"),
        "tree": reason_tree(),
        "query": filters.query(),
        **counts_waiting_for(request.user),
    }
    return render(request, "downtime/stops.html", context)


@login_required
@require_POST
def assign(request: HttpRequest) -> HttpResponse:
    """Gives every ticked stop one reason; what somebody changed meanwhile is left alone and told."""
    demand(request.user, "explain_stop")
    query = request.POST.get("query", "")
    back = reverse("stops") + (query if query.startswith("?") else "")
    chosen = []
    for text in request.POST.getlist("stop")[:LIMIT]:
        ref, _bar, version = text.rpartition("|")
        if not re.fullmatch(r"\d{1,9}", version, re.ASCII):
            raise BadRequest("version")
        stop = stop_by_ref(storable(ref), work_centers_for(request.user))
        if stop is None:
            raise Http404(ref)
        chosen.append((stop, int(version)))
    code = request.POST.get("reason", "")
    reason = Reason.objects.filter(code=code).first() if "\0" not in code else None
    if not chosen or reason is None:
        messages.error(request, _("Tick stops and choose a reason: nothing was changed."), extra_tags="bad")
        return HttpResponseRedirect(back)
    actor, at = actor_of(request), datetime.now(UTC)
    done = stops_explain(chosen=chosen, reason=reason, note=request.POST.get("note", ""), actor=actor, at=at)
    if done.done:
        said = ngettext("%(n)d stop is explained: %(reason)s.", "%(n)d stops are explained: %(reason)s.", done.done)
        messages.success(request, said % {"n": done.done, "reason": reason}, extra_tags="good")
    if done.changed:
        said = ngettext(
            "%(n)d stop was changed by somebody else meanwhile and left as it is: %(which)s.",
            "%(n)d stops were changed by somebody else meanwhile and left as they are: %(which)s.",
            len(done.changed),
        )
        which = ", ".join(done.changed[:5])
        messages.error(request, said % {"n": len(done.changed), "which": which}, extra_tags="bad")
    for sentence in dict.fromkeys(done.refused):
        messages.error(request, sentence, extra_tags="bad")
    return HttpResponseRedirect(back)


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
    actor, at, version = actor_of(request), datetime.now(UTC), version_of(request)
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
        return HttpResponseRedirect(stop_href(ref, request))
    return HttpResponseRedirect(_after(request, ref))


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
    found = asked_for(scope, filters, asking, actor_of(request))
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
        "line_effects": line_effects(stop, now),
        **parts_context(request, stop, now, query),
    }


def _row(stop: Stop, filters: Filters, asking: set[int], now: datetime) -> Row:
    lasted_s = ((stop.ends_at or now) - stop.starts_at).total_seconds()
    return Row(stop, stop_ref(stop), _href(stop, filters.query()), lasted_s, stop.pk in asking)


def _href(stop: Stop, query: str) -> str:
    return reverse("stop", args=[stop_ref(stop)]) + (query if query != "?" else "")


def stop_href(ref: str, request: HttpRequest) -> str:
    """The stop's page again, in the list one came from."""
    query = request.POST.get("query", "")
    return reverse("stop", args=[ref]) + (query if query.startswith("?") else "")


def _after(request: HttpRequest, ref: str) -> str:
    """Where to go after a reason: the page that asked for it, else the stop again."""
    back = request.POST.get("back", "")
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return stop_href(ref, request)


def version_of(request: HttpRequest) -> int:
    """The version the person saw; a page without one was tampered with."""
    text = request.POST.get("version", "")
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise BadRequest("version")
    return int(text)
