"""What the tags of a controller mean now: the plan by which the poller reads and its readings are taken in."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Max, Min, Q

from mes.plc.drivers.port import Quality
from mes.plc.engine import ControllerSpec, Poll
from mes.plc.models import Controller, StateMapEntry, TagBinding
from mes.production.models import IdealCycle
from mes.tracking.candidates import PERIOD_S, Recorded
from mes.tracking.reading import MachineRules, Reading, SignalRule, Value
from mes.tracking.rules import CounterRule

COUNTERS = ("good", "scrap", "total", "rework")
UNRATED_MAX_PER_S = Decimal(1000)  # a machine without any ideal cycle: nothing real counts faster
RATE_MARGIN = Decimal("1.5")  # R23: faster than 1.5 x the fastest ideal rate is not believed
SILENT_PERIODS = 3
LEAST_SILENCE_S = 3.0
NO_PRODUCTION_CYCLES = 30
LEAST_NO_PRODUCTION_S = 60.0


@dataclass(frozen=True, slots=True)
class Bound:
    """One tag and what it tells."""

    binding: int
    role: str
    tag: str


@dataclass(frozen=True, slots=True)
class MachinePlan:
    """The tags of one machine, its state codes and the rules for its readings."""

    work_center: int
    code: str
    line: int
    bound: tuple[Bound, ...]
    states: dict[int, tuple[str, str]]
    rules: MachineRules

    @property
    def bindings(self) -> dict[str, int]:
        """Role to binding: a cursor of another binding is not continued."""
        return {bound.role: bound.binding for bound in self.bound}


@dataclass(frozen=True, slots=True)
class ControllerPlan:
    """A controller to poll and the machines its tags tell about."""

    spec: ControllerSpec
    controller: int
    machines: tuple[MachinePlan, ...]


def controller_plans(*, at: datetime, recorded: Mapping[str, Recorded] | None = None) -> dict[str, ControllerPlan]:
    """Code to plan of every enabled controller with a tag bound at that instant, or one to be recorded unbound.

    Four queries, and one more where a controller has no bound tag yet.
    """
    recorded = recorded or {}
    valid = Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))
    bindings = (
        TagBinding.objects.filter(valid, controller__enabled=True, work_center__archived=False)
        .select_related("controller", "work_center")
        .order_by("controller__code", "work_center__code", "role")
    )
    maps: dict[int, dict[int, tuple[str, str]]] = {}
    for entry in StateMapEntry.objects.all():
        maps.setdefault(entry.state_map_id, {})[entry.raw_code] = (entry.state, entry.kind)
    cycles = IdealCycle.objects.filter(valid).values_list("work_center").order_by()
    ideals = {row[0]: (row[1], row[2]) for row in cycles.annotate(Min("ideal_cycle_s"), Max("ideal_cycle_s"))}
    grouped: dict[Controller, dict[int, list[TagBinding]]] = {}
    for binding in bindings:
        grouped.setdefault(binding.controller, {}).setdefault(binding.work_center_id, []).append(binding)
    without = recorded.keys() - {controller.code for controller in grouped}
    if without:
        grouped |= {controller: {} for controller in Controller.objects.filter(code__in=without, enabled=True)}
    return {
        controller.code: _plan(controller, recorded.get(controller.code), machines, maps, ideals)
        for controller, machines in grouped.items()
    }


def _plan(
    controller: Controller,
    recorded: Recorded | None,
    machines: dict[int, list[TagBinding]],
    maps: dict[int, dict[int, tuple[str, str]]],
    ideals: dict[int, tuple[Decimal, Decimal]],
) -> ControllerPlan:
    plans = tuple(_machine(controller, rows, maps, ideals) for rows in machines.values())
    spec = ControllerSpec(
        code=controller.code,
        kind=controller.kind,
        address=controller.address,
        period_s=float(controller.period_s),
        timeout_s=float(controller.timeout_s),
        tags=tuple(dict.fromkeys(bound.tag for plan in plans for bound in plan.bound)),
        extra=recorded.groups if recorded else (),
        extra_period_s=PERIOD_S,
    )
    return ControllerPlan(spec=spec, controller=controller.pk, machines=plans)


def _machine(
    controller: Controller,
    rows: list[TagBinding],
    maps: dict[int, dict[int, tuple[str, str]]],
    ideals: dict[int, tuple[Decimal, Decimal]],
) -> MachinePlan:
    work_center, period_s = rows[0].work_center, float(controller.period_s)
    fastest_s, slowest_s = ideals.get(work_center.pk, (None, None))
    states = next((maps.get(row.state_map_id, {}) for row in rows if row.state_map_id), {})
    rules = machine_rules(rows, fastest_s=fastest_s, slowest_s=slowest_s, period_s=period_s)
    bound = tuple(Bound(row.pk, row.role, row.tag) for row in rows)
    return MachinePlan(work_center.pk, work_center.code, work_center.line_id, bound, states, rules)


def machine_rules(
    rows: list[TagBinding], *, fastest_s: Decimal | None, slowest_s: Decimal | None, period_s: float
) -> MachineRules:
    """The rules of a machine from its bindings and its fastest and slowest ideal cycle; one `max_rate` rules them all.

    Without an ideal cycle nothing faster than a thousand a second is believed, and running without counts is no stop.
    """
    counters = {}
    for row in rows:
        if row.role in COUNTERS:
            default = RATE_MARGIN / fastest_s / row.factor if fastest_s and row.factor else UNRATED_MAX_PER_S
            rule = CounterRule(row.modulus, row.max_rate_per_s or default, row.floor)
            counters[row.role] = SignalRule(counter=rule, factor=row.factor, least_dt_s=period_s)
    counted = bool({"good", "total"} & set(counters))
    cycles = max(NO_PRODUCTION_CYCLES, math.ceil(LEAST_NO_PRODUCTION_S / float(slowest_s))) if slowest_s else 0
    return MachineRules(
        counters=counters,
        silence_s=max(SILENT_PERIODS * period_s, LEAST_SILENCE_S),
        state_from_counts="state" not in {row.role for row in rows},
        slowest_cycle_s=slowest_s if counted else None,
        no_production_cycles=cycles,
    )


def readings_of(poll: Poll, plan: ControllerPlan) -> list[Reading]:
    """One reading per machine of the controller; none from a poll that got no value or met a changed program."""
    if poll.program_changed or not any(value.quality is not Quality.BAD for value in poll.values.values()):
        return []
    return [_reading(poll, machine) for machine in plan.machines]


def _reading(poll: Poll, machine: MachinePlan) -> Reading:
    values: dict[str, Value] = {}
    for bound in machine.bound:
        read = poll.values.get(bound.tag)
        if read is None or read.value is None:
            values[bound.role] = Value(None, None, "bad")
        elif isinstance(read.value, str):
            values[bound.role] = Value(None, read.value[:100], read.quality.value)
        else:
            values[bound.role] = Value(int(read.value), None, read.quality.value)
    state = values.get("state")
    named: tuple[str, str] | None = None
    if state is not None and state.raw is not None:
        named = machine.states.get(state.raw, (f"Code {state.raw} (not in the state map)", "unknown"))
    return Reading(
        stream=f"plc:{poll.controller}",
        fence=poll.fence,
        seq=poll.seq,
        at=poll.at,
        work_center=machine.work_center,
        values=values,
        state=named,
        state_quality=state.quality if state else "good",
    )
