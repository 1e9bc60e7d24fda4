"""What is learnt from: no glitch, no lost hour; and factors that were put in come out, others do not."""

import numpy as np
import pytest

from analytics.forecast.factors import NAMES, factors_of
from analytics.forecast.own_rates import History
from analytics.forecast.seen import seen_of
from tests.analytics.forecast.kit import cells, past_of, small_line

NAN = float("nan")


def test_a_glitch_a_negative_count_and_a_lost_hour_are_missing_and_never_zero() -> None:
    """R8: 1.25 times the ideal is the last count that is believed."""
    past = past_of(cells(5, 60.0), np.array([125.0, 126, -1, NAN, 0]), np.full(5, 100.0))
    assert np.isnan(seen_of(past).good).tolist() == [False, True, True, True, False]
    assert seen_of(past).known.tolist() == [1, 0, 0, 0, 1]


def test_a_line_without_any_ideal_rate_is_measured_by_itself() -> None:
    # 60 and 120 pieces in two hours: 1.5 a minute.
    seen = seen_of(past_of(cells(3, 60.0), np.array([60.0, 120, NAN]), np.zeros(3), item=""))
    assert seen.rate.tolist() == [1.5, 1.5, 1.5]
    assert seen.items == ()


def test_factors_that_were_put_in_come_out() -> None:
    base = cells(12 * 168, 60.0)
    night = (base.hour >= 22) | (base.hour < 6)
    first = np.isin(base.hour, (6, 14, 22))
    truth = np.where(night, 0.9, 1.0) * np.where(first, 0.8, 1.0) * np.where(base.weekday == 6, 0.85, 1.0)
    scatter = np.exp(np.random.default_rng(1).normal(0, 0.08, len(truth)))
    past = past_of(base, 100 * 0.8 * truth * scatter, np.full(len(truth), 100.0))
    effect = dict(zip(NAMES, factors_of(past, seen_of(past)).effect, strict=True))
    assert np.exp(effect["night"]) == pytest.approx(0.9, abs=0.015)
    assert np.exp(effect["shift start"]) == pytest.approx(0.8, abs=0.015)
    assert np.exp(effect["Sunday"]) == pytest.approx(0.85, abs=0.015)
    assert abs(effect["Wednesday"]) < 0.01


def test_a_line_that_never_varies_and_one_just_begun_have_no_factors() -> None:
    even = past_of(cells(400, 60.0), np.full(400, 80.0), np.full(400, 100.0))
    assert factors_of(even, seen_of(even)).of(even) == pytest.approx(np.ones(400), abs=1e-9)
    young = past_of(cells(99, 60.0), np.arange(99.0), np.full(99, 100.0))
    assert factors_of(young, seen_of(young)).of(young).tolist() == [1.0] * 99


def test_rates_at_an_instant_know_nothing_of_what_came_after() -> None:
    past = past_of(cells(48, 60.0), np.r_[np.full(24, 50.0), np.full(24, 90.0)], np.full(48, 100.0))
    history = History(past, seen_of(past), np.ones(48))
    assert history.at(24).level == pytest.approx(0.5)
    assert history.at(24).plain == pytest.approx(50 / 60)
    # A day later the newer half counts a little more than the older one: above the mean of 0.7, by less than 0.02.
    assert 0.7 < history.at(48).level < 0.72
    assert history.at(48).plain == pytest.approx(70 / 60)
    assert (history.at(0).level, history.at(0).mix) == (1.0, 0.0)


def test_minutes_to_change_over_are_measured() -> None:
    past, *_ = small_line(weeks=4)
    rates = History(past, seen_of(past), np.ones(len(past.good))).at(len(past.good))
    assert rates.changeover_min == pytest.approx(30, rel=0.1)
    assert rates.per_min == pytest.approx({"A": 1.0, "B": 3.0})
    assert rates.level == pytest.approx(0.8, abs=0.02)
