"""Andon: open calls first, what was called lately, how long help takes; one call; calling at the station."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.andon.calls import CallRefused, call_acknowledge, call_cancel, call_raise, call_resolve
from mes.andon.models import Call, Notice
from mes.andon.queries import buttons, calls_on, open_calls, raised_between
from mes.andon.response import responses
from mes.people.access import lines_for, may
from mes.plant.models import WorkCenter
from mes.screens.andon_words import waited_s
from mes.screens.frame import clock_of
from mes.screens.gate import actor_of, demand, machine_or_404, storable

DAYS = 7
MOST_CLOSED = 100


class Row(NamedTuple):
    """A call in a list and how long it waits or waited."""

    call: Call
    waited_s: float


@login_required
@require_safe
def andon(request: HttpRequest) -> HttpResponse:
    """`/andon/`: open calls by level and age, those of the last seven days, and response times."""
    demand(request.user, "see_floor")
    now, lines = datetime.now(UTC), lines_for(request.user)
    recent = list(raised_between(lines, now - timedelta(days=DAYS), now + timedelta(seconds=1)))
    closed = [Row(call, waited_s(call, now)) for call in recent if call.closed_at]
    context = {
        "zone": clock_of(request, now).zone,
        "rows": [Row(call, waited_s(call, now)) for call in open_calls(lines)],
        "closed": closed[:MOST_CLOSED],
        "figures": responses(recent),
        "days": DAYS,
        "may_answer": may(request.user, "answer_call"),
    }
    return render(request, "andon/andon.html", context)


@login_required
@require_safe
def call_page(request: HttpRequest, number: int) -> HttpResponse:
    """`/andon/<number>/`: one call, what can be done, and whom it was told to."""
    demand(request.user, "see_floor")
    call, now = _call(request, number), datetime.now(UTC)
    context = {
        "zone": clock_of(request, now).zone,
        "row": Row(call, waited_s(call, now)),
        "notices": Notice.objects.filter(call=call),
        "may_answer": may(request.user, "answer_call"),
    }
    return render(request, "andon/call.html", context)


@login_required
@require_POST
def answer(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """Acknowledges, resolves or cancels a call, from its page, the list or the station."""
    demand(request.user, "answer_call")
    call, now, actor = _call(request, number), datetime.now(UTC), actor_of(request)
    what = request.POST.get("what", "")
    try:
        if verb == "acknowledge":
            call_acknowledge(call=call, actor=actor, at=now)
            said = _("You come: %(what)s at %(machine)s.")
        elif verb == "resolve":
            call_resolve(call=call, actor=actor, at=now, what=what or _("Help was given"))
            said = _("Resolved: %(what)s at %(machine)s.")
        elif verb == "cancel":
            call_cancel(call=call, actor=actor, at=now, why=what)
            said = _("Cancelled: %(what)s at %(machine)s.")
        else:
            raise Http404(verb)
        words = {"what": call.category.name, "machine": call.work_center.name}
        messages.success(request, said % words, extra_tags="good")
    except CallRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    back = request.POST.get("back", "")
    if back == "station":
        return HttpResponseRedirect(reverse("station-call", args=[call.work_center.code]))
    return HttpResponseRedirect(reverse("andon") if back == "list" else reverse("call", args=[call.pk]))


@login_required
def station_call(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/call/`: one button per category; a tap calls."""
    demand(request.user, "see_station")
    place = machine_or_404(request.user, code)
    if request.method == "POST":
        return _raise(request, place)
    now = datetime.now(UTC)
    here = calls_on(lines_for(request.user)).filter(work_center=place, closed_at=None)
    context: dict[str, Any] = {
        "place": place,
        "zone": place.line.area.site.time_zone,
        "rows": [Row(call, waited_s(call, now)) for call in here],
        "called": {call.category_id for call in here},
        "categories": buttons(),
        "may_call": may(request.user, "raise_call"),
        "may_answer": may(request.user, "answer_call"),
        "key": uuid4(),
    }
    return render(request, "andon/station.html", context)


def _raise(request: HttpRequest, place: WorkCenter) -> HttpResponse:
    demand(request.user, "raise_call")
    code = storable(request.POST.get("category", ""))
    category = next((one for one in buttons() if one.code == code), None)
    if category is None:
        raise Http404(code)
    try:
        key = UUID(request.POST.get("key", ""))
        at, note = datetime.now(UTC), request.POST.get("note", "")
        call_raise(work_center=place, category=category, actor=actor_of(request), at=at, key=key, note=note)
        messages.success(request, _("%(what)s is called.") % {"what": category.name}, extra_tags="good")
    except CallRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    except ValueError:
        messages.error(request, _("The page was incomplete: open it again and call."), extra_tags="bad")
    return HttpResponseRedirect(reverse("station-call", args=[place.code]))


def _call(request: HttpRequest, number: int) -> Call:
    """The call of that number on one of the person's lines, else 404."""
    found = calls_on(lines_for(request.user)).filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise Http404(number)
    return found
