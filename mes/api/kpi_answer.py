"""The KPI answer of the API and of `./manage.py kpi`: elements, counts, KPIs, coverage, policy and notes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from mes.oee.elements import Elements
from mes.oee.facts import WindowFacts, count_spans, facts_by_window
from mes.oee.formulas import Kpi, kpi
from mes.oee.line import LineResult, Station, line_oee_serial, line_parallel
from mes.oee.policy import DEFAULT, ISO, SMRP, Policy
from mes.plant.models import Line, WorkCenter

POLICIES = {policy.name: policy for policy in (DEFAULT, ISO, SMRP)}
_TIMES = (
    *("calendar", "scheduled", "run", "setup", "planned_stop", "unplanned", "micro", "no_order", "unknown"),
    *("unscheduled_run", "waiting", "failure", "order", "ideal_good", "ideal_total", "ideal_total_known"),
)
_NOT_KPIS = ("coverage", "pbt_ms", "known_ms", "policy", "policy_version", "notes")
Answer = dict[str, Any]
Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Place:
    """What the numbers are asked for: `kind` is work_center, line, area or site; its machines in plant order."""

    kind: str
    code: str
    work_centers: Sequence[WorkCenter]

    @property
    def lines(self) -> list[tuple[Line, list[WorkCenter]]]:
        """The machines by line."""
        found: dict[int, tuple[Line, list[WorkCenter]]] = {}
        for wc in self.work_centers:
            found.setdefault(wc.line_id, (wc.line, []))[1].append(wc)
        return list(found.values())


def kpi_answers(place: Place, windows: Sequence[Window], *, policy: str | None, now: datetime) -> list[Answer]:
    """One answer per window, in a fixed number of queries."""
    answers = []
    for (start, end), facts in zip(windows, facts_by_window(place.work_centers, windows, now=now), strict=True):
        until = max(min(end, now), start)
        answers.append(_answer(place, facts, (start, until), policy) | {"from": start, "to": until})
    return answers


def answer_of(elements: Elements, said: Kpi, policy: Policy) -> Answer:
    """Elements in seconds, pieces, KPIs by their names, coverage, policy and notes."""
    seconds = {f"{name}_s": _seconds(getattr(elements, f"{name}_ms")) for name in _TIMES}
    seconds |= {"planned_s": _seconds(said.pbt_ms), "known_s": _seconds(said.known_ms)}
    values = {name: value for name, value in asdict(said).items() if name not in _NOT_KPIS}
    return {
        "elements": seconds,
        "counts": {name: _pieces(getattr(elements, name)) for name in ("total", "good", "scrap", "rework")},
        "kpi": values,
        "coverage": said.coverage,
        "policy": {
            "name": policy.name,
            "version": policy.version,
            "micro_stop_s": policy.micro_threshold_ms / 1000,
            "micro_class": policy.micro_class,
        },
        "notes": [{"code": note.code, "kpi": note.kpi, "text": note.text} for note in said.notes],
    }


def policy_named(name: str | None, facts: WindowFacts) -> Policy:
    """The named policy with the machine's own micro-stop threshold; the machine's own policy without a name."""
    if name is None:
        return facts.policy
    return replace(POLICIES[name], micro_threshold_ms=facts.policy.micro_threshold_ms)


def _answer(place: Place, facts: dict[str, WindowFacts], window: Window, policy: str | None) -> Answer:
    first = next(iter(facts.values()))
    chosen = policy_named(policy, first)
    if place.kind == "work_center":
        return answer_of(first.elements, kpi(first.elements, chosen, where=place.code), chosen)
    results = [(_unit_of(facts, wcs), _line(line, wcs, facts, window, chosen)) for line, wcs in place.lines]
    if place.kind == "line":
        _, result = results[0]
        bottlenecks = {"bottlenecks": dict(result.bottlenecks)}
        return answer_of(result.elements, result.kpi, chosen) | bottlenecks
    result = line_parallel([(unit, line.elements) for unit, line in results], chosen, where=place.code)
    return answer_of(result.elements, result.kpi, chosen)


def _line(
    line: Line, places: list[WorkCenter], facts: dict[str, WindowFacts], window: Window, policy: Policy
) -> LineResult:
    """A serial line by its exit and bottlenecks (R38), a parallel one as a sum. Unmarked, the last machine is exit."""
    if line.flow == "parallel" or len(places) == 1:
        parts = [(_unit_of(facts, [wc]), facts[wc.code].elements) for wc in places]
        return line_parallel(parts, policy, where=line.code)
    marked = [wc.code for wc in places if wc.is_exit]
    exit_code = marked[-1] if marked else places[-1].code
    stations: list[Station] = []
    ideal_ms: dict[tuple[str, str], Decimal] = {}
    for wc in places:
        rows = facts[wc.code].rows
        counts = count_spans(rows, *window)
        stations.append(Station(wc.code, _unit_of(facts, [wc]), facts[wc.code].owned, counts, wc.code == exit_code))
        ideal_ms |= _ideals(wc, facts, window)
    edges = (facts[exit_code].start_ms, facts[exit_code].end_ms)
    return line_oee_serial(stations, ideal_ms, policy, window=edges, where=line.code)


def _ideals(wc: WorkCenter, facts: dict[str, WindowFacts], window: Window) -> dict[tuple[str, str], Decimal]:
    """(machine, item) to the ideal cycle at the end of the window, for every item any machine of the line made."""
    items = {row.item_id: row.item.code for one in facts.values() for row in one.rows.counts if row.item}
    rows = facts[wc.code].rows
    found = {(wc.code, code): rows.ideal_ms(pk, window[1]) for pk, code in items.items()}
    return {key: cycle for key, cycle in found.items() if cycle is not None}


def _unit_of(facts: dict[str, WindowFacts], places: list[WorkCenter]) -> str:
    units = {row.item.unit for wc in places for row in facts[wc.code].rows.counts if row.item}
    return "+".join(sorted(units)) or "pcs"


def _seconds(ms: int | Decimal) -> float:
    return float(Decimal(ms) / 1000)


def _pieces(quantity: int | Decimal) -> int | str:
    """Whole pieces as a number, anything finer as decimal text without loss."""
    return int(quantity) if quantity == int(quantity) else str(quantity)
