"""The control chart of a characteristic: points, limits, signals, capability; limits are frozen, checks taken back."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.charting.charts import Chart
from mes.charting.control import Dot, control_chart
from mes.people.access import may, work_centers_for
from mes.quality.chart_choice import ChoiceRefused, chart_choose, choice_text
from mes.quality.checks import CheckRefused, check_withdraw
from mes.quality.judging import ChartKind, Sort, charts_for, rules_on
from mes.quality.limits import LimitsRefused, limits_set
from mes.quality.models import Characteristic, Check, ControlLimits
from mes.quality.queries import limits_versions, readings_of
from mes.quality.spc.capability import Capability, capability
from mes.quality.spc.chart import Baseline, Point
from mes.quality.spc.run_rules import RULES
from mes.screens.gate import actor_of, demand, storable
from mes.screens.quality_capability import capability_context
from mes.screens.quality_points import SHOWN, Row, points_of
from mes.screens.quality_words import alarm_words, chart_headings, chart_short, chart_words, rule_words
from mes.screens.templatetags.amounts import local_day_time

LEARNED = 25
TAKEN_BACK = 20


@login_required
@require_safe
def chart(request: HttpRequest, code: str) -> HttpResponse:
    """`/quality/<characteristic>/?chart=`: charts with their table, capability, and the forms of who may change them.

    Another chart than the plan's is a look at the same checks: its limits are trial limits and judge nothing.
    """
    demand(request.user, "see_quality")
    plan = _plan_or_404(request.user, code)
    own, fitting = ChartKind(plan.chart), charts_for(Sort(plan.kind), plan.subgroup_size)
    kind = next((one for one in fitting if one == request.GET.get("chart")), own)
    versions = limits_versions(plan) if kind is own else []
    rows, baseline = points_of(plan, versions, kind)
    zone = plan.work_center.line.area.site.time_zone
    signals = sum(bool(row.signals) or row.spread_out for row in rows)
    shown = [row for row in rows if row.check is not None]
    rules = rules_on(kind, plan.rules)
    context: dict[str, Any] = {
        "plan": plan,
        "zone": zone,
        "kind": chart_words(kind),
        "own": kind is own,
        "own_words": chart_words(own),
        "kinds": [
            {
                "value": one,
                "short": chart_short(one),
                "label": chart_words(one),
                "href": "?" + urlencode({"chart": one}),
                "current": one is kind,
            }
            for one in fitting
        ],
        "rows": list(reversed(shown)),
        "signals": signals,
        "out": sum(row.out for row in rows),
        "latest": shown[-1] if shown else None,
        "versions": list(reversed(versions)),
        "version": versions[-1].version if versions else 0,
        "last_version": plan.limits.count(),
        "baseline": baseline,
        "charts": _drawn(plan, kind, rows, zone),
        **capability_context(_capability(plan, rows, versions, baseline, signals), baseline, signals),
        "rules": rule_words(rules),
        "remembers": kind.remembers,
        "alarms": alarm_words(kind, rules),
        "may_freeze": kind is own and may(request.user, "freeze_limits"),
        "may_withdraw": kind is own and may(request.user, "release_hold"),
        "rule_choices": [(code, rule_words([code])[0], code in plan.rules) for code in RULES],
        "choice": choice_text(plan),
        "may_plan": kind is own and may(request.user, "edit_check_plans"),
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
        actor, at = actor_of(request), datetime.now(UTC)
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
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Chooses the plan's chart and its run rules."""
    demand(request.user, "edit_check_plans")
    plan = _plan_or_404(request.user, code)
    try:
        changed = chart_choose(
            characteristic=plan,
            chart=request.POST.get("chart", ""),
            rules=request.POST.getlist("rule"),
            why=request.POST.get("why", ""),
            actor=actor_of(request),
            at=datetime.now(UTC),
            seen=request.POST.get("seen", ""),
        )
        if changed:
            messages.success(request, _("Checks are judged by these rules from now on."), extra_tags="good")
    except ChoiceRefused as refused:
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
    actor, at = actor_of(request), datetime.now(UTC)
    try:
        if check_withdraw(key=key, why=request.POST.get("why", ""), actor=actor, at=at):
            messages.success(request, _("The check is taken back: it is a gap now."), extra_tags="good")
    except CheckRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(reverse("quality-chart", args=[plan.code]))


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


def _drawn(plan: Characteristic, kind: ChartKind, rows: list[Row], zone: str) -> list[tuple[str, str, Chart, str]]:
    """Key, heading, chart and words of each chart."""
    if not rows:
        return []
    words = (_("value"), _("centre"), _("limit"))
    unit = plan.unit if plan.kind == Characteristic.Kind.MEASURED else ""
    main, spread = chart_headings(kind)
    dots = [_dot(row, row.main, zone, out=row.out, signal=bool(row.signals)) for row in rows]
    drawn = [("chart-main", main, control_chart(dots, unit=unit, words=words))]
    if any(row.spread is not None for row in rows):
        dots = [_dot(row, row.spread, zone, signal=row.spread_out) for row in rows]
        drawn.append(("chart-spread", spread, control_chart(dots, unit=unit, words=words)))
    said = _("%(what)s of %(name)s; the table below has the same numbers")
    return [(key, head, one, said % {"what": head, "name": plan.name}) for key, head, one in drawn]


def _dot(row: Row, point: Point | None, zone: str, *, out: bool = False, signal: bool = False) -> Dot:
    if point is None or row.check is None:
        return Dot(str(row.number), None)
    text = f"{local_day_time(row.check.at, zone)} · {row.found}"
    return Dot(str(row.number), point.value, point.center, point.lcl, point.ucl, out, signal, text)


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
