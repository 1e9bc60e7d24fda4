"""Material at the station: what the order needs and got, taking from a scanned lot, entering the lot that was made."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mes.materials.consume import lot_consume, lot_consume_undo
from mes.materials.family import lots_visible
from mes.materials.lots import lot_produce
from mes.materials.models import Consumption, Lot, LotRule
from mes.materials.refusals import LotRefused, shown
from mes.materials.scanned import read
from mes.materials.stock import today_at
from mes.people.access import lines_for, may
from mes.plant.models import WorkCenter
from mes.production.models import WorkOrder
from mes.production.queries import open_run
from mes.production.typed import Unreadable, code_from
from mes.screens.gate import actor_of, demand, machine_or_404
from mes.screens.materials import key_from
from mes.screens.typed import quantity_typed
from mes.tracking.order_counts import made_of

LATELY = 20


def lot_scanned(user: object, text: str) -> Lot | None:
    """The lot a scan means, if the person may see it: its number, a GS1 element string, or its QR code.

    None where there is none, or where the number is that of lots of two items and the scan does not say which.
    """
    if "\0" in text or len(text) > 500:
        return None
    visible = lots_visible(lines_for(user)).select_related("item", "site", "line", "at_line")
    for said in read(text):
        found = visible.filter(sscc=said.sscc) if said.sscc else visible.filter(number=said.number)
        if said.item:
            found = found.filter(item__code=said.item)
        if said.gtin:
            of_gtin = found.filter(item__lot_rule__gtin=said.gtin)
            found = of_gtin if of_gtin.exists() else found
        two = list(found[:2])
        if len(two) == 1:
            return two[0]
    return None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def material(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/material/`: `?lot=` opens the form of a scanned lot; POST takes from it."""
    demand(request.user, "use_lots")
    place = machine_or_404(request.user, code)
    error = ""
    if request.method == "POST":
        try:
            messages.success(request, _taken(request, place), extra_tags="good")
            return HttpResponseRedirect(request.path)
        except (LotRefused, Unreadable) as refused:
            error = str(refused)
    return _page(request, place, error=error)


@login_required
@require_POST
def material_undo(request: HttpRequest, code: str) -> HttpResponse:
    """Takes a consumption of this machine back."""
    demand(request.user, "use_lots")
    place = machine_or_404(request.user, code)
    text = request.POST.get("entry", "")
    pk = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    entry = Consumption.objects.filter(work_center=place, pk=pk).select_related("lot").first()
    try:
        if entry is None:
            raise LotRefused(_("This entry is not of this machine: look at the list again."))
        lot_consume_undo(
            consumption=entry,
            why=request.POST.get("why", "") or _("wrong entry at the station"),
            actor=actor_of(request),
            at=datetime.now(UTC),
            key=key_from(request),
        )
        messages.success(request, _("Taken back: the quantity is on hand again."), extra_tags="good")
    except LotRefused as refused:
        return _page(request, place, error=str(refused))
    return HttpResponseRedirect(reverse("station-material", args=[place.code]))


@login_required
@require_POST
def material_made(request: HttpRequest, code: str) -> HttpResponse:
    """Enters a lot that was made here of the order that runs."""
    demand(request.user, "use_lots")
    place = machine_or_404(request.user, code)
    try:
        lot = _made(request, place)
    except (LotRefused, Unreadable) as refused:
        return _page(request, place, error=str(refused))
    messages.success(request, _("Lot %s is entered.") % lot.number, extra_tags="good")
    return HttpResponseRedirect(reverse("station-material", args=[place.code]))


def _page(request: HttpRequest, place: WorkCenter, *, error: str = "") -> HttpResponse:
    now, run = datetime.now(UTC), open_run(place)
    order = run.order if run else None
    text = (request.POST.get("lot") or request.GET.get("lot", "")).strip()[:500]
    lot = lot_scanned(request.user, text) if text else None
    if text and lot is None and not error:
        error = _unknown()
    context = {
        "place": place,
        "order": order,
        "zone": place.line.area.site.time_zone,
        "needs": _needs(order) if order else [],
        "lot": lot,
        "holds": lot.holds.filter(released_at=None) if lot else [],
        "expired": lot.expired(today_at(lot, now)) if lot else False,
        "may_expired": may(request.user, "use_expired_lots"),
        "text": text if lot is None else lot.number,
        "used": Consumption.objects.filter(work_center=place)
        .select_related("lot__item", "order")
        .order_by("-pk")[:LATELY],
        "due": _due(order) if order else None,
        "lots": Lot.objects.filter(order=order).order_by("-pk")[:LATELY] if order else [],
        "key": request.POST.get("key") if error and request.method == "POST" else uuid4(),
        "typed": request.POST,
        "error": error,
    }
    return render(request, "materials/station.html", context, status=422 if error and request.method == "POST" else 200)


def _taken(request: HttpRequest, place: WorkCenter) -> str:
    lot = lot_scanned(request.user, request.POST.get("lot", ""))
    if lot is None:
        raise LotRefused(_unknown())
    because = request.POST.get("expired_because", "")
    if because:
        demand(request.user, "use_expired_lots")
    key = key_from(request)
    quantity = _rest_of(lot, key) if request.POST.get("all") else quantity_typed(request.POST.get("quantity", ""))
    used = lot_consume(
        lot=lot,
        quantity=quantity,
        work_center=place,
        actor=actor_of(request),
        at=datetime.now(UTC),
        key=key,
        expired_because=because,
    )
    return _("%(quantity)s %(unit)s of %(lot)s went into %(order)s.") % {
        "quantity": shown(used.quantity),
        "unit": lot.unit,
        "lot": lot.number,
        "order": used.order.number if used.order else "",
    }


def _rest_of(lot: Lot, key: UUID) -> Decimal:
    """All that is left of it; sent again, what was taken the first time."""
    known = Consumption.objects.filter(key=key, lot=lot).first()
    if known is not None:
        return known.quantity
    if lot.on_hand <= 0:
        raise LotRefused(_("Lot %(lot)s is used up: nothing is left of it. Take another lot.") % {"lot": lot.number})
    return lot.on_hand


def _made(request: HttpRequest, place: WorkCenter) -> Lot:
    run = open_run(place)
    if run is None:
        raise LotRefused(_("No order runs here, so there is no lot to enter: start the order first."))
    number = request.POST.get("number", "").strip()
    return lot_produce(
        item=run.item,
        quantity=quantity_typed(request.POST.get("quantity", "")),
        work_center=place,
        number=code_from(number, _("The lot number")) if number else "",
        order=run.order,
        run=run,
        actor=actor_of(request),
        at=datetime.now(UTC),
        key=key_from(request),
    )


def _needs(order: WorkOrder) -> list[dict[str, Any]]:
    """What the order needs of each material, what it got, and what of it lies free at the line or in the store."""
    rows = order.materials.select_related("item").order_by("item__code")
    got: dict[int, Decimal] = {}
    for item, quantity in Consumption.objects.filter(order=order).values_list("lot__item", "quantity"):
        got[item] = got.get(item, Decimal(0)) + quantity
    free: dict[int, Decimal] = {}
    near = Q(at_line=order.line_id) | (Q(at_line=None) & (Q(line=None) | Q(line=order.line_id)))
    items = [row.item_id for row in rows]
    for lot in Lot.objects.filter(near, status=Lot.Status.FREE, item__in=items, site=order.line.area.site_id):
        free[lot.item_id] = free.get(lot.item_id, Decimal(0)) + lot.on_hand
    return [
        {
            "item": row.item,
            "needed": row.total if row.total is not None else (row.per_piece or 0) * order.quantity,
            "got": got.get(row.item_id, Decimal(0)),
            "free": free.get(row.item_id, Decimal(0)),
        }
        for row in rows
    ]


def _due(order: WorkOrder) -> dict[str, Any]:
    """Good pieces, those that have a lot, and the quantity the next lot is to have by the item's rule (None: open)."""
    good = Decimal(made_of([order])[order.pk].good)
    in_lots = sum(Lot.objects.filter(order=order).values_list("quantity", flat=True), Decimal(0))
    rest = max(good - in_lots, Decimal(0))
    rule = LotRule.objects.filter(item=order.item_id).first()
    by_step = rule is not None and rule.how == LotRule.How.STEP and rule.step is not None
    step = rule.step if by_step and rule is not None else None
    return {
        "good": good,
        "in_lots": in_lots,
        "rest": rest,
        "due": step is not None and rest >= step,
        "quantity": (quantity := step if step is not None and rest >= step else rest),
        "plain": shown(quantity),
    }


def _unknown() -> str:
    return _("There is no such lot at this line or in the store: check the label, or ask a supervisor to move it here.")
