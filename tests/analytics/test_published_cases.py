"""The published case of forecast errors, its numbers copied here; each expected value also follows by hand."""

import pytest

from analytics.forecast.accuracy import covered, mae, mase, naive_mae, pinball, scaled_crps, skill, smape

HISTORY, ACTUAL, FORECAST = [10, 12, 11, 13, 12], [14, 11], [12, 12]


def test_forecast_mase() -> None:
    # steps of the history 2, 1, 2, 1; errors of the forecast 2, 1; 200 x (2/26 + 1/23) / 2
    assert naive_mae(HISTORY) == pytest.approx(1.5)
    assert mae(ACTUAL, FORECAST) == pytest.approx(1.5)
    assert mase(HISTORY, ACTUAL, FORECAST) == pytest.approx(1.0)
    assert smape(ACTUAL, FORECAST) == pytest.approx(12.0401, abs=0.001)


def test_a_scaled_error_of_one_is_no_better_than_the_value_before() -> None:
    assert skill(mase(HISTORY, ACTUAL, FORECAST)) == pytest.approx(0.0)
    assert skill(None) is None


def test_a_seasonal_naive_error_looks_one_season_back() -> None:
    assert naive_mae([1, 5, 2, 7], season=2) == pytest.approx(1.5)  # |2 - 1|, |7 - 5|
    with pytest.raises(ValueError, match="at least one bucket"):
        naive_mae([1, 2], season=0)


def test_nothing_to_scale_by_gives_no_number() -> None:
    assert mase([4, 4, 4], [4], [5]) is None
    assert mase([4], [4], [5]) is None
    assert mase(HISTORY, [], []) is None
    assert mae([], []) is None
    assert smape([0, 0], [0, 4]) == 100


def test_unequal_lengths_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        mae([1, 2], [1])


def test_the_crps_of_the_median_alone_is_the_mase() -> None:
    assert scaled_crps(HISTORY, ACTUAL, [(0.5, FORECAST)]) == pytest.approx(1.0)
    # level .9 of 10 against 14 costs .9 x 4, of 20 costs .1 x 6
    assert pinball(14, 10, 0.9) == pytest.approx(3.6)
    assert pinball(14, 20, 0.9) == pytest.approx(0.6)
    assert scaled_crps([1, 2], [14, 14], [(0.9, [10, 20])]) == pytest.approx(2 * (3.6 + 0.6) / 2)


def test_buckets_without_width_do_not_flatter_the_band() -> None:
    assert covered([5, 0, 9], [4, 0, 1], [6, 0, 8]) == pytest.approx(0.5)
    assert covered([0], [0], [0]) is None
