"""Counts that wait for a person: held back, without an order, made in a gap over two orders, scrap reported twice."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from mes.people.access import lines_for, may, work_centers_for
from mes.plant.changes import ShiftLocked
from mes.plant.models import Shift, WorkCenter
from mes.production.models import WorkOrder
from mes.screens.gate import demand, line_or_404, machine_or_404, storable
from mes.tracking.conflicts import scrap_conflicts, scrap_decide
from mes.tracking.held import CountsRefused, held_discard, held_release, held_waiting
from mes.tracking.models import CountFlag
from mes.tracking.unassigned import (
    gap_parts,
    gap_split,
    gaps_unassigned,
    hours_assign,
    hours_unassigned,
    orders_in_question,
)

LOOK_BACK = timedelta(days=14)
LIMIT = 25
_WHOLE = re.compile(r"[0-9]{1,9}")


@login_required
@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """`/counts/`: what waits on the person's lines, the oldest held-back counts first; `?line=` narrows it."""
    demand(request.user, "see_counts")
    now = datetime.now(UTC)
    places = work_centers_for(request.user)
    line = line_or_404(request.user, request.GET["line"]) if request.GET.get("line") else None
    if line is not None:
        places = places.filter(line=line)
    hour, since = now.replace(minute=0, second=0, microsecond=0), now - LOOK_BACK
    held, gaps = held_waiting(places), gaps_unassigned(places, since)
    hours = hours_unassigned(places, since, hour)
    conflicts = scrap_conflicts(places, since)
    sizes = (held.count(), gaps.count(), len(hours), len(conflicts))
    context = {
        "line": line,
        "lines": list(lines_for(request.user).order_by("area__code", "position", "code")),
        "held": held[:LIMIT],
        "gaps": [
            (gap, gap_parts(gap), orders_in_question(gap.work_center, gap.from_at, gap.to_at)) for gap in gaps[:LIMIT]
        ],
        "hours": [(one, orders_in_question(one.work_center, one.first_hour, one.end)) for one in hours[:LIMIT]],
        "conflicts": conflicts[:LIMIT],
        "sizes": sizes,
        "waits": sum(sizes),
        "more": any(size > LIMIT for size in sizes),
        "limit": LIMIT,
        "days": LOOK_BACK.days,
        "settle": may(request.user, "settle_counts"),
        "assign": may(request.user, "assign_counts"),
    }
    return render(request, "counts/counts.html", context)


@login_required
@require_POST
def held(request: HttpRequest) -> HttpResponse:
    """Releases or discards a held-back count."""
    demand(request.user, "settle_counts")
    flag, verb = _flag(request), request.POST.get("verb", "")
    act = {"release": held_release, "discard": held_discard}.get(verb)
    if act is None:
        raise BadRequest("verb")
    why = request.POST.get("why", "")

    def do(actor: str, at: datetime) -> str:
        act(flag_id=flag.pk, why=why, actor=actor, at=at)
        pieces = int(flag.quantity)
        said = (
            ngettext("%(n)d piece is counted now.", "%(n)d pieces are counted now.", pieces)
            if verb == "release"
            else ngettext("%(n)d piece stays uncounted.", "%(n)d pieces stay uncounted.", pieces)
        )
        return said % {"n": pieces}

    return _done(request, do)


@login_required
@require_POST
def gap(request: HttpRequest) -> HttpResponse:
    """Gives the pieces of a gap to orders: `order` and `pieces` come in pairs."""
    demand(request.user, "assign_counts")
    flag = _flag(request)
    numbers, pieces = request.POST.getlist("order"), request.POST.getlist("pieces")
    if not numbers or len(numbers) != len(pieces):
        raise BadRequest("parts")

    def do(actor: str, at: datetime) -> str:
        if not all(_WHOLE.fullmatch(text.strip() or "0") for text in pieces):
            raise CountsRefused(_("Write whole numbers of pieces: check the parts."))
        wanted = [(number, int(text.strip() or "0")) for number, text in zip(numbers, pieces, strict=True) if number]
        parts = [(_order(flag.work_center, number), n) for number, n in wanted]
        gap_split(flag_id=flag.pk, parts=parts, actor=actor, at=at)
        return _("%d pieces have their order now.") % int(flag.quantity)

    return _done(request, do)


@login_required
@require_POST
def hours(request: HttpRequest) -> HttpResponse:
    """Books whole hours of pieces without an order on one."""
    demand(request.user, "assign_counts")
    post = request.POST
    place = machine_or_404(request.user, post.get("work_center", ""))
    try:
        start, end = datetime.fromisoformat(post["from"]), datetime.fromisoformat(post["to"])
        seen, shift = int(post["seen"]), _shift(place, post.get("shift", ""))
    except (KeyError, ValueError) as error:
        raise BadRequest("hours") from error
    if start.tzinfo is None or end.tzinfo is None:
        raise BadRequest("hours")

    def do(actor: str, at: datetime) -> str:
        order = _order(place, post.get("order", ""))
        pieces = hours_assign(
            work_center=place, shift=shift, start=start, end=end, order=order, seen=seen, actor=actor, at=at
        )
        return _("%(n)d pieces belong to %(order)s now.") % {"n": pieces, "order": order.number}

    return _done(request, do)


@login_required
@require_POST
def scrap_twice(request: HttpRequest) -> HttpResponse:
    """Says whether scrap that a counter and people reported are the same pieces."""
    demand(request.user, "settle_counts")
    post = request.POST
    place = machine_or_404(request.user, post.get("work_center", ""))
    try:
        shift, counted, entered = _shift(place, post["shift"]), int(post["counted"]), int(post["entered"])
    except (KeyError, ValueError) as error:
        raise BadRequest("scrap") from error
    if shift is None or post.get("same") not in ("0", "1"):
        raise BadRequest("scrap")

    def do(actor: str, at: datetime) -> str:
        scrap_decide(
            work_center=place,
            shift=shift,
            counted=counted,
            entered=entered,
            same=post["same"] == "1",
            actor=actor,
            at=at,
        )
        return _("Noted. The figures of the shift follow.")

    return _done(request, do)


def _done(request: HttpRequest, do: Callable[[str, datetime], str]) -> HttpResponse:
    """Does it, says what came of it, and goes back to the list."""
    try:
        messages.success(request, do(request.user.get_username(), datetime.now(UTC)), extra_tags="good")
    except (CountsRefused, ShiftLocked) as refused:
        messages.error(request, str(refused), extra_tags="bad")
    line = request.POST.get("line", "")
    return HttpResponseRedirect(reverse("counts") + (f"?line={line}" if re.fullmatch(r"[\w.-]{1,40}", line) else ""))


def _flag(request: HttpRequest) -> CountFlag:
    text = request.POST.get("flag", "")
    if not _WHOLE.fullmatch(text):
        raise BadRequest("flag")
    flag = CountFlag.objects.select_related("work_center__line").filter(
        pk=int(text), work_center__in=work_centers_for(request.user)
    )
    found = flag.first()
    if found is None:
        raise Http404("flag")
    return found


def _order(place: WorkCenter, number: str) -> WorkOrder:
    order = WorkOrder.objects.filter(number=storable(number), line=place.line_id).first()
    if order is None:
        raise CountsRefused(_("There is no such order on %s: choose one of the list.") % place.line.code)
    return order


def _shift(place: WorkCenter, text: str) -> Shift | None:
    """The shift of that id on the machine's line; None for no text. ValueError for anything else."""
    if not text:
        return None
    shift: Shift | None = Shift.objects.filter(pk=int(text), line=place.line_id).first()
    if shift is None:
        raise ValueError(text)
    return shift


def counts_waiting_for(user: object) -> dict[str, Any]:
    """For pages that lead here: whether the person may look, and how many counts are held back (a small index)."""
    see = may(user, "see_counts")
    return {"see_counts": see, "counts_waiting": held_waiting(work_centers_for(user)).count() if see else 0}
