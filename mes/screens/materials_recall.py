"""The recall of a lot: what its material may be in, where that is, which customers have it; and holding all of it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.materials.family import Family, by_item, collector_paused, customers_of, family_of
from mes.materials.genealogy import Direction
from mes.materials.models import Lot, LotHold
from mes.materials.recall import recall_hold, recall_release, recall_source
from mes.materials.refusals import LotRefused
from mes.people.access import lines_for, may
from mes.screens.export import csv_answer, xlsx_answer
from mes.screens.gate import actor_of, demand
from mes.screens.improve.tables import Column, Row, Table, about, named, pieces
from mes.screens.materials import address_of, lot_or_404

SHOWN = 200
"""Lots on the page; the files have all of them."""


@login_required
@require_safe
def recall(request: HttpRequest, number: str) -> HttpResponse:
    """`/materials/recall/<lot>/`: what is affected and where it is; `?format=csv|xlsx&table=` is the same as a file."""
    demand(request.user, "see_recall")
    lot = lot_or_404(request, number)
    with collector_paused():
        family = family_of(lot, Direction.DOWN, lines_for(request.user), count_hidden=True)
        if request.GET.get("format"):
            return _file(request, lot, _tables(family))
        return _page(request, lot, family)


@login_required
@require_POST
def recall_act(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """`/materials/recall/<lot>/hold/` and `.../release/`: all lots of it that the person sees."""
    demand(request.user, "see_recall")
    demand(request.user, {"hold": "hold_lots", "release": "release_lots"}[verb])
    lot, why, now = lot_or_404(request, number), request.POST.get("why", ""), datetime.now(UTC)
    try:
        if verb == "hold":
            family = family_of(lot, Direction.DOWN, lines_for(request.user), count_hidden=True)
            ids = [one.pk for one, _distance in family.lots]
            held = recall_hold(lot=lot, lots=ids, why=why, actor=actor_of(request), at=now)
            messages.success(request, _("%d lots were put on hold.") % held, extra_tags="good")
        else:
            freed = recall_release(lot=lot, why=why, actor=actor_of(request), at=now)
            messages.success(request, _("The recall holds %d lots no longer.") % freed, extra_tags="good")
    except LotRefused as refused:
        family = family_of(lot, Direction.DOWN, lines_for(request.user), count_hidden=True)
        return _page(request, lot, family, error=str(refused), why=why)
    return HttpResponseRedirect(address_of(lot, "recall"))


def _page(request: HttpRequest, lot: Lot, family: Family, *, error: str = "", why: str = "") -> HttpResponse:
    tables = _tables(family, SHOWN)
    made = [one for one, distance in family.lots if distance]
    with_lot = {one.order for one in made}
    here = [one for one in family.lots if one[0].on_hand > 0]
    context: dict[str, Any] = {
        "lot": lot,
        "all_lots": len(family.lots),
        "made": len(made),
        "here": len(here),
        "shipped": sum(1 for one in made if one.shipped > 0),
        "free": sum(1 for one, _distance in here if one.status == Lot.Status.FREE),
        "held": LotHold.objects.filter(source=recall_source(lot), released_at=None).count(),
        "hidden": family.hidden,
        "open_orders": [order for order in family.orders.values() if order.pk not in with_lot],
        "tables": [table for table in tables if table.key != "lots"],
        "lots": _first(tables[-1]),
        "left_out": max(0, len(family.lots) - SHOWN),
        "query": address_of(lot, "recall") + "&",
        "may_hold": may(request.user, "hold_lots"),
        "may_release": may(request.user, "release_lots"),
        "error": error,
        "why": why,
    }
    return render(request, "materials/recall.html", context, status=422 if error else 200)


def _file(request: HttpRequest, lot: Lot, tables: list[Table]) -> HttpResponse:
    table = named(tables, request.GET.get("table", "lots"))
    if table is None or request.GET["format"] not in ("csv", "xlsx"):
        raise Http404("format")
    said = about((_("Recall of lot"), lot.number), (_("Item"), lot.item.code), (_("At"), _now_text()))
    if request.GET["format"] == "csv":
        return csv_answer(table, said, f"recall-{lot.number}")
    return xlsx_answer([table] if "table" in request.GET else tables, said, f"recall-{lot.number}")


def _tables(family: Family, most: int | None = None) -> list[Table]:
    """Customers, quantities and (at most so many, the nearest) lots."""
    return [_customers(family), _items(family), _lots(family, most)]


def _customers(family: Family) -> Table:
    found = customers_of((one for one, _distance in family.lots), family.orders.values())
    columns = (
        Column("customer", _("Customer")),
        Column("customer_order", _("Customer's order")),
        Column("order", _("Our order")),
        Column("item", _("Item")),
        Column("sent", _("Shipped"), digits=3),
        Column("unit", _("Unit")),
    )
    rows = [
        Row((one.customer, one.customer_order, one.order, one.item, None if one.sent is None else pieces(one.sent),
             one.unit), strong=one.sent is not None)
        for one in found
    ]  # fmt: skip
    return Table("customers", _("Customers"), columns, rows, empty=_("No customer is concerned as far as is recorded."))


def _items(family: Family) -> Table:
    columns = (
        Column("item", _("Item")),
        Column("lots", _("Lots"), digits=0),
        Column("quantity", _("Quantity"), digits=3),
        Column("on_hand", _("On hand"), digits=3),
        Column("consumed", _("Used up in other lots"), digits=3),
        Column("shipped", _("Shipped"), digits=3),
        Column("unit", _("Unit")),
    )
    rows = [
        Row((f"{one.item} {one.item_name}", one.lots, pieces(one.quantity), pieces(one.on_hand),
             pieces(one.consumed), pieces(one.shipped), one.unit))
        for one in by_item(one for one, _distance in family.lots)
    ]  # fmt: skip
    return Table("items", _("Quantities"), columns, rows)


def _lots(family: Family, most: int | None) -> Table:
    words = {status: str(word) for status, word in Lot.Status.choices}
    columns = (
        Column("lot", _("Lot")),
        Column("item", _("Item")),
        Column("steps", _("Steps away"), digits=0),
        Column("state", _("State")),
        Column("on_hand", _("On hand"), digits=3),
        Column("consumed", _("Used"), digits=3),
        Column("shipped", _("Shipped"), digits=3),
        Column("unit", _("Unit")),
        Column("order", _("Order")),
    )
    orders = {pk: order.number for pk, order in family.orders.items()}
    rows = [
        Row((one.number, one.item, distance, words[one.status], pieces(one.on_hand), pieces(one.consumed),
             pieces(one.shipped), one.unit, orders.get(one.order or 0, "")))
        for one, distance in family.lots[:most]
    ]  # fmt: skip
    return Table("lots", _("Lots"), columns, rows)


def _first(table: Table) -> Table:
    """The nearest lots, each leading to its page."""
    rows = [Row(row.values, href=_address(row)) for row in table.rows]
    return Table(table.key, table.title, table.columns, rows)


def _address(row: Row) -> str:
    return reverse("lot", args=[row.values[0]]) + "?" + urlencode({"item": row.values[1]})


def _now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
