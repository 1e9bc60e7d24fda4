"""A machine's record of one shift, and the forms that correct it: states over what was observed, counts."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.downtime.models import Reason
from mes.downtime.queries import reason_tree
from mes.oee.edits import edits_of
from mes.people.access import may
from mes.plant.changes import ShiftLocked
from mes.plant.models import Shift, WorkCenter
from mes.plant.shift_of import shift_at, shifts_of
from mes.plc.models import StateMap
from mes.production.ideals import IdealRefused, ideals_of
from mes.production.typed import Unreadable, due_from
from mes.screens.frame import zone_named
from mes.screens.gate import demand, machine_or_404
from mes.tracking.corrections import (
    ROLES,
    corrections_between,
    count_correct,
    counted_in,
    state_correct,
    state_correction_withdraw,
)
from mes.tracking.held import CountsRefused
from mes.tracking.models import StateCorrection, StateInterval
from mes.tracking.states import Kind

AROUND = timedelta(hours=4)  # the window where the machine had no shift
APART = timedelta(days=3)  # how far the shift before and after is looked for
LIMIT = 200
REFUSED = (CountsRefused, ShiftLocked, Unreadable, IdealRefused)


class Window(NamedTuple):
    """What the page shows: the machine's shift, or some hours around an instant outside of all."""

    shift: Shift | None
    start: datetime
    end: datetime


class Seen(NamedTuple):
    """An observed interval inside the window; `end` None: still. `prefill` is the address that corrects all of it."""

    start: datetime
    end: datetime | None
    state: str
    why: str
    prefill: str


@login_required
@require_safe
def corrections(request: HttpRequest, code: str) -> HttpResponse:
    """`/corrections/<work-center>/?at=`: the machine's shift at that instant, without one the latest that began."""
    if not (may(request.user, "correct_facts") or may(request.user, "restate_facts")):
        demand(request.user, "correct_facts")
    place, now = machine_or_404(request.user, code), datetime.now(UTC)
    window = window_of(place, request.GET.get("at", ""), now)
    return render(request, "corrections/corrections.html", page_context(request, place, window, now))


def page_context(request: HttpRequest, place: WorkCenter, window: Window, now: datetime) -> dict[str, Any]:
    """What the page shows, with fresh keys for its forms."""
    user, shift = request.user, window.shift
    until = min(window.end, now)
    return {
        "place": place,
        "zone": place.line.area.site.time_zone,
        "window": window,
        "at": window.start.isoformat(),
        "locked": shift is not None and shift.locked_at is not None,
        "earlier": _address(place, _beside(place, window, before=True)),
        "later": _address(place, _beside(place, window, before=False, now=now)),
        "seen": _observed(place, window, until),
        "corrections": corrections_between(place, window.start, window.end),
        "edits": edits_of([place], window.start, window.end)[:50],
        "counted": [(role, counted_in(place, shift, role)) for role in ROLES] if shift else [],
        "kinds": [(kind.value, word) for kind, word in kind_words().items()],
        "reasons": [(category.reason, category.children) for category in reason_tree()],
        "correct": may(user, "correct_facts"),
        "restate": may(user, "restate_facts"),
        "ideals": ideals_of(place),
        "maps": list(StateMap.objects.order_by("code")),
        "key": uuid4(),
        "count_key": uuid4(),
        "typed": request.POST or request.GET,
    }


def kind_words() -> dict[Kind, str]:
    """What a machine can have done, in words."""
    return {
        Kind.RUN: _("Running"),
        Kind.DOWN: _("Down"),
        Kind.WAITING: _("Waiting (starved, blocked)"),
        Kind.IDLE: _("Idle"),
        Kind.SETUP: _("Setup, changeover"),
        Kind.UNKNOWN: _("Nobody knows"),
    }


@login_required
@require_POST
def state(request: HttpRequest, code: str) -> HttpResponse:
    """Corrects what the machine did over a stretch."""
    place = _correctable(request, code)
    post, key = request.POST, key_of(request)

    def do(actor: str, at: datetime) -> str:
        start, end = instant(place, post.get("start", "")), instant(place, post.get("end", ""))
        reason = _reason(post.get("reason", ""))
        state_correct(
            work_center=place,
            start=start,
            end=end,
            kind=post.get("kind", ""),
            reason=reason,
            why=post.get("why", ""),
            actor=actor,
            at=at,
            key=key,
        )
        return _("Corrected. What the machine reported is kept, and the figures follow.")

    return done(request, place, do)


@login_required
@require_POST
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Takes a state correction of this machine back."""
    place = _correctable(request, code)
    text = request.POST.get("correction", "")
    if not re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        raise BadRequest("correction")
    said = StateCorrection.objects.filter(pk=int(text), work_center=place).first()
    if said is None:
        raise Http404("correction")

    def do(actor: str, at: datetime) -> str:
        state_correction_withdraw(correction_id=said.pk, actor=actor, at=at)
        return _("The correction is withdrawn: what the machine reported holds again.")

    return done(request, place, do)


@login_required
@require_POST
def count(request: HttpRequest, code: str) -> HttpResponse:
    """Adds or takes away pieces at an instant."""
    place = _correctable(request, code)
    post, key = request.POST, key_of(request)
    role = post.get("role", "")
    if role not in ROLES:
        raise BadRequest("role")

    def do(actor: str, at: datetime) -> str:
        typed = post.get("pieces", "").strip().replace("\u2212", "-")
        if not re.fullmatch(r"[+-]?[0-9]{1,6}", typed, re.ASCII):
            raise CountsRefused(_("Write by how many pieces the count changes: a whole number like -7 or 12."))
        count_correct(
            work_center=place,
            role=role,
            pieces=int(typed),
            counted_at=instant(place, post.get("counted_at", "")),
            why=post.get("why", ""),
            seen=_number(post.get(f"seen_{role}", "")),
            actor=actor,
            at=at,
            key=key,
        )
        return _("The count is corrected by %d pieces.") % int(typed)

    return done(request, place, do)


def done(request: HttpRequest, place: WorkCenter, do: Callable[[str, datetime], str]) -> HttpResponse:
    """Does it, says what came of it, and goes back to the machine's shift; what was typed stays where it is refused."""
    now = datetime.now(UTC)
    try:
        messages.success(request, do(request.user.get_username(), now), extra_tags="good")
    except REFUSED as refused:
        messages.error(request, str(refused), extra_tags="bad")
        window = window_of(place, request.POST.get("at", ""), now)
        context = page_context(request, place, window, now)
        return render(request, "corrections/corrections.html", context, status=422)
    return HttpResponseRedirect(_href(place, request.POST.get("at", "")))


def window_of(place: WorkCenter, text: str, now: datetime) -> Window:
    """The machine's shift at the instant an address names (ISO 8601 with offset); without one the latest that began."""
    at = now
    if text:
        try:
            at = datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError as error:
            raise BadRequest("at") from error
        if at.tzinfo is None:
            raise BadRequest("at")
    shift = shift_at(place, at)
    if shift is None and not text:
        shift = next(reversed(shifts_of([place], now - APART, now)[place.pk]), None)
    if shift is None:
        return Window(None, at - AROUND, at + AROUND)
    return Window(shift, shift.starts_at, shift.ends_at)


def instant(place: WorkCenter, text: str) -> datetime:
    """The instant of a wall time at the plant. Raises Unreadable, also for one the clocks skip or show twice (R7)."""
    plain = text.strip()
    found = due_from(plain, zone_named(place.line.area.site.time_zone)) if len(plain) > 10 else None
    if found is None:
        raise Unreadable(_("Write day and time of the plant, e.g. 2026-11-30 14:05 or 2026-11-30 14:05:30."))
    return found


def key_of(request: HttpRequest) -> UUID:
    """The form's key: sent twice, it is one form."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise BadRequest("key") from error


def _correctable(request: HttpRequest, code: str) -> WorkCenter:
    demand(request.user, "correct_facts")
    return machine_or_404(request.user, code)


def _reason(code: str) -> Reason | None:
    if not code:
        return None
    reason = Reason.objects.filter(code=code, archived=False, children=None).first() if "\0" not in code else None
    if reason is None:
        raise CountsRefused(_("That reason does not exist (any more): choose another one."))
    return reason


def _number(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII):
        raise BadRequest("seen")
    return int(text)


def _observed(place: WorkCenter, window: Window, until: datetime) -> list[Seen]:
    zone = zone_named(place.line.area.site.time_zone)
    spans = StateInterval.objects.filter(work_center=place, starts_at__lt=until).exclude(ends_at__lte=window.start)
    found = []
    for span in spans[:LIMIT]:
        begins, ends = max(span.starts_at, window.start), min(span.ends_at or until, until)
        times = {"start": _typed(begins, zone), "end": _typed(ends, zone)}
        prefill = f"?{urlencode({'at': window.start.isoformat(), **times})}#h-state"
        found.append(Seen(span.starts_at, span.ends_at, span.state, span.why, prefill))
    return found


def _typed(at: datetime, zone: ZoneInfo) -> str:
    """An instant as a person would type it; with its offset in the hour that comes twice (R7)."""
    local = at.astimezone(zone).replace(microsecond=0)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local.isoformat() if twice else f"{local:%Y-%m-%d %H:%M:%S}"


def _beside(place: WorkCenter, window: Window, *, before: bool, now: datetime | None = None) -> Shift | None:
    if before:
        return next(reversed(shifts_of([place], window.start - APART, window.start)[place.pk]), None)
    following = shifts_of([place], window.end, window.end + APART)[place.pk]
    return next((shift for shift in following if now is not None and shift.starts_at <= now), None)


def _address(place: WorkCenter, shift: Shift | None) -> str:
    return _href(place, shift.starts_at.isoformat()) if shift else ""


def _href(place: WorkCenter, at: str) -> str:
    return reverse("corrections", args=[place.code]) + (f"?{urlencode({'at': at})}" if at else "")
