"""A line's figures from its machines' facts: the pure roll-up of `line.py`, fed with stored rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from mes.oee.counted import count_spans
from mes.oee.elements import Elements
from mes.oee.facts import WindowFacts
from mes.oee.line import LineResult, Station, line_oee_serial, line_sum
from mes.oee.places import exit_of
from mes.oee.policies import pieces_of
from mes.oee.policy import Policy
from mes.oee.sources import to_ms
from mes.oee.timeline import Owned
from mes.plant.models import Line, WorkCenter

Window = tuple[datetime, datetime]


def line_result(
    line: Line,
    machines: Sequence[WorkCenter],
    facts: dict[str, WindowFacts],
    window: Window,
    policy: Policy | None = None,
) -> LineResult:
    """Elements and KPIs of a line in a window, which must be what `facts` were asked for (end not after now).

    Serial: the exit's output over the line's time (R38); parallel, or of one machine: the sum. Each part of the time is
    read by the policy in force at the exit (of parallel ones: at each machine), or all of it by `policy`.
    """
    if line.flow == "parallel" or len(machines) == 1:
        read = [(wc, parts_read(facts[wc.code].parts, policy)) for wc in machines]
        return line_sum([(unit_of(facts[wc.code]), parts) for wc, parts in read], where=line.code)
    leaving = exit_of(machines)
    pieces = [(*window, policy)] if policy else pieces_of(facts[leaving.code].rows.policies, *window)
    found = [_serial(line, machines, facts, (since, until), reading) for since, until, reading in pieces]
    if len(found) == 1:
        return found[0]
    unit = unit_of(facts[leaving.code])
    joined = line_sum([(unit, one.parts) for one in found], where=line.code, in_turn=True)
    return replace(joined, bottlenecks=tuple(sorted({pair for one in found for pair in one.bottlenecks})))


def parts_read(parts: Sequence[tuple[Elements, Policy]], policy: Policy | None) -> Sequence[tuple[Elements, Policy]]:
    """The same parts, all read by `policy` where one is given."""
    return parts if policy is None else [(part, policy) for part, _ in parts]


def _serial(
    line: Line, machines: Sequence[WorkCenter], facts: dict[str, WindowFacts], window: Window, policy: Policy
) -> LineResult:
    leaving, edges = exit_of(machines), (to_ms(window[0]), to_ms(window[1]))
    stations: list[Station] = []
    ideal_ms: dict[tuple[str, str], Decimal] = {}
    for wc in machines:
        fact = facts[wc.code]
        ideal_ms |= _ideals(wc, facts, window[0])
        owned = clipped(fact.owned, edges)
        stations.append(Station(wc.code, unit_of(fact), owned, count_spans(fact.rows, *window), wc == leaving))
    return line_oee_serial(stations, ideal_ms, policy, window=edges, where=line.code)


def clipped(owned: Sequence[Owned], edges: tuple[int, int]) -> list[Owned]:
    """The owned pieces inside [start, end), cut at its ends."""
    start, end = edges
    return [
        replace(piece, start_ms=max(piece.start_ms, start), end_ms=min(piece.end_ms, end))
        for piece in owned
        if piece.end_ms > start and piece.start_ms < end
    ]


def _items(fact: WindowFacts) -> dict[str, tuple[int, str]]:
    """Item code to (id, unit) of everything the machine counted or was to make."""
    items = [run.item for run in fact.rows.runs]
    items += [count.item for count in fact.rows.counts if count.item is not None]
    items += [flag.item for flag in fact.rows.flags if flag.item is not None]
    return {item.code: (item.pk, item.unit) for item in items}


def unit_of(fact: WindowFacts) -> str:
    """Units of everything the machine counted or was to make, joined; pieces where it made nothing."""
    return "+".join(sorted({unit for _pk, unit in _items(fact).values()})) or "pcs"


def _ideals(wc: WorkCenter, facts: dict[str, WindowFacts], at: datetime) -> dict[tuple[str, str], Decimal]:
    """(machine, item) to the ideal cycle, for every item any machine of the line made."""
    items = {code: pk for fact in facts.values() for code, (pk, _unit) in _items(fact).items()}
    rows = facts[wc.code].rows
    found = {(wc.code, code): rows.ideal_ms(pk, at) for code, pk in items.items()}
    return {key: ideal for key, ideal in found.items() if ideal is not None}
