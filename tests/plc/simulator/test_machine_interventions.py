"""Forced states, keyswitch, restart, frozen heartbeat and decoys, on a clock that the test moves."""

import pytest

from mes.plc.simulator.ledger import Stop
from tests.plc.simulator.machines import START_MS, dice_plant, go, script_plant


def test_a_forced_breakdown_interrupts_the_plan_which_goes_on_behind_it() -> None:
    plant, clock = script_plant()
    go(plant, clock, 20.5)
    plant.force("M1", "breakdown", reason=77, duration_s=10)
    assert plant.controller("PLC-1").controller["M1.ReasonCode"] == 77
    machine = go(plant, clock, 400)
    assert (machine.ledger.good, machine.ledger.scrap) == (123, 12)
    assert machine.ledger.stops(START_MS, START_MS + 200_000) == [
        Stop(START_MS + 20_500, START_MS + 30_500, 9, 77, "breakdown"),
        Stop(START_MS + 130_000, START_MS + 175_000, 9, 12, "breakdown"),
    ]


def test_a_forced_stop_without_end_lasts_until_run_is_forced() -> None:
    plant, clock = script_plant()
    go(plant, clock, 10)
    plant.force("M1", "starved", reason=401)
    go(plant, clock, 5000)
    plant.force("M1", "run")
    machine = go(plant, clock, 5010)
    assert machine.ledger.stops(START_MS, clock.ms) == [
        Stop(START_MS + 10_000, START_MS + 5_000_000, 5, 401, "starved"),
    ]
    assert machine.ledger.good + machine.ledger.scrap == 20


def test_run_ends_a_stop_of_the_plan_at_once() -> None:
    plant, clock = script_plant()
    go(plant, clock, 130)
    plant.force("M1", "run")
    machine = go(plant, clock, 134)
    assert machine.ledger.stops(START_MS, clock.ms) == [
        Stop(START_MS + 120_000, START_MS + 130_000, 9, 12, "breakdown"),
    ]
    assert machine.ledger.good == 108 + 2


def test_an_unknown_kind_or_machine_is_named_with_those_there_are() -> None:
    plant, _ = script_plant()
    with pytest.raises(ValueError, match=r"no kind of state 'broken'.*breakdown"):
        plant.force("M1", "broken")
    with pytest.raises(KeyError, match=r"no machine M9 here; there are M1"):
        plant.force("M9", "run")
    with pytest.raises(KeyError, match=r"no controller X here; there are PLC-1"):
        plant.turn_keyswitch("X", "RUN")


def test_on_prog_nothing_moves_and_the_ledger_says_off() -> None:
    plant, clock = script_plant()
    go(plant, clock, 20.5)
    plant.turn_keyswitch("PLC-1", "PROG")
    before = plant.controller("PLC-1").controller["M1"]
    go(plant, clock, 60)
    plant.force("M1", "starved", reason=3, duration_s=1)
    machine = go(plant, clock, 80.5)
    assert plant.controller("PLC-1").controller["M1"] == before
    plant.turn_keyswitch("PLC-1", "RUN")
    assert plant.controller("PLC-1").controller["M1.ReasonCode"] == 3
    go(plant, clock, 91.6)
    assert plant.controller("PLC-1").controller["M1.Heartbeat"] == 31
    assert machine.ledger.good + machine.ledger.scrap == 30
    assert machine.ledger.stops(START_MS, clock.ms) == [
        Stop(START_MS + 20_500, START_MS + 80_500, 2, 0, "off"),
        Stop(START_MS + 80_500, START_MS + 81_500, 5, 3, "starved"),
    ]


def test_a_restart_begins_at_zero_with_a_new_epoch_and_the_ledger_keeps_all() -> None:
    plant, clock = script_plant()
    machine = go(plant, clock, 30.5)
    machine.restart_counters()
    machine.write()
    shown = plant.controller("PLC-1").controller["M1"]
    assert (shown["Good"], shown["Scrap"], shown["Total"], shown["Epoch"], shown["Heartbeat"]) == (0, 0, 0, 5, 0)
    go(plant, clock, 40.5)
    shown = plant.controller("PLC-1").controller["M1"]
    assert (shown["Good"], shown["Scrap"], shown["Total"]) == (9, 1, 10)
    assert (machine.ledger.good, machine.ledger.scrap) == (36, 4)


def test_a_frozen_heartbeat_stands_while_the_counters_go_on() -> None:
    plant, clock = script_plant()
    go(plant, clock, 10)
    plant.freeze_heartbeat("M1")
    go(plant, clock, 30)
    shown = plant.controller("PLC-1").controller["M1"]
    assert (shown["Heartbeat"], shown["Good"]) == (10, 50 + 27)
    plant.freeze_heartbeat("M1", False)
    go(plant, clock, 31)
    assert plant.controller("PLC-1").controller["M1.Heartbeat"] == 31


def test_decoys_move_but_are_no_counters() -> None:
    plant, clock = dice_plant(1)
    controller = plant.controller("PLC-1").controller
    seen: dict[str, set[object]] = {}
    for second in range(0, 3600, 7):
        go(plant, clock, second)
        for path in ("Ambient_Temp", "Batch_Count", "Part_Present", "Program:MainProgram.Tank_Level", "Recipe_Name"):
            seen.setdefault(path, set()).add(controller[path])
    assert 18.5 < min(seen["Ambient_Temp"]) < max(seen["Ambient_Temp"]) < 24.5
    assert max(seen["Batch_Count"]) < 500
    assert controller["Batch_Count"] < max(seen["Batch_Count"])  # it began again
    assert seen["Part_Present"] == {True, False}
    assert len(seen["Program:MainProgram.Tank_Level"]) > 100
    assert seen["Recipe_Name"] == {"R-0815"}
