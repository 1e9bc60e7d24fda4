"""One check: what was found against all its limits, the reaction plan, the hold it opened, and its signatures."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mes.live.due_checks import checks_due
from mes.people.access import may, work_centers_for
from mes.quality.models import Check, Nonconformance
from mes.quality.signed_checks import KIND, check_content, check_sign, missing_of
from mes.screens.gate import actor_of, demand
from mes.screens.quality_points import figure_text, limits_text, point_of
from mes.screens.quality_signing import confirmed_of, signatures_context
from mes.screens.quality_words import found_words, limit_words, signal_words
from mes.signing.confirm import SigningRefused
from mes.signing.models import Meaning

SIGNED_BY: dict[str, str] = {Meaning.PERFORMED: "record_check"}
"""Which action allows a meaning; the others need `review_check`."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """`/quality/-/checks/<key>/`: the verdict with control and specification limits; here it is signed."""
    demand(request.user, "see_quality")
    check = _check_or_404(request.user, key)
    error = ""
    if request.method == "POST":
        meaning = request.POST.get("meaning", "")
        demand(request.user, SIGNED_BY.get(meaning, "review_check"))
        now = datetime.now(UTC)
        try:
            check_sign(check=check, meaning=meaning, confirmed=confirmed_of(request, now), at=now)
            messages.success(request, _("The check is signed."), extra_tags="good")
            return HttpResponseRedirect(request.path)
        except SigningRefused as refused:
            error = str(refused)
    context = _page(request, check) | {"error": error}
    return render(request, "quality/check.html", context, status=422 if error else 200)


def _page(request: HttpRequest, check: Check) -> dict[str, Any]:
    place, plan = check.work_center, check.characteristic
    zone = place.line.area.site.time_zone
    missing = missing_of([check]).get(check.pk, [])
    mine = [Meaning(one) for one in missing if _may_sign(request, check, one)]
    following = [one for one in checks_due([place], datetime.now(UTC)) if one.characteristic.pk != plan.pk]
    return {
        "check": check,
        "plan": plan,
        "place": place,
        "zone": zone,
        "found": found_words(check),
        "allowed": limit_words(check),
        "control": _control(check),
        "rules": signal_words(check),
        "report": Nonconformance.objects.filter(hold__check_out=check).select_related("hold").first(),
        "missing": [Meaning(one).label for one in missing],
        "to_give": [(one.value, one.label) for one in mine],
        "next": following[0] if following and may(request.user, "record_check") else None,
        "may_station": may(request.user, "see_station"),
        **signatures_context(KIND, str(check.key), check_content(check), zone),
    }


def _control(check: Check) -> list[tuple[str, str, str]]:
    """What was plotted with its control limits, for location and spread; nothing without frozen limits."""
    points = point_of(check)
    if points is None or check.verdict == Check.Verdict.MISSED or check.withdrawn_at is not None:
        return []

    def text(value: float | None) -> str:
        return figure_text(check.characteristic, value)

    names = (_("Plotted"), _("Spread"))
    return [
        (name, text(point.value), limits_text(point, text))
        for name, point in zip(names, points, strict=True)
        if point is not None and point.value is not None
    ]


def _may_sign(request: HttpRequest, check: Check, meaning: str) -> bool:
    """Whether the form is offered; `check_sign` decides for good."""
    own = check.actor == actor_of(request)
    if meaning == Meaning.PERFORMED:
        return may(request.user, "record_check") and (own or check.actor.startswith("api:"))
    return may(request.user, "review_check") and not own


def _check_or_404(user: object, key: UUID) -> Check:
    found = Check.objects.filter(work_center__in=work_centers_for(user), key=key)
    check = found.select_related("characteristic", "work_center__line__area__site", "order", "limits").first()
    if check is None:
        raise Http404(key)
    return check
