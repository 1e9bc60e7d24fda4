"""The part of a plant file that describes one machine: by dice (jobs and causes) or by a script."""

from __future__ import annotations

from dataclasses import dataclass

from .ledger import Ledger
from .machine import Counters, Machine
from .plans import KINDS, PACKML_TR88, Cause, DicePlan, Habits, Job, Plan, ScriptPlan, Segment
from .tags import VirtualController
from .yaml_reader import Block

MACHINE_KEYS = (
    *("tag", "epoch", "counters", "states", "jobs", "causes", "changeover"),
    *("starting_s", "slower_up_to", "runs_with", "script", "repeat"),
)
JOB_KEYS = ("item", "order", "quantity", "cycle_s", "scrap")
CAUSE_KEYS = ("kind", "reason", "every_s", "lasts_s", "spread")
STEP_KEYS = (*KINDS, "reason", "state", "cycle_s", "scrap_every", "scrap", "item", "order")
STOP_KINDS = ("micro", "breakdown", "starved", "blocked", "idle", "off")
REASONS_END = 1 << 15  # ReasonCode and State are INT


@dataclass(frozen=True, slots=True)
class ClockStart:
    """When the plant begins (real UTC milliseconds), how fast it goes, and its seed."""

    at_ms: int
    speed: float
    seed: str


def read_machine(
    name: str, tag: str, block: Block, controller: VirtualController, start: ClockStart, modulus: int = 1 << 31
) -> Machine | None:
    """One machine, or None when its plan cannot be used; the problems are noted in the block."""
    block.only(MACHINE_KEYS)
    states = _states(block)
    seed = f"{start.seed}:{name}"
    plan_seed = f"{start.seed}:{block.text('runs_with', name)}"
    plan = _script(block, states) if block.has("script") else _dice(name, block, states, plan_seed)
    epoch = block.whole("epoch", start.at_ms // 1000 & 0x7FFF_FFFF, least=0)
    counters = _counters(block.block("counters"), modulus)
    if plan is None:
        return None
    return Machine(
        name,
        controller,
        plan,
        Ledger(name),
        seed=seed,
        at_ms=start.at_ms,
        speed=start.speed,
        counters=counters,
        epoch=epoch,
        states=states,
        tag=tag,
    )


def _states(block: Block) -> dict[str, int]:
    own = block.block("states")
    own.only(KINDS)
    return {kind: own.whole(kind, code, least=-REASONS_END) for kind, code in PACKML_TR88.items()}


def _counters(block: Block, modulus: int) -> Counters:
    block.only(("modulus", "floor", "good", "scrap", "total"))
    good, scrap = block.whole("good", 0), block.whole("scrap", 0)
    first = {"Good": good, "Scrap": scrap, "Total": block.whole("total", good + scrap)}
    return Counters(block.whole("modulus", modulus, least=2), block.whole("floor", 0), first)


def _script(block: Block, states: dict[str, int]) -> Plan:
    steps = [step for row in block.rows("script") if (step := _step(row, states)) is not None]
    for key in ("jobs", "causes", "changeover"):
        if block.has(key):
            block.complain(key, f"{block.name} has a script, so '{key}' would never be used; keep one of the two.")
    idle = Segment("idle", states["idle"], 0, 0)
    return ScriptPlan(steps, idle, repeat=block.flag("repeat", False))


def _step(row: Block, states: dict[str, int]) -> Segment | None:
    row.only(STEP_KEYS)
    kinds = [kind for kind in KINDS if kind in row.data]
    if len(kinds) != 1:
        row.complain(None, f"{row.name} must say one kind with its seconds, for example 'run: 120'.")
        return None
    kind = kinds[0]
    duration_us = round(row.number(kind, 1, above=0) * 1000) * 1000
    cycle_us = round(row.number("cycle_s", 1.0, above=0) * 1e6) if kind == "run" else 0
    return Segment(
        kind,
        row.whole("state", states[kind]),
        row.whole("reason", 0, least=0),
        duration_us,
        cycle_us,
        row.text("item", ""),
        row.text("order", ""),
        row.whole("scrap_every", 0, least=0),
        row.number("scrap", 0.0, least=0),
    )


def _dice(name: str, block: Block, states: dict[str, int], seed: str) -> Plan | None:
    jobs = tuple(_job(row) for row in block.rows("jobs"))
    if not jobs:
        block.complain(None, f"machine {name} needs 'jobs' (orders to make) or a 'script'.")
        return None
    changeover = block.block("changeover")
    changeover.only(("lasts_s", "reason", "spread"))
    habits = Habits(
        jobs,
        tuple(_cause(row) for row in block.rows("causes")),
        changeover.number("lasts_s", 0.0, least=0),
        changeover.whole("reason", 0, least=0),
        changeover.number("spread", 0.3, least=0),
        block.number("starting_s", 0.0, least=0),
        block.number("slower_up_to", 0.0, least=0),
        states,
    )
    return DicePlan(habits, seed)


def _job(row: Block) -> Job:
    row.only(JOB_KEYS)
    if not row.has("cycle_s"):
        row.complain(None, f"{row.name} has no 'cycle_s' (seconds per part).")
    return Job(
        row.text("item", ""),
        row.text("order", ""),
        max(row.whole("quantity", 1000, least=1), 1),
        row.number("cycle_s", 1.0, above=0),
        row.number("scrap", 0.0, least=0),
    )


def _cause(row: Block) -> Cause:
    row.only(CAUSE_KEYS)
    return Cause(
        row.text("kind", "micro", STOP_KINDS),
        row.whole("reason", 0, least=0),
        row.number("every_s", 600.0, above=0),
        row.number("lasts_s", 10.0, above=0),
        row.number("spread", 0.5, least=0),
    )
