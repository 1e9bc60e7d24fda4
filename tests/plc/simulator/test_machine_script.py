"""A machine that follows a script: every figure is known beforehand."""

import pytest

from mes.plc.simulator.ledger import Stop
from tests.plc.simulator.machines import START_MS, Clock, go, script_plant


def test_a_script_makes_exactly_what_it_says() -> None:
    plant, clock = script_plant()
    machine = go(plant, clock, 400)
    # 120 parts of which every tenth is bad, then 15 parts at 2 s of which none is.
    assert (machine.ledger.good, machine.ledger.scrap) == (123, 12)
    assert machine.ledger.stops(START_MS, START_MS + 300_000) == [
        Stop(START_MS + 120_000, START_MS + 165_000, 9, 12, "breakdown"),
        Stop(START_MS + 195_000, None, 4, 0, "idle"),
    ]
    totals = machine.ledger.totals(START_MS, START_MS + 200_000)
    assert totals.state_ms == {6: 150_000, 9: 45_000, 4: 5_000}


def test_the_tag_shows_the_machine() -> None:
    plant, clock = script_plant()
    controller = plant.controller("PLC-1").controller
    go(plant, clock, 10.5)
    assert controller["M1"] == {
        "Heartbeat": 10,
        "Epoch": 4,
        "Good": 59,
        "Scrap": 6,
        "Total": 65,
        "State": 6,
        "ReasonCode": 0,
        "OrderId": "WO-1",
        "Speed": 60.0,
        "AuditValue": controller["M1.AuditValue"],
    }
    go(plant, clock, 130)
    shown = controller["M1"]
    assert (shown["State"], shown["ReasonCode"], shown["Speed"]) == (9, 12, 0.0)
    go(plant, clock, 170)
    assert controller["M1.OrderId"] == "WO-2"
    assert controller["M1.Speed"] == 30.0


@pytest.mark.parametrize("step_s", [0.05, 0.333, 1.0, 7.7, 400.0])
def test_the_size_of_the_ticks_changes_nothing(step_s: float) -> None:
    plant, clock = script_plant()
    at = 0.0
    while at < 199:
        at = min(at + step_s, 199)
        go(plant, clock, at)
    ledger = plant.machine("M1").ledger
    assert (ledger.good, ledger.scrap) == (123, 12)
    assert [ledger.parts(START_MS, START_MS + ms) for ms in (999, 1001, 10_001, 166_999, 167_001)] == [
        (0, 0),
        (1, 0),
        (9, 1),
        (108, 12),
        (109, 12),
    ]


def test_at_tenfold_speed_parts_come_ten_times_as_fast_and_stops_last_a_tenth() -> None:
    plant, clock = script_plant(speed=10)
    machine = go(plant, clock, 40)
    assert (machine.ledger.good, machine.ledger.scrap) == (123, 12)
    assert machine.ledger.stops(START_MS, START_MS + 19_000) == [
        Stop(START_MS + 12_000, START_MS + 16_500, 9, 12, "breakdown"),
    ]
    assert machine.ledger.parts(START_MS, START_MS + 1_001) == (9, 1)
    assert plant.controller("PLC-1").controller["M1.Heartbeat"] == 40


def test_a_change_of_speed_counts_from_its_instant() -> None:
    plant, clock = script_plant()
    go(plant, clock, 20)
    plant.change_speed(10)
    machine = go(plant, clock, 25)
    assert machine.ledger.parts(START_MS, START_MS + 25_001) == (63, 7)
    assert machine.ledger.parts(START_MS, START_MS + 20_001) == (18, 2)
    assert machine.ledger.parts(START_MS + 20_001, START_MS + 20_101) == (1, 0)
    with pytest.raises(ValueError, match="above 0"):
        plant.change_speed(0)


def test_a_pause_freezes_the_machine_and_not_the_heartbeat() -> None:
    plant, clock = script_plant()
    go(plant, clock, 10.5)
    plant.pause()
    machine = go(plant, clock, 60)
    shown = plant.controller("PLC-1").controller["M1"]
    assert (shown["Good"], shown["State"], shown["Heartbeat"]) == (59, 6, 60)
    plant.resume()
    assert go(plant, clock, 60.4).ledger.good == 9
    assert go(plant, clock, 60.6).ledger.scrap == 1 or machine.ledger.good == 10
    assert machine.ledger.totals(START_MS, START_MS + 60_600).state_ms == {6: 60_600}


def test_a_script_can_repeat() -> None:
    from mes.plc.simulator.config import loads

    clock = Clock()
    text = "controllers: {C: {machines: {M1: {repeat: true, script: [{run: 3}, {micro: 1, reason: 7}]}}}}"
    plant = loads(text, now_ms=clock)
    machine = go(plant, clock, 40)
    assert machine.ledger.good == 30
    assert len(machine.ledger.stops(START_MS, START_MS + 40_000)) == 10


def test_a_part_in_work_is_finished_after_the_stop() -> None:
    from mes.plc.simulator.config import loads

    clock = Clock()
    steps = "[{run: 2.5, cycle_s: 1}, {micro: 10}, {run: 10, cycle_s: 2}]"
    plant = loads(f"controllers: {{C: {{machines: {{M1: {{script: {steps}}}}}}}}}", now_ms=clock)
    ledger = go(plant, clock, 30).ledger
    # Half a part was left; at a cycle of 2 s it takes one more second.
    assert ledger.parts(START_MS, START_MS + 13_499) == (2, 0)
    assert ledger.parts(START_MS, START_MS + 13_501) == (3, 0)
    assert ledger.parts(START_MS, START_MS + 15_501) == (4, 0)


def test_counters_wrap_at_their_modulus() -> None:
    plant, clock = script_plant(modulus=100)
    go(plant, clock, 60)
    shown = plant.controller("PLC-1").controller["M1"]
    assert (shown["Good"], shown["Scrap"], shown["Total"]) == ((50 + 54) % 100, 5 + 6, (55 + 60) % 100)
    plant.wind_counter("M1", "Good", 98)
    go(plant, clock, 62)
    assert plant.controller("PLC-1").controller["M1.Good"] == 0
    assert plant.machine("M1").ledger.good == 56


def test_a_logix_counter_wraps_to_the_negative_end() -> None:
    from mes.plc.simulator.config import loads

    clock = Clock()
    counters = "{modulus: 4294967296, floor: -2147483648, good: 2147483646}"
    text = f"controllers: {{C: {{machines: {{M1: {{counters: {counters}, script: [{{run: 9}}]}}}}}}}}"
    plant = loads(text, now_ms=clock)
    go(plant, clock, 1)
    assert plant.controller("C").controller["M1.Good"] == 2147483647
    go(plant, clock, 2)
    assert plant.controller("C").controller["M1.Good"] == -2147483648
