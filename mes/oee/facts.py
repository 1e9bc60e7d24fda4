"""Elements and KPIs of machines for any window, from stored facts: the one function behind live, shift and history."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

from mes.oee.formulas import CountSpan, Elements, Kpi, add_up, elements_from, kpi_of_parts
from mes.oee.policies import pieces_of
from mes.oee.policy import Policy
from mes.oee.sources import MachineRows, load_rows
from mes.oee.timeline import Klass, OrderSpan, Owned, StateSpan, StopSpan, owners
from mes.plant.models import WorkCenter
from mes.tracking.states import Kind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)


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


def to_ms(instant: datetime) -> int:
    """Whole milliseconds since 1970 UTC, without the rounding of floats."""
    return (instant - EPOCH) // MS


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
    pieces = [(start, end, policy)] if policy else pieces_of(rows.policies, start, end)
    stops, states, owned = _stops(rows, now), _states(rows, now), list[Owned]()
    counts: list[CountSpan] = []
    parts: list[tuple[Elements, Policy]] = []
    for since, until, reading in pieces:
        window = (to_ms(since), to_ms(until))
        here = owners(
            window,
            scheduled=[(to_ms(begins), to_ms(ends)) for begins, ends in rows.scheduled],
            planned=[(to_ms(b.starts_at), to_ms(b.ends_at), b.name) for b in rows.breaks],
            states=states,
            stops=stops,
            orders=_orders(rows, now),
            policy=reading,
            now_ms=to_ms(now),
        )
        made = count_spans(rows, since, until)
        parts.append((elements_from(here, made, window=window, stops=stops), reading))
        owned, counts = owned + here, counts + made
    return WindowFacts(
        work_center=work_center.code,
        start_ms=to_ms(start),
        end_ms=to_ms(end),
        policy=parts[-1][1],
        elements=add_up(part for part, _ in parts),
        kpi=kpi_of_parts(parts, where=work_center.code, in_turn=True),
        owned=owned,
        good=sum(int(span.good) for span in counts),
        scrap=sum(int(span.scrap) for span in counts),
        rework=sum(int(span.rework) for span in counts),
        target=target_between(work_center, rows, start, end, now=now),
        target_rate_per_s=target_rate_at(work_center, rows, now),
        target_pace_per_s=target_pace(work_center, rows, now),
        rows=rows,
        parts=tuple(parts),
    )


def _orders(rows: MachineRows, now: datetime) -> list[OrderSpan]:
    return [
        OrderSpan(to_ms(run.starts_at), to_ms(run.ends_at or now), run.order.number, run.item.code, "run")
        for run in rows.runs
    ]


def _states(rows: MachineRows, now: datetime) -> list[StateSpan]:
    """State intervals; the open one reaches to now while the machine is heard, else to when it was last heard (R18)."""
    spans = []
    for span in rows.states:
        end = span.ends_at or rows.known_until(now)
        if span.kind != "unknown" and end > span.starts_at:
            spans.append(StateSpan(to_ms(span.starts_at), to_ms(end), Kind(span.kind), span.state))
    return spans


def _stops(rows: MachineRows, now: datetime) -> list[StopSpan]:
    spans = []
    for stop in rows.stops:
        end = stop.ends_at or rows.known_until(now)
        if end > stop.starts_at:
            klass = cast(Klass, stop.reason.klass) if stop.reason else None
            name = stop.reason.name if stop.reason else None
            spans.append(StopSpan(to_ms(stop.starts_at), to_ms(end), klass, name, manual=stop.source == "manual"))
    return spans


def count_spans(rows: MachineRows, start: datetime, end: datetime) -> list[CountSpan]:
    """Pieces per hour, order and ideal cycle inside the window; minutes that begin in it belong to it (R3)."""
    spans = []
    for row in rows.counts:
        groups: dict[tuple[Decimal | None, int | None], list[int]] = defaultdict(list)
        begun = max(start, rows.shift_start(row.shift_id) or start)
        for minute in range(60):
            at = row.hour + timedelta(minutes=minute)
            if start <= at < end and (row.good[minute] or row.scrap[minute] or row.rework[minute]):
                # Overtime and "not scheduled" begin and end inside an hour: minutes of each stretch go together.
                groups[rows.ideal_ms(row.item_id, at), rows.span_at(max(at, begun))].append(minute)
        for (ideal_ms, _span), minutes in groups.items():
            # A pulse: its minute's stretch says whether it was scheduled, so nothing is shared out by time.
            pulse = to_ms(max(row.hour + timedelta(minutes=minutes[0]), begun))
            good, scrap, rework = (sum(a[m] for m in minutes) for a in (row.good, row.scrap, row.rework))
            spans.append(CountSpan(pulse, pulse, row.item.code if row.item else None, good, scrap, rework, ideal_ms))
    window = (to_ms(start), to_ms(end))
    for flag in rows.flags:
        first, last = max(to_ms(flag.from_at), window[0]), min(to_ms(flag.to_at), window[1])
        if last < first or first == window[1]:
            continue
        pieces = shared_out(int(flag.quantity), (to_ms(flag.from_at), to_ms(flag.to_at)), (first, last))
        good, scrap, rework = (pieces if flag.role == role else 0 for role in ("good", "scrap", "rework"))
        ideal_ms, code = rows.ideal_ms(flag.item_id, flag.to_at), flag.item.code if flag.item else None
        spans.append(CountSpan(first, last, code, good, scrap, rework, ideal_ms, flag.kind == "gap"))
    return spans


def shared_out(pieces: int, whole: tuple[int, int], part: tuple[int, int]) -> int:
    """The pieces of a stretch that fall into a part of it: whole ones, and the parts of a partition add up exactly."""
    length = whole[1] - whole[0]
    if length <= 0:
        return pieces
    return pieces * (part[1] - whole[0]) // length - pieces * (part[0] - whole[0]) // length


def target_between(
    work_center: WorkCenter, rows: MachineRows, start: datetime, end: datetime, *, now: datetime
) -> Decimal | None:
    """Pieces due between two instants, up to now (R41): a stopped line falls behind.

    Planned time with an order whose item has an ideal cycle counts; None where there was none, and where items of
    different units ran, because their pieces do not add up.
    """
    due, any_time = Decimal(0), False
    for run in rows.runs:
        ideal_ms = rows.ideal_ms(run.item_id, run.starts_at)
        lo, hi = max(run.starts_at, start), min(run.ends_at or now, end, now)
        for begins, ends in rows.scheduled:
            a, b = max(lo, begins), min(hi, ends)
            if ideal_ms is None or b <= a:
                continue
            resting = sum(max(0, to_ms(min(b, k.ends_at)) - to_ms(max(a, k.starts_at))) for k in rows.breaks)
            due += (to_ms(b) - to_ms(a) - resting) / ideal_ms * work_center.target_oee
            any_time = True
    units = {run.item.unit for run in rows.runs if run.starts_at < end and (run.ends_at or now) > start}
    return due if any_time and len(units) == 1 else None


def target_rate_at(work_center: WorkCenter, rows: MachineRows, now: datetime) -> Decimal:
    """Pieces per second by which the target grows now: 0 in breaks, outside of shifts and without an order."""
    inside = rows.span_at(now) is not None
    resting = any(pause.starts_at <= now < pause.ends_at for pause in rows.breaks)
    return target_pace(work_center, rows, now) if inside and not resting else Decimal(0)


def target_pace(work_center: WorkCenter, rows: MachineRows, now: datetime) -> Decimal:
    """Pieces per second the running order is planned with, also in a break; 0 without an order or an ideal cycle."""
    run = next((run for run in rows.runs if run.ends_at is None and run.starts_at <= now), None)
    ideal_ms = rows.ideal_ms(run.item_id, run.starts_at) if run else None
    return Decimal(1000) / ideal_ms * work_center.target_oee if ideal_ms else Decimal(0)


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
