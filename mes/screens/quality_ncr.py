"""Reports of nonconformances: the list with its filters, a new one, and the page on which one is decided and closed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mes.people.access import lines_for, may, work_centers_for
from mes.people.models import Person, Role
from mes.plant.models import Line
from mes.quality.models import CorrectiveAction, Disposition, Nonconformance
from mes.quality.ncr import CLOSING_KIND, KIND, closing_content, ncr_content
from mes.quality.ncr_rules import Step, steps_of
from mes.quality.words import TextRefused
from mes.screens.frame import zone_named
from mes.screens.gate import actor_of, demand, storable
from mes.screens.quality import pieces_of
from mes.screens.quality_ncr_edit import change, raise_report
from mes.screens.quality_ncr_scrap import entered_as_scrap
from mes.screens.quality_signing import signatures_context
from mes.signing.confirm import SigningRefused

PAGE = 50
DUE_IN = timedelta(days=14)
ACTIONS_STATE = "actions"
"""The filter that shows reports with corrective actions that are late."""


@login_required
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """`/quality/-/ncr/?state=&line=&q=`: the newest first; without a state those that are not closed."""
    demand(request.user, "see_quality")
    state, q = request.GET.get("state", "waiting"), storable(request.GET.get("q", ""))[:100].strip()
    lines = list(lines_for(request.user).order_by("code"))
    line = next((one for one in lines if one.code == request.GET.get("line", "")), None)
    now = datetime.now(UTC)
    rows = _filtered(Nonconformance.objects.filter(line__in=[line] if line else lines), state, q, now)
    page = Paginator(rows.order_by("-pk"), PAGE).get_page(request.GET.get("page", "1")[:6])
    kept = {"q": q} | ({"line": line.code} if line else {})
    context = {
        "page": page,
        "states": [
            {"label": word, "href": "?" + urlencode({**kept, "state": value}), "current": value == state}
            for value, word in _states().items()
        ],
        "state": state,
        "lines": lines,
        "line": line,
        "q": q,
        "kept": urlencode({**kept, "state": state}),
        "may_raise": may(request.user, "raise_ncr"),
    }
    return render(request, "quality/ncr_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_report(request: HttpRequest) -> HttpResponse:
    """`/quality/-/ncr/new/?machine=`: what somebody saw; the key in the form makes it one report however often sent."""
    demand(request.user, "raise_ncr")
    error, typed = "", {name: request.GET.get(name, "")[:60] for name in ("machine", "order", "lot")}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in request.POST if name != "csrfmiddlewaretoken"}
        try:
            report = raise_report(request, datetime.now(UTC))
            return HttpResponseRedirect(reverse("quality-ncr", args=[report.pk]))
        except TextRefused as refused:
            error = str(refused)
    places = work_centers_for(request.user).select_related("line").order_by("line__code", "position", "code")
    context = {"places": places, "typed": typed, "key": typed.get("key") or uuid4(), "error": error}
    return render(request, "quality/ncr_new.html", context, status=422 if error else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report_page(request: HttpRequest, number: int) -> HttpResponse:
    """`/quality/-/ncr/<number>/`: what was found, what becomes of it, what is done about it, who signed."""
    demand(request.user, "see_quality")
    report = report_or_404(request.user, number)
    error, typed = "", {}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in request.POST if name not in ("secret",)}
        try:
            change(request, report, datetime.now(UTC))
            return HttpResponseRedirect(reverse("quality-ncr", args=[report.pk]))
        except (TextRefused, SigningRefused) as refused:
            error = str(refused)
            report = report_or_404(request.user, number)
    context = _page(request, report, datetime.now(UTC)) | {"error": error, "typed": typed}
    return render(request, "quality/ncr.html", context, status=422 if error else 200)


def report_or_404(user: object, number: int) -> Nonconformance:
    """The report if it is about one of the person's lines."""
    found = Nonconformance.objects.filter(line__in=lines_for(user), pk=min(number, 2**62)).select_related(
        "line__area__site",
        "work_center",
        "order__item",
        "lot__item",
        "hold__characteristic",
        "hold__check_out",
        "hold__work_center",
    )
    report = found.first()
    if report is None:
        raise Http404(number)
    return report


def _page(request: HttpRequest, report: Nonconformance, now: datetime) -> dict[str, Any]:
    zone = report.line.area.site.time_zone
    steps, decides = steps_of(report.status), may(request.user, "release_hold")
    pieces, entered = pieces_of(report), entered_as_scrap(report)
    actor = actor_of(request)
    today = now.astimezone(_zone(report.line)).date()
    return {
        "report": report,
        "zone": zone,
        "pieces": pieces,
        "entered": entered,
        "not_entered": max(0, int(report.quantity or 0) - (entered or 0)) if entered is not None else None,
        "dispositions": Disposition.choices,
        "may_dispose": decides and Step.DISPOSE in steps,
        "may_hold": decides and Step.DISPOSE in steps and not report.blocks and bool(report.order or report.lot),
        "may_add": decides and Step.ADD_ACTION in steps,
        "may_close": decides and Step.CLOSE in steps,
        "actions": [
            (one, one.done_at is None and one.due < today, *_turn(one, actor, decides))
            for one in report.actions.select_related("owner").order_by("due", "pk")
        ],
        "owners": _owners(report.line) if decides and Step.ADD_ACTION in steps else [],
        "due": today + DUE_IN,
        "key": uuid4(),
        "decision_signed": signatures_context(KIND, str(report), ncr_content(report), zone)["signed"],
        "closing_signed": signatures_context(CLOSING_KIND, str(report), closing_content(report), zone)["signed"],
    }


def _turn(action: CorrectiveAction, actor: str, decides: bool) -> tuple[bool, bool]:
    """Whether the person may say it is done, and whether they may say it worked."""
    may_do = action.done_at is None and (decides or action.owner.username == actor)
    may_verify = decides and action.done_at is not None and action.verified_at is None and action.done_by != actor
    return may_do, may_verify


def _owners(line: Line) -> QuerySet[Person]:
    sees = Q(all_lines=True) | Q(lines=line) | Q(role=Role.ADMIN)
    return Person.objects.filter(sees, is_active=True).distinct().order_by("username")


def _filtered(rows: QuerySet[Nonconformance], state: str, q: str, now: datetime) -> QuerySet[Nonconformance]:
    rows = rows.select_related("line__area__site", "work_center", "order")
    if q:
        number = q.upper().removeprefix("NCR-")
        by_number = Q(pk=int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else Q(pk=None)
        rows = rows.filter(by_number | Q(finding__icontains=q) | Q(order__number__icontains=q))
    if state == ACTIONS_STATE:
        return rows.filter(actions__done_at=None, actions__due__lt=now.date()).distinct()
    if state in Nonconformance.Status.values:
        return rows.filter(status=state)
    return rows if state == "all" else rows.exclude(status=Nonconformance.Status.CLOSED)


def _states() -> dict[str, str]:
    return {
        "waiting": _("Not closed"),
        "open": _("Open"),
        "dispositioned": _("Decided"),
        ACTIONS_STATE: _("Corrective actions late"),
        "closed": _("Closed"),
        "all": _("All"),
    }


def _zone(line: Line) -> ZoneInfo:
    return zone_named(line.area.site.time_zone)
