"""The plant file: what it makes, and one sentence with the line for every mistake."""

from pathlib import Path

import pytest

import mes.plc.simulator
from mes.plc.simulator.config import ConfigError, load, loads
from mes.plc.simulator.slc import SlcController

SAMPLE = Path(mes.plc.simulator.__file__).parent / "sample.yaml"


def test_the_sample_is_a_plant_with_one_machine() -> None:
    plant = load(SAMPLE)
    assert list(plant.controllers) == ["PLC-1"]
    assert list(plant.machines) == ["FILL_1"]
    controller = plant.controller("PLC-1").controller
    assert controller["Infeed_Motor.Amps"] == pytest.approx(4.2)
    assert controller["Limits"] == [10, 20, 30, 40]
    assert controller["Program:MainProgram.Recipe_Step"] == 3
    assert controller["FILL_1.State"] == 6
    assert controller["FILL_1.OrderId"] == "WO-1001"


def test_several_machines_share_a_controller_and_machines_have_own_codes() -> None:
    plant = loads(
        """
controllers:
  A:
    serial: 0x77
    machines:
      M1: {states: {run: 1}, script: [{run: 5}]}
      M2: {tag: Other, script: [{breakdown: 5, reason: 3, state: 17}]}
  B:
    kind: slc
    files: {N7: [4, 5], ST9: [ab]}
    machines:
      M3: {tag: N20, script: [{run: 60, cycle_s: 0.001}]}
"""
    )
    controller = plant.controller("A").controller
    assert controller.identity.serial == 0x77
    assert (controller["M1.State"], controller["Other.State"], controller["Other.ReasonCode"]) == (1, 17, 3)
    slc = plant.controller("B").controller
    assert isinstance(slc, SlcController)
    assert (slc["N7:1"], slc["ST9:0"]) == (5, "ab")
    plant.advance(plant.now_ms() + 40_000)
    assert 0 <= slc["N20:2"] < 32768 < plant.machine("M3").ledger.good


MISTAKES = """
seed: 1
sped: 3
controllers:
  A:
    kind: plc5
    port: many
    udts:
      U: {X: DNIT}
    tags:
      T: {type: DINT, dims: [0]}
      V: {typ: DINT}
      W: {type: DINT, dims: [2], value: [1, 2, 3]}
    machines:
      M1: {script: [{run: -5}, {run: 1, idle: 2}, 7]}
      M2:
        jobs: [{item: A}]
        causes: [{kind: sleep}]
      M3: {}
  B:
    machines:
      M1: {script: [{run: 1}]}
"""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (3, "has no 'sped'; use controllers, seed, speed, tick_s"),
        (6, "'kind' of 'A' must be logix or slc, not 'plc5'"),
        (7, "'port' of 'A' must be a number, not 'many'"),
        (9, "no data type DNIT"),
        (11, "'dims' of 'T' must be one to three whole numbers above 0"),
        (12, "has no 'typ'"),
        (12, "tag V has no type; say for example {type: DINT}"),
        (13, "tag W cannot be made: 3 values do not fit into 2 elements"),
        (15, "'run' of entry 1 of 'script' must be above 0, not -5"),
        (15, "entry 2 of 'script' must say one kind with its seconds"),
        (15, "entry 3 of 'script' must be a mapping"),
        (17, "has no 'cycle_s'"),
        (18, "'kind' of entry 1 of 'causes' must be micro or breakdown"),
        (19, "machine M3 needs 'jobs' (orders to make) or a 'script'"),
        (21, "there is another machine M1"),
    ],
)
def test_every_mistake_is_told_with_its_line(line: int, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loads(MISTAKES, source="plant.yaml")
    assert str(refused.value).startswith("plant.yaml cannot be used:")
    assert any(problem.startswith(f"line {line}: ") and words in problem for problem in refused.value.problems), (
        refused.value.problems
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [1\nb", "line 2: "),
        ("- 1", "line 1: the file must be a mapping"),
        ("", "line 1: the file must be a mapping"),
        ("seed: 1", "names no controllers"),
        ("controllers:\n  A: {}\n  A: {}", "line 3: "),
    ],
)
def test_what_is_no_plant_at_all_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loads(text)
    assert problem in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "nothing.yaml")


def test_a_script_beside_dice_is_refused() -> None:
    with pytest.raises(ConfigError, match="keep one of the two"):
        loads("controllers: {A: {machines: {M: {script: [{run: 1}], jobs: [{cycle_s: 1}]}}}}")


def test_a_tag_that_is_taken_is_refused() -> None:
    with pytest.raises(ConfigError, match="tag M of machine M is already there"):
        loads("controllers: {A: {tags: {M: {type: DINT}}, machines: {M: {script: [{run: 1}]}}}}")
    with pytest.raises(ConfigError, match="say 'decoys: false'"):
        loads("controllers: {A: {tags: {Batch_Count: {type: DINT}}}}")
