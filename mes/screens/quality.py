"""The quality inbox: what is on hold, what is due or overdue, what signals; and the page that decides a hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mes.live.due_checks import checks_due, pieces_made
from mes.people.access import may, work_centers_for
from mes.quality.holds import HoldRefused, hold_release
from mes.quality.models import Check, Disposition, Hold
from mes.quality.queries import characteristics_of, open_holds
from mes.screens.gate import demand
from mes.screens.quality_words import due_words, found_words, rule_words

RECENT = timedelta(hours=24)
DECIDED = timedelta(days=7)
MOST = 50


@login_required
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """`/quality/`: holds first, then due checks, run-rule signals of the last day, and every chart."""
    demand(request.user, "see_quality")
    now = datetime.now(UTC)
    places = list(work_centers_for(request.user).select_related("line__area__site"))
    due = checks_due(places, now)
    signalled = Check.objects.filter(
        work_center__in=places, verdict=Check.Verdict.SIGNAL, withdrawn_at=None, at__gte=now - RECENT
    ).select_related("characteristic__work_center__line__area__site", "order")
    closed = Hold.objects.filter(work_center__in=places, released_at__gte=now - DECIDED).select_related(
        "characteristic", "work_center__line__area__site", "order", "nonconformance"
    )
    context = {
        "holds": [(hold, pieces_of(hold)) for hold in open_holds(places)[:MOST]],
        "due": [(one, due_words(one.due), (now - one.due.since).total_seconds()) for one in due],
        "overdue": sum(one.overdue for one in due),
        "signals": [(check, found_words(check), rule_words(check.signals)) for check in signalled[:MOST]],
        "closed": closed.order_by("-released_at")[:MOST],
        "charts": characteristics_of(places).order_by("work_center__line__code", "work_center__position", "code"),
        "may_check": may(request.user, "record_check"),
        "may_release": may(request.user, "release_hold"),
        "may_plan": may(request.user, "edit_check_plans") and getattr(request.user, "is_staff", False),
        "now": now,
    }
    return render(request, "quality/inbox.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest, number: int) -> HttpResponse:
    """`/quality/-/holds/<number>/`: what is on hold and why; quality and supervisors decide what becomes of it."""
    demand(request.user, "see_quality")
    held = _hold_or_404(request.user, number)
    error, typed = "", {}
    if request.method == "POST":
        demand(request.user, "release_hold")
        typed = {name: request.POST.get(name, "") for name in ("disposition", "action")}
        try:
            hold_release(
                hold=held,
                disposition=typed["disposition"],
                corrective_action=typed["action"],
                actor=request.user.get_username(),
                at=datetime.now(UTC),
            )
            messages.success(request, _("%s is released.") % held, extra_tags="good")
            return HttpResponseRedirect(reverse("quality"))
        except HoldRefused as refused:
            error = str(refused)
            held = _hold_or_404(request.user, number)
    context: dict[str, Any] = {
        "hold": held,
        "pieces": pieces_of(held),
        "zone": held.work_center.line.area.site.time_zone,
        "dispositions": Disposition.choices,
        "decided": Disposition(held.nonconformance.disposition).label if held.nonconformance.disposition else "",
        "may_release": may(request.user, "release_hold") and held.released_at is None,
        "error": error,
        "typed": typed,
    }
    return render(request, "quality/hold.html", context, status=422 if error else 200)


def pieces_of(held: Hold) -> int:
    """Pieces that a hold is about, at most."""
    return pieces_made(held.work_center, held.order, held.starts_at, held.ends_at)


def _hold_or_404(user: object, number: int) -> Hold:
    found = Hold.objects.filter(work_center__in=work_centers_for(user), pk=min(number, 2**62))
    held = found.select_related(
        "characteristic", "work_center__line__area__site", "order", "check_out__characteristic", "nonconformance"
    ).first()
    if held is None:
        raise Http404(number)
    return held
