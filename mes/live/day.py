"""One machine's running shift: bands, stops, hours against target and where the time went."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from mes.live.ribbon import bands
from mes.live.tiles import RIBBON, Tile, in_plant_order, iso, kpi_fields, tiles_of
from mes.oee.facts import WindowFacts, elements_s, target_between, window_facts
from mes.people.access import work_centers_for
from mes.plant.models import WorkCenter
from mes.plant.shift_of import shift_at

HOUR = timedelta(hours=1)


def day_for(user: object, code: str, *, now: datetime) -> dict[str, Any] | None:
    """The running shift of one machine, or its last hours where no shift runs; None where the person may not look."""
    found = in_plant_order(work_centers_for(user).filter(code=code))
    if not found:
        return None
    machine = found[0]
    tile = tiles_of([machine], now=now)[code]
    shift = shift_at(machine, now)
    start = shift.starts_at if shift else now - RIBBON
    facts = window_facts([machine], start, now, now=now)[code]
    return {
        "tile": tile,
        "shift": {"name": shift.name, "starts_at": shift.starts_at, "ends_at": shift.ends_at} if shift else None,
        "bands": [[begin.timestamp(), end.timestamp(), *shown] for begin, end, *shown in bands(facts, start, now)],
        "stops": _stops(machine, facts, now),
        "hours": _hours(machine, facts, start, now),
        "kpi": kpi_fields(facts, scheduled=shift is not None),
        "elements": elements_s(facts.elements),
    }


def _stops(machine: WorkCenter, facts: WindowFacts, now: datetime) -> list[Tile]:
    """Stops of the window, newest first; micro-stops are among them and need no reason."""
    rows = []
    for stop in reversed(facts.rows.stops):
        lasted = (stop.ends_at or facts.rows.known_until(now)) - stop.starts_at
        rows.append(
            {
                "id": stop.pk,
                "starts_at": iso(stop.starts_at),
                "ends_at": iso(stop.ends_at),
                "word": _("Micro-stop") if lasted < timedelta(seconds=machine.micro_stop_s) else stop.state,
                "reason": stop.reason.name if stop.reason else "",
                "duration_s": lasted.total_seconds(),
                "needs_reason": stop.reason is None
                and stop.kind not in ("idle", "waiting")
                and lasted >= timedelta(seconds=machine.micro_stop_s),
            }
        )
    return rows


def _hours(machine: WorkCenter, facts: WindowFacts, start: datetime, now: datetime) -> list[Tile]:
    """Clock hours of the window with pieces and target; the first and last may be parts of an hour."""
    rows, begin = [], start
    while begin < now:
        end = min(begin.replace(minute=0, second=0, microsecond=0) + HOUR, now)
        good, scrap, target = 0, 0, target_between(facts.rows, begin, end, now=now)
        for count in facts.rows.counts:
            for minute in range(60):
                if begin <= count.hour + timedelta(minutes=minute) < end:
                    good += count.good[minute]
                    scrap += count.scrap[minute]
        for flag in facts.rows.flags:
            if begin < flag.to_at <= end:
                good += int(flag.quantity) if flag.role == "good" else 0
                scrap += int(flag.quantity) if flag.role == "scrap" else 0
        rows.append({"start": iso(begin), "good": good, "scrap": scrap, "target": _number(target)})
        begin = end
    return rows


def _number(value: Decimal | None) -> float | None:
    return None if value is None else round(float(value), 1)
