"""What the station does to its order beside start and complete: pause, end of setup, answer to a planner's request."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.people.access import may
from mes.plant.changes import ShiftLocked
from mes.plant.models import WorkCenter
from mes.production.changes import change_accept, change_refuse, open_request
from mes.production.models import ChangeRequest, WorkOrder
from mes.production.orders import order_pause
from mes.production.queries import open_run
from mes.production.refusals import OrderRefused
from mes.production.setups import setup_end
from mes.screens.gate import actor_of, demand, machine_or_404, storable
from mes.tracking.order_counts import Made
from mes.tracking.setups import Setup, setups_of


def order_words(request: HttpRequest, place: WorkCenter) -> dict[str, Any]:
    """For the station's page: the setup that goes on, and the request that waits for an answer."""
    run = open_run(place)
    if run is None:
        return {"setup": None, "change": None}
    setup: Setup | None = setups_of([run.pk]).get(run.pk)
    return {
        "setup": setup if setup and setup.ends_at is None else None,
        "change": open_request(run.order),
        "may_answer": may(request.user, "answer_change"),
        "may_pause": may(request.user, "start_order"),
    }


@login_required
def pause(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/pause/`: the order waits, for a reason; one tap says which."""
    demand(request.user, "start_order")
    place = machine_or_404(request.user, code)
    run = open_run(place)
    number = request.POST.get("order", "")
    if run is None and request.method == "GET":
        return HttpResponseRedirect(reverse("station-orders", args=[code]))
    error = ""
    if request.method == "POST":
        order = order_of(place, number)
        reason, note = request.POST.get("reason", ""), request.POST.get("note", "")
        try:
            order_pause(order=order, reason=reason, note=note, actor=actor_of(request), at=datetime.now(UTC))
            messages.success(request, _("%s is paused.") % order.number, extra_tags="good")
            return _home(code)
        except (OrderRefused, ShiftLocked) as refused:
            error = str(refused)
    shown = run.order if run else order_of(place, number)
    reasons = [choice for choice in WorkOrder.Pause.choices if choice[0] != WorkOrder.Pause.BETWEEN]
    context = {"place": place, "order": shown, "reasons": reasons, "error": error, "note": request.POST.get("note", "")}
    return render(request, "orders/station_pause.html", context, status=422 if error else 200)


@login_required
@require_POST
def end_setup(request: HttpRequest, code: str) -> HttpResponse:
    """Production starts; sent twice it is said once."""
    demand(request.user, "start_order")
    place = machine_or_404(request.user, code)
    number = request.POST.get("order", "")
    try:
        if setup_end(work_center=place, order_number=number, actor=actor_of(request), at=datetime.now(UTC)):
            messages.success(request, _("Production of %s starts.") % number, extra_tags="good")
    except OrderRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return _home(code)


@login_required
@require_POST
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """The floor accepts or refuses what the planner asked for; a refusal needs words."""
    demand(request.user, "answer_change")
    place = machine_or_404(request.user, code)
    number = request.POST.get("request", "")
    asked = ChangeRequest.objects.filter(order__line=place.line_id, pk=int(number) if number.isdecimal() else 0)
    found = asked.select_related("order").first() if len(number) < 18 else None
    if found is None:
        raise Http404("request")
    accept = request.POST.get("verb") == "accept"
    try:
        (change_accept if accept else change_refuse)(
            request=found, answer=request.POST.get("answer", ""), actor=actor_of(request), at=datetime.now(UTC)
        )
        said = _("The change of %s is accepted.") if accept else _("The change of %s is refused.")
        messages.success(request, said % found.order.number, extra_tags="good")
    except OrderRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return _home(code)


def short_page(
    request: HttpRequest, place: WorkCenter, order: WorkOrder, made: Made, refused: OrderRefused
) -> HttpResponse:
    """Asks why an order is complete although too little was made; the answer goes where the question came from."""
    context = {
        "place": place,
        "order": order,
        "made": made,
        "reasons": WorkOrder.Short.choices,
        "next": request.POST.get("next", ""),
        "version": request.POST.get("version", ""),
        "reports_seen": request.POST.getlist("reports_seen"),
        "note": request.POST.get("note", ""),
        "error": str(refused),
    }
    return render(request, "orders/station_short.html", context, status=422)


def order_of(place: WorkCenter, number: str) -> WorkOrder:
    """An order of the machine's line; others do not exist at this station."""
    found = WorkOrder.objects.select_related("item", "line__area__site")
    try:
        return found.get(number=storable(number), line=place.line_id)
    except WorkOrder.DoesNotExist as error:
        raise Http404("order") from error


def _home(code: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("station-machine", args=[code]))
