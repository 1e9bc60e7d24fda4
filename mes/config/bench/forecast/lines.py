"""A simulated line by its seed: when it is to run, what it makes and how fast, minute by minute, added up to hours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mes.config.bench.forecast.floor import CHANGING, DOWN, RUNNING, Order, Worked, worked
from mes.config.bench.forecast.pace import pace_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STREAM = 60_411  # keeps these numbers apart from those of any other simulation with the same seeds
HOUR_MS = 3_600_000
MONDAY_MS = 1_704_067_200_000  # 1 January 2024, 0 o'clock
DAY_MIN, WEEK_MIN = 1440, 10_080
SIX, TWO, TEN = 360, 840, 1320  # a day begins at 6, its shifts at 6, 14 and 22
BREAKS, BREAK_MIN = (120, 600, 1080), 30
NEW_YEAR = slice(358, 366)  # days of the year on which plants with weekends are shut

PATTERNS = {
    "early": (0.15, ((0, SIX, TWO),), 5),
    "two shifts": (0.30, ((0, SIX, TEN),), 5),
    "three shifts": (0.25, ((0, SIX, SIX + DAY_MIN),), 5),
    "six days": (0.15, ((0, SIX, SIX + DAY_MIN),), 6),
    "always": (0.15, ((0, 0, DAY_MIN),), 7),
}
"""Share of lines, its minutes from the midnight of each of its working days, and how many of them a week has."""


@dataclass(frozen=True, slots=True)
class Line:
    """Hours from `MONDAY_MS` on. `good`: what was made; `told`: the same, NaN where communication was lost.

    `item`: number of the last item in the hour, -1 none. `ideal`: pieces that the planned minutes would have made at
    the ideal rate. `ideal_per_h` per item; `changeover_min` as the plan has it. `worked`: orders and pieces by minute.
    """

    seed: int
    pattern: str
    planned_min: Floats
    good: Floats
    told: Floats
    item: NDArray[np.int64]
    ideal: Floats
    run_min: Floats
    down_min: Floats
    chg_min: Floats
    ideal_per_h: Floats
    changeover_min: int
    worked: Worked

    @property
    def orders(self) -> list[Order]:
        """Every order that was begun, in its order."""
        return self.worked.orders


def line_of(seed: int, weeks: int) -> Line:
    """The same line for the same seed and weeks, to the bit."""
    rng = np.random.default_rng([STREAM, seed])
    pattern, planned = planned_of(rng, weeks)
    count = int(rng.integers(2, 9))
    spread = 0.35 if rng.random() < 0.7 else 0.1
    ideal_per_h = 10 ** rng.uniform(1.8, 3.4) * np.exp(rng.normal(0.0, spread, count))
    changeover_min = float(rng.uniform(15.0, 75.0))
    pace = pace_of(rng, weeks)
    done = worked(rng, planned, pace, ideal_per_h, changeover_min)
    scrap = rng.uniform(0.005, 0.05)
    good = rng.binomial(np.round(hourly(done.pieces)).astype(np.int64), 1 - scrap).astype(np.float64)
    by_hour = done.item.reshape(-1, 60)
    last = np.where(by_hour >= 0, np.arange(60), -1).max(axis=1)
    rate = np.where(done.item >= 0, ideal_per_h[np.maximum(done.item, 0)] / 60, 0.0)
    return Line(
        seed=seed,
        pattern=pattern,
        planned_min=hourly(planned),
        good=good,
        told=np.where(_lost(rng, weeks), np.nan, good),
        item=np.where(last >= 0, by_hour[np.arange(len(by_hour)), last], -1),
        ideal=hourly(np.where(planned, rate, 0.0)),
        run_min=hourly(done.state == RUNNING),
        down_min=hourly(done.state == DOWN),
        chg_min=hourly(done.state == CHANGING),
        ideal_per_h=ideal_per_h,
        changeover_min=int(changeover_min),
        worked=done,
    )


def planned_of(rng: np.random.Generator, weeks: int) -> tuple[str, Bools]:
    """Name of the shift pattern, and whether each minute is planned: holidays, overtime, maintenance, breaks."""
    names = list(PATTERNS)
    name = str(rng.choice(names, p=[PATTERNS[each][0] for each in names]))
    _, spans, days = PATTERNS[name]
    weekly = np.zeros(WEEK_MIN, dtype=bool)
    for day in range(days):
        for _, first, last in spans:
            weekly[np.arange(day * DAY_MIN + first, day * DAY_MIN + last) % WEEK_MIN] = True
    planned = np.tile(weekly, (weeks, 1)).reshape(weeks, 7, DAY_MIN)
    overtime, short = rng.random(weeks) < 0.15, rng.random(weeks) < 0.12
    if days == 5:
        planned[overtime, 5, SIX:TWO] = True
    if days < 7:
        planned[short, 4, TWO:] = False  # Friday ends early for want of orders
    by_day = planned.reshape(weeks * 7, DAY_MIN)
    free = rng.choice(weeks * 7, size=weeks * 10 // 52, replace=False)
    by_day[free[free % 7 < 5]] = False
    if days < 7:
        by_day[NEW_YEAR] = False
    every, on, length = int(rng.choice([1, 2, 4])), int(rng.integers(0, 5)), int(rng.choice([120, 180, 240]))
    planned[::every, on, SIX : SIX + length] = False
    if days < 7:
        for begin in BREAKS:
            by_day[:, begin : begin + BREAK_MIN] = False
    return name, planned.reshape(-1)


def hourly(minutes: NDArray[np.generic]) -> Floats:
    """Sums of sixty minutes each."""
    added: Floats = minutes.astype(np.float64).reshape(-1, 60).sum(axis=1)
    return added


def _lost(rng: np.random.Generator, weeks: int) -> Bools:
    """Hours in which nothing was heard: about one gap of up to eleven hours in three weeks."""
    hours = weeks * 168
    lost = np.zeros(hours, dtype=bool)
    for begin in rng.integers(0, hours - 12, size=rng.poisson(weeks * 0.35)):
        lost[begin : begin + rng.integers(1, 12)] = True
    return lost
