"""Rows of a board are hours that really pass: 23 or 25 on the days clocks change, none doubled, none lost."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mes.hourly.clock_hours import clock_hours
from mes.plant.calendar import day_bounds

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24)],
)
def test_r7_a_day_has_as_many_rows_as_hours_pass(day: date, hours: int) -> None:
    rows = clock_hours(*day_bounds(day, BERLIN), BERLIN)
    assert len(rows) == hours
    assert {end - start for start, end in rows} == {HOUR}


def test_r7_the_hour_that_clocks_show_twice_is_two_rows_an_hour_apart() -> None:
    rows = clock_hours(*day_bounds(date(2026, 10, 25), BERLIN), BERLIN)
    shown = [f"{start.astimezone(BERLIN):%H:%M %z}" for start, _end in rows]
    assert shown[1:5] == ["01:00 +0200", "02:00 +0200", "02:00 +0100", "03:00 +0100"]


def test_r7_the_hour_that_clocks_skip_is_no_row() -> None:
    rows = clock_hours(*day_bounds(date(2026, 3, 29), BERLIN), BERLIN)
    assert [f"{start.astimezone(BERLIN):%H:%M}" for start, _end in rows][:4] == ["00:00", "01:00", "03:00", "04:00"]


def test_rows_are_full_hours_of_the_plants_clock_where_its_zone_is_half_an_hour_off() -> None:
    start = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)  # 06:00 in India
    rows = clock_hours(start, start + 2 * HOUR, ZoneInfo("Asia/Kolkata"))
    assert rows == [(start, start + HOUR), (start + HOUR, start + 2 * HOUR)]


def test_a_shift_that_begins_within_an_hour_has_a_short_first_row() -> None:
    start = datetime(2026, 3, 2, 5, 40, tzinfo=UTC)  # 06:40 in Berlin
    rows = clock_hours(start, start + 2 * HOUR, BERLIN)
    assert [(end - start).seconds // 60 for start, end in rows] == [20, 60, 40]


def test_a_clock_that_jumps_by_half_an_hour_loses_no_time() -> None:
    """Lord Howe Island goes from 02:00 to 02:30 on 4 October 2026."""
    zone = ZoneInfo("Australia/Lord_Howe")
    start, end = day_bounds(date(2026, 10, 4), zone)
    rows = clock_hours(start, end, zone)
    assert sum((b - a for a, b in rows), timedelta()) == timedelta(hours=23, minutes=30)


def test_borders_of_shifts_cut_rows() -> None:
    start = datetime(2026, 3, 2, 6, tzinfo=UTC)
    rows = clock_hours(start, start + HOUR, BERLIN, [start + HOUR / 2, start - HOUR, start + HOUR])
    assert rows == [(start, start + HOUR / 2), (start + HOUR / 2, start + HOUR)]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 3 * 365 * 86_400),
    st.integers(0, 60 * 60 * 30),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
)
def test_rows_follow_each_other_without_gap_and_none_lasts_longer_than_an_hour(
    since: int, seconds: int, zone: str
) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=since)
    end = start + timedelta(seconds=seconds)
    rows = clock_hours(start, end, ZoneInfo(zone))
    edges = [start, *(until for _since, until in rows)]
    assert [since for since, _until in rows] == edges[:-1]
    assert edges[-1] == end
    assert all(timedelta() < until - since <= HOUR for since, until in rows)
