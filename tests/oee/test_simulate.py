"""The same shift under other policies (R16 both classes, R10, R17, R20 OEE and NEE), worked by hand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mes.oee import simulate as simulator
from mes.oee.places import line_place, machine_place
from mes.oee.policy import DEFAULT, DEFAULT_PRECEDENCE, ISO, SMRP, Claim
from mes.oee.simulate import Reading, TooMuch, simulate
from tests.oee.explain_kit import EIGHT_H, shift_story
from tests.production.small_plant import SIX, SmallPlant, small_plant

NOW = SIX + timedelta(hours=12)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    shift_story(plant)
    return plant


def _owners(reading: Reading) -> dict[str, float]:
    names = ("run", "unplanned", "micro", "planned_stop", "unknown", "setup")
    return {name: ms / 60_000 for name in names if (ms := getattr(reading.moved, f"{name}_ms"))}


def test_r16_the_same_shift_with_micro_stops_as_lost_speed_and_as_stops(plant: SmallPlant) -> None:
    """330 run, 1 micro, 99 stops, 20 unknown, 30 lunch: A 331/430 or 330/430; OEE 333 min 20 s of 450 or of 480."""
    real, iso, smrp = simulate(machine_place(plant.packer), EIGHT_H, [(ISO, True), (SMRP, True)], now=NOW)
    assert _owners(real) == {"run": 330, "unplanned": 99, "micro": 1, "planned_stop": 30, "unknown": 20}
    assert real.kpi.availability == pytest.approx(331 / 430)
    assert iso.kpi.availability == pytest.approx(330 / 430)
    assert iso.kpi.performance == pytest.approx(24500 * 0.8 / (330 * 60))
    assert smrp.kpi.availability == pytest.approx(330 / 460)
    assert [one.kpi.oee for one in (real, iso)] == [pytest.approx(20000 / 60 / 450)] * 2
    assert smrp.kpi.oee == pytest.approx(20000 / 60 / 480)


def test_another_threshold_moves_minutes_and_none_is_lost(plant: SmallPlant) -> None:
    """At 45 min the jam of 40 is a micro-stop too; the 59 min are not. They end in the dark, which ends the event."""
    draft = replace(DEFAULT, name="own", micro_threshold_ms=45 * 60_000)
    real, own = simulate(machine_place(plant.packer), EIGHT_H, [(draft, False)], now=NOW)
    assert _owners(own) == {"run": 330, "unplanned": 59, "micro": 41, "planned_stop": 30, "unknown": 20}
    assert own.moved.scheduled_ms == real.moved.scheduled_ms
    assert own.kpi.availability == pytest.approx(371 / 430)


def test_r17_a_short_run_inside_a_stop_may_belong_to_the_stop(plant: SmallPlant) -> None:
    """The run 140-141 between two standstills is 60 s: with 90 s it belongs to one standstill from 100 to 142."""
    draft = replace(DEFAULT, name="own", min_run_ms=90_000)
    [_, own] = simulate(machine_place(plant.packer), EIGHT_H, [(draft, True)], now=NOW)
    assert _owners(own) == {"run": 329, "unplanned": 101, "planned_stop": 30, "unknown": 20}


def test_r10_precedence_is_a_policy(plant: SmallPlant) -> None:
    """Where the plant ranks unplanned stops first, a standstill that reaches into lunch owns the lunch too."""
    rest = [claim for claim in DEFAULT_PRECEDENCE if claim is not Claim.UNPLANNED_STOP]
    first = replace(DEFAULT, name="own", precedence=(Claim.UNPLANNED_STOP, *rest))
    [_, own] = simulate(machine_place(plant.packer), EIGHT_H, [(first, True)], now=NOW)
    # the standstill of 240-270 (lunch, idle with an order) is one event with the 59 min after it
    assert _owners(own) == {"run": 330, "unplanned": 129, "micro": 1, "unknown": 20}


def test_a_line_reads_its_exit_and_moves_the_minutes_of_all_machines(plant: SmallPlant) -> None:
    real, iso = simulate(line_place(plant.line_1), EIGHT_H, [(ISO, True)], now=NOW)
    assert real.kpi.availability == pytest.approx(331 / 430)
    assert iso.kpi.availability == pytest.approx(330 / 430)
    assert _owners(real) == {"run": 330 + 450, "unplanned": 99, "micro": 1, "planned_stop": 60, "unknown": 20}


def test_more_than_can_be_read_anew_at_once_is_refused(plant: SmallPlant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator, "MOST_STATES", 5)
    with pytest.raises(TooMuch):
        simulate(machine_place(plant.packer), EIGHT_H, [(ISO, True)], now=NOW)
