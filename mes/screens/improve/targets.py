"""`/improve/targets/`: the target OEE of lines, machines and items, and a form to set one from an instant on."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.people.access import lines_for, may
from mes.plant.calendar import day_bounds
from mes.plant.models import Line, WorkCenter
from mes.production.models import Item, Target
from mes.production.targets import TargetRefused, target_set, targets_shown
from mes.screens.frame import zone_named
from mes.screens.gate import demand, line_or_404, machine_or_404, storable
from mes.screens.improve.asked import Asked
from mes.screens.improve.page import Content, losses_page
from mes.screens.improve.tables import Column, Row, Table, Value
from mes.screens.templatetags.amounts import local_day_time


@losses_page("targets")
def targets(asked: Asked, request: HttpRequest) -> Content:
    """The page: every target with whether it holds now, and the form."""
    lines = list(lines_for(request.user).select_related("area__site"))
    table = target_rows(targets_shown(lines), asked.now)
    places = [option for option in asked.options() if option.value.startswith(("line:", "work_center:"))]
    allowed = may(request.user, "set_target")
    more = {"places": places, "items": Item.objects.all() if allowed else [], "may_set": allowed}
    return Content([table], more=more)


@login_required
@require_POST
def set_target(request: HttpRequest) -> HttpResponse:
    """Sets a target from now on, or from the begin of a day of the site that is to come."""
    post, at = request.POST, datetime.now(UTC)
    kind, _colon, code = post.get("place", "").partition(":")
    if kind not in ("line", "work_center"):
        raise Http404(kind)
    place: Line | WorkCenter = line_or_404(request.user, code) if kind == "line" else machine_or_404(request.user, code)
    demand(request.user, "set_target")
    try:
        target = target_set(
            place=place,
            item=_item(post.get("item", "")),
            target_oee=_share(post.get("percent", "")),
            valid_from=_begin(post.get("from", ""), place, at),
            actor=request.user.get_username(),
            at=at,
            why=storable(post.get("why", ""))[:200],
        )
        said = _("%(place)s is to reach %(percent)s %% OEE from %(at)s on.")
        zone = _zone(place)
        percent = f"{float(target.target_oee * 100):g}"
        words = {"place": place.name, "percent": percent, "at": local_day_time(target.valid_from, zone)}
        messages.success(request, said % words, extra_tags="good")
    except TargetRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(reverse("improve-targets") + f"?{kind}={place.code}")


def target_rows(rows: list[Target], now: datetime) -> Table:
    """The targets with what each is now: in force, to come, or replaced."""
    found, seen = [], set()
    for row in rows:
        place = row.work_center or row.line
        key = (row.line_id, row.work_center_id, row.item_id)
        holds = row.valid_from <= now and key not in seen
        seen |= {key} if row.valid_from <= now else set()
        state = _("in force") if holds else _("to come") if row.valid_from > now else _("replaced")
        zone = _zone(place) if place else "UTC"
        values: list[Value] = [
            place.name if place else "",
            row.item.code if row.item else _("every item"),
            float(row.target_oee * 100),
            local_day_time(row.valid_from, zone),
            state,
        ]
        found.append(Row(values, strong=holds))
    columns = [
        Column("place", _("Line or machine")),
        Column("item", _("Item")),
        Column("target", _("Target OEE"), "%", 1),
        Column("from", _("From")),
        Column("state", _("Now")),
    ]
    empty = _("No target was set here: each machine's own field holds (85 % where nobody changed it).")
    return Table("targets", _("Targets"), columns, found, empty)


def _item(code: str) -> Item | None:
    if not code:
        return None
    item = Item.objects.filter(code=storable(code)).first()
    if item is None:
        raise TargetRefused(_("That item does not exist (any more): choose another one."))
    return item


def _share(text: str) -> Decimal:
    try:
        share = Decimal(text.strip().replace(",", ".")[:12]) / 100
    except InvalidOperation:
        share = Decimal("nan")
    if not share.is_finite() or share != share.quantize(Decimal("0.001")):
        raise TargetRefused(_("The target is a number of percent with at most one decimal: enter for example 85."))
    return share


def _begin(text: str, place: Line | WorkCenter, at: datetime) -> datetime:
    zone = zone_named(_zone(place))
    if not text:
        return at
    try:
        day = date.fromisoformat(text)
    except ValueError as wrong:
        raise TargetRefused(_("“From” is a day like 2026-11-22; empty means from now on.")) from wrong
    return at if day == at.astimezone(zone).date() else day_bounds(day, zone)[0]


def _zone(place: Line | WorkCenter) -> str:
    line = place.line if isinstance(place, WorkCenter) else place
    return line.area.site.time_zone
