"""The pages of forecasts: all lines, one line with its record, any forecast as it was; and what people say there."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe

from analytics.forecast_pages import words
from analytics.forecast_pages.floor import headlines
from analytics.forecast_pages.overrides import OverrideRefused, forecast_override
from analytics.forecast_pages.page import (
    bucket_name,
    bucket_rows,
    coming_points,
    content_of,
    drawn_band,
    facts_of,
    skill_of,
)
from analytics.forecast_pages.read import came_between, points_of, shift_names, standing
from analytics.forecasts.champions import NotPromoted, champion_approve
from analytics.forecasts.refits import refit_ask
from analytics.forecasts.shown import latest_forecast
from analytics.models import Approver, Champion, Forecast, Grain, Refit
from analytics.phases.state import states_of
from mes.people.access import lines_for, may
from mes.plant.models import Line
from mes.screens.gate import actor_of, demand, line_or_404

MAY_ASK = "see_audit"  # computing changes no fact, but costs the worker some minutes
PAST = 30


@login_required
@require_safe
def forecasts(request: HttpRequest) -> HttpResponse:
    """`/improve/forecast/`: every line of the person with its number, its record, or what to mend."""
    rows = sorted(headlines(_lines(request), datetime.now(UTC)), key=lambda row: not row.needs)
    needing = [row for row in rows if row.needs]
    return render(request, "forecast/lines.html", {"rows": rows, "needing": needing})


@login_required
@require_safe
@gzip_page
def floor(request: HttpRequest) -> HttpResponse:
    """`/improve/forecast/-/floor/`: one sentence per line for pages that fetch it; `?line=` narrows to one."""
    lines = _lines(request, request.GET.get("line", ""))
    answer = render(request, "forecast/floor.html", {"rows": headlines(lines, datetime.now(UTC))})
    answer["Cache-Control"] = "private, no-store"
    return answer


def _lines(request: HttpRequest, code: str = "") -> list[Line]:
    rows = lines_for(request.user).select_related("area__site").order_by("area__code", "position", "code")
    return list(rows.filter(code=code.replace("\0", "")) if code else rows)


@login_required
@require_safe
def line_forecast(request: HttpRequest, code: str) -> HttpResponse:
    """`/improve/forecast/<line>/`: what was said and came, what is said now and by which record; `?grain=`."""
    now = datetime.now(UTC)
    line = line_or_404(request.user, code)
    grain = request.GET.get("grain", "shift")
    if grain not in Grain.values:
        raise Http404(grain)
    forecast = latest_forecast(line, grain)
    found = standing(forecast, states_of([line]).get(line.pk), now)
    points = points_of(forecast) if forecast and not found.refused else []
    content = content_of(line, grain, points, now)
    context = {
        "line": line,
        "zone": line.area.site.time_zone,
        "grain": grain,
        "grains": list(words.GRAINS.items()),
        "head": headlines([line], now)[0],
        "standing": found,
        "checks": _checks(found.checks, line, here=reverse("line-forecast", args=[line.code])),
        "content": content,
        "forecast": forecast,
        "skill": skill_of(forecast) if forecast and not found.refused and not found.is_plan else None,
        "knew": _knew(forecast) if forecast else None,
        "champions": _champions(line, grain),
        "options": _options(line, forecast, now) if points and may(request.user, "override_forecast") else [],
        "may_ask": may(request.user, MAY_ASK),
        "key": uuid4(),
        "override_key": uuid4(),
        "approves": _approves(request, line, grain),
    } | _job(line) | _past(line, grain, request.GET.get("older", ""))  # fmt: skip
    return render(request, "forecast/line.html", context)


@login_required
@require_safe
def forecast_then(request: HttpRequest, code: str, issued: int) -> HttpResponse:
    """`/improve/forecast/<line>/<number>/`: a forecast as it was shown, with what it knew then and what came."""
    now = datetime.now(UTC)
    line = line_or_404(request.user, code)
    rows = Forecast.objects.select_related("snapshot", "readiness", "line__area__site").filter(line=line, shown=True)
    forecast = rows.filter(pk=min(issued, 2**62)).first()
    if forecast is None:
        raise Http404(str(issued))
    points = points_of(forecast)
    came = came_between(line, forecast.grain, forecast.origin - timedelta(days=8), points[-1].ends_at) if points else {}
    told = bucket_rows(line, forecast.grain, past=[], ahead=points, came=came, at=now)
    context = {
        "line": line,
        "zone": line.area.site.time_zone,
        "forecast": forecast,
        "grain_word": words.GRAINS[forecast.grain],
        "rows": [row for row, _bucket in told],
        "band": drawn_band([bucket for _row, bucket in told]) if told else None,
        "checks": _checks(forecast.checks, line),
        "skill": skill_of(forecast) if forecast.level > 1 else None,
        "knew": _knew(forecast),
    }
    return render(request, "forecast/then.html", context)


@login_required
@require_safe
def forecast_job(request: HttpRequest, code: str) -> HttpResponse:
    """`/improve/forecast/<line>/job/`: how far the computing is, as a fragment that an open page fetches."""
    return render(request, "forecast/job.html", _job(line_or_404(request.user, code)))


@login_required
@require_POST
def forecast_now(request: HttpRequest, code: str) -> HttpResponse:
    """Asks the worker to compute a line's forecasts now; a form sent twice is computed once."""
    line = line_or_404(request.user, code)
    demand(request.user, MAY_ASK)
    try:
        key = UUID(request.POST.get("key", ""))
    except ValueError:
        messages.error(request, _("The form was incomplete: press the button again."))
    else:
        refit_ask(line=line, key=key, actor=actor_of(request), at=datetime.now(UTC))
        messages.success(request, _("The forecasts of %(line)s are being computed.") % {"line": line.name})
    return HttpResponseRedirect(reverse("line-forecast", args=[line.code]))


@login_required
@require_POST
def override(request: HttpRequest, code: str) -> HttpResponse:
    """A person's own figure for a time to come, stored beside the forecast; or its taking back."""
    line = line_or_404(request.user, code)
    demand(request.user, "override_forecast")
    posted = request.POST
    back = reverse("line-forecast", args=[line.code])
    try:
        key, number = UUID(posted.get("key", "")), int(posted.get("forecast", ""))
        starts_at = datetime.fromisoformat(posted.get("starts_at", ""))
        if starts_at.tzinfo is None:
            raise ValueError(starts_at)
    except ValueError:
        messages.error(request, _("The form was incomplete: press the button again."))
        return HttpResponseRedirect(back)
    forecast = Forecast.objects.filter(line=line, shown=True, pk=min(max(number, 0), 2**62)).first()
    if forecast is None:
        raise Http404(str(number))
    withdrawn = posted.get("verb") == "withdraw"
    try:
        value = None if withdrawn else _pieces(posted.get("value", ""))
        forecast_override(
            line=line, forecast=forecast, starts_at=starts_at, value=value, why=posted.get("why", ""), key=key,
            actor=actor_of(request), at=datetime.now(UTC),
        )  # fmt: skip
    except OverrideRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Your word is taken back.") if withdrawn else _("It stands beside the forecast."))
    return HttpResponseRedirect(f"{back}?grain={forecast.grain}")


@login_required
@require_POST
def approve(request: HttpRequest, code: str) -> HttpResponse:
    """The named approver lets a challenger take over, if the rule is met."""
    line = line_or_404(request.user, code)
    if not _is_approver(request, line):
        raise PermissionDenied(_("Only the person named as approver of this line may do this."))
    grain, method = request.POST.get("grain", ""), request.POST.get("method", "")
    if grain not in Grain.values or method not in dict(_approves(request, line, grain)):
        messages.error(request, _("Choose a method of the list."))
        return HttpResponseRedirect(reverse("line-forecast", args=[line.code]))
    try:
        champion_approve(line=line, grain=grain, method=method, actor=actor_of(request), at=datetime.now(UTC))
    except NotPromoted as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("%(method)s takes over.") % {"method": words.method_text(method)})
    return HttpResponseRedirect(f"{reverse('line-forecast', args=[line.code])}?grain={grain}")


def _pieces(text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= 8):
        raise OverrideRefused(_("Write whole pieces with digits only, e.g. 1200."))
    return int(plain)


def _checks(checks: list[dict[str, Any]], line: Line, here: str = "") -> list[dict[str, str]]:
    """Checks as sentences with the page that mends them, unless that is the page they stand on."""
    told = ((words.sentence(one), words.link(one, line.code)) for one in checks)
    return [{"text": text, "link": "" if link == here else link} for text, link in told]


def _knew(forecast: Forecast) -> dict[str, Any]:
    """By which way a forecast was made, and from what."""
    level = words.LEVELS[forecast.level]
    return {"level": level, "method": words.method_text(forecast.method), "facts": facts_of(forecast)}


def _champions(line: Line, grain: str) -> list[dict[str, Any]]:
    rows = Champion.objects.filter(line=line, grain=grain)[:PAST]
    told = ((row, words.method_text(row.method), words.WHYS.get(row.why, row.why)) for row in rows)
    return [{"row": row, "method": method, "why": why} for row, method, why in told]


def _past(line: Line, grain: str, older: str) -> dict[str, Any]:
    """Shown forecasts, the newest first; `older`: only those from before the one of this number."""
    rows = Forecast.objects.filter(line=line, grain=grain, shown=True).order_by("-origin").defer("points", "inputs")
    if older.isascii() and older.isdecimal() and len(older) < 19:
        rows = rows.filter(origin__lt=Forecast.objects.filter(line=line, pk=int(older)).values("origin"))
    found = list(rows[: PAST + 1])
    past = [{"row": row, "method": words.method_text(row.method)} for row in found[:PAST]]
    return {"past": past, "older": found[PAST - 1].pk if len(found) > PAST else None}


def _approves(request: HttpRequest, line: Line, grain: str) -> list[tuple[str, str]]:
    """The challengers, for the person who is named as approver; nothing for anybody else."""
    if not _is_approver(request, line):
        return []
    lately = Forecast.objects.filter(
        line=line, grain=grain, shown=False, origin__gte=datetime.now(UTC) - timedelta(days=2)
    )
    names = set(lately.order_by().values_list("method", flat=True).distinct())
    return [(name, words.method_text(name)) for name in sorted(names)]


def _is_approver(request: HttpRequest, line: Line) -> bool:
    return Approver.objects.filter(line=line, until=None, person=request.user.get_username()).exists()


def _options(line: Line, forecast: Forecast | None, now: datetime) -> list[tuple[str, str]]:
    """The times a person may say another figure of: value of the form and name."""
    points = coming_points(forecast, now) if forecast else []
    names = shift_names([line], [point.starts_at for point in points]) if forecast and forecast.grain == "shift" else {}
    return [
        (
            point.starts_at.isoformat(),
            bucket_name(
                point.starts_at, forecast.grain if forecast else "", line, names.get((line.pk, point.starts_at), "")
            ),
        )
        for point in points
    ]


def _job(line: Line) -> dict[str, Any]:
    """The newest computing of a line: what it does, how far it is, whether an open page should look again."""
    job = Refit.objects.filter(line=line).order_by("-asked_at", "-pk").first()
    working = job is not None and job.state in (Refit.State.WAITING, Refit.State.RUNNING)
    return {"line": line, "job": job, "working": working, "zone": line.area.site.time_zone}
