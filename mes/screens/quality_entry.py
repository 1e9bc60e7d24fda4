"""Checks at the station: what is due on this machine, and one entered with a big numpad. Works without JavaScript."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mes.live.due_checks import checks_due
from mes.people.access import may
from mes.plant.models import WorkCenter
from mes.quality.checks import CheckRefused, Recorded, check_record
from mes.quality.models import MOST_PIECES, Characteristic, Check
from mes.quality.queries import characteristics_of, open_holds
from mes.quality.signed_checks import check_sign
from mes.quality.typed import Unreadable, reading_from
from mes.screens.gate import actor_of, demand, machine_or_404, storable
from mes.screens.quality_signing import confirmed_of
from mes.screens.quality_words import due_words, found_words, verdict_words
from mes.signing.confirm import SigningRefused
from mes.signing.models import Meaning

MOST_FIELDS = 25
QUICK_BAD = (0, 1, 2, 3)


def station_checks(user: object, place: WorkCenter, now: datetime) -> dict[str, Any]:
    """For the station's card: due checks and open holds of the machine, empty for who may not see them."""
    if not may(user, "see_quality"):
        return {"due": [], "holds": [], "may_check": False}
    due = [(one, due_words(one.due)) for one in checks_due([place], now)]
    return {"due": due, "holds": list(open_holds([place])), "may_check": may(user, "record_check")}


@login_required
@require_safe
def checks(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/checks/`: everything that can be checked here, what is due first."""
    demand(request.user, "record_check")
    place, now = machine_or_404(request.user, code), datetime.now(UTC)
    due = {one.characteristic.pk: (one, due_words(one.due)) for one in checks_due([place], now)}
    plans = sorted(characteristics_of([place]), key=lambda plan: (plan.pk not in due, plan.code))
    lately = Check.objects.filter(work_center=place, withdrawn_at=None).select_related("characteristic")
    context = {
        "place": place,
        "zone": place.line.area.site.time_zone,
        "plans": [(plan, *due.get(plan.pk, (None, ""))) for plan in plans],
        "lately": [(check, found_words(check)) for check in lately.order_by("-at", "-id")[:10]],
    }
    return render(request, "quality/checks.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """`/station/<work-center>/checks/<characteristic>/`: its key is in the address, so going back is no new check.

    Limits are not shown before the values are in: who sees them measures towards them. A good check leads back to the
    station; one that needs somebody's eyes leads to its own page with limits and reaction plan.
    """
    demand(request.user, "record_check")
    place = machine_or_404(request.user, code)
    plan = characteristics_of([place]).filter(code=storable(name)).first()
    if plan is None:
        raise Http404(name)
    error, typed, note = "", [], ""
    if request.method == "POST":
        typed, note = request.POST.getlist("value")[: max(plan.subgroup_size, 1)], request.POST.get("note", "")
        if request.POST.get("quick", ""):
            typed = [request.POST["quick"]]
        try:
            return _answer(request, place, _enter(request, plan, typed, note))
        except (CheckRefused, Unreadable, SigningRefused) as refused:
            error = str(refused)
    key = _uuid(request.GET.get("key", "")) or (_uuid(request.POST.get("key", "")) if error else None)
    if key is None:
        return HttpResponseRedirect(f"{request.path}?key={uuid4()}")
    sort = plan.kind
    measured = sort == Characteristic.Kind.MEASURED
    fields = min(plan.subgroup_size, MOST_FIELDS) if measured else 1
    context = {
        "place": place,
        "plan": plan,
        "key": key,
        "sent": Check.objects.filter(key=key).select_related("characteristic").first(),
        "zone": place.line.area.site.time_zone,
        "measured": measured,
        "defects": sort == Characteristic.Kind.DEFECTS,
        "signs": Meaning.PERFORMED in plan.signatures,
        "fields": [(number + 1, typed[number] if number < len(typed) else "") for number in range(fields)],
        "quick": [bad for bad in QUICK_BAD if bad <= plan.subgroup_size or sort == Characteristic.Kind.DEFECTS],
        "pieces": request.POST.get("pieces", "") if error else "",
        "note": note,
        "error": error,
    }
    return render(request, "quality/entry.html", context, status=422 if error else 200)


def _answer(request: HttpRequest, place: WorkCenter, done: Recorded) -> HttpResponse:
    check = done.check
    if check.verdict in (Check.Verdict.OUT, Check.Verdict.SIGNAL):
        return HttpResponseRedirect(reverse("quality-check", args=[check.key]))
    messages.success(request, verdict_words(check), extra_tags="good" if check.verdict == Check.Verdict.GOOD else "")
    return HttpResponseRedirect(reverse("station-machine", args=[place.code]))


def _enter(request: HttpRequest, plan: Characteristic, typed: list[str], note: str) -> Recorded:
    key = _uuid(request.POST.get("key", ""))
    if key is None:
        raise CheckRefused(_("The page was incomplete: open the check again and enter it."))
    measured, now = plan.kind == Characteristic.Kind.MEASURED, datetime.now(UTC)
    reading = reading_from(
        typed,
        measured=measured,
        decimals=plan.decimals,
        pieces=_pieces(request, plan),
        defects=plan.kind == Characteristic.Kind.DEFECTS,
    )
    # A form that was sent before is only looked up: it needs no second signature.
    signs = Meaning.PERFORMED in plan.signatures and not Check.objects.filter(key=key).exists()
    confirmed = confirmed_of(request, now) if signs else None
    with transaction.atomic():
        done = check_record(
            characteristic=plan, reading=reading, taken_at=now, actor=actor_of(request), at=now, key=key, note=note
        )
        if confirmed is not None:
            check_sign(check=done.check, meaning=Meaning.PERFORMED, confirmed=confirmed, at=now)
    return done


def _pieces(request: HttpRequest, plan: Characteristic) -> int:
    """Pieces looked at: as planned, or as typed."""
    text = request.POST.get("pieces", "").strip()
    if not text:
        return plan.subgroup_size
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST_PIECES):
        raise Unreadable(_("Pieces looked at: write a whole number from 1 to %d.") % MOST_PIECES)
    return int(text)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
