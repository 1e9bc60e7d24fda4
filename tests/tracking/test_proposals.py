"""Proposals by behaviour: the virtual controllers' machines among their decoys, and by hand where nothing is sure."""

import pytest

from mes.tracking.behaviour import Series
from mes.tracking.proposals import MachineProposal, propose
from tests.plc.simulator.machines import DICE
from tests.tracking.recorded import DECOYS, watched

TRUE = {
    "good": "Good",
    "scrap": "Scrap",
    "total": "Total",
    "state": "State",
    "reason": "ReasonCode",
    "heartbeat": "Heartbeat",
    "speed": "Speed",
}
TWO = """
seed: {seed}
controllers:
  PLC-1:
    machines:
      SLOW:
        states: {{run: 10, breakdown: 40, micro: 30, changeover: 50}}
        jobs: [{{item: A, order: W, quantity: 60, cycle_s: 22, scrap: 0.08}}]
        causes:
          - {{kind: breakdown, reason: 7, every_s: 900, lasts_s: 240}}
          - {{kind: micro, reason: 8, every_s: 600, lasts_s: 90}}
        changeover: {{lasts_s: 300, reason: 9}}
      FAST:
        jobs: [{{item: A, order: W, quantity: 9000, cycle_s: 0.15, scrap: 0.01}}]
        causes:
          - {{kind: breakdown, reason: 102, every_s: 1200, lasts_s: 200}}
          - {{kind: blocked, reason: 402, every_s: 300, lasts_s: 25}}
        starting_s: 4
        slower_up_to: 0.05
"""


def ranks_truth(proposal: MachineProposal, machine: str) -> None:
    for role, member in TRUE.items():
        best = proposal.best(role)
        assert best is not None, f"no idea of {role}: {proposal.choices.get(role)}"
        assert best.tag == f"{machine}.{member}", role
        assert best.evidence
        runners_up = [choice.score for choice in proposal.choices[role] if choice.tag in DECOYS]
        assert all(score < best.score for score in runners_up)


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("seed", [11, 23, 47, 101])
def test_one_machine_among_decoys_is_told_by_its_behaviour_alone(seed: int, flat: bool) -> None:
    series, ticks = watched(DICE.format(seed=seed, speed=1), hours=1, flat=flat)
    found = propose(series, ticks)
    assert [proposal.group for proposal in found] == ["" if flat else "M1"]
    ranks_truth(found[0], "M1")
    assert found[0].run_code == 6
    assert "PackML" in " ".join(found[0].choices["state"][0].evidence)


@pytest.mark.parametrize("seed", [5, 29])
def test_a_slow_machine_with_codes_of_its_own_and_a_fast_one_are_told_apart(seed: int) -> None:
    series, ticks = watched(TWO.format(seed=seed), hours=3)
    found = {proposal.group: proposal for proposal in propose(series, ticks)}
    assert set(found) == {"SLOW", "FAST"}
    for machine, proposal in found.items():
        ranks_truth(proposal, machine)
    assert found["SLOW"].run_code == 10
    assert found["FAST"].run_code == 6


def test_decoys_alone_are_no_machine() -> None:
    series, ticks = watched(DICE.format(seed=3, speed=1), hours=1)
    found = propose([one for one in series if one.tag in DECOYS], ticks)
    assert [proposal.group for proposal in found] == [""]
    assert [found[0].best(role) for role in ("good", "scrap", "total", "state", "reason", "speed")] == [None] * 6


def stepped(tag: str, values: list[int], kind: str = "DINT", group: str = "M") -> Series:
    return Series(tag, kind, group, tuple((5.0 * at, value) for at, value in enumerate(values)))


def grid(values: list[int]) -> list[float]:
    return [5.0 * at for at in range(len(values))]


def test_the_evidence_says_what_was_seen() -> None:
    # ten readings running (2 parts each), ten standing, ten running
    state = [6] * 10 + [9] * 10 + [6] * 10
    good, made = [], 0
    for code in state:
        made += 2 if code == 6 else 0
        good.append(made)
    found = propose([stepped("M.Good", good), stepped("M.State", state)], grid(state))
    best = found[0].best("good")
    assert best is not None
    # 29 windows: it rose in 9 up to the stop and in 10 behind it
    assert best.evidence[0] == "Rose in 19 of 29 readings; 100% of the rises while M.State was 6."
    assert best.evidence[1] == "It never fell."


def test_where_nothing_was_scrapped_total_and_good_cannot_be_told_apart_and_that_is_said() -> None:
    state = ([6] * 10 + [9] * 5) * 4
    made = [sum(2 for code in state[: at + 1] if code == 6) for at in range(len(state))]
    series = [stepped("M.A", made), stepped("M.B", [one + 70 for one in made]), stepped("M.State", state)]
    found = propose(series, grid(state))[0]
    assert {choice.tag for choice in found.choices["good"]} == {"M.A", "M.B"}
    assert "nothing was scrapped" in " ".join(found.choices["good"][0].evidence)


def test_a_tag_that_never_moves_gets_no_role() -> None:
    still = [7] * 40
    found = propose([stepped("M.Epoch", still), stepped("M.Audit", still)], grid(still))
    assert all(not choices for proposal in found for choices in proposal.choices.values())


def test_an_epoch_is_told_when_counters_begin_anew() -> None:
    state = ([6] * 10 + [9] * 5) * 6
    good, scrap, epoch = [], [], []
    a = b = 0
    for at, code in enumerate(state):
        if at == 44:
            a = b = 0
        a += 3 * (code == 6)
        b += (code == 6) * (at % 2)
        good.append(a)
        scrap.append(b)
        epoch.append(4 + (at >= 44))
    series = [
        stepped("M.Good", good),
        stepped("M.Scrap", scrap),
        stepped("M.State", state),
        stepped("M.Epoch", epoch),
    ]
    best = propose(series, grid(state))[0].best("epoch")
    assert best is not None
    assert best.tag == "M.Epoch"


def test_a_pause_in_the_recording_is_no_movement() -> None:
    state = ([6] * 10 + [9] * 10) * 3
    made = [sum(1 for code in state[: at + 1] if code == 6) for at in range(len(state))]
    ticks = [5.0 * at + (3600 if at >= 30 else 0) for at in range(len(state))]
    series = [
        Series("M.Good", "DINT", "M", tuple(zip(ticks, made, strict=True))),
        Series("M.State", "INT", "M", tuple(zip(ticks, state, strict=True))),
    ]
    best = propose(series, ticks)[0].best("good")
    assert best is not None
    assert best.evidence[0].startswith("Rose in 29 of 58 readings")
