"""Series without a plan: candidates by hand arithmetic, the right one chosen, missing is not zero."""

import numpy as np
import pytest

from analytics.forecast.unplanned import chosen, forecast_unplanned, seasons_of, spread
from analytics.forecast.unplanned_methods import as_before, methods, profile, smoothed_seasons

NAN = float("nan")
HOUR_MS = 3_600_000


def hours(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.int64) * HOUR_MS


def test_as_before_takes_the_newest_seen_bucket_of_the_same_place():
    assert as_before(np.array([1.0, 2, 3, NAN]), 3, 2).tolist() == [3, 2, 3]


def test_as_before_does_not_invent_a_place_never_seen():
    assert np.isnan(as_before(np.array([NAN, 2.0]), 2, 2)).tolist() == [True, False]


def test_profile_is_the_mean_of_the_place_times_the_newest_level():
    # Means of the two places: (10 + 30) / 2 = 20 and (20 + 60) / 2 = 40; the newest two made 90 of a usual 60: x 1.5.
    assert profile(np.array([10.0, 20, 30, 60]), 3, 2, 2) == pytest.approx([30, 60, 30])


def test_a_lost_bucket_is_no_zero_in_the_profile():
    # Place 1 was seen once with 60: its mean is 60, not 30. Newest two: 30 of a usual 20 (place 1 lost): x 1.5.
    assert profile(np.array([10.0, 60, 30, NAN]), 2, 2, 2) == pytest.approx([30, 90])


def test_seasons_go_on_where_a_series_is_nothing_but_its_season():
    week = np.array([5.0, 6, 7, 8, 9, 2, 1])
    assert smoothed_seasons(np.tile(week, 8), 7, (7,), (11,)) == pytest.approx(week, rel=0.02)


def test_the_day_and_the_week_in_buckets():
    assert seasons_of(hours(3), "hour") == (24, 168)
    assert seasons_of(hours(3) * 8, "shift") == (3, 21)
    assert seasons_of(hours(3) * 12, "shift") == (2, 14)
    assert seasons_of(hours(3) * 24, "day") == (7,)


def test_a_series_that_repeats_by_the_week_is_forecast_by_the_week():
    week = np.random.default_rng(7).integers(10, 90, 168).astype(np.float64)
    assert forecast_unplanned(np.tile(week, 4), hours(672), 48, "hour").point == pytest.approx(week[:48], rel=0.05)


def test_the_candidate_with_the_least_error_is_chosen_with_its_errors():
    good = np.array([1.0, 2, 1, 2, 1, 2, 1, 2])
    flat = {"low": lambda g, h: np.full(h, 1.0), "high": lambda g, h: np.full(h, 2.0)}
    by2 = {"by2": lambda g, h: as_before(g, h, 2)}
    name, errors = chosen(good, 2, {"low": flat["low"], **by2, "high": flat["high"]})
    assert (name, errors.tolist()) == ("by2", [[0, 0], [0, 0]])


def test_bands_are_quantiles_of_the_series_own_errors():
    # One lead, errors 3 and -1: sizes 1 and 3. Level 0.9: rank ceil(0.8 x 3) = 3, at most the 2nd: 3. Level 0.6:
    # rank ceil(0.2 x 3) = 1: 1. The median adds nothing; below it the same with a minus.
    assert spread(np.array([[3.0], [-1.0]]))[[1, 4, 5, 6, 9], 0].tolist() == [-3, -1, 0, 1, 3]
    # Sizes 1, 2, 3 at level 0.8: rank ceil(0.6 x 4) = 3, where 0.6 x 3 would have stopped at the 2nd.
    assert spread(np.array([[1.0], [-2.0], [3.0]]))[8, 0] == 3


def test_a_series_too_short_to_be_tested_gets_no_band():
    got = forecast_unplanned(np.array([4.0] * 7), hours(7) * 24, 7, "day")
    assert (got.point.tolist(), got.method, bool(np.isnan(got.quantiles).all())) == ([4] * 7, "snaive7", True)


def test_pieces_are_never_forecast_below_zero():
    good = np.random.default_rng(3).poisson(1.0, 70).astype(np.float64)
    assert (forecast_unplanned(good, hours(70) * 24, 7, "day").quantiles >= 0).all()


def test_nothing_seen_is_said():
    with pytest.raises(ValueError, match="ever seen"):
        forecast_unplanned(np.array([NAN, NAN]), hours(2), 3, "hour")


def test_candidates_by_their_names_the_plainest_first():
    assert list(methods((24, 168))) == ["snaive24", "snaive168", "profile168", "mstl_slow", "mstl_quick"]
