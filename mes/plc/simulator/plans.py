"""What a machine does next: a script written down beforehand, or dice with a seed."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from typing import Protocol

FOREVER_US = 1 << 62
KINDS = ("run", "micro", "breakdown", "changeover", "starved", "blocked", "idle", "starting", "off")

# State codes by kind for the "packml-tr88" numbering.
PACKML_TR88: dict[str, int] = {
    "run": 6,
    "micro": 11,
    "breakdown": 9,
    "changeover": 2,
    "starved": 5,
    "blocked": 5,
    "idle": 4,
    "starting": 3,
    "off": 2,
}


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of a plan. Times are simulated microseconds; `cycle_us` is 0 while nothing is made."""

    kind: str
    state: int
    reason: int
    duration_us: int
    cycle_us: int = 0
    item: str = ""
    order: str = ""
    scrap_every: int = 0  # every n-th part is bad; 0 leaves it to the dice
    scrap_share: float = 0.0


class Plan(Protocol):
    """Gives one segment after another, without end."""

    def next_segment(self) -> Segment:
        """The next stretch; asked when the one before is over."""


class ScriptPlan:
    """The steps as written, once or again and again; afterwards idle for ever."""

    def __init__(self, steps: list[Segment], idle: Segment, *, repeat: bool = False) -> None:
        self._steps = steps
        self._idle = replace(idle, duration_us=FOREVER_US)
        self._repeat = repeat and bool(steps)
        self._at = 0

    def next_segment(self) -> Segment:
        """The next step."""
        if self._at >= len(self._steps):
            if not self._repeat:
                return self._idle
            self._at = 0
        self._at += 1
        return self._steps[self._at - 1]


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that stops a machine: on average every `every_s` of running time, for about `lasts_s`.

    `spread` is the sigma of a log-normal around the median `lasts_s`; 0 makes every stop equally long.
    """

    kind: str
    reason: int
    every_s: float
    lasts_s: float
    spread: float = 0.5


@dataclass(frozen=True, slots=True)
class Job:
    """One order of the rotation: `quantity` parts at `cycle_s` each."""

    item: str
    order: str
    quantity: int
    cycle_s: float
    scrap_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Habits:
    """How a machine behaves by the dice."""

    jobs: tuple[Job, ...]
    causes: tuple[Cause, ...] = ()
    changeover_s: float = 0.0
    changeover_reason: int = 0
    changeover_spread: float = 0.3
    starting_s: float = 0.0  # ramp in state Starting after every stop that is not a micro-stop
    slower_up_to: float = 0.0  # each run is up to this share slower than the cycle (0.05: up to 5 %)
    states: dict[str, int] = field(default_factory=lambda: dict(PACKML_TR88))


class DicePlan:
    """Runs and stops drawn from seeded dice; equal seeds give equal plans whatever the ticks are."""

    def __init__(self, habits: Habits, seed: str) -> None:
        self._habits = habits
        self._dice = random.Random(f"{seed}:plan")
        self._round = 0
        self._job_at = 0
        self._left = habits.jobs[0].quantity
        self._waiting: list[Segment] = []

    def next_segment(self) -> Segment:
        """The next stretch: a waiting one, or a run until the next cause strikes or the job is done."""
        if self._waiting:
            return self._waiting.pop(0)
        habits = self._habits
        job = self._job()
        cycle_us = round(job.cycle_s * 1e6 * (1 + habits.slower_up_to * self._dice.random()))
        strikes = [(self._dice.expovariate(1 / cause.every_s), n) for n, cause in enumerate(habits.causes)]
        run_s, which = min(strikes, default=(math.inf, -1))
        parts_until = math.inf if math.isinf(run_s) else max(int(run_s * 1e6 // cycle_us), 1)
        if parts_until >= self._left:
            parts, self._left = self._left, 0
            self._waiting += self._changeover(job)
        else:
            parts = int(parts_until)
            self._left -= parts
            self._waiting += self._stop(habits.causes[which], job)
        return Segment(
            "run", habits.states["run"], 0, parts * cycle_us, cycle_us, job.item, self._order(job), 0, job.scrap_share
        )

    def _job(self) -> Job:
        jobs = self._habits.jobs
        if self._left == 0:
            self._job_at += 1
            if self._job_at == len(jobs):
                self._job_at, self._round = 0, self._round + 1
            self._left = jobs[self._job_at].quantity
        return jobs[self._job_at]

    def _order(self, job: Job) -> str:
        return f"{job.order}.{self._round}" if self._round and job.order else job.order

    def _stop(self, cause: Cause, job: Job) -> list[Segment]:
        lasts_s = cause.lasts_s * math.exp(self._dice.gauss(0.0, cause.spread)) if cause.spread else cause.lasts_s
        parts = [self._still(cause.kind, cause.reason, lasts_s, job)]
        if cause.kind != "micro":
            parts += self._starting(cause.reason, job)
        return parts

    def _changeover(self, job: Job) -> list[Segment]:
        habits = self._habits
        if not habits.changeover_s:
            return []
        lasts_s = habits.changeover_s * math.exp(self._dice.gauss(0.0, habits.changeover_spread))
        reason = habits.changeover_reason
        return [self._still("changeover", reason, lasts_s, job), *self._starting(reason, job)]

    def _starting(self, reason: int, job: Job) -> list[Segment]:
        return [self._still("starting", reason, self._habits.starting_s, job)] if self._habits.starting_s else []

    def _still(self, kind: str, reason: int, lasts_s: float, job: Job) -> Segment:
        duration_us = max(round(lasts_s * 1000), 1) * 1000
        return Segment(kind, self._habits.states[kind], reason, duration_us, 0, job.item, self._order(job))
