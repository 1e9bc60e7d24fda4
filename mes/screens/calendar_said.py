"""The word of the floor in two taps: "overtime until" and "not scheduled until" on a machine's page, and Undo."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.people.access import may
from mes.plant.calendar import AmbiguousTime, CalendarError, local_label, meant
from mes.plant.changes import ShiftLocked
from mes.plant.models import Override, WorkCenter
from mes.plant.shift_of import shift_at, shifts_of
from mes.screens.frame import zone_named
from mes.screens.gate import demand, machine_or_404
from mes.tracking.news import touched_tell
from mes.tracking.overrides import OverrideRefused, override_withdraw, overtime_say, unscheduled_say
from mes.tracking.overtime import machines_of

RECENT = timedelta(hours=2)  # overtime said so long after a shift began with the shift's end
UNDO_FOR = timedelta(hours=12)
FIVE_MIN = timedelta(minutes=5)
AHEAD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Choice:
    """A ready answer: until when, as an instant and as words."""

    until: str
    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One of the two buttons with its answers; `key` makes a repeat harmless."""

    kind: str
    title: str
    starts: datetime
    key: str
    choices: list[Choice]
    opened: bool


@dataclass(frozen=True, slots=True)
class SaidRow:
    """A word that still matters, in words."""

    pk: int
    text: str
    by: str


def schedule_context(request: HttpRequest, place: WorkCenter, now: datetime) -> dict[str, Any]:
    """What `calendar/said.html` shows on a machine's page; empty sheets for who may not say it."""
    zone = zone_named(place.line.area.site.time_zone)
    rows = Override.objects.filter(withdrawn_at=None, ends_at__gt=now - UNDO_FOR)
    mine = rows.filter(work_center=place) | rows.filter(line=place.line_id)
    told = [_row(said, place, zone) for said in mine.order_by("-said_at")[:5]]
    allowed = may(request.user, "say_schedule")
    sheets = [_overtime(place, zone, now), _rest(place, zone, now)] if allowed else []
    return {
        "said": told,
        "sheets": _with_twice(sheets, request, zone),
        "may_say": allowed,
        "see_calendar": may(request.user, "see_calendar"),
        "said_place": place,
    }


def _row(said: Override, place: WorkCenter, zone: ZoneInfo) -> SaidRow:
    names = {"start": _label(said.starts_at, zone), "end": _label(said.ends_at, zone)}
    text = _("Overtime %(start)s to %(end)s") if said.scheduled else _("Not scheduled %(start)s to %(end)s")
    where = _("whole line") if said.line_id else place.name
    return SaidRow(said.pk, f"{text % names}, {where}", said.said_by)


def _overtime(place: WorkCenter, zone: ZoneInfo, now: datetime) -> Sheet:
    """Overtime begins when the running shift ends, or with the end of one that ended a short while ago, or now."""
    near = shifts_of([place], now - RECENT, now + AHEAD)[place.pk]
    starts = now.replace(second=0, microsecond=0)
    ended = [shift.ends_at for shift in near if shift.ends_at <= now]
    if ended:
        starts = max(ended)
    running = next((shift for shift in near if shift.starts_at <= now < shift.ends_at), None)
    while running is not None:  # shifts that follow each other without a gap are one stretch
        starts = running.ends_at
        running = next((shift for shift in near if shift.starts_at <= starts < shift.ends_at), None)
    from_now = max(starts, now)
    following = next((shift for shift in near if shift.starts_at > starts), None)
    ends = [_up(from_now + timedelta(hours=n)) for n in (1, 2, 4)]
    choices = [
        Choice(end.isoformat(), _until(end, zone), _hours(starts, end))
        for end in ends
        if following is None or end < following.starts_at
    ]
    if following is not None:
        end = following.starts_at
        detail = _("until %(shift)s begins") % {"shift": following.name}
        choices.append(Choice(end.isoformat(), _until(end, zone), detail))
    return Sheet("overtime", _("Overtime until …"), starts, str(uuid4()), choices, False)


def _rest(place: WorkCenter, zone: ZoneInfo, now: datetime) -> Sheet:
    starts = now.replace(second=0, microsecond=0)
    choices = []
    running = shift_at(place, now)
    if running is not None:
        end = running.ends_at
        choices.append(Choice(end.isoformat(), _until(end, zone), _("end of %(shift)s") % {"shift": running.name}))
    for n in (2, 4):
        end = _up(now + timedelta(hours=n))
        choices.append(Choice(end.isoformat(), _until(end, zone), _hours(starts, end)))
    return Sheet("rest", _("Not scheduled until …"), starts, str(uuid4()), choices, False)


def _with_twice(sheets: list[Sheet], request: HttpRequest, zone: ZoneInfo) -> list[Sheet]:
    """After a time that comes twice that night was typed: the sheet stands open with both (R7)."""
    kind, typed = request.GET.get("twice", ""), request.GET.get("at", "")
    try:
        meant(datetime.fromisoformat(typed).replace(tzinfo=None), zone)
    except AmbiguousTime as both:
        pair = [Choice(at.isoformat(), _until(at, zone), "") for at in (both.first, both.second)]
        return [Sheet(s.kind, s.title, s.starts, s.key, pair, True) if s.kind == kind else s for s in sheets]
    except ValueError:
        pass
    return sheets


@login_required
@require_POST
def say(request: HttpRequest, code: str) -> HttpResponse:
    """One of the two words; the answer is the machine's page with Undo."""
    demand(request.user, "say_schedule")
    place, now = machine_or_404(request.user, code), datetime.now(UTC)
    kind = request.POST.get("kind", "")
    owner = place.line if request.POST.get("whole") else place
    back = reverse("floor-work-center", args=[code])
    try:
        starts, key = _instant(request.POST.get("starts", "")), UUID(request.POST.get("key", ""))
        ends = _end(request, starts, zone_named(place.line.area.site.time_zone))
    except AmbiguousTime as both:
        messages.error(request, str(both), extra_tags="bad")
        typed = both.first.astimezone(zone_named(place.line.area.site.time_zone)).strftime("%Y-%m-%dT%H:%M")
        return HttpResponseRedirect(f"{back}?twice={'rest' if kind == 'rest' else 'overtime'}&at={typed}#schedule")
    except CalendarError as error:
        messages.error(request, str(error), extra_tags="bad")
        return HttpResponseRedirect(back)
    except ValueError:
        messages.error(request, _("The page was incomplete: choose the time again."), extra_tags="bad")
        return HttpResponseRedirect(back)
    speak = unscheduled_say if kind == "rest" else overtime_say
    try:
        actor = request.user.get_username()
        speak(
            place=owner, starts_at=starts, ends_at=ends, why=request.POST.get("why", ""), key=key, actor=actor, at=now
        )
        messages.success(request, _("Said. The figures follow within seconds."))
    except (OverrideRefused, ShiftLocked) as refused:
        messages.error(request, str(refused), extra_tags="bad")
    touched_tell([machine.pk for machine in machines_of(owner)])
    return HttpResponseRedirect(back)


@login_required
@require_POST
def undo(request: HttpRequest, code: str) -> HttpResponse:
    """Takes a word on the machine or its line back."""
    demand(request.user, "say_schedule")
    place, now = machine_or_404(request.user, code), datetime.now(UTC)
    rows = Override.objects.filter(work_center=place) | Override.objects.filter(line=place.line_id)
    number = request.POST.get("said", "")
    said = rows.filter(pk=int(number)).first() if number.isascii() and number.isdigit() and len(number) < 18 else None
    if said is None:
        raise Http404("said")
    try:
        if override_withdraw(override_id=said.pk, actor=request.user.get_username(), at=now):
            messages.success(request, _("Taken back: the schedule is as if it had not been said."))
    except ShiftLocked as refused:
        messages.error(request, str(refused), extra_tags="bad")
    touched_tell([machine.pk for machine in machines_of(place.line)])
    return HttpResponseRedirect(reverse("floor-work-center", args=[code]))


def _end(request: HttpRequest, starts: datetime, zone: ZoneInfo) -> datetime:
    """The chosen instant, or the next time the typed wall time comes after the start."""
    if request.POST.get("until"):
        return _instant(request.POST["until"])
    typed = time.fromisoformat(request.POST.get("own", "")).replace(tzinfo=None)
    here = starts.astimezone(zone)
    day = here.date() if typed > here.time() else here.date() + timedelta(days=1)
    return meant(datetime.combine(day, typed), zone)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


def _up(at: datetime) -> datetime:
    """Up to the next five minutes."""
    whole = at.replace(minute=0, second=0, microsecond=0)
    return whole + -(-(at - whole) // FIVE_MIN) * FIVE_MIN


def _until(at: datetime, zone: ZoneInfo) -> str:
    return _("until %(time)s") % {"time": _label(at, zone)}


def _label(at: datetime, zone: ZoneInfo) -> str:
    """Weekday and wall time, with the offset where clocks show it twice."""
    return f"{at.astimezone(zone):%a} {local_label(at, zone)}"


def _hours(start: datetime, end: datetime) -> str:
    minutes = round((end - start).total_seconds() / 60)
    return _("%(h)d h %(m)02d min") % {"h": minutes // 60, "m": minutes % 60}
