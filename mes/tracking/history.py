"""History of a machine from before its tags were bound: recorded values go through the same rules as live readings."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mes.plc.drivers.port import Quality, TagValue
from mes.plc.engine import CommState, Poll
from mes.tracking import load
from mes.tracking.behaviour import Number
from mes.tracking.bindings import ControllerPlan, MachinePlan, readings_of
from mes.tracking.ingest import MachineContext, machines_write
from mes.tracking.models import CountHour, MachineCursor, StateInterval
from mes.tracking.reading import Machine, MachineRules, Reading, SpanClosed, StopClosed
from mes.tracking.recording import PAUSE, PERIOD, Round, rounds_of, stretches_of
from mes.tracking.track import take

AT_ONCE = 500  # readings between two writes
JUST_BEFORE = timedelta(milliseconds=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a recording: its first and last instant and how many readings it gave; None: nothing to tell."""

    first_at: datetime | None = None
    last_at: datetime | None = None
    readings: int = 0


def history_tell(plan: ControllerPlan, machine_plan: MachinePlan, tags: dict[str, int], first: datetime) -> Told:
    """Stores counts, states and stops from the recorded values of `tags` (name to candidate) from `first` on.

    Only the time before the machine's first own fact is told; where there is none, live readings go on from the last
    recorded value. Runs inside the caller's transaction.
    """
    before = facts_begin(machine_plan.work_center, first)
    if before is not None and before <= first:
        return Told()
    context = MachineContext(machine_plan.rules, machine_plan.bindings)
    contexts = {machine_plan.work_center: context}
    fresh = Machine(machine_plan.work_center, None, {}, None, None)
    machine = load.machines({fresh.work_center}, contexts)[fresh.work_center] if before is None else fresh
    one = replace(plan, machines=(machine_plan,))
    told = 0
    begun: datetime | None = None
    for at, values, continues in _readings(plan.controller, tags, before):
        reading = _reading(one, tags, at, told, values)
        if reading is None:
            continue
        begun = begun or at
        told += 1
        take(machine, reading, _inside(machine_plan.rules) if continues else _between(machine_plan.rules))
        if told % AT_ONCE == 0:
            _flush(machine, contexts)
    if begun is None:
        return Told()
    if before is not None:
        _end(machine, before)
    machines_write([machine], contexts, cursors=before is None)
    return Told(begun, machine.heard_at, told)


def facts_begin(work_center: int, first: datetime) -> datetime | None:
    """From when on the machine has facts of its own behind `first`; None where it was not heard since."""
    heard_at = MachineCursor.objects.filter(work_center=work_center).values_list("heard_at", flat=True).first()
    if heard_at is None or heard_at < first:
        return None
    spans = StateInterval.objects.filter(work_center=work_center).exclude(ends_at__lte=first)
    span_at = spans.order_by("starts_at").values_list("starts_at", flat=True).first() or heard_at
    counted_at = _first_minute(work_center, first)
    # The minute of the first count begins before the machine was heard: the interval says it better.
    if counted_at is None or counted_at + MINUTE > span_at:
        return span_at
    return counted_at


def _first_minute(work_center: int, first: datetime) -> datetime | None:
    """The first minute behind `first` in which pieces are booked; their own minute may have begun before it."""
    begun = first.replace(second=0, microsecond=0)
    rows = CountHour.objects.filter(work_center=work_center, hour__gte=first.replace(minute=0, second=0, microsecond=0))
    for row in rows.order_by("hour"):
        minutes = zip(row.good, row.scrap, row.rework, strict=True)
        booked = [row.hour + MINUTE * at for at, pieces in enumerate(minutes) if any(pieces)]
        later = [minute for minute in booked if minute >= begun]
        if later:
            return later[0]
    return None


def _readings(
    controller: int, tags: dict[str, int], before: datetime | None
) -> Iterator[tuple[datetime, dict[int, Number], bool]]:
    """(instant, all values then, whether it was read without a pause since the one before).

    Only changes are recorded, so a machine is also taken as read, unchanged, at both ends of every stretch and some
    time before a change that comes late: what a counter can have made since is then judged over that time.
    """
    stretches = [(start, end) for start, end in stretches_of(controller) if before is None or start < before]
    rounds = rounds_of(list(tags.values()), before)
    following: Round | None = next(rounds, None)
    values: dict[int, Number] = {}
    last: datetime | None = None
    for start, end in stretches:
        continues = False
        if values and (following is None or following.at > start + PERIOD / 2):
            yield start, values, False
            last, continues = start, True
        while following is not None and following.at <= end + PERIOD / 2:
            if continues and last is not None and following.at - last > PAUSE:
                yield following.at - PAUSE, values, True
            values = values | following.changed
            yield following.at, values, continues
            last, continues = following.at, True
            following = next(rounds, None)
        until = end if before is None else min(end, before - JUST_BEFORE)
        if values and last is not None and until > last:
            yield until, values, True
            last = until


def _reading(
    plan: ControllerPlan, tags: dict[str, int], at: datetime, seq: int, values: dict[int, Number]
) -> Reading | None:
    """The values as a reading, by the same rules as a poll's; None where nothing could be read."""
    read = {
        tag: TagValue(value, Quality.GOOD) if value is not None else TagValue(None, Quality.BAD)
        for tag, value in ((tag, values.get(row)) for tag, row in tags.items())
    }
    poll = Poll(plan.spec.code, 0, seq, at, 0.0, CommState.ONLINE, read, None, False, None)
    found = readings_of(poll, plan)
    return replace(found[0], stream=f"candidate:{plan.spec.code}") if found else None


def _inside(rules: MachineRules) -> MachineRules:
    """Without a pause in the reading nothing changed means nothing changed."""
    return replace(rules, silence_s=math.inf)


def _between(rules: MachineRules) -> MachineRules:
    """Behind a pause, silence is judged by the grid of the recording."""
    return replace(rules, silence_s=PAUSE.total_seconds())


def _flush(machine: Machine, contexts: dict[int, MachineContext]) -> None:
    """Stores what is over, keeps what still lasts."""
    lasting = machine.span_dirty, machine.stop_dirty
    machine.span_dirty = machine.stop_dirty = False
    machines_write([machine], contexts, cursors=False)
    for over in (
        machine.counts,
        machine.flags,
        machine.closed_spans,
        machine.closed_stops,
        machine.samples,
        machine.codes,
    ):
        over.clear()
    machine.span_dirty, machine.stop_dirty = lasting


def _end(machine: Machine, before: datetime) -> None:
    """Ends what lasts where the machine's own facts begin, or where the recording ended before."""
    heard_at = machine.heard_at or before
    end = before if before - heard_at <= PAUSE else heard_at
    if machine.span is not None and machine.span.starts_at < end:
        machine.closed_spans.append(SpanClosed(machine.span, end))
    if machine.stop is not None:
        machine.closed_stops.append(StopClosed(machine.stop, end))
    machine.span = machine.stop = None
