"""Loads the stored rows that a window of machines needs: a fixed number of queries, grouped per machine."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q, QuerySet

from mes.downtime.models import Stop
from mes.oee.corrected import WORDS
from mes.oee.policies import Begun, policies_in_force
from mes.oee.policy import Policy
from mes.plant.models import Shift, TsTzRange, WorkCenter, half_open
from mes.plant.shift_of import schedules_of
from mes.plant.stretches import Pause
from mes.production.models import IdealCycle, Run
from mes.production.targets import Targets, targets_of
from mes.tracking.models import CountFlag, CountHour, MachineCursor, StateCorrection, StateInterval
from mes.tracking.states import Kind

HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)


@dataclass(slots=True)
class MachineRows:
    """The rows of one machine that touch a window, each sorted by time."""

    shifts: list[Shift] = field(default_factory=list)
    scheduled: list[tuple[datetime, datetime]] = field(default_factory=list)  # shifts and what the floor said
    breaks: list[Pause] = field(default_factory=list)  # and planned maintenance; they never overlap
    states: list[StateInterval] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    corrections: list[StateCorrection] = field(default_factory=list)  # a person's word over states and stops
    runs: list[Run] = field(default_factory=list)
    counts: list[CountHour] = field(default_factory=list)
    flags: list[CountFlag] = field(default_factory=list)
    ideals: dict[int, list[IdealCycle]] = field(default_factory=dict)
    policies: list[Begun] = field(default_factory=list)
    targets: Targets = field(default_factory=Targets)
    heard_at: datetime | None = None
    silence_s: float = 3.0

    def known_until(self, now: datetime) -> datetime:
        """Until when an open interval is known to go on: now while the machine is heard, else when it last was."""
        if self.heard_at is None:
            return now
        return now if now - self.heard_at <= timedelta(seconds=self.silence_s) else self.heard_at

    def span_at(self, at: datetime) -> int | None:
        """Which scheduled stretch an instant lies in; None outside the schedule."""
        return next((n for n, (start, end) in enumerate(self.scheduled) if start <= at < end), None)

    def states_told(self) -> list[StateInterval]:
        """The states with people's corrections in their place, for pages that draw them; what is stored stays."""
        told = list(self.states)
        for said in self.corrections:
            word = WORDS.get(Kind(said.kind), "Unknown")
            told = [part for span in told for part in _without(span, said.starts_at, said.ends_at)]
            told.append(StateInterval(starts_at=said.starts_at, ends_at=said.ends_at, state=word, kind=said.kind))
        return sorted(told, key=lambda span: span.starts_at)

    def ran_in_truth(self, start: datetime, end: datetime) -> timedelta:
        """How much of [start, end) people said was no standstill: the machine ran, or nobody knows."""
        parts = (
            min(said.ends_at, end) - max(said.starts_at, start)
            for said in self.corrections
            if said.kind in (Kind.RUN, Kind.UNKNOWN)
        )
        return sum((part for part in parts if part > timedelta()), timedelta())

    def shift_start(self, shift: int | None) -> datetime | None:
        """When a loaded shift began; None for none."""
        return next((row.starts_at for row in self.shifts if row.pk == shift), None)

    def ideal_ms(self, item: int | None, at: datetime) -> Decimal | None:
        """The ideal cycle in ms per piece of an item at an instant; None where none is valid (R31)."""
        for cycle in self.ideals.get(item or 0, []):
            if cycle.valid_from <= at and (cycle.valid_to is None or at < cycle.valid_to):
                return cycle.ideal_cycle_s * 1000
        return None


def to_ms(instant: datetime) -> int:
    """Whole milliseconds since 1970 UTC, without the rounding of floats."""
    return (instant - EPOCH) // MS


def load_rows(work_centers: Sequence[WorkCenter], start: datetime, end: datetime) -> dict[int, MachineRows]:
    """Rows of every machine that overlap [start, end), in a fixed number of queries.

    States reach further on both sides: whether a standstill is a micro-stop is decided by the whole of it (R16).
    """
    rows = {wc.pk: MachineRows() for wc in work_centers}
    keys = list(rows)
    _shifts(work_centers, rows, start, end)
    in_force = policies_in_force(work_centers, start, end)
    around = timedelta(milliseconds=max((margin_ms(p) for begun in in_force.values() for _, p in begun), default=0))
    for span in _overlapping(StateInterval.objects.all(), keys, start - around, end + around):
        rows[span.work_center_id].states.append(span)
    trims: list[Stop] = []
    for stop in _overlapping(Stop.every.filter(split=False).select_related("reason"), keys, start, end):
        (trims if stop.trimmed else rows[stop.work_center_id].stops).append(stop)
    for said in _overlapping(
        StateCorrection.objects.filter(withdrawn_at=None).select_related("reason"), keys, start, end
    ):
        rows[said.work_center_id].corrections.append(said)
    for stop in trims:
        _trim(rows[stop.work_center_id], stop)
    for run in _overlapping(Run.objects.select_related("order", "item"), keys, start, end):
        rows[run.work_center_id].runs.append(run)
    hours = CountHour.objects.filter(work_center__in=keys, hour__gt=start - HOUR, hour__lt=end).order_by("hour")
    for count in hours.select_related("item", "order"):
        rows[count.work_center_id].counts.append(count)
    pulse = Q(from_at=F("to_at"), to_at__gte=start, to_at__lt=end)
    stretch = Q(from_at__lt=end, to_at__gt=start)
    flags = CountFlag.objects.filter(pulse | stretch, work_center__in=keys, kind__in=("gap", "manual"))
    for flag in flags.select_related("item", "order").order_by("to_at"):
        rows[flag.work_center_id].flags.append(flag)
    items: set[int | None] = set()
    for machine in rows.values():
        items.update(count.item_id for count in machine.counts)
        items.update(run.item_id for run in machine.runs)
        items.update(flag.item_id for flag in machine.flags)
    cycles: dict[int, dict[int, list[IdealCycle]]] = defaultdict(lambda: defaultdict(list))
    for cycle in IdealCycle.objects.filter(work_center__in=keys, item__in=items - {None}).order_by("valid_from"):
        cycles[cycle.work_center_id][cycle.item_id].append(cycle)
    for heard in MachineCursor.objects.filter(work_center__in=keys):
        rows[heard.work_center_id].heard_at = heard.heard_at
        rows[heard.work_center_id].silence_s = heard.silence_s
    targets = targets_of(work_centers, end)
    for pk, machine in rows.items():
        machine.ideals = dict(cycles[pk])
        machine.policies = in_force[pk]
        machine.targets = targets[pk]
    return rows


def margin_ms(policy: Policy) -> int:
    """How far beyond a window a policy must look to know who owns its edges: a whole micro-stop, with run blips."""
    return policy.micro_threshold_ms + 2 * policy.min_run_ms + 1000


def _without(span: StateInterval, start: datetime, end: datetime) -> list[StateInterval]:
    """The parts of an interval before and behind a correction, not to be stored."""
    if end <= span.starts_at or (span.ends_at is not None and span.ends_at <= start):
        return [span]
    common = {"state": span.state, "kind": span.kind, "raw_code": span.raw_code, "why": span.why}
    edges = [(span.starts_at, start), (end, span.ends_at)]
    return [StateInterval(starts_at=a, ends_at=b, **common) for a, b in edges if b is None or a < b]


def _trim(machine: MachineRows, stop: Stop) -> None:
    """What somebody trimmed off a stop is time in which the machine ran; a correction of that time says more."""
    left = [StateInterval(starts_at=stop.starts_at, ends_at=stop.ends_at)]
    for said in machine.corrections:
        left = [part for span in left for part in _without(span, said.starts_at, said.ends_at)]
    machine.corrections += [
        StateCorrection(
            work_center_id=stop.work_center_id,
            starts_at=part.starts_at,
            ends_at=part.ends_at,  # type: ignore[misc]
            kind=Kind.RUN,
            why="trimmed off a stop",
        )
        for part in left
    ]
    machine.corrections.sort(key=lambda said: said.starts_at)


def _overlapping(query: QuerySet, keys: list[int], start: datetime, end: datetime) -> QuerySet:
    """Written as the exclusion constraint is, so that its index finds them without walking through the past."""
    span = TsTzRange("starts_at", "ends_at", half_open())
    window = (start, max(end, start + timedelta(microseconds=1)))
    return query.alias(span=span).filter(span__overlap=window, work_center__in=keys).order_by("starts_at")


def _shifts(work_centers: Sequence[WorkCenter], rows: dict[int, MachineRows], start: datetime, end: datetime) -> None:
    for pk, schedule in schedules_of(work_centers, start, end).items():
        rows[pk].shifts, rows[pk].scheduled, rows[pk].breaks = schedule.shifts, schedule.spans, schedule.pauses
