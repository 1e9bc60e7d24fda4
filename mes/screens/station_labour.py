"""People on the order: sign on, sign off, so many without a name; who forgot to sign off is proposed, never ended."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.labour.models import SignOn
from mes.labour.queries import crew_of, forgotten_sign_ons, labour_of, signed_on
from mes.labour.sign import LabourRefused, crew_set, sign_off, sign_on
from mes.people.access import may
from mes.people.models import Person
from mes.plant.models import WorkCenter
from mes.production.models import WorkOrder
from mes.production.queries import open_run
from mes.screens.gate import actor_of, demand, machine_or_404, storable

_NUMBER = re.compile(r"[0-9]{1,3}")


@login_required
@require_safe
def people(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/people/`: who works on the order here; one tap signs you on, another off."""
    demand(request.user, "see_station")
    place, now = machine_or_404(request.user, code), datetime.now(UTC)
    run = open_run(place)
    here = list(signed_on([place]))
    context = {
        "place": place,
        "zone": place.line.area.site.time_zone,
        "order": run.order if run else None,
        "signed_on": here,
        "me_on": any(row.person_id == request.user.pk and run and row.order_id == run.order_id for row in here),
        "forgotten": [(one, _may_end(request, one.sign_on)) for one in forgotten_sign_ons(place, now)],
        "crew": crew_of(place, run.order) if run else 0,
        "labour_s": labour_of(run.order, now).total_ms / 1000 if run else None,
        "may_sign_on": may(request.user, "sign_on"),
        "may_edit": may(request.user, "edit_labour"),
        "key": uuid4(),
    }
    return render(request, "station/people.html", context)


@login_required
@require_POST
def on(request: HttpRequest, code: str) -> HttpResponse:
    """The person works on the order shown from now on. The same form again changes nothing."""
    demand(request.user, "sign_on")
    place = machine_or_404(request.user, code)
    person, at = Person.objects.get(username=actor_of(request)), datetime.now(UTC)
    order = _order(place, request.POST.get("order", ""))
    try:
        key = UUID(request.POST.get("key", ""))
        sign_on(person=person, work_center=place, order=order, actor=actor_of(request), at=at, key=key)
        words = {"who": person.first_name or person.username, "number": order.number}
        messages.success(request, _("%(who)s works on %(number)s.") % words, extra_tags="good")
    except LabourRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    except ValueError:
        messages.error(request, _("The page was incomplete: open it again and sign on."), extra_tags="bad")
    return _here(place)


@login_required
@require_POST
def off(request: HttpRequest, code: str) -> HttpResponse:
    """Ends a sign-on: one's own now, a forgotten one at the end of its shift; others' only with the right to."""
    demand(request.user, "sign_on")
    place, now = machine_or_404(request.user, code), datetime.now(UTC)
    number = request.POST.get("sign_on", "")
    rows = SignOn.objects.select_related("person", "order").filter(work_center=place)
    row = rows.filter(pk=int(number)).first() if number.isascii() and number.isdecimal() and len(number) < 18 else None
    if row is None:
        raise Http404
    proposed = {one.sign_on.pk: one.ends_at for one in forgotten_sign_ons(place, now)}
    ends_at = proposed.get(row.pk) if request.POST.get("as_proposed") else None
    try:
        if not _may_end(request, row):
            who = row.person.first_name or row.person.username
            raise LabourRefused(_("Only %(who)s or a supervisor can sign %(who)s off.") % {"who": who})
        why = "shift over" if ends_at else ""
        if sign_off(sign_on=row, actor=actor_of(request), at=now, ends_at=ends_at, why=why):
            words = {"who": row.person.first_name or row.person.username, "number": row.order.number}
            messages.success(request, _("%(who)s is signed off from %(number)s.") % words, extra_tags="good")
    except LabourRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return _here(place)


@login_required
@require_POST
def crew(request: HttpRequest, code: str) -> HttpResponse:
    """So many people without a name work here from now on."""
    demand(request.user, "sign_on")
    place = machine_or_404(request.user, code)
    order = _order(place, request.POST.get("order", ""))
    typed, seen = request.POST.get("people", "").strip(), request.POST.get("seen", "")
    try:
        if not (_NUMBER.fullmatch(typed) and _NUMBER.fullmatch(seen)):
            raise LabourRefused(_("Enter how many people without a name work here: a whole number."))
        at, actor = datetime.now(UTC), actor_of(request)
        if crew_set(work_center=place, order=order, people=int(typed), actor=actor, at=at, seen=int(seen)):
            messages.success(request, _("%d people without a name work here.") % int(typed), extra_tags="good")
    except LabourRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return _here(place)


def labour_words(place: WorkCenter, order: WorkOrder | None) -> dict[str, Any]:
    """For the station's page: who works here by name, how many without one, and whether somebody forgot to sign off."""
    names = [row.person.first_name or row.person.username for row in signed_on([place])]
    forgotten = len(forgotten_sign_ons(place, datetime.now(UTC))) if names else 0
    return {"names": names, "unnamed": crew_of(place, order) if order else 0, "forgotten": forgotten}


def _may_end(request: HttpRequest, row: SignOn) -> bool:
    """One's own, and with the right to edit labour anybody's."""
    return row.person_id == request.user.pk or may(request.user, "edit_labour")


def _order(place: WorkCenter, number: str) -> WorkOrder:
    found = WorkOrder.objects.filter(number=storable(number), line=place.line_id).first()
    if found is None:
        raise Http404("order")
    return found


def _here(place: WorkCenter) -> HttpResponse:
    return HttpResponseRedirect(reverse("station-people", args=[place.code]))
