"""The operator's station: a machine, its state, its order, six buttons in fixed places. Works without JavaScript."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.downtime.models import Stop
from mes.downtime.queries import (
    reason_tree,
    stop_ref,
    stops_in,
    stops_that_need_a_reason,
    suggestions_for,
)
from mes.live.tiles import tiles_for
from mes.people.access import may
from mes.plant.changes import ShiftLocked
from mes.plant.models import WorkCenter
from mes.plant.shift_of import shift_at
from mes.production.blocks import blocks_of
from mes.production.models import WorkOrder
from mes.production.orders import Seen, order_start
from mes.production.queries import open_run, queue_for
from mes.production.refusals import OrderRefused
from mes.screens.face import face
from mes.screens.floor import live_context
from mes.screens.gate import actor_of, demand, machine_or_404, storable
from mes.screens.orders_station import order_words, short_page
from mes.screens.quality_confirm import refuse_unseen, reports_context
from mes.screens.quality_entry import station_checks
from mes.screens.station_buttons import buttons
from mes.screens.station_device import terminal_of
from mes.screens.station_labour import labour_words
from mes.screens.station_tally import counting_at
from mes.tracking.order_counts import made_of
from mes.tracking.order_finish import order_finish
from mes.tracking.scrap import ScrapRefused, last_scrap, scrap_enter, scrap_undo

UNDO_FOR = timedelta(minutes=10)
LOOK_BACK = timedelta(hours=12)  # where no shift runs, stops of this long ago are still offered
QUICK_SCRAP = (1, 2, 3, 5, 10)
_WHOLE = re.compile(r"[0-9]{1,6}")


@login_required
@require_safe
def stations(request: HttpRequest) -> HttpResponse:
    """`/station/`: choose a machine; a station's terminal and who has just one are sent there."""
    demand(request.user, "see_station")
    here = terminal_of(request)
    if here is not None:
        return _home(here.device.work_center.code)
    now = datetime.now(UTC)
    tiles = tiles_for(request.user, now=now)
    if len(tiles) == 1:
        return HttpResponseRedirect(reverse("station-machine", args=list(tiles)))
    lines: dict[str, list[Any]] = {}
    for tile in tiles.values():
        lines.setdefault(tile["line"], []).append(face(tile, now))
    return render(request, "station/stations.html", live_context(request, now, "") | {"lines": lines})


@login_required
@require_safe
def station(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/`: state bar, reason sheet while a stop asks for one, order card, six buttons."""
    demand(request.user, "see_station")
    place = machine_or_404(request.user, code)
    now = datetime.now(UTC)
    tile = tiles_for(request.user, now=now, work_centers=[code])[code]
    order = current_order(place)
    stop = stop_that_asks(place, now)
    quality = station_checks(request.user, place, now)
    context = live_context(request, now, f"work-center:{code}") | {
        "place": place,
        "face": face(tile, now),
        "order": order,
        "made": made_of([order])[order.pk] if order else None,
        "last_scrap": last_scrap(place, now - UNDO_FOR),
        "sheet": sheet(stop, now) if stop and may(request.user, "explain_stop") else None,
        "buttons": buttons(request.user, place, order, quality),
        "labour": labour_words(place, order),
        "enter_scrap": may(request.user, "enter_scrap"),
        "enter_tally": may(request.user, "enter_tally"),
        "set_up_station": may(request.user, "set_up_station"),
        "counting": counting_at(request, place, now),
        "quality": quality,
        **order_words(request, place),
        "zone": place.line.area.site.time_zone,
    }
    return render(request, "station/station.html", context)


@login_required
@require_safe
def reason(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/reason/`: the stop that needs a reason most, else the shift's stops to choose from."""
    demand(request.user, "explain_stop")
    place = machine_or_404(request.user, code)
    now = datetime.now(UTC)
    stop = stop_that_asks(place, now) or Stop.objects.filter(work_center=place, ends_at=None, reason=None).first()
    shift = shift_at(place, now)
    stops = stops_in([place], shift.starts_at if shift else now - LOOK_BACK, now)[:20]
    context = {
        "place": place,
        "sheet": sheet(stop, now) if stop else None,
        "stops": [(stop, stop_ref(stop)) for stop in stops],
        "zone": place.line.area.site.time_zone,
    }
    return render(request, "station/reason.html", context)


@login_required
@require_safe
def choose_order(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/orders/`: the queue; one more tap starts an order."""
    demand(request.user, "start_order")
    place = machine_or_404(request.user, code)
    return render(request, "station/orders.html", {"place": place, **_queue(request, place)})


@login_required
@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Starts the order that was tapped, if order and machine are still as the page showed them."""
    demand(request.user, "start_order")
    place = machine_or_404(request.user, code)
    order = _order(place, request.POST.get("order", ""))
    try:
        _start(request, place, order, request.POST.get("running", ""))
    except (OrderRefused, ShiftLocked) as refused:
        messages.error(request, str(refused), extra_tags="bad")
        return HttpResponseRedirect(reverse("station-orders", args=[code]))
    return _home(code)


@login_required
@require_safe
def finish(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/finish/`: complete the running order, with or without starting the next."""
    demand(request.user, "complete_order")
    place = machine_or_404(request.user, code)
    order = current_order(place)
    if order is None:
        return HttpResponseRedirect(reverse("station-orders", args=[code]))
    made = made_of([order])[order.pk]
    context = {"place": place, "order": order, "made": made, **_queue(request, place), **reports_context(order)}
    return render(request, "station/finish.html", context)


@login_required
@require_POST
def complete(request: HttpRequest, code: str) -> HttpResponse:
    """Completes the order shown and, where a next one was tapped, starts it."""
    demand(request.user, "complete_order")
    place = machine_or_404(request.user, code)
    order = _order(place, request.POST.get("order", ""))
    following = request.POST.get("next", "")
    try:
        refuse_unseen(request, order)
        short, note = request.POST.get("short", ""), request.POST.get("note", "")
        done = order_finish(order=order, actor=actor_of(request), at=datetime.now(UTC), short=short, note=note)
        if done:
            messages.success(request, _("%s is completed.") % order.number, extra_tags="good")
        if following and done:
            demand(request.user, "start_order")
            _start(request, place, _order(place, following), "")
    except (OrderRefused, ShiftLocked) as refused:
        if isinstance(refused, OrderRefused) and refused.field in ("short", "note"):
            return short_page(request, place, order, made_of([order])[order.pk], refused)
        messages.error(request, str(refused), extra_tags="bad")
    return _home(code)


@login_required
def scrap(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/scrap/`: quick amounts and a numpad.

    The form's key is in the address, so that a page one goes back to is the same form and not a new one.
    """
    demand(request.user, "enter_scrap")
    place = machine_or_404(request.user, code)
    error, typed = "", ""
    if request.method == "POST":
        typed = request.POST.get("quick") or request.POST.get("quantity", "").strip()
        try:
            quantity = _enter(request, place, typed)
            messages.success(request, _("%d pieces of scrap entered.") % quantity, extra_tags="good")
            return _home(code)
        except (ScrapRefused, ShiftLocked) as refused:
            error = str(refused)
    key = uuid4() if error else _uuid(request.GET.get("key", ""))
    if key is None:
        return HttpResponseRedirect(f"{request.path}?key={uuid4()}")
    order = current_order(place)
    context = {
        "place": place,
        "order": order,
        "tile": tiles_for(request.user, now=datetime.now(UTC), work_centers=[code])[code],
        "key": key,
        "sent": place.count_flags.filter(key=key, role="scrap").first(),
        "zone": place.line.area.site.time_zone,
        "error": error,
        "typed": typed,
        "quick": QUICK_SCRAP,
    }
    return render(request, "station/scrap.html", context, status=422 if error else 200)


@login_required
@require_POST
def undo_scrap(request: HttpRequest, code: str) -> HttpResponse:
    """Takes the scrap entry with the form's key back."""
    demand(request.user, "enter_scrap")
    place = machine_or_404(request.user, code)
    key = _uuid(request.POST.get("key", ""))
    if key is None or not place.count_flags.filter(key=key).exists():
        raise Http404(code)
    try:
        if scrap_undo(key=key, actor=actor_of(request), at=datetime.now(UTC)):
            messages.success(request, _("The scrap entry is taken back."), extra_tags="good")
    except (ScrapRefused, ShiftLocked) as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return _home(code)


def current_order(place: WorkCenter) -> WorkOrder | None:
    """The order that runs on the machine."""
    run = open_run(place)
    return run.order if run else None


def stop_that_asks(place: WorkCenter, now: datetime) -> Stop | None:
    """The latest stop of the running shift that needs a reason."""
    shift = shift_at(place, now)
    start = shift.starts_at if shift else now - LOOK_BACK
    return stops_that_need_a_reason(stops_in([place], start, now), now).first()


def sheet(stop: Stop, now: datetime) -> dict[str, Any]:
    """What the reason sheet shows: the stop, likely reasons first, then the tree."""
    return {
        "stop": stop,
        "ref": stop_ref(stop),
        "suggestions": suggestions_for(stop, now),
        "tree": reason_tree(),
        "lasted_s": ((stop.ends_at or now) - stop.starts_at).total_seconds(),
    }


def _queue(request: HttpRequest, place: WorkCenter) -> dict[str, Any]:
    orders = list(queue_for(place)[:24])
    made, blocks = made_of(orders), blocks_of(orders, datetime.now(UTC), work_center=place)
    running = current_order(place)
    return {
        "queue": [(order, made[order.pk], blocks[order.pk]) for order in orders],
        "running": running,
        "may_start_blocked": may(request.user, "start_blocked_order"),
        "zone": place.line.area.site.time_zone,
    }


def _start(request: HttpRequest, place: WorkCenter, order: WorkOrder, running: str) -> None:
    version = request.POST.get("version", "")
    if not _WHOLE.fullmatch(version):
        raise OrderRefused(_("The page was incomplete: open it again and choose the order."))
    seen = Seen(int(version), running)
    despite = request.POST.get("despite", "")
    if despite:
        demand(request.user, "start_blocked_order")
    actor, now = actor_of(request), datetime.now(UTC)
    order_start(order=order, work_center=place, actor=actor, at=now, seen=seen, despite=despite)


def _order(place: WorkCenter, number: str) -> WorkOrder:
    """An order of the machine's line; others do not exist at this station."""
    try:
        return WorkOrder.objects.select_related("item", "line__area__site").get(
            number=storable(number), line=place.line_id
        )
    except WorkOrder.DoesNotExist as error:
        raise Http404("order") from error


def _enter(request: HttpRequest, place: WorkCenter, typed: str) -> int:
    key = _uuid(request.POST.get("key", ""))
    if key is None:
        raise ScrapRefused(_("The page was incomplete: enter the number again."))
    if not _WHOLE.fullmatch(typed):
        raise ScrapRefused(_("Enter how many pieces are scrap: a whole number from 1."))
    number = request.POST.get("order", "")
    order = _order(place, number) if number else None
    actor, at = actor_of(request), datetime.now(UTC)
    scrap_enter(work_center=place, quantity=int(typed), order=order, actor=actor, at=at, key=key)
    return int(typed)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _home(code: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("station-machine", args=[code]))
