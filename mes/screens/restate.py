"""Restating a machine's past by another ideal cycle or state map: always a preview first, then one button (R35)."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.oee.ideal_preview import preview_of
from mes.plant.models import WorkCenter
from mes.plc.models import StateMap
from mes.production.ideals import IdealRefused, ideal_cycle_restate, ideal_cycle_set
from mes.production.models import Item
from mes.screens.corrections import REFUSED, done, instant, page_context, window_of
from mes.screens.gate import demand, machine_or_404
from mes.tracking.restate import RestateRefused, state_map_preview, state_map_restate


@login_required
@require_POST
def ideal(request: HttpRequest, code: str) -> HttpResponse:
    """Another ideal cycle: from now on, or for a stretch of the past after its preview."""
    demand(request.user, "restate_facts")
    place, post = machine_or_404(request.user, code), request.POST
    if not post.get("start", "").strip():
        return done(request, place, lambda actor, at: _set(place, post, actor, at))
    return _previewed(request, place, "corrections/ideal.html", _ideal_preview, _ideal_apply)


@login_required
@require_POST
def state_map(request: HttpRequest, code: str) -> HttpResponse:
    """The raw codes of a stretch read by another state map, after its preview."""
    demand(request.user, "restate_facts")
    place = machine_or_404(request.user, code)
    return _previewed(request, place, "corrections/map.html", _map_preview, _map_apply)


Step = Callable[[WorkCenter, Any, str, datetime], Any]


def _previewed(request: HttpRequest, place: WorkCenter, template: str, preview: Step, apply: Step) -> HttpResponse:
    """Shows what would change; with `apply` in the form it is done instead."""
    now, actor = datetime.now(UTC), request.user.get_username()
    if "apply" in request.POST:
        return done(request, place, lambda who, at: str(apply(place, request.POST, who, at)))
    try:
        found = preview(place, request.POST, actor, now)
    except REFUSED as refused:
        messages.error(request, str(refused), extra_tags="bad")
        window = window_of(place, request.POST.get("at", ""), now)
        context = page_context(request, place, window, now)
        return render(request, "corrections/corrections.html", context, status=422)
    context = {"place": place, "zone": place.line.area.site.time_zone, "preview": found, "typed": request.POST}
    return render(request, template, context)


def _set(place: WorkCenter, post: Any, actor: str, at: datetime) -> str:
    item, cycle_s = _item(post), _cycle(post)
    held = not ideal_cycle_set(
        item=item, work_center=place, ideal_cycle_s=cycle_s, actor=actor, at=at, why=post.get("why", "")
    )
    said = {"item": item.code, "place": place.code}
    if held:
        return _("%(item)s had this ideal cycle on %(place)s already.") % said
    return _("The ideal cycle of %(item)s on %(place)s holds from now on.") % said


def _ideal_preview(place: WorkCenter, post: Any, actor: str, now: datetime) -> Any:
    start, end = _stretch(place, post)
    return preview_of(
        lambda: _ideal_put(place, post, actor, now), work_center=place, start=start, end=end or now, now=now
    )


def _ideal_apply(place: WorkCenter, post: Any, actor: str, at: datetime) -> str:
    if not _ideal_put(place, post, actor, at):
        return _("It held all that time already: nothing changed.")
    return _("The ideal cycle is restated; the figures of that time follow.")


def _ideal_put(place: WorkCenter, post: Any, actor: str, at: datetime) -> bool:
    start, end = _stretch(place, post)
    return ideal_cycle_restate(
        item=_item(post),
        work_center=place,
        ideal_cycle_s=_cycle(post),
        start=start,
        end=end,
        why=post.get("why", ""),
        actor=actor,
        at=at,
    )


def _map_preview(place: WorkCenter, post: Any, actor: str, now: datetime) -> Any:
    start, end = _stretch(place, post)
    if not post.get("why", "").strip():
        raise RestateRefused(_("Say why the codes are read otherwise: figures of the past change."))
    return state_map_preview(work_center=place, state_map=_map(post), start=start, end=end, at=now)


def _map_apply(place: WorkCenter, post: Any, actor: str, at: datetime) -> str:
    start, end = _stretch(place, post)
    state_map_restate(
        work_center=place, state_map=_map(post), start=start, end=end, why=post.get("why", ""), actor=actor, at=at
    )
    return _("The codes of that time are read by the other map; states, stops and figures follow.")


def _stretch(place: WorkCenter, post: Any) -> tuple[datetime, datetime | None]:
    end = post.get("end", "").strip()
    return instant(place, post.get("start", "")), instant(place, end) if end else None


def _item(post: Any) -> Item:
    code = post.get("item", "")
    item = Item.objects.filter(code=code).first() if "\0" not in code else None
    if item is None:
        raise IdealRefused(_("There is no such item: check its code."))
    return item


def _map(post: Any) -> StateMap:
    code = post.get("map", "")
    found = StateMap.objects.filter(code=code).first() if "\0" not in code else None
    if found is None:
        raise RestateRefused(_("There is no such state map: choose one of the list."))
    return found


def _cycle(post: Any) -> Decimal:
    try:
        value = Decimal(post.get("cycle", "").strip().replace(",", "."))
    except InvalidOperation as error:
        raise IdealRefused(_("Write the ideal cycle in seconds per piece, e.g. 0.75.")) from error
    if not value.is_finite():
        raise IdealRefused(_("Write the ideal cycle in seconds per piece, e.g. 0.75."))
    return value
