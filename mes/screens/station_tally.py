"""Counting by hand at a station in three taps: start, stop, the number. What runs is kept in the device's session."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.plant.models import WorkCenter
from mes.screens.gate import actor_of, demand, machine_or_404
from mes.witness.judge import Word
from mes.witness.models import Tally
from mes.witness.queries import sentence, tally_comparison
from mes.witness.states import states_judge
from mes.witness.tallies import LONGEST, TallyRefused, tally_enter, tally_withdraw

ADVISED = timedelta(minutes=10)
RECENT = timedelta(days=7)
_WHOLE = re.compile(r"[0-9]{1,6}")
_SESSION = "counting by hand"


@dataclass(frozen=True)
class Counting:
    """A count that runs on this device (no end yet), or waits for its number."""

    key: UUID
    start: datetime
    end: datetime | None = None


@login_required
@require_safe
def tally(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/tally/`: start, then stop, then the number; below, the last counts of this machine."""
    demand(request.user, "enter_tally")
    return _page(request, machine_or_404(request.user, code))


@login_required
@require_POST
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """Starts the count now. One that runs on this device already goes on: a second tap starts nothing."""
    demand(request.user, "enter_tally")
    place = machine_or_404(request.user, code)
    if counting_at(request, place, datetime.now(UTC)) is None:
        _keep(request, place, Counting(uuid4(), datetime.now(UTC)))
    return _here(place)


@login_required
@require_POST
def stop(request: HttpRequest, code: str) -> HttpResponse:
    """Stops the count now; a second tap does not move the end."""
    demand(request.user, "enter_tally")
    place, now = machine_or_404(request.user, code), datetime.now(UTC)
    running = counting_at(request, place, now)
    if running is not None and running.end is None:
        _keep(request, place, Counting(running.key, running.start, now))
    return _here(place)


@login_required
@require_POST
def drop(request: HttpRequest, code: str) -> HttpResponse:
    """Forgets the count that runs on this device."""
    demand(request.user, "enter_tally")
    place = machine_or_404(request.user, code)
    _keep(request, place, None)
    return _here(place)


@login_required
@require_POST
def enter(request: HttpRequest, code: str) -> HttpResponse:
    """Stores the number and says at once whether the counter agrees."""
    demand(request.user, "enter_tally")
    place, now = machine_or_404(request.user, code), datetime.now(UTC)
    typed, running = request.POST.get("quantity", "").strip(), counting_at(request, place, now)
    if running is None or running.end is None:
        if _stored(place, request.POST.get("key", "")):  # the same tap once more: it counted
            return _here(place)
        messages.error(request, _("No count waits for its number: start one."), extra_tags="bad")
        return _here(place)
    try:
        if not _WHOLE.fullmatch(typed):
            raise TallyRefused(_("Enter how many good pieces you counted: a whole number."))
        stored = tally_enter(
            work_center=place,
            starts_at=running.start,
            ends_at=running.end,
            pieces=int(typed),
            actor=actor_of(request),
            at=now,
            key=running.key,
            note=request.POST.get("note", ""),
        )
    except TallyRefused as refused:
        return _page(request, place, error=str(refused), typed=typed)
    _keep(request, place, None)
    states_judge(now=now, line=place.line_id)
    said = tally_comparison(stored, place.code)
    messages.success(request, sentence(said), extra_tags="bad" if said.word is Word.DIFFERS else "good")
    return _here(place)


@login_required
@require_POST
def undo(request: HttpRequest, code: str) -> HttpResponse:
    """Takes a count of this machine back."""
    demand(request.user, "enter_tally")
    place = machine_or_404(request.user, code)
    stored = _stored(place, request.POST.get("key", ""))
    if stored is None:
        raise Http404(code)
    now = datetime.now(UTC)
    if tally_withdraw(key=stored.key, actor=actor_of(request), at=now):
        states_judge(now=now, line=place.line_id)
        messages.success(request, _("The count is taken back."), extra_tags="good")
    return _here(place)


def counting_at(request: HttpRequest, place: WorkCenter, now: datetime) -> Counting | None:
    """The count of this machine that runs on this device; one that was forgotten for hours is none."""
    kept = request.session.get(_SESSION, {}).get(place.code)
    if not kept:
        return None
    start = datetime.fromisoformat(kept["start"])
    end = datetime.fromisoformat(kept["end"]) if kept["end"] else None
    return Counting(UUID(kept["key"]), start, end) if (end or now) - start <= LONGEST else None


def _stored(place: WorkCenter, key: str) -> Tally | None:
    try:
        return Tally.objects.filter(work_center=place, key=UUID(key)).first()
    except ValueError:
        return None


def _keep(request: HttpRequest, place: WorkCenter, running: Counting | None) -> None:
    kept: dict[str, Any] = dict(request.session.get(_SESSION, {}))
    kept.pop(place.code, None)
    if running is not None:
        end = running.end.isoformat() if running.end else ""
        kept[place.code] = {"key": str(running.key), "start": running.start.isoformat(), "end": end}
    request.session[_SESSION] = kept


def _page(request: HttpRequest, place: WorkCenter, *, error: str = "", typed: str = "") -> HttpResponse:
    now = datetime.now(UTC)
    running = counting_at(request, place, now)
    lately = Tally.objects.filter(work_center=place, withdrawn_at=None, ends_at__gte=now - RECENT)
    context = {
        "place": place,
        "zone": place.line.area.site.time_zone,
        "running": running,
        "lasted_s": ((running.end or now) - running.start).total_seconds() if running else 0,
        "advised": ADVISED // timedelta(minutes=1),
        "counts": [(one, sentence(tally_comparison(one, place.code))) for one in lately.order_by("-ends_at")[:10]],
        "error": error,
        "typed": typed,
    }
    return render(request, "station/tally.html", context, status=422 if error else 200)


def _here(place: WorkCenter) -> HttpResponse:
    return HttpResponseRedirect(reverse("station-tally", args=[place.code]))
