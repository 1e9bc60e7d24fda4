"""Elements and KPIs of machines for any window, from stored facts: the one function behind live, shift and history."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, cast

from mes.oee.corrected import Correction, corrected_states, corrected_stops
from mes.oee.counted import count_spans, made_in
from mes.oee.formulas import Elements, Kpi, add_up, elements_from, kpi_of_parts
from mes.oee.policies import pieces_of
from mes.oee.policy import Policy
from mes.oee.sources import MachineRows, load_rows, to_ms
from mes.oee.timeline import Klass, OrderSpan, Owned, StateSpan, StopSpan, owners
from mes.plant.models import WorkCenter
from mes.tracking.states import Kind


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What a machine did in a window. Times are ms since 1970 UTC; pieces include those made in gaps and by hand.

    `parts`: the stretches of the window with the policy each was under, in order (R45); `policy` is the last one's.
    """

    work_center: str
    start_ms: int
    end_ms: int
    policy: Policy
    elements: Elements
    kpi: Kpi
    owned: list[Owned]
    good: int
    scrap: int
    rework: int
    target: Decimal | None
    target_rate_per_s: Decimal
    target_pace_per_s: Decimal
    rows: MachineRows
    parts: tuple[tuple[Elements, Policy], ...]


def window_facts(
    work_centers: Sequence[WorkCenter],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    since: datetime | None = None,
    policy: Policy | None = None,
) -> dict[str, WindowFacts]:
    """Facts of each machine (by code) from `start` to `end`, clipped at `now`, in a fixed number of queries.

    A machine without scheduled time in the window gets elements of zero and KPIs of None that say so. `since` loads
    rows from an earlier instant for callers that draw more than they compute. Each part of the window is read by the
    policy that was in force (R45), or all of it by `policy`.
    """
    until = min(end, now)
    rows = load_rows(work_centers, min(start, since or start), max(until, start))
    return {wc.code: _facts(wc, rows[wc.pk], start, max(until, start), now, policy) for wc in work_centers}


def facts_by_window(
    work_centers: Sequence[WorkCenter],
    windows: Sequence[tuple[datetime, datetime]],
    *,
    now: datetime,
    policy: Policy | None = None,
) -> list[dict[str, WindowFacts]]:
    """`window_facts` of several windows, in as many queries as one."""
    if not windows:
        return []
    cut = [(start, max(min(end, now), start)) for start, end in windows]
    rows = load_rows(work_centers, min(start for start, _ in cut), max(end for _, end in cut))
    return [{wc.code: _facts(wc, rows[wc.pk], start, end, now, policy) for wc in work_centers} for start, end in cut]


def _facts(
    work_center: WorkCenter, rows: MachineRows, start: datetime, end: datetime, now: datetime, policy: Policy | None
) -> WindowFacts:
    stops, counts = stop_spans(rows, now), count_spans(rows, start, end)
    read = owned_time(rows, start, end, now=now, policy=policy)
    parts = [(elements_from(piece.owned, counts, window=piece.window, stops=stops), piece.policy) for piece in read]
    good, scrap, rework = made_in(counts, (to_ms(start), to_ms(end)))
    return WindowFacts(
        work_center=work_center.code,
        start_ms=to_ms(start),
        end_ms=to_ms(end),
        policy=parts[-1][1],
        elements=add_up(part for part, _ in parts),
        kpi=kpi_of_parts(parts, where=work_center.code, in_turn=True),
        owned=[owned for piece in read for owned in piece.owned],
        good=good,
        scrap=scrap,
        rework=rework,
        target=target_between(rows, start, end, now=now),
        target_rate_per_s=target_rate_at(rows, now),
        target_pace_per_s=target_pace(rows, now),
        rows=rows,
        parts=tuple(parts),
    )


class OwnedTime(NamedTuple):
    """A stretch (ms since 1970) read by one policy, and who owns it."""

    window: tuple[int, int]
    policy: Policy
    owned: list[Owned]


def owned_time(
    rows: MachineRows, start: datetime, end: datetime, *, now: datetime, policy: Policy | None = None
) -> list[OwnedTime]:
    """Who owns each instant of [start, end), per policy in force (R45), or all of it read by `policy`."""
    pieces = [(start, end, policy)] if policy else pieces_of(rows.policies, start, end)
    stops, states, orders = stop_spans(rows, now), _states(rows, now), _orders(rows, now)
    scheduled = [(to_ms(begins), to_ms(ends)) for begins, ends in rows.scheduled]
    planned = [(to_ms(b.starts_at), to_ms(b.ends_at), b.name) for b in rows.breaks]
    found = []
    for since, until, reading in pieces:
        window = (to_ms(since), to_ms(until))
        owned = owners(
            window,
            scheduled=scheduled,
            planned=planned,
            states=states,
            stops=stops,
            orders=orders,
            policy=reading,
            now_ms=to_ms(now),
        )
        found.append(OwnedTime(window, reading, owned))
    return found


def _orders(rows: MachineRows, now: datetime) -> list[OrderSpan]:
    return [
        OrderSpan(to_ms(run.starts_at), to_ms(run.ends_at or now), order.number, run.item.code, "run", order.excluded)
        for run in rows.runs
        for order in (run.order,)
    ]


def _states(rows: MachineRows, now: datetime) -> list[StateSpan]:
    """State intervals; the open one reaches to now while the machine is heard, else to when it was last heard (R18)."""
    spans = []
    for span in rows.states:
        end = span.ends_at or rows.known_until(now)
        if span.kind != "unknown" and end > span.starts_at:
            spans.append(StateSpan(to_ms(span.starts_at), to_ms(end), Kind(span.kind), span.state))
    return corrected_states(spans, _corrections(rows))


def stop_spans(rows: MachineRows, now: datetime) -> list[StopSpan]:
    """Stops; an open one lasts as long as the machine is heard (R13, R18)."""
    spans: list[StopSpan] = []
    whole: int | None = None
    for stop in rows.stops:
        end = stop.ends_at or rows.known_until(now)
        if end > stop.starts_at:
            klass = cast(Klass, stop.reason.klass) if stop.reason else None
            name = stop.reason.name if stop.reason else None
            limit_ms = None if stop.planned_limit_min is None else stop.planned_limit_min * 60_000
            manual = stop.source == "manual"
            span = StopSpan(to_ms(stop.starts_at), to_ms(end), klass, name, limit_ms, manual)
            if whole is not None and whole == stop.whole_id and _goes_on(spans[-1], span):
                span = replace(span, start_ms=spans.pop().start_ms)  # parts with one reason are one stop, one failure
            spans.append(span)
            whole = stop.whole_id
    return corrected_stops(spans, _corrections(rows))


def _goes_on(before: StopSpan, span: StopSpan) -> bool:
    return before == replace(span, start_ms=before.start_ms, end_ms=span.start_ms)


def _corrections(rows: MachineRows) -> list[Correction]:
    return [
        Correction(
            to_ms(said.starts_at),
            to_ms(said.ends_at),
            Kind(said.kind),
            cast(Klass, said.reason.klass) if said.reason else None,
            said.reason.name if said.reason else None,
        )
        for said in rows.corrections
    ]


def target_between(rows: MachineRows, start: datetime, end: datetime, *, now: datetime) -> Decimal | None:
    """Pieces due between two instants, up to now (R41): a stopped line falls behind.

    Planned time with an order whose item has an ideal cycle counts; None where there was none, and where items of
    different units ran, because their pieces do not add up.
    """
    due, any_time = Decimal(0), False
    ran = [run for run in rows.runs if not run.order.excluded]
    for run in ran:
        ideal_ms = rows.ideal_ms(run.item_id, run.starts_at)
        lo, hi = max(run.starts_at, start), min(run.ends_at or now, end, now)
        for begins, ends in rows.scheduled:
            a, b = max(lo, begins), min(hi, ends)
            if ideal_ms is None or b <= a:
                continue
            for since, until, share in rows.targets.pieces(run.item_id, a, b):
                rests = (to_ms(min(until, k.ends_at)) - to_ms(max(since, k.starts_at)) for k in rows.breaks)
                resting = sum(max(0, length) for length in rests)
                due += (to_ms(until) - to_ms(since) - resting) / ideal_ms * share
            any_time = True
    units = {run.item.unit for run in ran if run.starts_at < end and (run.ends_at or now) > start}
    return due if any_time and len(units) == 1 else None


def target_rate_at(rows: MachineRows, now: datetime) -> Decimal:
    """Pieces per second by which the target grows now: 0 in breaks, outside of shifts and without an order."""
    inside = rows.span_at(now) is not None
    resting = any(pause.starts_at <= now < pause.ends_at for pause in rows.breaks)
    return target_pace(rows, now) if inside and not resting else Decimal(0)


def target_pace(rows: MachineRows, now: datetime) -> Decimal:
    """Pieces per second the running order is planned with, also in a break; 0 without an order or an ideal cycle."""
    run = next((run for run in rows.runs if run.ends_at is None and run.starts_at <= now), None)
    run = None if run is None or run.order.excluded else run
    ideal_ms = rows.ideal_ms(run.item_id, run.starts_at) if run else None
    return Decimal(1000) / ideal_ms * rows.targets.at(run.item_id, now) if run and ideal_ms else Decimal(0)


def elements_s(elements: Elements) -> dict[str, float]:
    """The time elements in seconds, named as the API names them."""
    names = (
        "scheduled",
        "run",
        "setup",
        "planned_stop",
        "unplanned",
        "micro",
        "no_order",
        "unknown",
        "unscheduled_run",
    )
    return {f"{name}_s": getattr(elements, f"{name}_ms") / 1000 for name in names}
