"""The pages of readiness: all lines with what blocks them first, and one line with every formula and its inputs."""

from datetime import UTC, datetime
from math import inf
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from analytics.models import ReadinessReport
from analytics.phase_pages.floor import floor_word, floor_words
from analytics.readiness.report import history_of, latest_reports
from analytics.readiness_pages import words
from analytics.readiness_pages.chart import Chart, history_chart
from analytics.readiness_pages.tallied import DayRow, day_rows, labels_of, parts_of
from analytics.tasks import measure_line
from mes.people.access import lines_for, may
from mes.plant.models import Line
from mes.screens.gate import demand, line_or_404

MAY_MEASURE = "see_audit"  # measuring changes nothing, but costs the worker some seconds


class BlockerRow(NamedTuple):
    """A blocker in words."""

    text: str
    gain: str
    when: str
    owner: Any
    link: str
    waits: bool


class GateRow(NamedTuple):
    """A gate in a line's row of gates."""

    phase: int
    name: Any
    unlocks: Any
    is_open: bool
    checks: list["CheckRow"]
    missing: int


class CheckRow(NamedTuple):
    """One value a gate asks for. `state` is one of the palette, `word` says the same."""

    name: Any
    value: str
    needs: str
    state: str
    word: str
    wait: str


class MeasureRow(NamedTuple):
    """A measure with its ends, what it was computed from, and its score 0 to 1."""

    name: Any
    value: str
    red: str
    green: str
    score: float | None
    formula: Any
    parts: str
    status: str


class DimensionRow(NamedTuple):
    """A dimension with its measures; `width` is that of its bar, 0 to 100."""

    name: Any
    weight: str
    score: float | None
    width: float
    measures: list[MeasureRow]


class LineRow(NamedTuple):
    """A line on the page of all lines."""

    line: Line
    report: ReadinessReport | None
    phase: Any
    gates: list[GateRow]
    blockers: list[BlockerRow]
    dimensions: list[DimensionRow]
    unwitnessed: bool
    evidence: list[str]
    labels: list[str]
    fell: str

    @property
    def only_waits(self) -> bool:
        """Whether nobody can do anything but wait."""
        return bool(self.blockers) and all(blocker.waits for blocker in self.blockers)

    @property
    def urgency(self) -> tuple[bool, bool, int, float]:
        """Sorts lines on which somebody can mend something first, among them the one that is furthest behind."""
        if self.report is None:
            return (True, True, 0, 0.0)
        return (False, self.only_waits or not self.blockers, self.report.phase, self.report.r_with_time)


@login_required
@require_safe
def readiness(request: HttpRequest) -> HttpResponse:
    """`/improve/readiness/`: the lines of the person, those that need most first."""
    lines = list(lines_for(request.user).select_related("area__site").order_by("area__code", "position", "code"))
    reports = latest_reports(lines)
    fallen = floor_words(lines)
    made = (_line_row(one, reports.get(one.pk), fallen[one.pk].text if one.pk in fallen else "") for one in lines)
    rows = sorted(made, key=lambda row: row.urgency)
    return render(request, "readiness/lines.html", {"rows": rows})


@login_required
@require_safe
def line_readiness(request: HttpRequest, code: str) -> HttpResponse:
    """`/improve/readiness/<line>/`: gates, dimensions with formulas and inputs, the days they come from, history."""
    now = datetime.now(UTC)
    line = line_or_404(request.user, code)
    report = latest_reports([line]).get(line.pk)
    past = list(history_of(line, now))
    chart: Chart | None = history_chart([(one.day, one.r, one.r_with_time) for one in past])
    days: list[DayRow] = day_rows(report.inputs["days"]) if report else []
    fallen = floor_word(line)
    context = {
        "row": _line_row(line, report, fallen.text if fallen else ""),
        "line": line,
        "zone": line.area.site.time_zone,
        "chart": chart,
        "past": past,
        "days": days,
        "key": uuid4(),
        "may_measure": may(request.user, MAY_MEASURE),
    }
    return render(request, "readiness/line.html", context)


@login_required
@require_POST
def measure(request: HttpRequest, code: str) -> HttpResponse:
    """Asks the worker to measure a line now; a form sent twice is measured once."""
    line = line_or_404(request.user, code)
    demand(request.user, MAY_MEASURE)
    try:
        key = UUID(request.POST.get("key", ""))
    except ValueError:
        messages.error(request, _("The form was incomplete: press the button again."))
        return HttpResponseRedirect(reverse("line-readiness", args=[line.code]))
    try:
        measure_line.apply_async((line.code, request.user.get_username(), str(key)), retry=False)
    except OperationalError:
        messages.error(request, _("The queue to the worker is away: try again in a minute."))
    else:
        messages.success(request, _("%(line)s is being measured. Reload in some seconds.") % {"line": line.name})
    return HttpResponseRedirect(reverse("line-readiness", args=[line.code]))


def _line_row(line: Line, report: ReadinessReport | None, fell: str = "") -> LineRow:
    if report is None:
        return LineRow(line, None, "", [], [], [], unwitnessed=False, evidence=[], labels=[], fell="")
    return LineRow(
        line=line,
        report=report,
        phase=words.PHASES[report.phase],
        gates=[_gate_row(gate) for gate in report.gates],
        # What somebody can do stands above what only time does, whichever gate it holds shut.
        blockers=sorted((blocker_row(one, line.code) for one in report.blockers), key=lambda row: row.waits),
        dimensions=[_dimension_row(part, report.inputs) for part in report.scores],
        unwitnessed=report.inputs.get("witness") == "unwitnessed",
        evidence=report.inputs.get("evidence", []),
        labels=labels_of(report.inputs),
        fell=fell,
    )


def blocker_row(blocker: dict[str, Any], line: str) -> BlockerRow:
    """A stored blocker in words. What only time mends has no link, but history can be imported instead of awaited."""
    waits = blocker["owner"] == "time"
    return BlockerRow(
        words.blocker_text(blocker),
        words.gain_text(blocker),
        words.when_text(blocker),
        words.OWNERS[blocker["owner"]],
        "" if waits and blocker["key"] not in ("weeks", "weeks_12") else words.link_of(blocker["key"], line),
        waits,
    )


def _gate_row(gate: dict[str, Any]) -> GateRow:
    phase = gate["phase"]
    checks = [_check_row(check) for check in gate["checks"]]
    missing = sum(not check["open"] for check in gate["checks"])
    return GateRow(phase, words.PHASES[phase], words.UNLOCKS[phase], gate["open"], checks, missing)


def _check_row(check: dict[str, Any]) -> CheckRow:
    key, state = check["key"], check["state"]
    needs = words.needs_text(check)
    if check["needs_days"]:
        needs = _("%(needs)s on %(days)s days in a row") % {"needs": needs, "days": check["needs_days"]}
    wait = ""
    if check["needs_days"] and state == "closed":
        wait = _("good on %(days)s so far") % {"days": check["days"]}
    looks = {
        "open": ("running", _("reached")),
        "closed": ("down", _("not reached")),
        "unmeasured": ("no_data", _("not measured yet")),
        "unwitnessed": ("planned", _("unwitnessed: does not hold it up")),
        "left_out": ("planned", _("does not exist for this line")),
    }
    look = looks[state]
    if wait and check["needs"] <= check["value"] <= (check.get("most") or inf):
        look = ("waiting", _("only days are missing"))
    if key == "witness" and state == "closed":
        look = ("down", _("a witness contradicts"))
    return CheckRow(words.NAMES[key], words.value_text(key, check["value"]), needs, *look, wait)


def _dimension_row(part: dict[str, Any], inputs: dict[str, Any]) -> DimensionRow:
    return DimensionRow(
        words.DIMENSIONS[part["key"]],
        f"{part['weight'] * 100:.0f}",
        part["score"],
        round((part["score"] or 0.0) * 100, 1),
        [_measure_row(measure, inputs) for measure in part["measures"]],
    )


def _measure_row(measure: dict[str, Any], inputs: dict[str, Any]) -> MeasureRow:
    key = measure["key"]
    status = {
        "measured": "",
        "unmeasured": _("not measured yet: counts as 0"),
        "contradicted": _("contradicted"),
        "left_out": _("unwitnessed") if key == "witness" else _("not for this line"),
    }[measure["status"]]
    return MeasureRow(
        words.NAMES[key],
        words.value_text(key, measure["value"]),
        words.value_text(key, measure["red"]),
        words.value_text(key, measure["green"]),
        measure["score"],
        words.FORMULAS[key],
        parts_of(key, inputs),
        status,
    )
