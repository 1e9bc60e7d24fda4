"""The tile of a machine: one dict for first paint, snapshot and push."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_noop as _  # tiles travel in English: screens/said.py

from mes.andon.models import Call
from mes.andon.queries import open_by_machine
from mes.live.ribbon import palette_at, ribbon
from mes.oee.facts import WindowFacts, window_facts
from mes.oee.formulas import Kpi
from mes.people.access import work_centers_for
from mes.plant.models import Shift, WorkCenter
from mes.plant.shift_of import shift_now
from mes.plc.models import ControllerHealth, TagBinding
from mes.tracking.models import CountFlag, CountHour

RIBBON = timedelta(hours=8)
RIBBON_GRID = timedelta(minutes=5)  # its left edge moves in steps: else every ribbon were new at every look
LEAST_FOR_KPI_MS = 5 * 60_000  # a percentage of less known time says nothing

Tile = dict[str, Any]


def tiles_for(
    user: object, *, now: datetime, lines: Sequence[str] | None = None, work_centers: Sequence[str] | None = None
) -> dict[str, Tile]:
    """Tiles of the machines a person may see (by code), optionally only of some lines or machines, in plant order."""
    query = work_centers_for(user)
    if lines is not None:
        query = query.filter(line__code__in=lines)
    if work_centers is not None:
        query = query.filter(code__in=work_centers)
    return tiles_of(in_plant_order(query), now=now)


def in_plant_order(query: Any) -> list[WorkCenter]:
    """Machines with line and area, in the order of the plant."""
    order = ("line__area__code", "line__position", "line__code", "position", "code")
    return list(query.select_related("line__area").order_by(*order))


def tiles_of(work_centers: Sequence[WorkCenter], *, now: datetime) -> dict[str, Tile]:
    """Tiles of these machines at an instant; the figures are those of the running shift."""
    shifts = shift_now(work_centers, now)
    sources = source_codes([wc.pk for wc in work_centers])
    tiles: dict[str, Tile] = {}
    by_shift: dict[tuple[datetime, datetime] | None, list[WorkCenter]] = {}
    for wc in work_centers:
        shift = shifts.get(wc.pk)
        by_shift.setdefault((shift.starts_at, shift.ends_at) if shift else None, []).append(wc)
    for group in by_shift.values():
        tiles |= _group_tiles(group, shifts, sources, now)
    made = orders_good([tile["order"] for tile in tiles.values() if tile["order"]])
    calls = open_by_machine([wc.pk for wc in work_centers])
    for wc in work_centers:
        tile = tiles[wc.code]
        tile["call"] = call_fields(calls.get(wc.pk, []))
        tile["order_good"] = made.get((tile["order"], wc.pk), 0) if tile["order"] else None
    return {wc.code: tiles[wc.code] for wc in work_centers}


def _group_tiles(
    group: list[WorkCenter], shifts: dict[int, Shift], sources: dict[int, str], now: datetime
) -> dict[str, Tile]:
    """Tiles of machines whose shifts have the same hours: one load of rows covers both the shift and the ribbon."""
    shift = shifts.get(group[0].pk)
    start = shift.starts_at if shift else now
    facts = window_facts(group, start, now, now=now, since=ribbon_start(now))
    return {wc.code: _tile(wc, shifts.get(wc.pk), facts[wc.code], sources.get(wc.pk), now) for wc in group}


def ribbon_start(now: datetime) -> datetime:
    """Where a ribbon begins: eight hours back and up to five minutes more; browsers draw the last eight hours of it."""
    edge = now - RIBBON
    return edge - (edge - datetime(1970, 1, 1, tzinfo=UTC)) % RIBBON_GRID


def source_codes(work_centers: Sequence[int]) -> dict[int, str]:
    """Machine to the controller that tells about it."""
    rows = TagBinding.objects.filter(work_center__in=work_centers, valid_to=None).order_by("controller__code")
    return dict(rows.values_list("work_center", "controller__code"))


def orders_good(numbers: Sequence[str]) -> dict[tuple[str, int], int]:
    """(order, machine) to the good pieces of it so far, with what was made in gaps and corrected by hand."""
    sums: dict[tuple[str, int], int] = {}
    hours = CountHour.objects.filter(order__number__in=set(numbers))
    flags = CountFlag.objects.filter(order__number__in=set(numbers), role="good", kind__in=("gap", "manual"))
    for rows in (
        hours.values_list("order__number", "work_center").annotate(Sum("good_sum")),
        flags.values_list("order__number", "work_center").annotate(Sum("quantity")),
    ):
        for number, machine, good in rows:
            sums[number, machine] = sums.get((number, machine), 0) + int(good)
    return sums


def _tile(wc: WorkCenter, shift: Shift | None, facts: WindowFacts, source: str | None, now: datetime) -> Tile:
    rows = facts.rows
    run = next((run for run in rows.runs if run.ends_at is None), None)
    state = palette_at(facts, wc, now)
    tile: Tile = {
        "code": wc.code,
        "name": wc.name,
        "line": wc.line.code,
        "area": wc.line.area.code,
        "href": f"/floor/{wc.code}/",
        "state": state.palette,
        "word": state.word,
        "since": iso(state.since),
        "detail": state.detail,
        "needs_reason": state.needs_reason,
        "order": run.order.number if run else None,
        "item": run.item.code if run else None,
        "item_name": run.item.name if run else None,
        "order_quantity": float(run.order.quantity) if run else None,
        "order_good": None,
        "shift": shift.name if shift else None,
        "shift_start": iso(shift.starts_at) if shift else None,
        "shift_end": iso(shift.ends_at) if shift else None,
        "good": facts.good,
        "scrap": facts.scrap,
        "kpi_at": iso(now),
        "ribbon": ribbon(facts, wc, ribbon_start(now), now),
        "source": source,
        "as_of": iso(rows.heard_at),
        "quality_flag": "good" if rows.heard_at and rows.known_until(now) == now else "stale",
    }
    return tile | target_fields(facts) | kpi_fields(facts, scheduled=shift is not None)


def call_fields(calls: Sequence[Call]) -> Tile | None:
    """The open call that needs people most, and how many more there are; None while nobody calls."""
    if not calls:
        return None
    first = calls[0]
    return {
        "name": first.category.name,
        "since": iso(first.raised_at),
        "level": first.level,
        "by": first.taken_by,
        "more": len(calls) - 1,
    }


def target_fields(facts: WindowFacts) -> Tile:
    """Target to this second, how fast it grows, and how far ahead (+) or behind (-) in pieces and minutes."""
    if facts.target is None:
        return {"target": None, "target_rate_per_s": None, "ahead": None, "ahead_min": None}
    ahead, pace = facts.good - facts.target, facts.target_pace_per_s
    return {
        "target": int(facts.target),
        "target_rate_per_s": round(float(facts.target_rate_per_s), 6),
        "ahead": int(ahead),
        "ahead_min": round(float(ahead / pace / 60), 1) if pace else None,
    }


def kpi_fields(facts: WindowFacts, *, scheduled: bool) -> Tile:
    """A, P, Q and OEE as shares, or None with the one note that says why."""
    kpi, elements = facts.kpi, facts.elements
    names = ("availability", "performance", "quality", "oee", "oee_low", "oee_high", "coverage")
    known_ms = elements.scheduled_ms - elements.planned_stop_ms - elements.unknown_ms
    if not scheduled:
        return dict.fromkeys(names) | {"oee_note": _("not scheduled")}
    if known_ms < LEAST_FOR_KPI_MS:
        return dict.fromkeys(names) | {"coverage": share(kpi.coverage), "oee_note": _("less than 5 min of data")}
    return {name: share(getattr(kpi, name)) for name in names} | {"oee_note": first_note(kpi)}


def first_note(kpi: Kpi) -> str:
    """Why OEE is missing, in words; empty when it is there."""
    return next((note.text for note in kpi.notes if note.kpi == "oee"), "") if kpi.oee is None else ""


def share(value: float | Decimal | None) -> float | None:
    """A share with four decimals: a tenth of a per mille is more than any plant measures."""
    return None if value is None else round(float(value), 4)


def iso(instant: datetime | None) -> str | None:
    """UTC with milliseconds and a Z, as browsers read it."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if instant else None


def sources_for(user: object) -> dict[str, dict[str, Any]]:
    """How fresh each controller of the person's machines is, as stored; the live beat overtakes it within a second."""
    codes = TagBinding.objects.filter(work_center__in=work_centers_for(user), valid_to=None).values("controller")
    rows = ControllerHealth.objects.filter(controller__in=codes).select_related("controller")
    return {
        row.controller.code: {
            "as_of": iso(row.last_good_at),
            "comm": row.comm,
            "error": row.error,
            "since": iso(row.since),
        }
        for row in rows
    }
