"""The drift alarm: hand arithmetic, and the average run lengths of published tables."""

import random
from math import inf
from statistics import median

import pytest

from analytics.forecast.drift_alarm import Alarm, alarms, open_alarm, standardised


def test_a_lasting_shift_of_one_sigma_is_found_at_the_seventeenth() -> None:
    assert alarms([1.0] * 17) == [Alarm(16, 0, "more")]
    assert alarms([1.0] * 16) == []
    assert alarms([0.0] * 5 + [-1.0] * 17) == [Alarm(21, 5, "less")]


def test_one_wild_shift_counts_for_three_sigmas() -> None:
    # each adds 2.5: 2.5, 5, 7.5, 10
    assert alarms([50.0] * 4) == [Alarm(3, 0, "more")]
    assert alarms([50.0] * 3) == []


@pytest.mark.parametrize(("shift", "published", "runs"), [(1.0, 10.38, 4000), (2.0, 4.01, 4000)])
def test_run_lengths_are_those_of_the_tables(shift: float, published: float, runs: int) -> None:
    """F11. Two-sided CUSUM, k .5, h 5: 10.38 and 4.01 (R package spc)."""
    chance = random.Random(20260302)
    lengths = []
    for _ in range(runs):
        series = [chance.gauss(shift, 1) for _ in range(80)]
        lengths.append(alarms(series, h=5, clip=inf)[0].index + 1)
    assert sum(lengths) / runs == pytest.approx(published, rel=0.03)


def test_a_step_of_fifteen_percent_is_found_within_ten_shifts() -> None:
    """F11: at most 8 false alarms in 1000 shifts. On shifts that scatter by 10 % a step of -15 % is 1.5 sigma."""
    chance = random.Random(7)
    false = sum(len(alarms([chance.gauss(0, 1) for _ in range(500)])) for _ in range(40))
    assert false / 20 <= 8
    delays = [alarms([chance.gauss(-1.5, 1) for _ in range(80)])[0].index + 1 for _ in range(400)]
    assert median(delays) <= 10


def test_errors_are_told_in_sigmas_of_the_line_itself() -> None:
    actual = [90.0, 110.0] * 10 + [130.0]
    found = standardised(actual, [100.0] * 21)
    assert found is not None
    # middle of the relative errors +.1; deviations .2 ten times, 0 ten times, .2 once: median .2
    assert found[0] == pytest.approx(-0.1 / (1.4826 * 0.2))
    assert standardised(actual[:19], [100.0] * 19) is None
    assert standardised([100.0] * 30, [100.0] * 30) is None


def test_an_alarm_stays_open_for_twenty_one_shifts() -> None:
    found = alarms([1.0] * 17)
    assert open_alarm(found, 37) == found[0]
    assert open_alarm(found, 38) is None
    assert open_alarm([], 5) is None
