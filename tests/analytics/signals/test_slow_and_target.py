"""Slow running and the risk of missing a target, against arithmetic by hand and lines with known slow spells."""

import math
import random
from dataclasses import replace

import pytest

from analytics.signals.measure import f10
from analytics.signals.slow import LIMIT, Hour, episodes, pace_of, word_of
from analytics.signals.target import risk_of_missing

PLAIN = Hour(60, 1.0, "A", 100.0, 100.0, 60.0, 0.0, 0.0)


def paced(log_pace: float) -> Hour:
    return replace(PLAIN, good=100 * math.exp(log_pace))


USUAL = [paced(value) for value in (-0.1, 0.0, 0.1)] * 17
"""24 hours for the habit (0), 24 for the scatter (.14826), and three for which the EWMA is -.337, -.169, .253."""


def test_three_hours_three_tenths_slower_open_an_episode_at_the_third():
    """A slow hour is -2.0235 sigmas, so the EWMA goes on with -.885, -1.454, -1.739."""
    assert pytest.approx(1.5588, abs=1e-4) == LIMIT
    assert episodes([*USUAL, *[paced(-0.3)] * 2]) == []
    (found,) = episodes([*USUAL, *[paced(-0.3)] * 3])
    assert (found.began, found.noticed, found.ended) == (51, 53, None)
    assert found.pace == pytest.approx(math.exp(-0.3))


def test_an_episode_is_over_clearly_inside_the_limit_and_hours_without_data_do_not_end_it():
    """An hour at -.12 makes -1.274 of -1.739: inside 1.559, but not .8 of it, 1.247. A usual one makes it -.637."""
    slow = [*USUAL, *[paced(-0.3)] * 3, replace(PLAIN, seen=0.2)]
    assert episodes(slow)[0].ended is None
    assert episodes([*slow, paced(-0.12)])[0].ended is None
    assert episodes([*slow, paced(-0.12), paced(0.0)])[0].ended == 56


def test_an_hour_of_day_that_is_always_slow_opens_nothing_once_it_is_known():
    """Two of the eight hours of each day are at -.4; told which hours they are, no episode is left."""
    night = [paced((-0.4 if n % 8 < 2 else 0.0) + (-0.08, 0.0, 0.08)[n % 3]) for n in range(30 * 8)]
    assert len(episodes(night)) > 10
    told = episodes([replace(hour, of_day=n % 8) for n, hour in enumerate(night)])
    assert [found for found in told if found.noticed > 15 * 8] == []


def test_a_rate_that_stays_low_becomes_the_habit_and_ends_its_one_episode():
    """With 51 usual hours behind, the middle of all hours is among the slow ones only after some 18 of them."""
    assert [found.ended for found in episodes([*USUAL, *[paced(-0.3)] * 16])] == [None]
    (found,) = episodes([*USUAL, *[paced(-0.3)] * 100])
    assert found.ended is not None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"planned_min": 0.0}, "not planned"),
        ({"seen": 0.5}, "no data"),
        ({"good": None}, "no data"),
        ({"down_min": 30.0, "run_min": 30.0}, "down"),
        ({"changeover_min": 40.0, "run_min": 20.0}, "changeover"),
        ({"short_stop_min": 31.0, "run_min": 29.0}, "micro-stops"),
        ({"down_min": 29.0, "run_min": 31.0}, "running"),
    ],
)
def test_an_hour_is_called_what_it_mostly_was(change, word):
    assert word_of(replace(PLAIN, **change)) == word


def test_a_stop_that_is_known_makes_no_line_slow_and_nothing_made_is_no_rate():
    assert pace_of(replace(PLAIN, good=50.0, run_min=30.0, down_min=30.0)) == pytest.approx(0.0)
    assert pace_of(replace(PLAIN, good=0.0)) is None
    assert pace_of(replace(PLAIN, ideal=0.0)) is None
    assert pace_of(replace(PLAIN, run_min=10.0, down_min=50.0)) is None


def test_f10_most_slow_spells_are_found_with_few_false_ones_on_seeded_lines():
    """Here hours know nothing of each other; lines whose pace wanders from hour to hour are harder than these."""
    chance = random.Random(20261123)
    lines = []
    for _ in range(8):
        paces = [chance.gauss(0, 0.06) for _ in range(500)]
        spells = []
        for at in range(100, 480, 60):
            end = at + chance.randint(3, 8)
            slower = math.log(1 - chance.uniform(0.15, 0.35))
            paces[at:end] = [pace + slower for pace in paces[at:end]]
            spells.append((at, end))
        lines.append(([paced(pace) for pace in paces], spells))
    seen = f10(lines)
    assert (seen.spells, seen.planned_h) == (56, 4000)
    assert seen.recall >= 0.80
    assert seen.false_per_100_h <= 1.5


def test_f10_of_nothing_is_unknown():
    assert (f10([]).recall, f10([]).false_per_100_h) == (None, None)


@pytest.mark.parametrize(
    ("target", "risk"), [(0, 0.0), (70, 0.1), (85, 0.3), (100, 0.5), (115, 0.7), (130, 0.9), (500, 0.9)]
)
def test_the_risk_of_missing_a_target_lies_on_straight_lines_between_the_quantiles(target, risk):
    assert risk_of_missing((0.1, 0.5, 0.9), (70.0, 100.0, 130.0), target) == pytest.approx(risk)


def test_quantiles_that_cross_are_refused():
    with pytest.raises(ValueError, match="must not fall"):
        risk_of_missing((0.1, 0.5), (100.0, 90.0), 95)
