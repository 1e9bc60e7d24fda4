"""The control chart of a characteristic: points, limits, signals, capability; limits are frozen, checks taken back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.charting.charts import Chart
from mes.charting.control import Dot, control_chart
from mes.people.access import may, work_centers_for
from mes.quality.checks import CheckRefused, check_withdraw
from mes.quality.judging import ChartKind, baseline_of, charts_of, frozen
from mes.quality.limits import LimitsRefused, limits_set
from mes.quality.models import Characteristic, Check, ControlLimits
from mes.quality.queries import baseline_in, checks_of, limits_at, limits_versions, readings_of, with_gaps
from mes.quality.spc.capability import Capability, capability
from mes.quality.spc.chart import Baseline, Point
from mes.quality.spc.run_rules import fitting_rules
from mes.screens.gate import demand, storable
from mes.screens.quality_words import alarm_words, found_words, rule_words
from mes.screens.templatetags.amounts import local_day_time

SHOWN = 100
LEARNED = 25
TAKEN_BACK = 20


@dataclass(slots=True)
class Row:
    """A point of the charts: the check (None: a gap between items), its place, limits and signals."""

    number: int
    check: Check | None
    main: Point
    spread: Point | None
    limits: ControlLimits | None
    signals: list[str] = field(default_factory=list)
    spread_out: bool = False

    @property
    def found(self) -> str:
        """What was found, as text."""
        return found_words(self.check) if self.check else ""

    @property
    def rules(self) -> list[str]:
        """What each rule saw."""
        return rule_words(self.signals)

    @property
    def plotted(self) -> str:
        """The plotted value."""
        return self._text(self.main.value)

    @property
    def limits_text(self) -> str:
        """The control limits that hold for it."""
        return "–" if self.main.lcl is None else f"{self._text(self.main.lcl)} … {self._text(self.main.ucl)}"

    @property
    def spread_text(self) -> str:
        """The spread and its upper limit."""
        if self.spread is None or self.spread.value is None:
            return "–"
        upper = "" if self.spread.ucl is None else f" (≤ {self._text(self.spread.ucl)})"
        return self._text(self.spread.value) + upper

    def _text(self, value: float | None) -> str:
        if value is None or self.check is None:
            return "–"
        char = self.check.characteristic
        measured = char.kind == Characteristic.Kind.MEASURED
        return f"{value:.{char.decimals + 2}f}" if measured else f"{value:.4g}"

    @property
    def out(self) -> bool:
        """Beyond specification when it was made, and not taken back."""
        return self.check is not None and self.check.verdict == Check.Verdict.OUT and self.check.withdrawn_at is None


@login_required
@require_safe
def chart(request: HttpRequest, code: str) -> HttpResponse:
    """`/quality/<characteristic>/`: the charts with their table, capability, and the forms of who may change them."""
    demand(request.user, "see_quality")
    plan = _plan_or_404(request.user, code)
    versions = limits_versions(plan)
    rows, baseline = points_of(plan, versions)
    zone = plan.work_center.line.area.site.time_zone
    signals = sum(bool(row.signals) or row.spread_out for row in rows)
    shown = [row for row in rows if row.check is not None]
    kind = ChartKind(plan.chart)
    context: dict[str, Any] = {
        "plan": plan,
        "zone": zone,
        "kind": kind.label,
        "rows": list(reversed(shown)),
        "signals": signals,
        "out": sum(row.out for row in rows),
        "latest": shown[-1] if shown else None,
        "versions": list(reversed(versions)),
        "version": versions[-1].version if versions else 0,
        "last_version": plan.limits.count(),
        "baseline": baseline,
        "charts": _drawn(plan, rows, zone),
        **capability_context(_capability(plan, rows, versions, baseline, signals)),
        "rules": rule_words(fitting_rules(_main_kind(kind), plan.rules)),
        "alarms": alarm_words(fitting_rules(_main_kind(kind), plan.rules)),
        "may_freeze": may(request.user, "freeze_limits"),
        "may_withdraw": may(request.user, "release_hold"),
        "may_check": may(request.user, "record_check"),
        "latest_checks": [row for row in reversed(shown) if row.check and row.check.withdrawn_at is None][:TAKEN_BACK],
        "learned": min(max(len(shown), 2), LEARNED),
    }
    return render(request, "quality/characteristic.html", context)


@login_required
@require_POST
def freeze(request: HttpRequest, code: str) -> HttpResponse:
    """Freezes the limits that the newest checks teach, without those ticked."""
    demand(request.user, "freeze_limits")
    plan = _plan_or_404(request.user, code)
    newest, seen = _whole(request.POST.get("newest", "")), _whole(request.POST.get("seen", ""))
    left_out = [number for text in request.POST.getlist("out")[:SHOWN] if (number := _whole(text)) is not None]
    try:
        if newest is None or seen is None:
            raise LimitsRefused(_("Write how many checks to learn from: a whole number from 2."))
        actor, at = request.user.get_username(), datetime.now(UTC)
        stored = limits_set(
            characteristic=plan,
            newest=newest,
            left_out=left_out,
            why=request.POST.get("why", ""),
            actor=actor,
            at=at,
            seen_version=seen,
        )
        messages.success(request, _("Limits version %d is in force.") % stored.version, extra_tags="good")
    except LimitsRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(reverse("quality-chart", args=[plan.code]))


@login_required
@require_POST
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Takes a check of this characteristic back, with a reason."""
    demand(request.user, "release_hold")
    plan = _plan_or_404(request.user, code)
    key = _uuid(request.POST.get("check", ""))
    if key is None or not Check.objects.filter(characteristic=plan, key=key).exists():
        raise Http404(code)
    actor, at = request.user.get_username(), datetime.now(UTC)
    try:
        if check_withdraw(key=key, why=request.POST.get("why", ""), actor=actor, at=at):
            messages.success(request, _("The check is taken back: it is a gap now."), extra_tags="good")
    except CheckRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(reverse("quality-chart", args=[plan.code]))


def points_of(plan: Characteristic, versions: list[ControlLimits]) -> tuple[list[Row], Baseline]:
    """The newest points, each judged by the limits of its time, and the baseline in force now.

    Without frozen limits all points are judged by trial limits that these points themselves teach.
    """
    newest = checks_of(plan).select_related("order", "characteristic").order_by("-at", "-id")[:SHOWN]
    sequence = with_gaps(list(reversed(newest)))
    kind = ChartKind(plan.chart)
    trial = baseline_of(kind, readings_of(sequence))
    none = frozen(kind, 0.0, None, 0, provisional=True)
    rows: list[Row] = []
    for limits, part in _stretches(sequence, versions):
        baseline = baseline_in(limits) if limits else none if versions else trial
        drawn = charts_of(kind, readings_of(part), baseline, plan.rules)
        found = [[one.rule for one in drawn.signals if one.number == at] for at in range(1, len(part) + 1)]
        wide = {one.number for one in drawn.spread_signals}
        for at, check in enumerate(part):
            spread = drawn.spread.points[at] if drawn.spread else None
            main = drawn.main.points[at]
            if baseline is none:
                main = Point(main.number, main.value)
            rows.append(Row(len(rows) + 1, check, main, spread, limits, found[at], at + 1 in wide))
    return rows, baseline_in(versions[-1]) if versions else trial


def _stretches(
    sequence: list[Check | None], versions: list[ControlLimits]
) -> list[tuple[ControlLimits | None, list[Check | None]]]:
    """The sequence cut where other limits come into force: no run is followed across such a cut."""
    found: list[tuple[ControlLimits | None, list[Check | None]]] = []
    for check in sequence:
        limits = limits_at(versions, check.at) if check is not None else (found[-1][0] if found else None)
        if not found or found[-1][0] != limits:
            found.append((limits, []))
        found[-1][1].append(check)
    return found


def _capability(
    plan: Characteristic, rows: list[Row], versions: list[ControlLimits], baseline: Baseline, signals: int
) -> Capability | None:
    """Of the pieces since the limits in force began; None where there is no specification to compare with."""
    if plan.kind != Characteristic.Kind.MEASURED or (plan.lsl is None and plan.usl is None):
        return None
    current = versions[-1] if versions else None
    readings = readings_of([row.check for row in rows if row.limits == current])
    values = [value for one in readings for value in (one.values if one is not None else (None,))]
    return capability(values, baseline, lsl=plan.lsl, usl=plan.usl, signals=signals)


def capability_context(said: Capability | None) -> dict[str, Any]:
    """Indices with their intervals as texts, what the sample says of normality, and every caution."""
    if said is None:
        return {"capability": None}
    normal = said.normality
    shown = [
        ("Cp", said.within.cp, said.within.cp_interval),
        ("Cpk", said.within.cpk, said.within.cpk_interval),
        ("Pp", said.overall.cp, said.overall.cp_interval),
        ("Ppk", said.overall.cpk, said.overall.cpk_interval),
    ]
    normality = ""
    if normal.p is not None and normal.note is None:
        normality = _("Nothing speaks against a normal distribution (Anderson-Darling, p %.2f).") % normal.p
    notes = [*said.notes, *said.within.notes]
    return {
        "capability": said,
        "indices": [
            (name, "–" if value is None else f"{value:.2f}", f"{at[0]:.2f} – {at[1]:.2f}" if at else "–")
            for name, value, at in shown
        ],
        "normality": normality,
        "notes": list(dict.fromkeys(note.text for note in notes)),
    }


def _drawn(plan: Characteristic, rows: list[Row], zone: str) -> list[tuple[str, str, Chart, str]]:
    """Key, heading, chart and words of each chart."""
    if not rows:
        return []
    words = (_("value"), _("centre"), _("limit"))
    unit = plan.unit if plan.kind == Characteristic.Kind.MEASURED else ""
    kind = ChartKind(plan.chart)
    dots = [_dot(row, row.main, zone, out=row.out, signal=bool(row.signals)) for row in rows]
    drawn = [("chart-main", _headings()[kind][0], control_chart(dots, unit=unit, words=words))]
    if any(row.spread is not None for row in rows):
        dots = [_dot(row, row.spread, zone, signal=row.spread_out) for row in rows]
        drawn.append(("chart-spread", _headings()[kind][1], control_chart(dots, unit=unit, words=words)))
    said = _("%(what)s of %(name)s; the table below has the same numbers")
    return [(key, head, one, said % {"what": head, "name": plan.name}) for key, head, one in drawn]


def _dot(row: Row, point: Point | None, zone: str, *, out: bool = False, signal: bool = False) -> Dot:
    if point is None or row.check is None:
        return Dot(str(row.number), None)
    text = f"{local_day_time(row.check.at, zone)} · {row.found}"
    return Dot(str(row.number), point.value, point.center, point.lcl, point.ucl, out, signal, text)


def _headings() -> dict[ChartKind, tuple[str, str]]:
    return {
        ChartKind.INDIVIDUALS: (_("Values"), _("Moving ranges")),
        ChartKind.MEANS_RANGES: (_("Means"), _("Ranges")),
        ChartKind.MEANS_DEVIATIONS: (_("Means"), _("Standard deviations")),
        ChartKind.P: (_("Share of bad pieces"), ""),
        ChartKind.NP: (_("Bad pieces"), ""),
    }


def _main_kind(kind: ChartKind) -> Any:
    return charts_of(kind, [], frozen(kind, 0.0, None, 0, provisional=True), ()).main.kind


def _plan_or_404(user: object, code: str) -> Characteristic:
    found = Characteristic.objects.filter(work_center__in=work_centers_for(user), code=storable(code))
    plan = found.select_related("work_center__line__area__site", "item").first()
    if plan is None:
        raise Http404(code)
    return plan


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
