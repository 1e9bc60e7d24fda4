"""The pages of phases: the map of the plant, a line's ladder with its sign-offs, and what people say there."""

from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.models import Approver, Department, PhaseState, ReadinessReport
from analytics.phase_pages import words as phase_words
from analytics.phases.rules import FEATURES, LAST, TALLIES_NEEDED, unlocked
from analytics.phases.signoffs import (
    Place,
    SignOffRefused,
    approver_name,
    departments_of,
    places_of,
    signoff_sign,
    signoff_withdraw,
    tallies_that_back,
)
from analytics.phases.state import states_of
from analytics.readiness.report import latest_reports
from analytics.readiness_pages import words
from analytics.readiness_pages.screens import BlockerRow, blocker_row
from mes.people.access import lines_for, may
from mes.people.models import Person, Role
from mes.plant.models import Line
from mes.screens.gate import actor_of, demand, line_or_404

MAY_APPROVE = (Role.SUPERVISOR, Role.ENGINEER, Role.QUALITY, Role.MANAGER, Role.ADMIN)
PAST = 50


class MapCell(NamedTuple):
    """A line on the map: where it stands, why it fell, what blocks it, how many departments signed its phase."""

    line: Line
    state: PhaseState | None
    icon: str
    name: Any
    fell: str
    blockers: list[BlockerRow]
    signed: int
    asked: int

    @property
    def needs(self) -> bool:
        """Whether somebody should look: it fell back."""
        return bool(self.fell)


class FeatureRow(NamedTuple):
    """A feature that a phase opens for AI; `alone`: open from another phase because no ERP sends orders."""

    name: Any
    is_open: bool


class PhaseRow(NamedTuple):
    """A rung of a line's ladder."""

    phase: int
    name: Any
    is_open: bool
    features: list[FeatureRow]
    places: list[Place]
    signed: int


@login_required
@require_safe
def phases(request: HttpRequest) -> HttpResponse:
    """`/improve/phases/`: every line of the person by area, with its phase, what fell back, and what blocks it."""
    lines = list(lines_for(request.user).select_related("area__site").order_by("area__code", "position", "code"))
    states, reports, places = states_of(lines), latest_reports(lines), places_of(lines)
    cells = [_cell(line, states.get(line.pk), reports.get(line.pk), places) for line in lines]
    areas = [(area, list(group)) for area, group in groupby(cells, key=lambda cell: cell.line.area)]
    counts = [(words.PHASES[n], sum(one.state is not None and one.state.phase == n for one in cells)) for n in range(6)]
    context = {"areas": areas, "counts": counts, "fallen": [cell for cell in cells if cell.needs]}
    return render(request, "phases/map.html", context)


def _cell(
    line: Line,
    state: PhaseState | None,
    report: ReadinessReport | None,
    places: dict[tuple[int, int], list[Place]],
) -> MapCell:
    if state is not None:
        state.line = line  # read already, with its zone
    phase = state.phase if state else 0
    own = places.get((line.pk, phase), [])
    return MapCell(
        line,
        state,
        phase_words.ICONS[phase],
        words.PHASES[phase] if state else _("Not measured yet"),
        phase_words.fell_text(state) if state else "",
        [blocker_row(one, line.code) for one in report.blockers] if report else [],
        sum(place.row is not None for place in own),
        len(own),
    )


@login_required
@require_safe
def line_phases(request: HttpRequest, code: str) -> HttpResponse:
    """`/improve/phases/<line>/`: the ladder with what each phase opens, its sign-offs, the approver, and the past."""
    line = line_or_404(request.user, code)
    report, state = latest_reports([line]).get(line.pk), states_of([line]).get(line.pk)
    places = places_of([line])
    if state is not None:
        state.line = line
    erp = bool(report and report.inputs.get("erp"))
    rows = [_rung(n, state, places[line.pk, n], erp=erp) for n in range(1, LAST + 1)]
    context = {
        "line": line,
        "zone": line.area.site.time_zone,
        "state": state,
        "cell": _cell(line, state, report, places),
        "rows": rows,
        # A word given before the line fell back can still be taken back.
        "can_sign": any(row.is_open or row.signed for row in rows),
        "erp": erp,
        "mine": departments_of(request.user) if isinstance(request.user, Person) else [],
        "tallies": tallies_that_back(line, datetime.now(UTC)),
        "tallies_needed": TALLIES_NEEDED,
        "approver": Approver.objects.filter(line=line, until=None).first(),
        "people": _approvers(line) if may(request.user, "name_approver") else [],
        "past": [_past(one, line) for one in PhaseState.objects.filter(line=line)[:PAST]],
        "key": uuid4(),
    }
    return render(request, "phases/line.html", context)


def _rung(phase: int, state: PhaseState | None, places: list[Place], *, erp: bool) -> PhaseRow:
    reached = state.phase if state else 0
    opened = unlocked(reached, erp=erp)
    here = [one.key for one in FEATURES if one.opens_in(erp=erp) == phase]
    features = [FeatureRow(phase_words.FEATURES[key], key in opened) for key in here]
    signed = sum(place.row is not None for place in places)
    return PhaseRow(phase, words.PHASES[phase], reached >= phase, features, places, signed)


def _past(state: PhaseState, line: Line) -> dict[str, Any]:
    state.line = line
    fell = state.before is not None and state.phase < state.before
    why = phase_words.why_text(state.why) if fell else ""
    return {"state": state, "name": words.PHASES[state.phase], "fell": fell, "why": why}


def _approvers(line: Line) -> QuerySet[Person]:
    sees = Q(all_lines=True) | Q(lines=line) | Q(role=Role.ADMIN)
    return Person.objects.filter(sees, is_active=True, role__in=MAY_APPROVE).order_by("username").distinct()


@login_required
@require_POST
def phase_sign(request: HttpRequest, code: str) -> HttpResponse:
    """A department's word on a phase, or its withdrawal; a form sent twice is stored once."""
    line = line_or_404(request.user, code)
    demand(request.user, "sign_phase")
    back = HttpResponseRedirect(reverse("line-phases", args=[line.code]))
    posted = request.POST
    try:
        key, phase = UUID(posted.get("key", "")), int(posted.get("phase", ""))
    except ValueError:
        messages.error(request, _("The form was incomplete: press the button again."))
        return back
    said = {"department": posted.get("department", ""), "comment": posted.get("comment", "")}
    act = signoff_withdraw if posted.get("verb") == "withdraw" else signoff_sign
    try:
        assert isinstance(request.user, Person)  # noqa: S101 - `demand` let nobody else pass
        done = act(line=line, phase=phase, person=request.user, at=datetime.now(UTC), key=key, **said)
    except SignOffRefused as refused:
        messages.error(request, str(refused))
        return back
    if done is not None:
        told = {"department": Department(said["department"]).label, "phase": words.PHASES[phase]}
        text = _("%(department)s: “%(phase)s” is signed.")
        if posted.get("verb") == "withdraw":
            text = _("%(department)s took its word on “%(phase)s” back.")
        messages.success(request, text % told)
    return back


@login_required
@require_POST
def approver_set(request: HttpRequest, code: str) -> HttpResponse:
    """Names who approves another method for the line's forecast."""
    line = line_or_404(request.user, code)
    demand(request.user, "name_approver")
    person = _approvers(line).filter(username=request.POST.get("person", "").replace("\0", "")).first()
    if person is None:
        messages.error(request, _("Choose a person of the list: they must see the line and be more than an operator."))
    elif approver_name(line=line, person=person, actor=actor_of(request), at=datetime.now(UTC)):
        messages.success(request, _("%(name)s approves new methods of this line.") % {"name": person})
    return HttpResponseRedirect(reverse("line-phases", args=[line.code]))
