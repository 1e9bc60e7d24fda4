"""Lots: the list and search, one lot with where it came from and went, receiving one. Changes: materials_edit."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from mes.journal.models import JournalEntry
from mes.materials.family import family_of, lots_visible
from mes.materials.genealogy import Direction
from mes.materials.lots import lot_receive
from mes.materials.models import Consumption, Lot, Shipment
from mes.materials.refusals import LotRefused
from mes.materials.stock import KIND, today_at
from mes.people.access import lines_for, may
from mes.plant.models import Site
from mes.production.models import Item
from mes.production.typed import Unreadable, code_from
from mes.screens.gate import actor_of, demand, storable
from mes.screens.materials_tree import tree_of
from mes.screens.typed import quantity_typed

PAGE = 50
SHOWN = 100
STATES = [
    ("here", gettext_lazy("On hand")),
    ("held", gettext_lazy("On hold or blocked")),
    ("consumed", gettext_lazy("Used up")),
    ("all", gettext_lazy("All")),
]
STORY = {
    "lot_receive": gettext_lazy("received"),
    "lot_produce": gettext_lazy("made"),
    "lot_split": gettext_lazy("split off"),
    "lot_merge": gettext_lazy("merged"),
    "lot_consume": gettext_lazy("used"),
    "lot_consume_undo": gettext_lazy("taken back"),
    "lot_ship": gettext_lazy("shipped"),
    "lot_ship_undo": gettext_lazy("shipment taken back"),
    "lot_correct": gettext_lazy("quantity corrected"),
    "lot_move": gettext_lazy("moved"),
    "lot_hold": gettext_lazy("put on hold"),
    "lot_release": gettext_lazy("released"),
    "recall_hold": gettext_lazy("recalled"),
    "recall_release": gettext_lazy("recall ended"),
    "lot_sscc_give": gettext_lazy("given a pallet number"),
}


@login_required
@require_safe
def materials(request: HttpRequest) -> HttpResponse:
    """`/materials/`: lots on the person's lines and in the store; `?state=&q=&page=`."""
    demand(request.user, "see_lots")
    state = request.GET.get("state", "here")
    if state not in dict(STATES):
        raise Http404("state")
    text = request.GET.get("q", "").replace("\0", "")[:100]
    lines = lines_for(request.user)
    found = lots_visible(lines).select_related("item", "order", "at_line", "site")
    held = Q(status__in=(Lot.Status.HELD, Lot.Status.BLOCKED))
    asked = {"here": ~Q(status=Lot.Status.CONSUMED), "held": held, "consumed": Q(status=Lot.Status.CONSUMED)}
    narrowed = found.filter(asked.get(state, Q()))
    for word in text.split():
        narrowed = narrowed.filter(
            Q(number__icontains=word)
            | Q(item__code__icontains=word)
            | Q(item__name__icontains=word)
            | Q(supplier_lot__icontains=word)
        )
    page = Paginator(narrowed.order_by("-at", "-pk"), PAGE).get_page(request.GET.get("page"))
    now, mine = datetime.now(UTC), set(lines.values_list("pk", flat=True))

    def address(**change: Any) -> str:
        values = {"state": state, "q": text} | change
        chosen = {key: value for key, value in values.items() if value and (key, value) != ("state", "here")}
        return reverse("materials") + ("?" + urlencode(chosen) if chosen else "")

    context = {
        "rows": [(lot, lot.expired(today_at(lot, now)), _place(lot, mine)) for lot in page.object_list],
        "page": page,
        "held": found.filter(held).count(),
        "states": [{"label": word, "href": address(state=key), "current": key == state} for key, word in STATES],
        "earlier": address(page=page.previous_page_number()) if page.has_previous() else "",
        "later": address(page=page.next_page_number()) if page.has_next() else "",
        "q": text,
        "state": state,
        "may_receive": may(request.user, "store_lots"),
    }
    return render(request, "materials/materials.html", context)


@login_required
@require_safe
def lot(request: HttpRequest, number: str) -> HttpResponse:
    """`/materials/lots/<number>/`: what it is, whether it may be used, what it was made of and where it went."""
    found = lot_or_404(request, number)
    return lot_page(request, found)


def lot_page(request: HttpRequest, found: Lot, *, error: str = "", typed: dict[str, str] | None = None) -> HttpResponse:
    """The page of a lot, with what was typed where something was refused (422)."""
    lines, now = lines_for(request.user), datetime.now(UTC)
    mine = set(lines.values_list("pk", flat=True))
    count = may(request.user, "see_recall")
    families = {way: family_of(found, way, lines, count_hidden=count) for way in Direction}
    own = JournalEntry.objects.filter(kind=KIND, code=found.number, data__item=found.item.code)
    used = Consumption.objects.filter(lot=found, line__in=mine).select_related("order", "into", "work_center")
    context = {
        "lot": found,
        "expired": found.expired(today_at(found, now)),
        "line": found.line if found.line_id in mine else None,
        "order": found.order if found.order is not None and found.order.line_id in mine else None,
        "place": _place(found, mine),
        "zone": found.site.time_zone,
        "holds": found.holds.filter(released_at=None),
        "up": (tree_of(families[Direction.UP], Direction.UP), families[Direction.UP]),
        "down": (tree_of(families[Direction.DOWN], Direction.DOWN), families[Direction.DOWN]),
        "used": used.order_by("-at", "-pk")[:SHOWN],
        "shipments": Shipment.objects.filter(lot=found).order_by("-at", "-pk")[:SHOWN],
        "story": [(entry, STORY.get(entry.action, entry.action)) for entry in _told(own, found, mine)],
        "lines": lines.filter(area__site=found.site).order_by("code"),
        "may": {name: may(request.user, f"{name}_lots") for name in ("use", "store", "hold", "release")},
        "may_recall": count,
        "key": uuid4(),
        "error": error,
        "typed": typed or {},
    }
    return render(request, "materials/lot.html", context, status=422 if error else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """`/materials/-/receive/`: a lot from a supplier comes into the store."""
    demand(request.user, "store_lots")
    sites = Site.objects.filter(areas__lines__in=lines_for(request.user)).distinct().order_by("code")
    error, field = "", ""
    if request.method == "POST":
        try:
            made = _receive(request, {site.code: site for site in sites})
            messages.success(request, _("%s is in the store.") % made.number, extra_tags="good")
            return HttpResponseRedirect(address_of(made))
        except LotRefused as refused:
            error, field = str(refused), refused.field
        except Unreadable as unreadable:
            error = str(unreadable)
    context = {
        "sites": sites,
        "items": Item.objects.order_by("code")[:2000],
        "typed": request.POST,
        "key": request.POST.get("key") or uuid4(),
        "error": error,
        "field": field,
    }
    return render(request, "materials/receive.html", context, status=422 if error else 200)


def lot_or_404(request: HttpRequest, number: str) -> Lot:
    """The lot of that number that the person may see; `?item=` says which where two items have one."""
    demand(request.user, "see_lots")
    found = lots_visible(lines_for(request.user)).filter(number=storable(number))
    item = storable(request.GET.get("item", ""))
    if item:
        found = found.filter(item__code=item)
    one = found.select_related("item", "site", "line", "at_line", "order", "work_center").order_by("-pk").first()
    if one is None:
        raise Http404(number)
    return one


def address_of(found: Lot, name: str = "lot") -> str:
    """The address of a page about the lot; numbers are unique per item, so the item is in it."""
    return reverse(name, args=[found.number]) + "?" + urlencode({"item": found.item.code})


def key_from(request: HttpRequest) -> UUID:
    """The form's key; LotRefused where the form came without one."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        raise LotRefused(_("The page was incomplete: open it again and enter it anew.")) from None


def day_from(text: str) -> date | None:
    """A typed date; None for an empty text."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise LotRefused(_("The last day of use is no date: write it like 2026-11-30."), "expires_on") from None


def _receive(request: HttpRequest, sites: dict[str, Site]) -> Lot:
    said = request.POST
    item = Item.objects.filter(code=said.get("item", "").replace("\0", "").strip()).first()
    if item is None:
        raise LotRefused(_("Choose the item from the list."), "item")
    site = sites.get(said.get("site", "")) or (next(iter(sites.values())) if len(sites) == 1 else None)
    if site is None:
        raise LotRefused(_("Choose the site where it lies."), "site")
    return lot_receive(
        item=item,
        number=code_from(said.get("number", ""), _("The lot number")),
        quantity=quantity_typed(said.get("quantity", "")),
        site=site,
        supplier=said.get("supplier", ""),
        supplier_lot=said.get("supplier_lot", ""),
        expires_on=day_from(said.get("expires_on", "")),
        is_serial=bool(said.get("is_serial")),
        actor=actor_of(request),
        at=datetime.now(UTC),
        key=key_from(request),
    )


def _told(entries: QuerySet[JournalEntry], found: Lot, mine: set[int]) -> list[JournalEntry]:
    """The latest entries about a lot; of a lot of the store none that tell where else it was used."""
    latest = list(entries.order_by("-at", "-pk")[:SHOWN])
    if found.line_id in mine:
        return latest
    elsewhere = ("lot_consume", "lot_consume_undo", "lot_move")
    return [entry for entry in latest if entry.action not in elsewhere] if found.line_id is None else []


def _place(found: Lot, mine: set[int]) -> str:
    """Where it lies, in words; a line that the person does not see is not named."""
    if found.at_line is None:
        return _("in the store")
    return found.at_line.name if found.at_line_id in mine else _("elsewhere")
