"""`/improve/costs/`: what losses cost, by kind and by reason, delivery on time, and the rates behind it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mes.losses.bill import Costs, ReasonCost, costs_by_reason, costs_of
from mes.losses.delivery import Delivery, delivery_of
from mes.losses.models import CostRate, ItemCost
from mes.losses.money import HOUR_MS, KINDS
from mes.losses.rates import CostRefused, currency_set, item_cost_set, rate_set
from mes.people.access import lines_for, may
from mes.plant.calendar import day_bounds
from mes.plant.models import Site, WorkCenter
from mes.production.models import Item
from mes.screens.frame import zone_named
from mes.screens.gate import actor_of, demand, machine_or_404, storable
from mes.screens.improve.asked import Asked
from mes.screens.improve.page import Content, losses_page
from mes.screens.improve.tables import Column, Row, Table
from mes.screens.templatetags.amounts import local_day_time
from mes.screens.words import NONE

WORDS = {
    "breakdowns": gettext_lazy("Stops"),
    "waiting": gettext_lazy("Waiting for other machines"),
    "setup": gettext_lazy("Setup"),
    "minor_stops": gettext_lazy("Micro-stops"),
    "reduced_speed": gettext_lazy("Reduced speed"),
    "scrap": gettext_lazy("Scrap"),
}


@losses_page("costs")
def costs(asked: Asked, request: HttpRequest) -> Content:
    """The page: the figure first, then where it comes from, then the rates and who may set them."""
    demand(request.user, "see_costs")
    places = list(asked.place.work_centers)
    found = costs_of(places, *asked.window, now=asked.now)
    reasons = costs_by_reason(places, *asked.window, now=asked.now)
    delivery = delivery_of([line for line, _machines in asked.place.lines], *asked.window, now=asked.now)
    sites = {wc.line.area.site for wc in places}
    tables = [
        kinds_table(found),
        reasons_table(reasons, found.currency),
        machines_table(found, places),
        rates_table(places, sites, asked.now),
    ]
    more: dict[str, Any] = {
        "total": money(found.bill.total, found.currency),
        "known": money(found.bill.known, found.currency),
        "missing": found.notes,
        "delivery": delivery_words(delivery),
        "may_set": may(request.user, "edit_costs"),
        "machines": places,
        "items": Item.objects.all() if may(request.user, "edit_costs") else [],
        "sites": sorted(sites, key=lambda site: site.code),
        "back": request.GET.urlencode(),
    }
    return Content(tables, sentence=sentence(asked, found), more=more)


@login_required
@require_POST
def set_cost(request: HttpRequest) -> HttpResponse:
    """Sets the rate of a machine, the cost of a piece, or the currency of a site."""
    post, at = request.POST, datetime.now(UTC)
    demand(request.user, "edit_costs")
    try:
        _set(request, at)
    except CostRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(reverse("improve-costs") + "?" + storable(post.get("back", ""))[:300])


def sentence(asked: Asked, found: Costs) -> str:
    """What it cost, in one sentence."""
    words = {"name": asked.name, "time": asked.said, "cost": money(found.bill.total, found.currency)}
    if found.bill.total is None:
        words["cost"] = money(found.bill.known, found.currency)
        return _("Losses of %(name)s %(time)s cost at least %(cost)s; not every rate is known.") % words
    return _("Losses of %(name)s %(time)s cost %(cost)s.") % words


def money(amount: Decimal | None, currency: str) -> str:
    """An amount as people read it: '1,234.50 EUR'; without a currency the number alone; unknown as a dash."""
    return NONE if amount is None else f"{amount:,.2f} {currency}".rstrip()


def delivery_words(delivery: Delivery) -> str:
    """How many of the orders due were delivered."""
    if delivery.share is None:
        return _("No order was due in this time.")
    words = {"n": delivery.in_full, "all": delivery.due, "share": f"{delivery.share * 100:.0f}"}
    return _("%(n)s of %(all)s orders that were due were finished on time and in full (%(share)s %%).") % words


def kinds_table(found: Costs) -> Table:
    """The bill by kind of loss, over all machines; the kinds add up to the total."""
    rows = []
    for kind in (*KINDS, "scrap"):
        own = [lost for lost in found.bill.losses if lost.kind == kind]
        if not own:
            continue
        amount = sum((lost.amount for lost in own), Decimal(0))
        hours = float(amount / HOUR_MS) if kind != "scrap" else None
        pieces = float(amount) if kind == "scrap" else None
        rows.append(Row([str(WORDS[kind]), hours, pieces, _sum([lost.cost for lost in own])]))
    columns = [
        Column("kind", _("Loss")),
        Column("hours", _("Time"), "h", 2),
        Column("pieces", _("Pieces"), "", 0),
        Column("cost", _("Cost"), found.currency, 2),
    ]
    return Table("kinds", _("Cost by kind of loss"), columns, rows, _("Nothing was lost in this time."))


def reasons_table(reasons: Sequence[ReasonCost], currency: str) -> Table:
    """What stops cost by reason."""
    rows = [
        Row([row.name, row.lost_ms / HOUR_MS, row.stops, None if row.cost is None else float(row.cost)])
        for row in reasons
    ]
    columns = [
        Column("reason", _("Reason")),
        Column("hours", _("Time"), "h", 2),
        Column("stops", _("Stops"), "", 0),
        Column("cost", _("Cost"), currency, 2),
    ]
    return Table("reasons", _("Cost of stops by reason"), columns, rows, _("No stop in planned time."))


def machines_table(found: Costs, places: Sequence[WorkCenter]) -> Table:
    """The bill by machine."""
    rows = []
    for wc in places:
        own = [lost for lost in found.bill.losses if lost.machine == wc.code]
        if own:
            rows.append(Row([f"{wc.name} ({wc.code})", _sum([lost.cost for lost in own])]))
    columns = [Column("machine", _("Machine")), Column("cost", _("Cost"), found.currency, 2)]
    return Table("machines", _("Cost by machine"), columns, rows, _("Nothing was lost in this time."))


def rates_table(places: Sequence[WorkCenter], sites: set[Site], now: datetime) -> Table:
    """Every rate of these machines and sites, the newest of each first, with what each is now."""
    rates = CostRate.objects.filter(work_center__in=places).select_related("work_center__line__area__site")
    items = ItemCost.objects.filter(site__in=sites).select_related("item", "site")
    said = [
        (
            f"{row.work_center.name} ({row.work_center.code})",
            _("an hour"),
            row.per_hour,
            row.valid_from,
            row.work_center.line.area.site,
        )
        for row in rates
    ]
    said += [
        (f"{row.item.code} ({row.site.code})", _("a piece"), row.per_piece, row.valid_from, row.site) for row in items
    ]
    rows, seen = [], set()
    for name, per, amount, since, site in said:
        holds = since <= now and (name, per) not in seen
        seen |= {(name, per)} if since <= now else set()
        state = _("in force") if holds else _("to come") if since > now else _("replaced")
        rows.append(Row([name, per, float(amount), local_day_time(since, site.time_zone), state], strong=holds))
    columns = [
        Column("what", _("Machine or item")),
        Column("per", _("Per")),
        Column("cost", _("Cost"), "", 4),
        Column("from", _("From")),
        Column("state", _("Now")),
    ]
    return Table("rates", _("Rates"), columns, rows, _("No rate is set yet, so no loss has a price."))


def _sum(costs: Sequence[Decimal | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return float(sum(known, Decimal(0))) if len(known) == len(costs) else None


def _set(request: HttpRequest, at: datetime) -> None:
    post, actor = request.POST, actor_of(request)
    why = storable(post.get("why", ""))
    kind, _colon, code = storable(post.get("what", "")).partition(":")
    if kind == "currency":
        site = _site(request, code)
        currency_set(site=site, code=post.get("currency", "").strip().upper()[:10], actor=actor, at=at)
        said = _("%(site)s reckons in %(currency)s.") % {
            "site": site.name,
            "currency": post.get("currency", "").upper(),
        }
    elif kind == "work_center":
        place = machine_or_404(request.user, code)
        begin = _begin(post.get("from", ""), place.line.area.site, at)
        rate = rate_set(
            work_center=place, per_hour=_amount(post.get("cost", "")), valid_from=begin, actor=actor, at=at, why=why
        )
        said = _("An hour of %(machine)s costs %(cost)s.") % {
            "machine": place.name,
            "cost": f"{rate.per_hour.normalize():f}",
        }
    elif kind == "item":
        item_code, _at, site_code = code.rpartition("@")
        site, item = _site(request, site_code), Item.objects.filter(code=item_code).first()
        if item is None:
            raise CostRefused(_("That item does not exist (any more): choose another one."))
        begin, each = _begin(post.get("from", ""), site, at), _amount(post.get("cost", ""))
        cost = item_cost_set(item=item, site=site, per_piece=each, valid_from=begin, actor=actor, at=at, why=why)
        said = _("A piece of %(item)s costs %(cost)s.") % {"item": item.code, "cost": f"{cost.per_piece.normalize():f}"}
    else:
        raise Http404(kind)
    messages.success(request, said, extra_tags="good")


def _site(request: HttpRequest, code: str) -> Site:
    """A site of the person's machines."""
    found = Site.objects.filter(code=code, areas__lines__in=lines_for(request.user)).distinct().first()
    if found is None:
        raise Http404(code)
    return found


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text.strip().replace(",", ".")[:16])
    except InvalidOperation as wrong:
        raise CostRefused(_("The cost is a number: enter for example 85 or 0.125.")) from wrong


def _begin(text: str, site: Site, at: datetime) -> datetime:
    if not text:
        return at
    try:
        return day_bounds(date.fromisoformat(text), zone_named(site.time_zone))[0]
    except (ValueError, OverflowError) as wrong:
        raise CostRefused(_("“From” is a day like 2026-11-22; empty means from now on.")) from wrong
