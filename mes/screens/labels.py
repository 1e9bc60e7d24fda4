"""Printed paper: the label of a lot (A4, A6, or ZPL for a label printer) and the traveller of a work order."""

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.materials import zpl
from mes.materials.barcodes import Drawing, code128, gs1_128, qr
from mes.materials.gs1 import Element, NotGs1, element_string, gtin_is_good, lot_elements, readable
from mes.materials.models import Lot, LotRule, OrderCustomer
from mes.materials.pallets import lot_sscc_give
from mes.materials.refusals import LotRefused, shown
from mes.people.access import lines_for, may
from mes.production.models import WorkOrder
from mes.screens.gate import actor_of, demand, storable
from mes.screens.materials import address_of, lot_or_404

MODULE_MM = {"a4": 0.4, "a6": 0.25}
"""Width of the narrowest bar. 0.25 mm is the least GS1 allows, so that 20 characters fit on A6."""
BAR_MM = {"a4": 25, "a6": 16}
QR_MM = {"a4": 45, "a6": 26}
FIELD_MM = {"a4": 180, "a6": 93}
"""What is left of the paper's width within its margins."""


class Bars(NamedTuple):
    """Bars ready to draw, with the line below them and the field that draws them in ZPL."""

    drawing: Drawing
    width_mm: str
    height_mm: int
    below: str
    field: str


@login_required
@require_safe
def lot_label(request: HttpRequest, number: str) -> HttpResponse:
    """`/materials/lots/<number>/label/?size=a4|a6`, and `&format=zpl` as a file for a label printer."""
    lot, size = lot_or_404(request, number), _size(request)
    bars, remark = _bars_of(lot, size)
    link = request.build_absolute_uri(address_of(lot))
    if request.GET.get("format") == "zpl":
        return _zpl(lot, link, bars)
    context = {
        "lot": lot,
        "size": size,
        "qr": qr(link),
        "qr_mm": QR_MM[size],
        "bars": bars,
        "remark": remark,
        "here": address_of(lot, "lot-label"),
        "may_sscc": may(request.user, "store_lots") and not lot.sscc,
    }
    return render(request, "labels/lot.html", context)


@login_required
@require_POST
def lot_sscc(request: HttpRequest, number: str) -> HttpResponse:
    """Gives the lot a pallet number; once."""
    lot = lot_or_404(request, number)
    demand(request.user, "store_lots")
    try:
        lot_sscc_give(lot=lot, actor=actor_of(request), at=datetime.now(UTC))
    except LotRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(address_of(lot, "lot-label") + f"&size={_size(request)}")


@login_required
@require_safe
def traveller(request: HttpRequest, number: str) -> HttpResponse:
    """`/orders/<number>/traveller/?size=a4|a6`: the paper that goes with an order through the plant."""
    demand(request.user, "see_floor")
    orders = WorkOrder.objects.filter(line__in=lines_for(request.user)).select_related("item", "line__area__site")
    order = orders.filter(number=storable(number)).first()
    if order is None:
        raise Http404(number)
    size = _size(request)
    link = request.build_absolute_uri(f"/orders/{order.number}/")
    context = {
        "order": order,
        "size": size,
        "qr": qr(link),
        "qr_mm": QR_MM[size],
        "bars": [_drawn(code128(order.number), size, order.number, zpl.plain_field(order.number))],
        "operations": order.operations.select_related("work_center", "pool").order_by("sequence"),
        "materials": _needs(order),
        "customer": OrderCustomer.objects.filter(order=order).first(),
        "zone": order.line.area.site.time_zone,
        "blanks": range(4 if size == "a6" else 8),
    }
    return render(request, "labels/traveller.html", context)


def _size(request: HttpRequest) -> str:
    size = request.GET.get("size", "a6").lower()
    if size not in MODULE_MM:
        raise Http404("size")
    return size


def _bars_of(lot: Lot, size: str) -> tuple[list[Bars], str]:
    """GS1-128 where the item has a GTIN, else Code 128 with the number; then the pallet's SSCC. And what is missing."""
    gtin = LotRule.objects.filter(item=lot.item_id).values_list("gtin", flat=True).first() or ""
    remark, found = "", []
    try:
        if not gtin_is_good(gtin):
            raise NotGs1(_("%(item)s has no valid GTIN, so its label has no GS1 code.") % {"item": lot.item.code})
        elements = lot_elements(gtin=gtin, lot=lot.number, is_serial=lot.is_serial, expires_on=lot.expires_on)
        whole = gs1_128(element_string(elements))
        fits = whole.width * MODULE_MM[size] <= FIELD_MM[size]
        found += [_gs1(part, size) for part in ([elements] if fits else [elements[:-1], elements[-1:]])]
    except NotGs1 as missing:
        remark = str(missing)
        found.append(_drawn(code128(lot.number), size, lot.number, zpl.plain_field(lot.number)))
    if lot.sscc:
        found.append(_gs1([Element("00", lot.sscc)], size))
    return found, remark


def _gs1(elements: list[Element], size: str) -> Bars:
    return _drawn(gs1_128(element_string(elements)), size, readable(elements), zpl.gs1_field(elements))


def _drawn(drawing: Drawing, size: str, below: str, field: str) -> Bars:
    """Narrower than wished where the paper is; 60 characters of a number do not fit otherwise."""
    module = min(MODULE_MM[size], FIELD_MM[size] / drawing.width)
    return Bars(drawing, f"{drawing.width * module:.2f}", BAR_MM[size], below, field)


def _needs(order: WorkOrder) -> list[dict[str, Any]]:
    """What the order needs of each material, in the material's unit."""
    rows = order.materials.select_related("item").order_by("item__code")
    return [
        {"item": row.item, "needed": row.total if row.total is not None else (row.per_piece or 0) * order.quantity}
        for row in rows
    ]


def _zpl(lot: Lot, link: str, bars: list[Bars]) -> HttpResponse:
    lines = [lot.number, f"{lot.item.code} {lot.item.name}"[:60], f"{shown(lot.quantity)} {lot.unit}"]
    if lot.expires_on is not None:
        lines.append(_("Use until %s") % lot.expires_on)
    text = zpl.label(lines=lines, qr=link, bars=[(one.field, one.below) for one in bars])
    answer = HttpResponse(text, content_type="application/zpl; charset=utf-8")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", lot.number)
    answer["Content-Disposition"] = f'attachment; filename="label-{name}.zpl"'
    return answer
