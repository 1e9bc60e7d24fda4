"""The dispatch list of a machine or a pool of equal machines: what may start there, and what holds the rest back."""

from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mes.people.access import lines_for, may, work_centers_for
from mes.plant.models import WorkCenter
from mes.production.dispatch import dispatch_list, machines_of
from mes.production.models import Pool
from mes.screens.gate import demand, storable
from mes.tracking.order_counts import made_of


@login_required
@require_safe
def dispatch(request: HttpRequest, place: str) -> HttpResponse:
    """`/orders/dispatch/<place>/`: open orders of a machine or pool, each with what blocks it."""
    demand(request.user, "see_station")
    found = place_or_404(request.user, place)
    machines, now = machines_of(found), datetime.now(UTC)
    rows = dispatch_list(machines, now) if machines else []
    made = made_of([row.order for row in rows])
    context = {
        "place": found,
        "pool": isinstance(found, Pool),
        "machines": machines,
        "rows": [(row, made[row.order.pk]) for row in rows],
        "ready": sum(not row.blocks and not row.runs_on for row in rows),
        "blocked": sum(bool(row.blocks) for row in rows),
        "zone": found.line.area.site.time_zone,
        "edit": may(request.user, "edit_orders"),
        "others": _others(request.user, found),
    }
    return render(request, "orders/dispatch.html", context)


def place_or_404(user: object, code: str) -> WorkCenter | Pool:
    """The machine or, if there is none of that code, the pool, on one of the person's lines."""
    machine = work_centers_for(user).select_related("line__area__site").filter(code=storable(code)).first()
    if machine is not None:
        return machine
    pool = Pool.objects.filter(code=code, line__in=lines_for(user)).select_related("line__area__site").first()
    if pool is None:
        raise Http404(code)
    return pool


def _others(user: object, found: WorkCenter | Pool) -> list[tuple[str, str, bool]]:
    """Machines and pools of the same line, to go from one list to the next: code, name, whether it is this one."""
    machines = work_centers_for(user).filter(line=found.line_id).order_by("position", "code")
    places: list[WorkCenter | Pool] = [*machines, *Pool.objects.filter(line=found.line_id).order_by("code")]
    return [(place.code, place.name, place == found) for place in places]
