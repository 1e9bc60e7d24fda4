"""A machine that follows seeded dice: equal seeds equal days, and the ledger adds up whatever happens."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mes.plc.simulator.config import loads
from tests.plc.simulator.machines import START_MS, dice_plant, go

HOUR_MS = 3_600_000


def day(seed: int, step_s: float = 3600.0) -> list[object]:
    plant, clock = dice_plant(seed)
    at = 0.0
    while at < 3600:
        at = min(at + step_s, 3600)
        go(plant, clock, at)
    ledger = plant.machine("M1").ledger
    return [ledger.good, ledger.scrap, ledger.intervals(0, START_MS + HOUR_MS)]


def test_equal_seeds_make_equal_hours_whatever_the_ticks() -> None:
    assert day(5) == day(5, step_s=0.9) == day(5, step_s=61.7)


def test_other_seeds_make_other_hours() -> None:
    assert len({str(day(seed)) for seed in range(5)}) == 5


def test_the_dice_keep_their_averages() -> None:
    runs = [dice_plant(seed) for seed in range(12)]
    micro, good, scrap, run_ms = 0, 0, 0, 0
    for plant, clock in runs:
        ledger = go(plant, clock, 3600).ledger
        totals = ledger.totals(START_MS, START_MS + HOUR_MS)
        micro += sum(1 for stop in ledger.stops(START_MS, START_MS + HOUR_MS) if stop.kind == "micro")
        good, scrap, run_ms = good + totals.good, scrap + totals.scrap, run_ms + totals.kind_ms["run"]
    assert 0.8 < micro / (run_ms / 40_000) < 1.2  # one per 40 s of running
    assert 0.03 < scrap / (good + scrap) < 0.05  # between 2 % and 5 %, more of the 5 % job in parts
    assert 0.7 < run_ms / (good + scrap) / 1000 < 1.3 * 1.1


def test_the_rotation_of_jobs_goes_on_with_a_changeover_between() -> None:
    plant, clock = dice_plant(3)
    ledger = go(plant, clock, 4 * 3600).ledger
    changeovers = [s for s in ledger.stops(START_MS, START_MS + 4 * HOUR_MS) if s.kind == "changeover"]
    assert len(changeovers) >= 4
    assert {stop.reason for stop in changeovers} == {502}
    first = changeovers[0]
    assert sum(ledger.parts(START_MS, first.start_ms + 1)) == 300
    assert sum(ledger.parts(START_MS, changeovers[1].start_ms + 1)) == 500


def test_a_long_stop_is_followed_by_starting_and_a_micro_stop_is_not() -> None:
    plant, clock = dice_plant(3)
    intervals = go(plant, clock, 2 * 3600).ledger.intervals(START_MS, START_MS + 2 * HOUR_MS)
    pairs = {(before.kind, after.kind) for before, after in pairwise(intervals)}
    assert pairs == {
        *(("run", kind) for kind in ("micro", "breakdown", "starved", "changeover")),
        *((kind, "starting") for kind in ("breakdown", "starved", "changeover")),
        *((kind, "run") for kind in ("micro", "starting")),
    }


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    speed=st.sampled_from([0.5, 1, 3, 10, 60]),
    steps=st.lists(st.floats(0.01, 120), min_size=1, max_size=12),
)
def test_the_ledger_adds_up(seed: int, speed: float, steps: list[float]) -> None:
    """State times are the time that passed; the tag's counters are the ledger; windows add up to the whole."""
    plant, clock = dice_plant(seed, speed)
    dice = random.Random(seed)
    at = 0.0
    for step in steps:
        at += step
        machine = go(plant, clock, at)
        event = dice.choice(["none", "pause", "resume", "force", "run", "speed", "restart"])
        if event in ("pause", "resume"):
            getattr(plant, event)()
        elif event == "force":
            plant.force("M1", "breakdown", reason=9, duration_s=dice.choice([None, 5.0]))
        elif event == "run":
            plant.force("M1", "run")
        elif event == "speed":
            plant.change_speed(dice.choice([1, 7, 20]))
        elif event == "restart":
            plant.turn_keyswitch("PLC-1", dice.choice(["PROG", "RUN"]))
    plant.resume()
    plant.turn_keyswitch("PLC-1", "RUN")
    end_ms = clock.ms
    ledger = machine.ledger
    totals = ledger.totals(START_MS, end_ms)
    assert sum(totals.state_ms.values()) == end_ms - START_MS
    assert sum(totals.kind_ms.values()) == end_ms - START_MS
    intervals = ledger.intervals(START_MS, end_ms + 1)
    assert all(a.end_ms == b.start_ms for a, b in pairwise(intervals))
    shown = plant.controller("PLC-1").controller["M1"]
    assert (shown["Good"], shown["Scrap"], shown["Total"]) == (ledger.good, ledger.scrap, ledger.good + ledger.scrap)
    assert ledger.parts(0, end_ms + 1) == (ledger.good, ledger.scrap)
    middle = START_MS + dice.randrange(end_ms - START_MS + 1)
    left, right = ledger.parts(0, middle), ledger.parts(middle, end_ms + 1)
    assert (left[0] + right[0], left[1] + right[1]) == (ledger.good, ledger.scrap)


def test_a_machine_that_runs_with_another_stops_and_makes_parts_at_the_same_instants() -> None:
    habits = "jobs: [{quantity: 9000, cycle_s: 2}], causes: [{kind: micro, every_s: 60, lasts_s: 9}]"
    text = f"""
seed: 4
controllers:
  PLC:
    machines:
      A: {{{habits}}}
      B: {{runs_with: A, {habits}}}
      C: {{{habits}}}
"""
    plant = loads(text, now_ms=lambda: START_MS)
    plant.advance(START_MS + HOUR_MS)
    a, b, c = (plant.machine(name).ledger for name in "ABC")
    assert (a.good, a.intervals(0, START_MS + HOUR_MS)) == (b.good, b.intervals(0, START_MS + HOUR_MS))
    assert a.intervals(0, START_MS + HOUR_MS) != c.intervals(0, START_MS + HOUR_MS)
