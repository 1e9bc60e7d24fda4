"""What people do to a lot on its page: hold, release, ship, correct, split, move, take a consumption back."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.materials.consume import lot_consume_undo
from mes.materials.holds import lot_hold, lot_release
from mes.materials.lots import lot_correct, lot_move, lot_split
from mes.materials.models import Consumption, Lot, Shipment
from mes.materials.refusals import LotRefused
from mes.materials.shipping import lot_ship, lot_ship_undo
from mes.people.access import lines_for
from mes.production.typed import Unreadable, code_from
from mes.screens.gate import actor_of, demand
from mes.screens.materials import address_of, key_from, lot_or_404, lot_page
from mes.screens.typed import quantity_typed

DEMANDS = {
    "hold": "hold_lots",
    "release": "release_lots",
    "ship": "store_lots",
    "ship-undo": "store_lots",
    "correct": "store_lots",
    "split": "store_lots",
    "move": "store_lots",
    "undo": "use_lots",
}


@login_required
@require_POST
def lot_edit(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """`/materials/lots/<number>/<verb>/`: does it and shows the lot again, or says beside what was typed why not."""
    if verb not in DEMANDS:
        raise Http404(verb)
    found = lot_or_404(request, number)
    demand(request.user, DEMANDS[verb])
    try:
        said = _ACTIONS[verb](request, found)
    except (LotRefused, Unreadable) as refused:
        return lot_page(request, found, error=str(refused), typed={"verb": verb, **request.POST.dict()})
    messages.success(request, said, extra_tags="good")
    return HttpResponseRedirect(address_of(found))


def _hold(request: HttpRequest, lot: Lot) -> str:
    lot_hold(lot=lot, why=request.POST.get("why", ""), actor=actor_of(request), at=datetime.now(UTC))
    return _("%s is on hold: nobody can use it until it is released.") % lot.number


def _release(request: HttpRequest, lot: Lot) -> str:
    source = request.POST.get("source", "").replace("\0", "")
    lot_release(lot=lot, why=request.POST.get("why", ""), source=source, actor=actor_of(request), at=datetime.now(UTC))
    lot.refresh_from_db()
    if lot.holds.filter(released_at=None).exists():
        return _("Released, but %s is held by others too: it stays on hold.") % lot.number
    return _("%s may be used again.") % lot.number


def _ship(request: HttpRequest, lot: Lot) -> str:
    lot_ship(
        lot=lot,
        quantity=quantity_typed(request.POST.get("quantity", "")),
        customer=request.POST.get("customer", ""),
        customer_order=request.POST.get("customer_order", ""),
        actor=actor_of(request),
        at=datetime.now(UTC),
        key=key_from(request),
    )
    return _("Shipped.")


def _ship_undo(request: HttpRequest, lot: Lot) -> str:
    entry = Shipment.objects.filter(lot=lot, pk=_number(request)).select_related("lot").first()
    if entry is None:
        raise LotRefused(_("This entry is not of this lot: look at the list again."))
    lot_ship_undo(
        shipment=entry,
        why=request.POST.get("why", ""),
        actor=actor_of(request),
        at=datetime.now(UTC),
        key=key_from(request),
    )
    return _("Taken back: the quantity is on hand again.")


def _correct(request: HttpRequest, lot: Lot) -> str:
    size = quantity_typed(request.POST.get("quantity", ""))
    change = size if request.POST.get("sign") == "more" else -size
    lot_correct(
        lot=lot,
        change=Decimal(change),
        why=request.POST.get("why", ""),
        actor=actor_of(request),
        at=datetime.now(UTC),
        key=key_from(request),
    )
    return _("Corrected.")


def _split(request: HttpRequest, lot: Lot) -> str:
    part = lot_split(
        lot=lot,
        quantity=quantity_typed(request.POST.get("quantity", "")),
        number=code_from(request.POST.get("number", ""), _("The number of the part")),
        actor=actor_of(request),
        at=datetime.now(UTC),
        key=key_from(request),
    )
    return _("%(part)s was split off %(lot)s.") % {"part": part.number, "lot": lot.number}


def _move(request: HttpRequest, lot: Lot) -> str:
    code = request.POST.get("line", "")
    line = lines_for(request.user).select_related("area").filter(code=code.replace("\0", "")).first()
    if code and line is None:
        raise LotRefused(_("Choose one of your lines, or the store."), "line")
    lot_move(lot=lot, to_line=line, actor=actor_of(request), at=datetime.now(UTC))
    return _("Moved.")


def _undo(request: HttpRequest, lot: Lot) -> str:
    mine = Consumption.objects.filter(lot=lot, line__in=lines_for(request.user), pk=_number(request))
    entry = mine.select_related("lot").first()
    if entry is None:
        raise LotRefused(_("This entry is not of this lot: look at the list again."))
    lot_consume_undo(
        consumption=entry,
        why=request.POST.get("why", ""),
        actor=actor_of(request),
        at=datetime.now(UTC),
        key=key_from(request),
    )
    return _("Taken back: the quantity is on hand again.")


def _number(request: HttpRequest) -> int:
    text = request.POST.get("entry", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


_ACTIONS: dict[str, Callable[[HttpRequest, Lot], str]] = {
    "hold": _hold,
    "release": _release,
    "ship": _ship,
    "ship-undo": _ship_undo,
    "correct": _correct,
    "split": _split,
    "move": _move,
    "undo": _undo,
}
