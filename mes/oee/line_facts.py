"""A line's figures from its machines' facts: the pure roll-up of `line.py`, fed with stored rows."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from mes.oee.facts import WindowFacts, count_spans
from mes.oee.line import LineResult, Station, line_oee_serial, line_parallel
from mes.oee.places import exit_of
from mes.oee.policy import Policy
from mes.plant.models import Line, WorkCenter


def line_result(
    line: Line,
    machines: Sequence[WorkCenter],
    facts: dict[str, WindowFacts],
    window: tuple[datetime, datetime],
    policy: Policy,
) -> LineResult:
    """Elements and KPIs of a line in a window, which must be what `facts` were asked for (end not after now).

    Serial: the exit's output over the line's time (R38); parallel, or of one machine: the sum.
    """
    if line.flow == "parallel" or len(machines) == 1:
        parts = [(unit_of(facts[wc.code]), facts[wc.code].elements) for wc in machines]
        return line_parallel(parts, policy, where=line.code)
    leaving = exit_of(machines)
    stations: list[Station] = []
    ideal_ms: dict[tuple[str, str], Decimal] = {}
    for wc in machines:
        fact = facts[wc.code]
        ideal_ms |= _ideals(wc, facts, window[0])
        counts = count_spans(fact.rows, *window)
        stations.append(Station(wc.code, unit_of(fact), fact.owned, counts, wc == leaving))
    edges = (facts[leaving.code].start_ms, facts[leaving.code].end_ms)
    return line_oee_serial(stations, ideal_ms, policy, window=edges, where=line.code)


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
