"""Takes readings into the database: one transaction per batch, each reading exactly once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from mes.plant.changes import SETTLE, changed
from mes.tracking import load, store
from mes.tracking.past import stretches_changed
from mes.tracking.reading import CountFlagged, Machine, MachineRules, Reading
from mes.tracking.track import take


@dataclass(frozen=True, slots=True)
class MachineContext:
    """What is needed to take in a machine's readings: its rules, and which binding feeds which role."""

    rules: MachineRules
    bindings: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Taken:
    """What became of a batch. `touched` are the machines whose tile may have changed."""

    accepted: int = 0
    duplicates: int = 0
    touched: set[int] = field(default_factory=set)
    quarantined: list[tuple[int, str]] = field(default_factory=list)
    held: list[CountFlagged] = field(default_factory=list)


def ingest(readings: Sequence[Reading], contexts: dict[int, MachineContext], *, now: datetime) -> Taken:
    """Stores a batch of readings: counts, states, stops, cursors and samples together, or nothing of it.

    Readings of a stream that are not newer than its cursor (fence, then seq) are duplicates and change nothing, so a
    batch may be sent again after any failure. Readings of one stream are taken in the order of (fence, seq). What they
    change of time that is settled at `now` is said in the same transaction (R43).
    """
    with transaction.atomic():
        fresh, taken = _fresh(readings)
        if not fresh:
            return taken
        machines = load.machines({reading.work_center for reading in fresh}, contexts)
        heard_before = {pk: machine.heard_at for pk, machine in machines.items()}
        for reading in fresh:
            take(machines[reading.work_center], _forward(reading, machines), contexts[reading.work_center].rules)
        machines_write(list(machines.values()), contexts)
        store.cursors_move(fresh)
        reached = stretches_changed(machines.values(), fresh, heard_before, settled_before=now - SETTLE)
        if reached:
            changed(reached, why="ingest")
    taken.touched = set(machines)
    held = [(m.work_center, f) for m in machines.values() for f in m.flags if f.kind == "quarantine"]
    taken.quarantined = [(work_center, flag.detail) for work_center, flag in held]
    taken.held = [flag for _, flag in held]
    return taken


def _fresh(readings: Sequence[Reading]) -> tuple[list[Reading], Taken]:
    """Locks the streams and keeps what they do not have yet. One stream may carry several machines per seq."""
    cursors = store.cursors_lock(sorted({reading.stream for reading in readings}))
    taken, fresh = Taken(), []
    seen: set[tuple[str, int, int, int]] = set()
    for reading in sorted(readings, key=lambda r: (r.stream, r.fence, r.seq)):
        identity = (reading.stream, reading.fence, reading.seq, reading.work_center)
        if (reading.fence, reading.seq) <= cursors[reading.stream] or identity in seen:
            taken.duplicates += 1
            continue
        seen.add(identity)
        fresh.append(reading)
        taken.accepted += 1
    return fresh, taken


def _forward(reading: Reading, machines: dict[int, Machine]) -> Reading:
    """A poller's clock that was set back must not turn history around: such a reading counts as just after the last."""
    heard_at = machines[reading.work_center].heard_at
    if heard_at is None or reading.at > heard_at:
        return reading
    return store.just_after(reading, heard_at)


def machines_write(machines: list[Machine], contexts: dict[int, MachineContext], *, cursors: bool = True) -> None:
    """Stores what was added to the machines since they were loaded, inside the caller's transaction.

    Without `cursors` only history is written; live readings go on from where they were.
    """
    instants: dict[int, list[datetime]] = defaultdict(list)
    for machine in machines:
        instants[machine.work_center] += [count.at for count in machine.counts]
        instants[machine.work_center] += [t for flag in machine.flags for t in (flag.from_at, flag.to_at)]
    owners = load.count_owners({key: times for key, times in instants.items() if times})
    store.counts_add([(machine.work_center, count) for machine in machines for count in machine.counts], owners)
    store.flags_add([(machine.work_center, flag) for machine in machines for flag in machine.flags], owners)
    store.spans_write(machines)
    store.stops_write(machines)
    store.codes_add(machines)
    if cursors:
        store.signals_move(machines, contexts)
    store.samples_copy([sample for machine in machines for sample in machine.samples])
