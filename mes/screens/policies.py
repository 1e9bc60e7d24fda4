"""`/improve/policies/`: the last weeks under other policies, side by side, and putting one in force."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.oee.explain_formulas import title_of
from mes.oee.places import POLICIES, Place
from mes.oee.policies import PolicyRefused, policies_in_force
from mes.oee.policy import Policy
from mes.oee.policy_change import full_hour, policy_adopt
from mes.oee.simulate import Reading, TooMuch, fits, simulate
from mes.people.access import lines_for, may
from mes.plant.changes import ShiftLocked
from mes.plant.shift_of import shifts_of
from mes.screens import machine_day, words
from mes.screens.explain import KINDS, kind_words, place_or_404
from mes.screens.frame import zone_named
from mes.screens.gate import demand
from mes.screens.policy_form import OWN, AdoptForm, DraftForm, initial_of

SHOWN = ("oee", "availability", "performance", "quality", "nee", "coverage")
DAYS = (7, 14, 30)


class Cell(NamedTuple):
    """A value under one policy and what it differs from the first by; empty where it does not."""

    text: str
    differs: str


class Row(NamedTuple):
    """One number under every policy."""

    word: str
    cells: list[Cell]


@login_required
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """`/improve/policies/?line=|work_center=|area=|site=[&days=30][&draft=1&...]`."""
    demand(request.user, "compare_policies")
    place = _place(request)
    now = datetime.now(UTC)
    days = next((n for n in DAYS if request.GET.get("days") == str(n)), 0) or _days_that_fit(place, now)
    in_force = policies_in_force(place.work_centers, now, now)[place.work_centers[0].pk][-1][1]
    drafted = bool(request.GET.get("draft"))
    form = DraftForm(request.GET if drafted else initial_of(in_force))
    valid = form.is_valid()
    draft = form.policy() if drafted and valid else None
    read = _readings(place, now - timedelta(days=days), now, draft)
    context = (
        _frame(request, place, now)
        | read
        | {
            "days": days,
            "ranges": DAYS,
            "form": form,
            "drafted": drafted,
            "draft": draft[0] if draft else None,
            "draft_fields": _fields(form) if draft else [],
            "adopt": AdoptForm(None, _zone(place)),
        }
    )
    return render(request, "policies/policies.html", context, status=200 if valid else 400)


@login_required
@require_POST
def adopt(request: HttpRequest) -> HttpResponse:
    """Puts a policy in force from an hour on; for an hour that has passed it shows first what would change."""
    demand(request.user, "adopt_policy")
    place, now = _place(request), datetime.now(UTC)
    form = AdoptForm(request.POST, _zone(place))
    draft = DraftForm(request.POST)
    is_own = request.POST.get("policy") == OWN
    if not form.is_valid() or (is_own and not draft.is_valid()):
        return _refused(request, place, form, draft, now)
    policy, own_thresholds = draft.policy() if is_own else (POLICIES[form.cleaned_data["policy"]], True)
    since: datetime | None = form.cleaned_data["valid_from"]
    if since is not None and full_hour(since) < now and not request.POST.get("confirmed"):
        return _preview(request, place, (policy, own_thresholds), form, full_hour(since), now)
    try:
        policy_adopt(
            place=(place.kind.replace("_", "-"), place.code),
            work_centers=place.work_centers,
            policy=policy,
            own_thresholds=own_thresholds,
            valid_from=since,
            actor=request.user.get_username(),
            at=now,
            why=form.cleaned_data["why"],
        )
    except (PolicyRefused, ShiftLocked) as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
        return HttpResponseRedirect(_address(place))
    begins = full_hour(since or now).astimezone(_zone(place))
    said = _("%(place)s follows %(policy)s from %(at)s on.")
    values = {"place": place.code, "policy": policy.name, "at": f"{begins:%Y-%m-%d %H:%M}"}
    messages.success(request, said % values, extra_tags="good")
    return HttpResponseRedirect(_address(place))


def _refused(request: HttpRequest, place: Place, form: AdoptForm, draft: DraftForm, now: datetime) -> HttpResponse:
    """The page again with what is wrong and all that was typed."""
    is_own = request.POST.get("policy") == OWN
    shown = draft if is_own else DraftForm(initial_of(POLICIES["six-losses"]))
    valid = shown.is_valid() and is_own
    asked = shown.policy() if valid else None
    days = _days_that_fit(place, now)
    context = _frame(request, place, now) | _readings(place, now - timedelta(days=days), now, asked)
    context |= {
        "days": days,
        "ranges": DAYS,
        "form": shown,
        "drafted": is_own,
        "draft": asked[0] if asked else None,
        "draft_fields": _fields(shown) if asked else [],
        "adopt": form,
        "refused": True,
    }
    return render(request, "policies/policies.html", context, status=400)


def _days_that_fit(place: Place, now: datetime) -> int:
    """As many days as can be read anew at once, at least seven."""
    fitting = (n for n in reversed(DAYS) if fits(place.work_centers, (now - timedelta(days=n), now)))
    return next(fitting, DAYS[0])


def _fields(form: DraftForm) -> list[tuple[str, Any]]:
    return [(field.name, field.value()) for field in form]


def _preview(
    request: HttpRequest,
    place: Place,
    wanted: tuple[Policy, bool],
    form: AdoptForm,
    since: datetime,
    now: datetime,
) -> HttpResponse:
    """What a restate would change: the figures since then, and how many reported and locked shifts it touches."""
    shifts = {shift.pk: shift for own in shifts_of(place.work_centers, since, now).values() for shift in own}.values()
    context = _frame(request, place, now) | {
        "since": since,
        "policy": wanted[0],
        "why": form.cleaned_data["why"],
        "fields": [(name, value) for name, value in request.POST.items() if name != "csrfmiddlewaretoken"],
        "shifts": len(shifts),
        "closed": sum(shift.closed_at is not None for shift in shifts),
        "locked": sum(shift.locked_at is not None for shift in shifts),
    }
    try:
        rows = rows_of(simulate(place, (since, now), [wanted], now=now))
        return render(request, "policies/preview.html", context | {"rows": rows, "names": [wanted[0].name]})
    except TooMuch as refusal:
        return render(request, "policies/preview.html", context | {"too_much": str(refusal)}, status=400)


def _readings(place: Place, start: datetime, now: datetime, draft: tuple[Policy, bool] | None) -> dict[str, Any]:
    asked = [(POLICIES[name], True) for name in ("iso-22400", "smrp")] + ([draft] if draft else [])
    try:
        readings = simulate(place, (start, now), asked, now=now)
    except TooMuch as refusal:
        return {"too_much": str(refusal)}
    return {
        "rows": rows_of(readings),
        "names": [reading.name for reading in readings[1:]],
        "labels": readings[0].labels[:5],
        "notes": readings[0].kpi.notes,
    }


def rows_of(readings: list[Reading]) -> list[Row]:
    """KPIs in percent, then minutes of every owner over all machines: the policy in force first."""
    real, rows = readings[0], []
    for name in SHOWN:
        values = [getattr(reading.kpi, name) for reading in readings]
        cells = [Cell(_percent(value), _differs(value, values[0], 100)) for value in values]
        rows.append(Row(f"{title_of(name)} %", cells))
    for element, _key, word in machine_day.owner_words():
        field = element.removesuffix("_s") + "_ms"
        minutes = [getattr(reading.moved, field) / 60_000 for reading in readings]
        cells = [Cell(words.number(value, 1), _differs(value, minutes[0], 1)) for value in minutes]
        rows.append(Row(_("%s, min") % word, cells))
    scheduled = [Cell(words.number(reading.moved.scheduled_ms / 60_000, 1), "") for reading in readings]
    rows.append(Row(_("Scheduled, min"), scheduled))
    planned = [reading.kpi.pbt_ms / 60_000 for reading in readings]
    cells = [Cell(words.number(value, 1), _differs(value, real.kpi.pbt_ms / 60_000, 1)) for value in planned]
    return [*rows, Row(_("Planned busy time of the place, min"), cells)]


def _percent(value: float | None) -> str:
    return words.NONE if value is None else words.number(value * 100, 1)


def _differs(value: float | None, first: float | None, scale: int) -> str:
    if value is None or first is None or round((value - first) * scale, 1) == 0:
        return ""
    return words.signed((value - first) * scale, 1)


def _frame(request: HttpRequest, place: Place, now: datetime) -> dict[str, Any]:
    lines = lines_for(request.user).filter(work_centers__archived=False).distinct()
    return {
        "place": place,
        "place_word": dict(kind_words())[place.kind],
        "zone": _zone(place).key,
        "now": now,
        "lines": lines.order_by("area__code", "position", "code"),
        "may_adopt": may(request.user, "adopt_policy"),
        "policies": [*POLICIES],
        "address": _address(place),
    }


def _place(request: HttpRequest) -> Place:
    """The place of the address or the form; without one, the first of the person's lines. 404 where there is none."""
    given = request.POST if request.method == "POST" else request.GET
    named = [(kind, given[kind]) for kind in KINDS if given.get(kind)]
    if named:
        return place_or_404(request.user, *named[0])
    line = (
        lines_for(request.user).filter(work_centers__archived=False).order_by("area__code", "position", "code").first()
    )
    if line is None:
        raise Http404
    return place_or_404(request.user, "line", line.code)


def _zone(place: Place) -> ZoneInfo:
    return zone_named(place.work_centers[0].line.area.site.time_zone)


def _address(place: Place) -> str:
    return reverse("policies") + "?" + urlencode({place.kind: place.code})
