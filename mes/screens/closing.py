"""Closing, locking and reopening a shift on its page, and what changed since it was reported."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.oee.closing import (
    ClosingRefused,
    machines_of_shift,
    settled_at,
    shift_close,
    shift_lock,
    shift_reopen,
    waiting_changes,
)
from mes.oee.edits import Edit, edits_of
from mes.oee.figures import Figure, figures
from mes.oee.places import line_place
from mes.people.access import may
from mes.plant.models import Shift
from mes.screens import words
from mes.screens.gate import demand, shift_or_404

ACTION_OF = {"close": "close_shift", "lock": "lock_shift", "reopen": "lock_shift"}


class Difference(NamedTuple):
    """A figure of the line as it was reported and as it is known now, as texts."""

    word: str
    reported: str
    known: str


def closing_of(shift: Shift, user: object, now: datetime) -> dict[str, Any]:
    """What the shift's page shows of its state: what can be done to it, what waits, what changed since the report."""
    differences: list[Difference] = []
    edits: list[Edit] = []
    if shift.closed_at is not None:
        differences = differences_of(shift, now)
        edits = edits_of(machines_of_shift(shift), shift.starts_at, shift.ends_at, since=shift.closed_at)
    return {
        "differences": differences,
        "edits": edits,
        "waiting": waiting_changes(shift),
        "settled_at": settled_at(shift),
        "may_correct": may(user, "correct_facts") or may(user, "restate_facts"),
        "may_close": shift.closed_at is None and now >= settled_at(shift) and may(user, "close_shift"),
        "may_lock": shift.closed_at is not None and shift.locked_at is None and may(user, "lock_shift"),
        "may_reopen": shift.locked_at is not None and may(user, "lock_shift"),
    }


def differences_of(shift: Shift, now: datetime) -> list[Difference]:
    """The line's figures that are not as they were reported when the shift was closed."""
    place, window = line_place(shift.line), [(shift.starts_at, shift.ends_at)]
    if not place.work_centers or shift.closed_at is None:
        return []
    [reported] = figures(place, window, now=now, as_of=shift.closed_at)
    [known] = figures(place, window, now=now)
    if reported.elements is None or reported.elements == known.elements:
        return []
    pairs = zip(_told(reported), _told(known), strict=True)
    return [Difference(word, was, is_now) for (word, was), (_word, is_now) in pairs if was != is_now]


def _told(figure: Figure) -> list[tuple[str, str]]:
    kpi, elements = figure.kpi, figure.elements
    shares = [
        ("OEE", kpi.oee),
        (_("Availability"), kpi.availability),
        (_("Performance"), kpi.performance),
        (_("Quality"), kpi.quality),
        (_("Time with data"), kpi.coverage),
    ]
    told = [(word, words.NONE if ratio is None else f"{float(ratio) * 100:.1f} %") for word, ratio in shares]
    if elements is None:
        return told
    told += [(_("Good"), words.number(float(elements.good))), (_("Scrap"), words.number(float(elements.scrap)))]
    times = [(_("Run"), elements.run_ms), (_("Unplanned stops"), elements.unplanned_ms)]
    times += [(_("Planned stops"), elements.planned_stop_ms), (_("Nothing known"), elements.unknown_ms)]
    return told + [(word, _("%s min") % words.minutes(ms / 1000)) for word, ms in times]


@login_required
@require_POST
def shift_state(request: HttpRequest, line: str, day: str, name: str) -> HttpResponse:
    """Closes, locks or reopens the shift; a reopening needs a reason."""
    shift = shift_or_404(request.user, line, day, name)
    verb = request.POST.get("verb", "")
    if verb not in ACTION_OF:
        raise BadRequest("verb")
    demand(request.user, ACTION_OF[verb])
    actor, at = request.user.get_username(), datetime.now(UTC)
    try:
        if verb == "close" and shift_close(shift_id=shift.pk, actor=actor, at=at):
            messages.success(request, _("The shift is closed: its figures are reported."), extra_tags="good")
        elif verb == "lock" and shift_lock(shift_id=shift.pk, actor=actor, at=at):
            messages.success(request, _("The shift is locked: its figures are final."), extra_tags="good")
        elif verb == "reopen":
            why = request.POST.get("why", "")
            if shift_reopen(shift_id=shift.pk, why=why, actor=actor, at=at):
                messages.success(request, _("The shift is open for corrections again."), extra_tags="good")
    except ClosingRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(reverse("shift", args=[line, day, name]))
