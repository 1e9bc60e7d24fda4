"""What people do on the hour-by-hour board: say why, re-plan, tick off, sign."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.hourly.models import HourNote
from mes.hourly.notes import Said, countermeasure_done, hour_comment
from mes.hourly.places import BoardPlace, line_board, machine_board
from mes.hourly.plans import MOST_PIECES, hour_replan
from mes.hourly.sign_off import hours_sign
from mes.hourly.typed import HoursRefused
from mes.plant.models import Shift
from mes.screens.gate import actor_of, demand, line_or_404, machine_or_404
from mes.screens.hours import EPOCH, shift_address, shift_asked

DIGITS = 9


@login_required
@require_POST
def machine_edit(request: HttpRequest, code: str, verb: str) -> HttpResponse:
    """`/floor/<work-center>/hours/<verb>/`."""
    return _edit(request, machine_board(machine_or_404(request.user, code)), verb)


@login_required
@require_POST
def line_edit(request: HttpRequest, code: str, verb: str) -> HttpResponse:
    """`/hours/<line>/<verb>/`."""
    return _edit(request, line_board(line_or_404(request.user, code)), verb)


def _edit(request: HttpRequest, place: BoardPlace, verb: str) -> HttpResponse:
    action, do = VERBS.get(verb, ("", None))
    if do is None:
        raise Http404(verb)
    demand(request.user, action)
    now = datetime.now(UTC)
    shift = shift_asked(place, request.POST.get("shift", ""), now)
    if shift is None or not request.POST.get("shift"):
        raise BadRequest("shift")
    try:
        messages.success(request, do(request, place, shift, now), extra_tags="good")
    except HoursRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(shift_address(place, shift))


def _comment(request: HttpRequest, place: BoardPlace, shift: Shift, now: datetime) -> str:
    post = request.POST
    due: date | None = None
    if post.get("due"):
        try:
            due = date.fromisoformat(post["due"])
        except ValueError as error:
            raise HoursRefused(_("The due day is no date: write it as 2026-03-31.")) from error
    said = Said(post.get("comment", ""), post.get("countermeasure", ""), post.get("owner", ""), due)
    hour_comment(
        place=place,
        shift=shift,
        starts_at=_hour(post.get("hour", "")),
        said=said,
        version=_number(post.get("version", "0")),
        actor=actor_of(request),
        at=now,
    )
    return _("Noted.")


def _replan(request: HttpRequest, place: BoardPlace, shift: Shift, now: datetime) -> str:
    pieces: dict[datetime, int | None] = {}
    for name, text in request.POST.items():
        if name.startswith("plan-"):
            pieces[_hour(name.removeprefix("plan-"))] = _pieces(str(text))
    version = _number(request.POST.get("version", ""))
    why = request.POST.get("why", "")
    actor = actor_of(request)
    hour_replan(place=place, shift=shift, pieces=pieces, why=why, version=version, actor=actor, at=now)
    return _("The plan is changed; the original stays beside it.")


def _sign(request: HttpRequest, place: BoardPlace, shift: Shift, now: datetime) -> str:
    hours_sign(place=place, shift=shift, note=request.POST.get("note", ""), actor=actor_of(request), at=now)
    return _("Signed off.")


def _done(request: HttpRequest, place: BoardPlace, shift: Shift, now: datetime) -> str:
    notes = HourNote.objects.filter(line=place.line, work_center=place.work_center, shift=shift)
    note = notes.filter(starts_at=_hour(request.POST.get("hour", ""))).first()
    if note is None:
        raise Http404("hour")
    countermeasure_done(note=note, actor=actor_of(request), at=now)
    return _("Done.")


def _hour(text: str) -> datetime:
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        raise BadRequest("hour")
    return EPOCH + timedelta(microseconds=int(text))


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > DIGITS:
        raise BadRequest("version")
    return int(text)


def _pieces(text: str) -> int | None:
    """Pieces as typed; empty is no plan. HoursRefused for anything else."""
    plain = text.strip()
    if not plain:
        return None
    if not plain.isascii() or not plain.isdigit() or len(plain) > DIGITS:
        most = {"most": MOST_PIECES}
        raise HoursRefused(_("A plan is a whole number of pieces from 0 to %(most)d.") % most)
    return int(plain)


VERBS: dict[str, tuple[str, Callable[[HttpRequest, BoardPlace, Shift, datetime], str]]] = {
    "comment": ("comment_hours", _comment),
    "done": ("comment_hours", _done),
    "replan": ("replan_hours", _replan),
    "sign": ("sign_hours", _sign),
}
