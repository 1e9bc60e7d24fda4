"""Simulated lines keep what holds of any line, and are the same for the same seed."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mes.config.bench.forecast.files import perturbed, queue_rows, write_lines
from mes.config.bench.forecast.floor import CHANGING, DOWN, OFF, RUNNING, STARVED, Order
from mes.config.bench.forecast.lines import PATTERNS, Line, line_of, planned_of

WEEKS = 8
SEEDS = range(300, 308)


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return [line_of(seed, WEEKS) for seed in SEEDS]


def test_a_line_makes_less_than_its_ideal_and_nothing_where_it_does_not_run(lines: list[Line]) -> None:
    for line in lines:
        assert line.good.sum() < line.ideal.sum()
        assert (line.good[line.run_min == 0] == 0).all()
        assert (line.good[line.planned_min == 0] == 0).all()


def test_every_planned_minute_is_in_one_state_and_every_other_in_none(lines: list[Line]) -> None:
    for line in lines:
        state = line.worked.state
        spent = sum((state == one).sum() for one in (RUNNING, DOWN, CHANGING, STARVED))
        assert spent == line.planned_min.sum()
        assert (state == OFF).sum() == WEEKS * 10_080 - spent


def test_an_order_is_over_when_its_pieces_are_made(lines: list[Line]) -> None:
    """Between the beginnings of two orders lie their pieces, but for the last minute of each."""
    for line in lines:
        made = np.append(0.0, np.cumsum(line.worked.pieces))
        a_minute = line.worked.pieces.max()
        for first, second in pairwise(line.orders):
            over = made[second.begun] - made[first.begun] - first.pieces
            assert -1e-6 * made[-1] <= over <= 2 * a_minute


@pytest.mark.parametrize(
    ("pattern", "minutes"),
    # hours of a Wednesday x 60, less half an hour for each break inside them (2, 10 and 18 o'clock)
    [("early", 450), ("two shifts", 900), ("three shifts", 1350), ("six days", 1350), ("always", 1440)],
)
def test_a_usual_wednesday_has_the_minutes_of_its_pattern(pattern: str, minutes: int) -> None:
    """Maintenance and holidays only take from it."""
    found = [planned_of(np.random.default_rng(seed), 8) for seed in range(60)]
    mine = np.concatenate([planned.reshape(8, 7, 1440).sum(axis=2) for name, planned in found if name == pattern])
    assert mine[:, 2].max() == minutes
    assert np.median(mine[:, 2]) == minutes
    assert (mine[:, 6].max() > 330) == (PATTERNS[pattern][2] == 7)  # the night from Saturday ends on Sunday at 6


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for place, seed in (("a", 300), ("b", 300), ("c", 301)):
        write_lines(tmp_path / place, [line_of(seed, 5)], 2 * 168 + 6, 1)
    for file in ("history.csv", "calendar.csv", "orders.csv", "truth.csv"):
        texts = [(tmp_path / place / file).read_bytes() for place in "abc"]
        assert texts[0] == texts[1] != texts[2]


def test_the_files_tell_nothing_of_what_comes(tmp_path: Path) -> None:
    write_lines(tmp_path, [line_of(300, 5)], 2 * 168 + 6, 1)
    read = {name: (tmp_path / f"{name}.csv").read_text().splitlines() for name in ("history", "orders")}
    ends = {name: rows[-1].split(",")[1] for name, rows in read.items()}
    # 1 January 2024 was a Monday; two weeks and six hours later a new day begins.
    assert ends == {"history": "2024-01-15 05:00:00", "orders": "2024-01-15 06:00:00"}
    assert (tmp_path / "truth.csv").read_text().splitlines()[1].split(",")[1] == "2024-01-15 06:00:00"


def test_a_queue_begins_with_what_runs_and_what_is_left_of_it(lines: list[Line]) -> None:
    line = lines[0]
    hour = 4 * 168 + 6
    running = [order for order in line.orders if order.begun <= hour * 60][-1]
    _, _, position, item, left, _, _ = next(iter(queue_rows(line, hour)))
    assert (position, item) == (0, f"P{running.item}")
    assert 1.0 <= float(left) <= running.pieces


def test_a_plan_swaps_some_neighbours_and_forgets_some() -> None:
    """Shares of 15 % and 5 % on 4,000 orders: four standard errors are 2.3 and 1.4 points."""
    orders = [Order(n, 0, 1.0) for n in range(4000)]
    told = [order.begun for order in perturbed(orders, 1, 6)]
    assert 1 - len(told) / 4000 == pytest.approx(0.05, abs=0.014)
    behind = sum(later < before for before, later in pairwise(told))
    # Of n places a swap takes one with it: .15 / 1.15 of them begin one; 5 % and 5 % of the pairs are torn.
    assert behind / 4000 == pytest.approx(0.15 / 1.15 * 0.9025, abs=0.023)
