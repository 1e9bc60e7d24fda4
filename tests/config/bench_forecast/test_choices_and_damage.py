"""What may be chosen, what damage does to a history, spells that are put into lines, and goals that are judged."""

import csv
from pathlib import Path

import numpy as np
import pytest

from mes.config.bench.forecast import figures
from mes.config.bench.forecast.damage import damaged, lost_hours
from mes.config.bench.forecast.files import write_lines
from mes.config.bench.forecast.lines import line_of
from mes.config.bench.forecast.run import Found
from mes.config.bench.forecast.score import GRAINS, Scored
from mes.config.bench.forecast.signals import SPELLS_A_LINE, Steps, spoilt
from mes.config.bench.forecast.wanted import BadChoice, Wanted, wanted_of


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_named_lines_all_meet_the_peers_and_others_only_some() -> None:
    nothing = {"series": None, "peers_python": None}
    assert wanted_of(seeds="5-8", quick=False, **nothing) == Wanted(range(5, 9), 4, None, "")
    assert wanted_of(seeds="5", quick=False, **nothing).seeds == range(5, 6)
    assert wanted_of(seeds=None, quick=False, **nothing).peer_lines == 8
    assert len(wanted_of(seeds=None, quick=True, **nothing).seeds) == 2


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"seeds": "x"}, "--seeds is a number or a range such as"),
        ({"seeds": "9-8"}, "the first number is above the second"),
        ({"series": Path("/nowhere")}, "is no folder"),
        ({"peers_python": "/nowhere/python"}, "is not there"),
    ],
)
def test_a_choice_that_cannot_be_says_why(choice: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadChoice, match=sentence):
        wanted_of(**{"seeds": None, "series": None, "peers_python": None, "quick": False, **choice})  # type: ignore[arg-type]


def test_damage_loses_a_fifth_of_the_hours_or_multiplies_one_in_fifty(tmp_path: Path) -> None:
    write_lines(tmp_path, [line_of(300, 8)], 5 * 168 + 6, 4)
    whole = rows_of(tmp_path / "history.csv")
    lost = rows_of(tmp_path / damaged(tmp_path, "lost"))
    share = sum(row["cov"] == "0" for row in lost) / len(lost)
    assert 0.2 <= share <= 0.24  # the last block may be a day long, and the line lost some by itself
    assert all(row["good"] == "" for row in lost if row["cov"] == "0")
    jumped = rows_of(tmp_path / damaged(tmp_path, "jumped"))
    pairs = [(float(a["good"]), float(b["good"])) for a, b in zip(whole, jumped, strict=True) if a["good"]]
    assert {after / before for before, after in pairs if before} == {1.0, 10.0}
    # 2 % of some 670 hours, of which a part makes nothing: at most four standard errors above 13
    assert 1 <= sum(after != before for before, after in pairs) <= 28


def test_hours_are_lost_in_blocks() -> None:
    lost = lost_hours(np.random.default_rng(1), 10_000)
    blocks = int((np.diff(lost.astype(int)) == 1).sum())
    assert 5 <= lost.sum() / blocks <= 25  # blocks of 1 to 24 hours, some of which meet


def test_spells_are_slower_and_lie_apart() -> None:
    line = line_of(300, 12)
    told = spoilt(line)
    assert len(told.spells) == SPELLS_A_LINE
    assert all(a[1] <= b[0] for a, b in zip(told.spells[:-1], told.spells[1:], strict=True))
    inside = {n for start, end in told.spells for n in range(start, end)}
    for n, hour in enumerate(told.hours):
        assert hour.good is None or hour.good <= line.good[n]
        assert hour.good is None or n in inside or hour.good == line.good[n]


def test_steps_that_were_not_found_count_as_never() -> None:
    found = Steps([3.0, 5.0, float("inf")], 2, 400)
    assert (found.delay, found.false_per_1000) == (5.0, 5.0)
    assert Steps([3.0, float("inf"), float("inf")], 0, 0).delay == float("inf")


def test_goals_are_judged_by_the_figure_and_not_in_the_quick_form() -> None:
    good, poor = Scored("S1", 0.30, 0.20, 8, 10, 10), Scored("S1", 0.50, 0.40, 5, 8, 10)
    found = Found({"S1": "early"})
    for grain, one in zip(GRAINS, (good, good, poor), strict=True):
        found.add(found.scores, "ours", grain, [one])
        found.add(found.scores, "MSTL", grain, [Scored("S1", 0.60, 0.50, 8, 9, 10)])
    judged = {goal.text: (goal.measured, goal.met) for goal in figures.goals(found, quick=False)}
    assert judged["F3 day: MASE at most 0.42"] == ("0.300 [0.300, 0.300]", True)
    assert judged["F3 hour: MASE at most 0.46"][1] is False
    assert judged["F4 day: the 80 % band holds 76 to 84 %"] == ("80.0 % [80.0, 80.0]", True)
    assert judged["F4 day: the 95 % band holds 92 to 98.5 %"][1] is False  # all of them is too many
    assert judged["F1 day: MASE at most 0.62 x the best without a plan (MSTL)"] == ("0.500 [0.500, 0.500]", True)
    assert judged["F1 hour: MASE at most 0.62 x the best without a plan (MSTL)"][1] is False
    assert {goal.met for goal in figures.goals(found, quick=True)} == {None}
