"""A shift in figures: output against target, OEE with coverage, where the time went, stops with their reasons."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from mes.downtime.models import Stop
from mes.oee.elements import ZERO
from mes.oee.facts import WindowFacts, elements_s, window_facts
from mes.oee.figures import figures
from mes.oee.formulas import Kpi
from mes.oee.losses import UNEXPLAINED, losses_by_reason
from mes.oee.places import Place, machines_of
from mes.oee.sources import MachineRows, to_ms
from mes.oee.witnessed import Heard, bounded, heard_from, heard_of
from mes.plant.models import Shift, WorkCenter
from mes.screens import machine_day
from mes.witness.queries import verdicts


class MachineRow(NamedTuple):
    """One machine's (or the line's) shift in figures. `ahead` is good less target.

    `witness`: whether its count is witnessed, unwitnessed or contradicted; empty where several machines differ in that.
    """

    name: str
    code: str
    good: int
    scrap: int
    target: float | None
    ahead: float | None
    kpi: Kpi
    owners: machine_day.Owners
    notes: Sequence[str]
    witness: str = ""


class ReasonRow(NamedTuple):
    """A reason, the minutes it cost and how many stops it had, over all machines of the line."""

    reason: str
    explained: bool
    lost_s: float
    stops: int
    share: float


class Summary(NamedTuple):
    """Everything the page and the CSV file show."""

    shift: Shift
    end: datetime
    running: bool
    machines: list[MachineRow]
    line: MachineRow | None
    reasons: list[ReasonRow]
    stops: list[tuple[Stop, float]]


def summary_of(shift: Shift, now: datetime) -> Summary:
    """The shift in figures, up to `now` while it runs. Everything comes from `window_facts`: no second arithmetic."""
    machines = machines_of([shift.line])[shift.line_id]
    end = max(min(shift.ends_at, now), shift.starts_at)
    facts = window_facts(machines, shift.starts_at, shift.ends_at, now=now)
    judged = verdicts(machines, shift.starts_at, end)
    heard = {code: heard_from(one.verdict, code, one.start, one.end) for code, one in judged.items()}
    rows = [_witnessed(_machine_row(wc, facts[wc.code]), heard[wc.code]) for wc in machines]
    stops = [
        (stop, _inside_s(stop, shift.starts_at, end, facts[wc.code].rows, now))
        for wc in machines
        for stop in facts[wc.code].rows.stops
    ]
    by_code = {wc.pk: wc for wc in machines}
    for stop, _seconds in stops:
        stop.work_center = by_code[stop.work_center_id]
    long = [(stop, s) for stop, s in stops if s >= stop.work_center.micro_stop_s]
    long.sort(key=lambda one: -one[1])
    line = _line_row(shift, machines, facts, now)
    if line is not None:
        line = _witnessed(line, heard_of(Place("line", shift.line.code, machines), shift.starts_at, end))
    return Summary(shift, end, now < shift.ends_at, rows, line, _reasons(facts), long)


def _machine_row(wc: WorkCenter, fact: WindowFacts) -> MachineRow:
    target = None if fact.target is None else float(fact.target)
    notes = tuple(note.text for note in fact.kpi.notes)
    owners = machine_day.owners(elements_s(fact.elements))
    ahead = None if target is None else fact.good - target
    return MachineRow(wc.name, wc.code, fact.good, fact.scrap, target, ahead, fact.kpi, owners, notes)


def _witnessed(row: MachineRow, heard: Heard) -> MachineRow:
    """The row with what witnesses say of its count: bounds of OEE and a note where it is contradicted."""
    said = bounded(row.kpi, heard)
    return row._replace(kpi=said, notes=tuple(note.text for note in said.notes), witness=heard.status or "")


def _line_row(
    shift: Shift, machines: list[WorkCenter], facts: dict[str, WindowFacts], now: datetime
) -> MachineRow | None:
    """The line as a whole: output and target of its exit (all machines where they work in parallel).

    None for a serial line without exactly one machine marked as its exit: the page says how to mend that.
    """
    line = shift.line
    if not machines or (line.flow == "serial" and sum(wc.is_exit for wc in machines) != 1):
        return None
    [result] = figures(Place("line", line.code, machines), [(shift.starts_at, shift.ends_at)], now=now)
    leaving = [wc for wc in machines if wc.is_exit or line.flow == "parallel"]
    targets = [fact.target for wc in leaving if (fact := facts[wc.code]).target is not None]
    target = float(sum(targets)) if targets else None
    good = sum(facts[wc.code].good for wc in leaving)
    scrap = sum(fact.scrap for fact in facts.values())
    notes = tuple(note.text for note in result.kpi.notes)
    owners = machine_day.owners(elements_s(result.elements or ZERO))
    ahead = None if target is None else good - target
    return MachineRow(line.name, line.code, good, scrap, target, ahead, result.kpi, owners, notes)


def _reasons(facts: dict[str, WindowFacts]) -> list[ReasonRow]:
    """Lost time by reason over the line's machines, most first."""
    lost: dict[str, list[float]] = {}
    for fact in facts.values():
        for loss in losses_by_reason(fact.owned):
            lost.setdefault(loss.reason, [0.0, 0])[0] += loss.lost_ms / 1000
        for stop in fact.rows.stops:
            name = stop.reason.name if stop.reason else UNEXPLAINED
            if name in lost and to_ms(stop.starts_at) >= fact.start_ms:
                lost[name][1] += 1
    whole = max((seconds for seconds, _n in lost.values()), default=0.0)
    rows = [
        ReasonRow(name, name != UNEXPLAINED, seconds, int(n), seconds / whole if whole else 0.0)
        for name, (seconds, n) in lost.items()
    ]
    return sorted(rows, key=lambda row: (-row.lost_s, row.reason))


def _inside_s(stop: Stop, start: datetime, end: datetime, rows: MachineRows, now: datetime) -> float:
    """Seconds of the stop inside the shift less what was corrected; an open one lasts while the machine is heard."""
    begins, ends = max(stop.starts_at, start), min(stop.ends_at or rows.known_until(now), end)
    return max(timedelta(), ends - begins - rows.ran_in_truth(begins, ends)).total_seconds()
