"""Nights in which clocks change, in three time zones: R2 and R7. Dates from the IANA time zone data."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.plant.calendar import BreakRule, CalendarError, ShiftRule, day_bounds, local_label, materialise, to_utc

# Other work on the machine must not fail a property for being slow.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

HOUR = timedelta(hours=1)
NIGHT = ShiftRule("Night", frozenset(range(7)), time(22), time(6))
THREE = [
    ShiftRule("Early", frozenset(range(7)), time(6), time(14)),
    ShiftRule("Late", frozenset(range(7)), time(14), time(22)),
    NIGHT,
]
# (zone, date the night shift starts, its hours, hours of the calendar day of the change)
NIGHTS = [
    ("Europe/Berlin", date(2026, 3, 28), 7, 23),
    ("Europe/Berlin", date(2026, 10, 24), 9, 25),
    ("America/New_York", date(2026, 3, 7), 7, 23),
    ("America/New_York", date(2026, 10, 31), 9, 25),
    ("Australia/Lord_Howe", date(2026, 10, 3), 7.5, 23.5),
    ("Australia/Lord_Howe", date(2026, 4, 4), 8.5, 24.5),
    ("Asia/Kolkata", date(2026, 3, 28), 8, 24),
]


@pytest.mark.parametrize(("name", "day", "night", "whole_day"), NIGHTS)
def test_r2_a_night_shift_lasts_as_long_as_the_night(name: str, day: date, night: float, whole_day: float) -> None:
    zone = ZoneInfo(name)
    (shift,) = materialise([NIGHT], zone, day, day)
    assert (shift.end - shift.start) / HOUR == night
    start, end = day_bounds(day + timedelta(days=1), zone)
    assert (end - start) / HOUR == whole_day


@pytest.mark.parametrize(("name", "day", "night", "whole_day"), NIGHTS)
def test_r2_shifts_touch_across_the_change(name: str, day: date, night: float, whole_day: float) -> None:
    shifts = materialise(THREE, ZoneInfo(name), day - timedelta(days=1), day + timedelta(days=2))
    assert len(shifts) == 12
    assert all(one.end == other.start for one, other in pairwise(shifts))


@calm
@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo"]),
    st.dates(date(2020, 1, 1), date(2037, 12, 20)),
    st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
)
def test_r2_a_day_of_two_shifts_is_the_day_on_any_date(name: str, day: date, change: time) -> None:
    first = ShiftRule("One", frozenset(range(7)), time(0), change)
    second = ShiftRule("Two", frozenset(range(7)), change, time(0))
    rules = [first] if change == time(0) else [first, second]
    zone = ZoneInfo(name)
    shifts = materialise(rules, zone, day, day)
    start, end = day_bounds(day, zone)
    assert (shifts[0].start, shifts[-1].end) == (start, end)
    assert sum((shift.end - shift.start for shift in shifts), timedelta()) == end - start


@pytest.mark.parametrize(
    ("name", "day", "length"),
    [("Europe/Berlin", date(2026, 3, 28), 30), ("Europe/Berlin", date(2026, 10, 24), 30)],
)
@pytest.mark.parametrize("start", [time(1, 45), time(2), time(2, 30), time(2, 45), time(3)])
def test_r7_a_break_keeps_its_length_in_both_nights(name: str, day: date, length: int, start: time) -> None:
    end = (datetime.combine(day, start) + timedelta(minutes=length)).time()
    rule = ShiftRule("Night", frozenset(range(7)), time(22), time(6), (BreakRule("Meal", start, end),))
    (shift,) = materialise([rule], ZoneInfo(name), day, day)
    (pause,) = shift.breaks
    assert pause.end - pause.start == timedelta(minutes=length)
    assert shift.start < pause.start < pause.end < shift.end


def test_r7_a_break_in_the_spring_gap_begins_when_the_gap_ends() -> None:
    rule = ShiftRule("Night", frozenset({5}), time(22), time(6), (BreakRule("Meal", time(2, 15), time(2, 45)),))
    (shift,) = materialise([rule], ZoneInfo("Europe/Berlin"), date(2026, 3, 28), date(2026, 3, 28))
    assert shift.breaks[0].start == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_r7_a_shift_that_changes_in_the_spring_gap_changes_when_clocks_go_forward() -> None:
    rules = [
        ShiftRule("Second", frozenset({5}), time(16), time(2, 30)),
        ShiftRule("Third", frozenset({6}), time(2, 30), time(8)),
    ]
    second, third = materialise(rules, ZoneInfo("America/New_York"), date(2026, 3, 7), date(2026, 3, 8))
    assert second.end == third.start == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)  # 02:00 EST = 03:00 EDT


def test_r7_a_break_that_the_short_night_has_no_room_for_ends_with_the_shift() -> None:
    rule = ShiftRule("Night", frozenset({5}), time(22), time(4), (BreakRule("Long", time(2), time(4)),))
    (shift,) = materialise([rule], ZoneInfo("Europe/Berlin"), date(2026, 3, 28), date(2026, 3, 28))
    assert shift.breaks[0].end == shift.end


@pytest.mark.parametrize(
    ("name", "local", "instead"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 2, 30), "03:00"),  # noqa: DTZ001  (wall time is the point)
        ("America/New_York", datetime(2026, 3, 8, 2, 0), "03:00"),  # noqa: DTZ001
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 15), "02:30"),  # noqa: DTZ001
        ("America/Santiago", datetime(2026, 9, 6, 0, 30), "01:00"),  # noqa: DTZ001
    ],
)
def test_r7_a_typed_time_in_the_gap_is_refused_with_the_next_that_exists(
    name: str, local: datetime, instead: str
) -> None:
    with pytest.raises(CalendarError, match=f"does not exist in {name}: .* e.g. {instead}"):
        to_utc(local, ZoneInfo(name))


def test_r7_a_typed_time_shown_twice_means_the_first_unless_the_later_is_asked_for() -> None:
    zone, twice = ZoneInfo("Europe/Berlin"), datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001
    assert to_utc(twice, zone) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert to_utc(twice, zone, later=True) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert to_utc(twice.replace(fold=1), zone) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_r7_only_the_hour_shown_twice_carries_its_offset() -> None:
    zone = ZoneInfo("Europe/Berlin")
    labels = [local_label(datetime(2026, 10, 25, 0, 59, tzinfo=UTC) + number * HOUR, zone) for number in range(3)]
    assert labels == ["02:59 (+02:00)", "02:59 (+01:00)", "03:59"]
    # In the spring gap an offset on both sides of it must not be taken for an hour shown twice.
    assert local_label(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), zone) == "03:00"
