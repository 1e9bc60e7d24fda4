"""Scores of `bench forecast` against hand arithmetic, and its intervals."""

import numpy as np
import pytest

from mes.config.bench.forecast.intervals import inside, interval, mean_over_lines, ratio
from mes.config.bench.forecast.score import Grain, Scored, Truth, in_buckets, naive_error, pinball, scored

TWO = Grain("two", 2, 2, 3, 1)  # two hours a bucket, a season of two buckets, three ahead


def truth(good: list[float], planned: list[float], origin: int) -> Truth:
    return Truth("L", np.arange(len(good)), np.array(good), np.array(planned), origin)


def test_hours_become_buckets_and_a_lost_hour_makes_its_bucket_unknown() -> None:
    assert in_buckets(np.array([1.0, 2, 3, np.nan, 5]), 2)[0] == 3.0
    assert np.isnan(in_buckets(np.array([1.0, 2, 3, np.nan, 5]), 2)[1])
    assert len(in_buckets(np.array([1.0, 2, 3, np.nan, 5]), 2)) == 2


def test_the_naive_error_leaves_out_what_was_lost() -> None:
    # |3 - 1| and |5 - 2|; the pair with the lost one is left out
    assert naive_error(np.array([1.0, 2, 3, 5, np.nan]), 2) == 2.5
    assert naive_error(np.array([1.0, np.nan]), 1) is None


def test_a_forecast_is_scored_as_by_hand() -> None:
    # History in buckets: 10, 20, 14, 26: a season before is off by 4 and 6, mean 5. To come: 10, 0 (unplanned), 30.
    past, coming = [5.0, 5, 10, 10, 7, 7, 13, 13], [5.0, 5, 0, 0, 15, 15]
    told = truth([*past, *coming], [60.0] * 10 + [0.0] * 2 + [60.0] * 2, len(past))
    wide = [2.0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14]
    quantiles = np.array([wide, [0.0] * 11, wide])
    found = scored(told, quantiles, TWO)
    assert found.mase == pytest.approx((2 + 0 + 22) / 3 / 5)
    assert (found.inside80, found.inside95, found.planned) == (1, 1, 2)  # 10 lies in 4..12, 30 beyond 14
    above = sum(level * (30 - q) for level, q in zip((0.025, *np.arange(0.1, 0.95, 0.1), 0.975), wide, strict=True))
    # 10 lies above 2, 4, ... 9 (levels .025 to .6), on 10, below 11, 12 and 14 (levels .8, .9 and .975)
    near = 0.025 * 8 + 0.1 * 6 + 0.2 * 5 + 0.3 * 4 + 0.4 * 3 + 0.5 * 2 + 0.6 * 1 + 0.2 * 1 + 0.1 * 2 + 0.025 * 4
    assert found.crps == pytest.approx(2 * (above + near) / 33 / 5)


def test_a_forecast_without_a_band_is_its_middle_at_every_level() -> None:
    told = truth([5.0, 5, 10, 10, 7, 7, 13, 13, 5, 5, 5, 5, 5, 5], [60.0] * 14, 8)
    point = np.full((3, 11), np.nan)
    point[:, 5] = 12.0
    found = scored(told, point, TWO)
    # at one and the same value twice the mean pinball is the absolute error: the levels are symmetric around .5
    assert found.mase == found.crps == pytest.approx(2 / 5)
    assert (found.inside80, found.inside95) == (0, 0)


def test_a_line_that_never_changes_is_not_scaled_by_nothing() -> None:
    assert scored(truth([1.0] * 14, [60.0] * 14, 8), np.ones((3, 11)), TWO).mase is None


def test_the_loss_of_a_quantile() -> None:
    lost = pinball(np.array([10.0]), np.full((1, 11), 8.0))[0]
    assert lost[9] == pytest.approx(1.8)  # .9 x 2
    assert pinball(np.array([6.0]), np.full((1, 11), 8.0))[0][9] == pytest.approx(0.2)  # .1 x 2


def test_an_interval_draws_whole_lines_and_is_the_same_every_time() -> None:
    found = interval([(1.0, 2.0), (3.0, 4.0)])
    assert found.value == pytest.approx(4 / 6)
    # Three draws in four are not the mixed pair: the ends are the lines alone.
    assert (found.low, found.high) == (0.5, 0.75)
    assert found == interval([(1.0, 2.0), (3.0, 4.0)])
    assert np.isnan(interval([]).value)


def test_the_interval_of_a_mean_is_that_of_the_normal_theory() -> None:
    """400 lines of 0 and 400 of 1: mean .5, standard error .5 / sqrt(800) = .0177, so about .465 to .535."""
    lines = [Scored(f"L{n}", float(n % 2), None, 0, 0, 0) for n in range(800)]
    found = mean_over_lines(lines, lambda one: one.mase)
    assert found.value == 0.5
    assert [found.low, found.high] == pytest.approx([0.465, 0.535], abs=0.004)


def test_means_are_over_origins_shares_over_buckets_ratios_over_common_lines() -> None:
    ours = [Scored("A", 1.0, 2.0, 8, 9, 10), Scored("A", 3.0, 2.0, 2, 9, 10), Scored("B", None, None, 0, 0, 0)]
    theirs = [Scored("A", 4.0, 4.0, 0, 0, 10), Scored("A", 4.0, 4.0, 0, 0, 10), Scored("C", 9.0, 9.0, 0, 0, 10)]
    assert mean_over_lines(ours, lambda one: one.mase).value == 2.0
    assert inside(ours, 80).value == 0.5
    assert inside(ours, 95).value == 0.9
    assert ratio(ours, theirs, lambda one: one.mase).value == pytest.approx(4 / 8)
