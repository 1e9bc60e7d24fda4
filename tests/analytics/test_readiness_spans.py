"""Spans of time: against the same question asked of every single ms."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.readiness.machine_time import MachineTime, day_of, usable_weeks
from analytics.readiness.spans import HOUR_MS, by_hour, common, length_ms, without
from mes.oee.intervals import union
from tests.analytics.test_readiness_scores import MONDAY

# A busy machine is no mistake of the code.
STEADY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

edges = st.tuples(st.integers(0, 60), st.integers(0, 60))
spans = st.lists(edges, max_size=8).map(lambda pairs: union((min(pair), max(pair)) for pair in pairs))


def each_ms(found: list[tuple[int, int]]) -> set[int]:
    return {ms for start, end in found for ms in range(start, end)}


@STEADY
@given(spans, spans)
def test_common_and_without_are_what_sets_of_ms_say(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    assert each_ms(common(one, other)) == each_ms(one) & each_ms(other)
    assert each_ms(without(one, other)) == each_ms(one) - each_ms(other)
    assert length_ms(common(one, other)) + length_ms(without(one, other)) == length_ms(one)
    for found in (common(one, other), without(one, other)):
        assert found == sorted(found)


def test_time_is_told_by_the_hour_it_lies_in() -> None:
    half = HOUR_MS // 2
    assert by_hour([(half, HOUR_MS + 10), (3 * HOUR_MS, 3 * HOUR_MS + 1)]) == {0: half, 1: 10, 3: 1}
    assert by_hour([]) == {}


@STEADY
@given(spans, spans, st.integers(0, 12))
def test_long_silences_are_those_of_the_whole_time_not_of_the_planned_part(
    planned: list[tuple[int, int]], known: list[tuple[int, int]], poll_ms: int
) -> None:
    day = day_of(MachineTime(planned={MONDAY: planned}, known=known, poll_ms=poll_ms), MONDAY)
    if not planned:
        assert day.gap_ms == 0
        return
    # A silence reaches to the known time before and after it; without any, to the border of the planned time.
    begin, end = planned[0][0], planned[-1][1]
    begin = max([until for _, until in known if until <= begin], default=begin)
    end = min([since for since, _ in known if since >= end], default=end)
    long = [span for span in without([(begin, end)], known) if span[1] - span[0] > 5 * poll_ms]
    assert day.gap_ms == length_ms(common(planned, long))


@pytest.mark.parametrize(("weeks", "usable"), [(1, 1.0), (3, 3.0), (20, 12.0)])
def test_weeks_are_counted_back_from_now_and_twelve_are_enough(weeks: int, usable: float) -> None:
    hours = dict.fromkeys(range(1000, 1000 + weeks * 168), (HOUR_MS, HOUR_MS))
    assert usable_weeks([hours], (1000 + weeks * 168) * HOUR_MS) == usable


def test_a_week_in_the_middle_that_nobody_observed_is_left_out() -> None:
    hours = {hour: (HOUR_MS, 0 if 168 <= hour < 336 else HOUR_MS) for hour in range(504)}
    assert usable_weeks([hours], 504 * HOUR_MS) == 2.0
    assert usable_weeks([], 504 * HOUR_MS) == 0.0
