"""The record of a line in figures, each reckoned by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics.forecasts.record import Came, by_day, figures, losses_by

MONDAY = datetime(2026, 3, 2, 5, tzinfo=UTC)


def came(day: int, actual: float, point: float, half: float = 10, naive: float | None = None) -> Came:
    """A band of the point -/+ `half` for 80 %, twice that for 95 %; the levels between at the point."""
    quantiles = (point - 2 * half, point - half, *([point] * 7), point + half, point + 2 * half)
    return Came(MONDAY + timedelta(days=day), actual, point, quantiles, naive)


def test_errors_are_pooled_and_compared_with_the_same_shift_last_week() -> None:
    rows = [came(0, 100, 90, naive=60), came(1, 50, 60, naive=50), came(2, 150, 150)]
    found = figures(rows, 84)
    assert found.error == pytest.approx(20 / 300)
    # only two shifts have a week before them: own error 20/150, naive 40/150
    assert (found.naive_error, found.naive_buckets) == (pytest.approx(40 / 150), 2)
    assert found.skill == pytest.approx(0.5)


def test_the_band_held_as_often_as_it_did_borders_included() -> None:
    rows = [came(0, 100, 90), came(1, 100, 89), came(2, 100, 79), came(3, 100, 100)]
    found = figures(rows, 84)
    assert (found.judged, found.held, found.held_95) == (4, 2, 3)
    assert (figures(rows, 3).judged, figures(rows, 3).held) == (3, 1)  # the oldest is out of the record


def test_a_line_that_made_nothing_has_no_share_of_error() -> None:
    found = figures([came(0, 0, 10, naive=0)], 84)
    assert (found.error, found.naive_error, found.skill, found.buckets) == (None, None, None, 1)
    assert figures([], 84).pinball is None


def test_rungs_are_compared_on_the_buckets_that_all_of_them_forecast() -> None:
    plan = [Came(MONDAY + timedelta(days=n), 100, 80, (), None) for n in range(4)]
    rate = [Came(MONDAY + timedelta(days=n), 100, 90, (), None) for n in range(1, 4)]
    late = [Came(MONDAY, 100, 100, (), None)]
    # without a band the loss is 2 x |error| x mean level: .5 over the eleven levels, so 20 and 10
    assert losses_by({"plan": plan, "rate": rate, "new": late}, 28) == {
        "plan": pytest.approx(20.0),
        "rate": pytest.approx(10.0),
    }
    assert by_day(plan, rate) == [pytest.approx((20.0, 10.0))] * 3
