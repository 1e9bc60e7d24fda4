"""The quality inbox: what is on hold, what is due or overdue, what signals and what waits for a signature."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mes.live.due_checks import checks_due, pieces_made
from mes.people.access import lines_for, may, work_centers_for
from mes.quality.models import Check, CorrectiveAction, Hold, Nonconformance
from mes.quality.queries import characteristics_of
from mes.quality.signed_checks import waiting
from mes.screens.gate import demand
from mes.screens.quality_words import due_words, found_words, meaning_words, signal_words

RECENT = timedelta(hours=24)
DECIDED = timedelta(days=7)
MOST = 50


@login_required
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """`/quality/`: reports that wait for a decision first, then due checks, signals, signatures, and every chart."""
    demand(request.user, "see_quality")
    now = datetime.now(UTC)
    places = list(work_centers_for(request.user).select_related("line__area__site"))
    due = checks_due(places, now)
    signalled = Check.objects.filter(
        work_center__in=places, verdict=Check.Verdict.SIGNAL, withdrawn_at=None, at__gte=now - RECENT
    ).select_related("characteristic__work_center__line__area__site", "order")
    context = {
        **_reports(request.user, now),
        "due": [(one, due_words(one.due), (now - one.due.since).total_seconds()) for one in due],
        "overdue": sum(one.overdue for one in due),
        "signals": _latest(signalled),
        "unsigned": [(check, found_words(check), meaning_words(said)) for check, said in waiting(places, now, MOST)],
        "charts": characteristics_of(places).order_by("work_center__line__code", "work_center__position", "code"),
        "may_check": may(request.user, "record_check"),
        "may_release": may(request.user, "release_hold"),
        "may_raise": may(request.user, "raise_ncr"),
        "may_plan": may(request.user, "edit_check_plans") and getattr(request.user, "is_staff", False),
        "now": now,
    }
    return render(request, "quality/inbox.html", context)


@login_required
@require_safe
def hold(request: HttpRequest, number: int) -> HttpResponse:
    """`/quality/-/holds/<number>/`: the report that says what is on hold and where it is decided."""
    demand(request.user, "see_quality")
    found = Hold.objects.filter(work_center__in=work_centers_for(request.user), pk=min(number, 2**62))
    held = found.select_related("nonconformance").first()
    if held is None:
        raise Http404(number)
    return HttpResponseRedirect(reverse("quality-ncr", args=[held.nonconformance.pk]))


def pieces_of(report: Nonconformance) -> int | None:
    """Pieces that a report is about, at most: those made in the stretch on hold; without a hold nobody counted them."""
    held = report.hold
    return pieces_made(held.work_center, held.order, held.starts_at, held.ends_at) if held is not None else None


def _latest(signalled: Iterable[Check]) -> list[tuple[Check, str, list[str], int]]:
    """The latest signal of each chart with how many there were: a chart that goes on signalling is one thing to do."""
    found: dict[int, list[Check]] = {}
    for check in signalled:
        found.setdefault(check.characteristic_id, []).append(check)
    newest = [(max(checks, key=lambda one: one.at), len(checks)) for checks in found.values()]
    newest.sort(key=lambda one: one[0].at, reverse=True)
    return [(check, found_words(check), signal_words(check), times) for check, times in newest[:MOST]]


def _reports(user: object, now: datetime) -> dict[str, Any]:
    """Open reports, the oldest first, those decided lately, and how many corrective actions are late."""
    mine = Nonconformance.objects.filter(line__in=lines_for(user)).select_related(
        "line__area__site", "work_center", "order", "hold__work_center", "hold__order"
    )
    open_ones = mine.filter(status=Nonconformance.Status.OPEN).order_by("raised_at")
    decided = mine.filter(disposed_at__gte=now - DECIDED).order_by("-disposed_at")
    late = CorrectiveAction.objects.filter(nonconformance__line__in=lines_for(user), done_at=None, due__lt=now.date())
    return {
        "reports": [(report, pieces_of(report)) for report in open_ones[:MOST]],
        "decided": decided[:MOST],
        "late_actions": late.count(),
    }
