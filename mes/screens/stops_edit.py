"""What supervisors do to a stop on its page: split, merge, trim, undo. Each form carries the version it shows."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.downtime.actions import StopRefused
from mes.downtime.cutting import stop_merge, stop_split, stop_trim, stop_undo
from mes.downtime.models import Stop
from mes.downtime.queries import stop_ref
from mes.plant.changes import ShiftLocked
from mes.production.typed import Unreadable
from mes.screens.corrections import instant
from mes.screens.frame import zone_named
from mes.screens.gate import actor_of, demand
from mes.screens.stops import stop_href, stop_or_404, version_of

_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,3}))?)?", re.ASCII)


@login_required
@require_POST
def split(request: HttpRequest, ref: str) -> HttpResponse:
    """Cuts the stop at a typed time of the plant; the page of the new part follows."""
    stop = _editable(request, ref)

    def do() -> str:
        at = _moment(stop, request.POST.get("at", ""))
        stop_split(
            stop_id=stop.pk, cut_at=at, actor=actor_of(request), at=datetime.now(UTC), version=version_of(request)
        )
        messages.success(request, _("The stop is split. Give each part its reason."), extra_tags="good")
        stop.starts_at = at
        return stop_ref(stop)

    return _done(request, ref, do)


@login_required
@require_POST
def merge(request: HttpRequest, ref: str) -> HttpResponse:
    """Makes two neighbouring parts one again, with the reason of the one that was chosen."""
    stop = _editable(request, ref)

    def do() -> str:
        cut_at, keep = _sent(request.POST.get("joint", "")), request.POST.get("keep", "")
        stop_merge(
            stop_id=stop.pk,
            cut_at=cut_at,
            keep_later=keep == "later",
            actor=actor_of(request),
            at=datetime.now(UTC),
            version=version_of(request),
        )
        messages.success(request, _("The parts are one again."), extra_tags="good")
        return ref

    return _done(request, ref, do)


@login_required
@require_POST
def trim(request: HttpRequest, ref: str) -> HttpResponse:
    """Makes the stop (or part) shorter; in the rest the machine ran. An empty field leaves that end as it is."""
    stop = _editable(request, ref)

    def do() -> str:
        start, end = request.POST.get("start", "").strip(), request.POST.get("end", "").strip()
        if not start and not end:
            raise StopRefused(_("Type when it really began, or ended, or both: nothing was changed."))
        starts_at = _moment(stop, start) if start else stop.starts_at
        stop_trim(
            stop_id=stop.pk,
            starts_at=starts_at,
            ends_at=_moment(stop, end) if end else stop.ends_at,
            actor=actor_of(request),
            at=datetime.now(UTC),
            version=version_of(request),
        )
        messages.success(request, _("The stop is trimmed: in the rest the machine ran."), extra_tags="good")
        stop.starts_at = starts_at
        return stop_ref(stop)

    return _done(request, ref, do)


@login_required
@require_POST
def undo(request: HttpRequest, ref: str) -> HttpResponse:
    """Takes the last thing that was done to the stop back."""
    stop = _editable(request, ref)
    entry = request.POST.get("entry", "")
    if not re.fullmatch(r"\d{1,18}", entry, re.ASCII):
        raise BadRequest("entry")

    def do() -> str:
        stop_undo(stop_id=stop.pk, entry=int(entry), actor=actor_of(request), at=datetime.now(UTC))
        messages.success(request, _("Taken back."), extra_tags="good")
        return ref

    return _done(request, ref, do)


def _editable(request: HttpRequest, ref: str) -> Stop:
    stop = stop_or_404(request, ref)
    demand(request.user, "edit_stop")
    return stop


def _done(request: HttpRequest, ref: str, do: Callable[[], str]) -> HttpResponse:
    try:
        ref = do()
    except (StopRefused, ShiftLocked, Unreadable) as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(stop_href(ref, request))


def _moment(stop: Stop, text: str) -> datetime:
    """A typed time: 14:05, 14:05:30 or 14:05:30.250 on the day of the stop (or the next), or with its date."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return instant(stop.work_center, text)
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise Unreadable(_("Write a time like 14:05 or 14:05:30."))
    begin = stop.whole.starts_at if stop.whole else stop.starts_at
    first = begin.astimezone(zone_named(stop.work_center.line.area.site.time_zone)).date()
    rest = timedelta(milliseconds=int((found[4] or "0").ljust(3, "0")))
    days = (first, first + timedelta(days=1))
    moments = [instant(stop.work_center, f"{day} {hour:02}:{minute:02}:{second:02}") + rest for day in days]
    return moments[0] if moments[0] >= begin else moments[1]


def _sent(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadRequest("joint") from error
