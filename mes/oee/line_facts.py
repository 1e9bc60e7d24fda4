"""A line's figures from its machines' facts: the pure roll-up of `line.py`, fed with stored rows."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from mes.oee.facts import WindowFacts, count_spans, policy_for
from mes.oee.line import LineResult, Station, line_oee_serial, line_parallel
from mes.plant.models import Line, WorkCenter


def line_result(
    line: Line, machines: Sequence[WorkCenter], facts: dict[str, WindowFacts], start: datetime, end: datetime
) -> LineResult | None:
    """Elements and KPIs of a line in [start, end), which must be what `facts` were asked for (end not after now).

    Serial: the exit's output over the line's time (R38); parallel: the sum. None for a line without machines and for a
    serial line without exactly one exit, of which nobody can say what its output is.
    """
    if not machines:
        return None
    if line.flow == "parallel":
        parts = [(_unit(facts[wc.code]), facts[wc.code].elements) for wc in machines]
        return line_parallel(parts, policy_for(machines[0]), where=line.code)
    if sum(wc.is_exit for wc in machines) != 1:
        return None
    stations: list[Station] = []
    ideal_ms: dict[tuple[str, str], Decimal] = {}
    for wc in machines:
        fact = facts[wc.code]
        ideal_ms |= _ideals(wc, fact, start)
        counts = count_spans(fact.rows, start, end)
        stations.append(Station(wc.code, _unit(fact), fact.owned, counts, wc.is_exit))
    policy = policy_for(next(wc for wc in machines if wc.is_exit))
    return line_oee_serial(
        stations,
        ideal_ms,
        policy,
        window=(facts[machines[0].code].start_ms, facts[machines[0].code].end_ms),
        where=line.code,
    )


def _items(fact: WindowFacts) -> dict[str, tuple[int, str]]:
    """Item code to (id, unit) of everything the machine counted or was to make."""
    items = [run.item for run in fact.rows.runs]
    items += [count.item for count in fact.rows.counts if count.item is not None]
    items += [flag.item for flag in fact.rows.flags if flag.item is not None]
    return {item.code: (item.pk, item.unit) for item in items}


def _unit(fact: WindowFacts) -> str:
    return "+".join(sorted({unit for _pk, unit in _items(fact).values()}))


def _ideals(wc: WorkCenter, fact: WindowFacts, at: datetime) -> dict[tuple[str, str], Decimal]:
    found = {(wc.code, code): fact.rows.ideal_ms(pk, at) for code, (pk, _unit) in _items(fact).items()}
    return {key: ideal for key, ideal in found.items() if ideal is not None}
