"""Who stops the line: the table of a line, and on a stop's page whom it made wait or whom it waited for."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from mes.downtime.line_logic import Span, Wait, made_wait, waits, who_stops
from mes.downtime.models import Stop
from mes.oee.line import bottleneck_of
from mes.oee.sources import MachineRows, load_rows, to_ms
from mes.plant.models import Line, WorkCenter
from mes.screens.gate import line_or_404

HOURS = {"8": _("last 8 hours"), "24": _("last 24 hours"), "72": _("last 3 days")}
USUAL = "8"
AFTERMATH = timedelta(minutes=30)  # a line fills again within that


class Effect(NamedTuple):
    """Another machine and how long one waited for the other, in seconds; `side`: starved or blocked."""

    place: WorkCenter
    lasted_s: float
    side: str


class Effects(NamedTuple):
    """Of a stop: the machines it made wait, and those it waited for."""

    made: list[Effect]
    made_s: float
    waited: list[Effect]


class StopperRow(NamedTuple):
    """A machine of the line: how long it stood, waited, and made the others wait, in seconds; its share of all that."""

    place: WorkCenter
    stood_s: float
    starved_s: float
    blocked_s: float
    cost_s: float
    machines: list[WorkCenter]
    share: float | None
    bottleneck: bool


@login_required
@require_safe
def line_stops(request: HttpRequest, code: str) -> HttpResponse:
    """`/downtime/line/<line>/`: who stops the line, the costliest machine first; `?hours=8|24|72`."""
    line = line_or_404(request.user, code)
    hours = request.GET.get("hours") or USUAL
    if hours not in HOURS:
        raise Http404("hours")
    now = datetime.now(UTC)
    start = now - timedelta(hours=int(hours))
    places = _machines(line)
    loaded = load_rows(places, start, now) if line.flow == "serial" else {}
    found = _waits(places, loaded, start, now)
    context = {
        "line": line,
        "serial": line.flow == "serial",
        "rows": _rows(places, loaded, found, start, now) if loaded else [],
        "unexplained_s": sum(wait.lasted_ms for wait in found if not wait.cause) / 1000,
        "windows": [(key, word, key == hours) for key, word in HOURS.items()],
        "since": HOURS[hours],
    }
    return render(request, "downtime/line.html", context)


def line_effects(stop: Stop, now: datetime) -> Effects | None:
    """What a stop did to its serial line; None where no machine waits for another."""
    line = stop.work_center.line
    places = _machines(line)
    if line.flow != "serial" or len(places) < 2:
        return None
    end = stop.ends_at or now
    until = min(end + AFTERMATH, now)
    start_ms, end_ms, code = to_ms(stop.starts_at), to_ms(end), stop.work_center.code
    found = _waits(places, load_rows(places, stop.starts_at, until), stop.starts_at, until)
    by_code = {place.code: place for place in places}
    sides = {wait.machine: wait.side for wait in found if wait.cause == code}
    made = [
        Effect(by_code[other], ms / 1000, sides[other])
        for other, ms in made_wait(found, code, start_ms, end_ms).items()
        if other != code
    ]
    waited: dict[tuple[str, str], int] = {}
    for wait in found:
        inside = min(wait.end_ms, end_ms) - max(wait.start_ms, start_ms)
        if wait.machine == code and wait.cause and inside > 0:
            waited[wait.cause, wait.side] = waited.get((wait.cause, wait.side), 0) + inside
    return Effects(
        made,
        sum(one.lasted_s for one in made),
        [Effect(by_code[other], ms / 1000, side) for (other, side), ms in waited.items()],
    )


def _machines(line: Line) -> list[WorkCenter]:
    places = line.work_centers.filter(archived=False).select_related("line__area__site")
    return list(places.order_by("position", "code"))


def _waits(
    places: Sequence[WorkCenter], loaded: Mapping[int, MachineRows], start: datetime, now: datetime
) -> list[Wait]:
    spans = {place.code: _spans(loaded[place.pk], start, now) for place in places if place.pk in loaded}
    return waits([place.code for place in places], spans)


def _spans(rows: MachineRows, start: datetime, now: datetime) -> list[Span]:
    """What a machine did from `start` on, people's corrections in place; an open state lasts while it is heard."""
    told = []
    for span in rows.states_told():
        begin, end = max(span.starts_at, start), min(span.ends_at or rows.known_until(now), now)
        if begin < end:
            told.append(Span(to_ms(begin), to_ms(end), span.kind, span.state))
    return told


def _rows(
    places: Sequence[WorkCenter],
    loaded: Mapping[int, MachineRows],
    found: Sequence[Wait],
    start: datetime,
    now: datetime,
) -> list[StopperRow]:
    cost = {one.machine: one for one in who_stops(found)}
    whole = sum(one.cost_ms for one in cost.values())
    slowest = _bottleneck(places, loaded, now)
    rows = []
    for place in places:
        spans = _spans(loaded[place.pk], start, now)
        mine = [wait for wait in found if wait.machine == place.code]
        stopper = cost.get(place.code)
        rows.append(
            StopperRow(
                place,
                sum(span.end_ms - span.start_ms for span in spans if span.kind in ("down", "setup")) / 1000,
                sum(wait.lasted_ms for wait in mine if wait.side == "starved") / 1000,
                sum(wait.lasted_ms for wait in mine if wait.side == "blocked") / 1000,
                stopper.cost_ms / 1000 if stopper else 0.0,
                [one for one in places if stopper and one.code in stopper.machines],
                stopper.cost_ms / whole if stopper and whole else None,
                place.code == slowest,
            )
        )
    return sorted(rows, key=lambda row: (-row.cost_s, -row.stood_s))


def _bottleneck(places: Sequence[WorkCenter], loaded: Mapping[int, MachineRows], now: datetime) -> str | None:
    """The machine with the longest ideal cycle for the item made last (R38)."""
    runs = [run for rows in loaded.values() for run in rows.runs]
    if not runs:
        return None
    last = max(runs, key=lambda run: run.starts_at)
    ideal = {
        (place.code, last.item.code): ms
        for place in places
        if (ms := loaded[place.pk].ideal_ms(last.item_id, now)) is not None
    }
    return bottleneck_of(last.item.code, ideal, [place.code for place in places])
