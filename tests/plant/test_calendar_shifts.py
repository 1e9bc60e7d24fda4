"""Shifts from rules: overnight, production days, breaks, holidays, exceptions, rotations, overtime (R1 to R4, R7)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mes.plant.calendar import (
    BreakRule,
    CalendarError,
    CycleRule,
    Exceptional,
    Override,
    ShiftRule,
    ShiftSpan,
    materialise,
    production_date_at,
    scheduled_spans,
)

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 6, 1)
SUNDAY = date(2026, 6, 7)
WEEKDAYS, ALL_DAYS = frozenset(range(5)), frozenset(range(7))
EARLY = ShiftRule("Early", WEEKDAYS, time(6), time(14), (BreakRule("Lunch", time(10), time(10, 30)),))
LATE = ShiftRule("Late", WEEKDAYS, time(14), time(22))
NIGHT = ShiftRule("Night", WEEKDAYS, time(22), time(6), (BreakRule("Meal", time(1, 45), time(2, 15)),))
DAY12, NIGHT12 = ShiftRule("Day", ALL_DAYS, time(6), time(18)), ShiftRule("Night", ALL_DAYS, time(18), time(6))


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC)


def hours(shift: ShiftSpan) -> float:
    return (shift.end - shift.start) / timedelta(hours=1)


def test_r1_wall_time_of_the_site_becomes_utc() -> None:
    early = materialise([EARLY], BERLIN, MONDAY, MONDAY)[0]
    assert (early.start, early.end) == (utc(1, 4), utc(1, 12))  # summer time: two hours ahead
    assert [(pause.name, pause.start, pause.end) for pause in early.breaks] == [("Lunch", utc(1, 8), utc(1, 8, 30))]


def test_a_week_has_fifteen_shifts_that_touch_and_none_on_the_weekend() -> None:
    week = materialise([NIGHT, EARLY, LATE], BERLIN, MONDAY, SUNDAY)
    assert len(week) == 15
    assert all(one.end == other.start for one, other in pairwise(week))
    assert {shift.production_date.weekday() for shift in week} == WEEKDAYS
    assert week[-1].end == utc(6, 4)  # Friday's night ends on Saturday morning


def test_a_night_break_after_midnight_is_on_the_next_day() -> None:
    night = materialise([NIGHT], BERLIN, MONDAY, MONDAY)[0]
    assert night.breaks[0].start == utc(1, 23, 45)
    assert night.breaks[0].end == utc(2, 0, 15)


def test_an_end_equal_to_the_start_is_a_day_later() -> None:
    assert hours(materialise([ShiftRule("All", WEEKDAYS, time(6), time(6))], BERLIN, MONDAY, MONDAY)[0]) == 24


@pytest.mark.parametrize(
    ("policy", "early", "night"),
    [("shift-start", 1, 1), ("shift-end", 1, 2), ("calendar", 1, 1)],
)
def test_r4_the_production_date_follows_the_policy(policy: str, early: int, night: int) -> None:
    shifts = materialise([EARLY, NIGHT], BERLIN, MONDAY, MONDAY, policy)
    assert [shift.production_date for shift in shifts] == [date(2026, 6, early), date(2026, 6, night)]


def test_r4_a_shift_that_ends_at_midnight_ends_on_its_own_day() -> None:
    rule = ShiftRule("Late", WEEKDAYS, time(16), time(0))
    assert materialise([rule], BERLIN, MONDAY, MONDAY, "shift-end")[0].production_date == MONDAY


def test_r4_by_calendar_each_instant_has_its_own_date() -> None:
    shifts = materialise([NIGHT], BERLIN, MONDAY, MONDAY)
    two_at_night = utc(2, 0)
    assert production_date_at(two_at_night, shifts, BERLIN, "shift-start") == MONDAY
    assert production_date_at(two_at_night, shifts, BERLIN, "calendar") == date(2026, 6, 2)
    assert production_date_at(utc(2, 10), shifts, BERLIN, "shift-start") == date(2026, 6, 2)  # outside all shifts


def test_r3_the_border_belongs_to_the_later_shift() -> None:
    shifts = materialise([LATE, NIGHT], BERLIN, MONDAY, MONDAY, "shift-end")
    assert production_date_at(shifts[0].end, shifts, BERLIN, "shift-end") == date(2026, 6, 2)


def test_an_unknown_production_day_is_refused_with_the_choices() -> None:
    with pytest.raises(CalendarError, match="use shift-start, shift-end or calendar"):
        materialise([EARLY], BERLIN, MONDAY, MONDAY, "sometimes")


def test_no_shift_starts_on_a_holiday_but_the_night_before_runs_on_into_it() -> None:
    shifts = materialise([EARLY, NIGHT], BERLIN, MONDAY, date(2026, 6, 3), holidays={date(2026, 6, 2)})
    assert [shift.production_date.day for shift in shifts] == [1, 1, 3, 3]
    assert shifts[1].end == utc(2, 4)


def test_an_exception_replaces_the_shifts_of_its_date_also_on_a_holiday() -> None:
    short = ShiftRule("Short", frozenset(), time(8), time(12))
    exceptions = [Exceptional(date(2026, 6, 2), (short,)), Exceptional(date(2026, 6, 3))]
    shifts = materialise([EARLY], BERLIN, MONDAY, date(2026, 6, 4), holidays={date(2026, 6, 2)}, exceptions=exceptions)
    assert [(shift.name, shift.production_date.day) for shift in shifts] == [("Early", 1), ("Short", 2), ("Early", 4)]


PATTERN_223 = (True, True, False, False, True, True, True, False, False, True, True, False, False, False)


def test_a_2_2_3_rotation_gives_every_shift_one_crew_and_every_crew_every_other_weekend() -> None:
    cycles = [
        CycleRule("A", "Day", MONDAY, PATTERN_223),
        CycleRule("B", "Day", MONDAY, tuple(not on for on in PATTERN_223)),
        CycleRule("C", "Night", MONDAY, PATTERN_223),
        CycleRule("D", "Night", MONDAY, tuple(not on for on in PATTERN_223)),
    ]
    shifts = materialise([DAY12, NIGHT12], BERLIN, MONDAY, MONDAY + timedelta(days=27), cycles=cycles)
    assert len(shifts) == 56
    days = "".join(shift.crew or "?" for shift in shifts if shift.name == "Day")
    assert days == "AABBAAABBAABBB" * 2
    assert "".join(shift.crew or "?" for shift in shifts if shift.name == "Night") == "CCDDCCCDDCCDDD" * 2


def test_a_rotation_holds_before_its_anchor_too_and_leaves_days_nobody_works_free() -> None:
    cycles = [CycleRule("A", "Day", MONDAY, (True, False))]
    shifts = materialise([DAY12], BERLIN, MONDAY - timedelta(days=4), MONDAY, cycles=cycles)
    assert [shift.production_date.isoformat() for shift in shifts] == ["2026-05-28", "2026-05-30", "2026-06-01"]


def test_two_crews_on_one_shift_are_refused() -> None:
    cycles = [CycleRule("A", "Day", MONDAY, (True,)), CycleRule("B", "Day", MONDAY, (True,))]
    with pytest.raises(CalendarError, match="Crews A and B both work shift Day on 2026-06-01"):
        materialise([DAY12], BERLIN, MONDAY, MONDAY, cycles=cycles)


def test_overlapping_shifts_are_refused_and_named() -> None:
    long = ShiftRule("Long", WEEKDAYS, time(13), time(20))
    with pytest.raises(CalendarError, match=r"Shift Long of 2026-06-01 13:00 begins before shift Early ends \(14:00\)"):
        materialise([EARLY, long], BERLIN, MONDAY, MONDAY)


@pytest.mark.parametrize(("start", "end"), [(time(5), time(5, 30)), (time(13, 45), time(14, 15)), (time(20), time(21))])
def test_a_break_outside_its_shift_is_refused(start: time, end: time) -> None:
    rule = ShiftRule("Early", WEEKDAYS, time(6), time(14), (BreakRule("Tea", start, end),))
    with pytest.raises(CalendarError, match=r"Break Tea .* is not inside shift Early \(06:00-14:00\): move it"):
        materialise([rule], BERLIN, MONDAY, MONDAY)


def test_breaks_that_overlap_are_refused() -> None:
    breaks = (BreakRule("Tea", time(8), time(8, 30)), BreakRule("Talk", time(8, 15), time(8, 45)))
    rule = ShiftRule("Early", WEEKDAYS, time(6), time(14), breaks)
    with pytest.raises(CalendarError, match="Breaks Tea and Talk of shift Early overlap"):
        materialise([rule], BERLIN, MONDAY, MONDAY)


def test_no_rules_or_no_days_make_no_shifts() -> None:
    assert materialise([], BERLIN, MONDAY, SUNDAY) == []
    assert materialise([EARLY], BERLIN, SUNDAY, MONDAY) == []


def said(minute: int, start: int, end: int, scheduled: bool) -> Override:
    return Override(utc(1, 0, minute), utc(1, start), utc(1, end), scheduled)


def test_overtime_and_not_scheduled_until_change_the_schedule_and_the_latest_word_holds() -> None:
    shifts = materialise([EARLY], BERLIN, MONDAY, MONDAY)  # 04:00 to 12:00 UTC
    assert scheduled_spans(shifts) == [(utc(1, 4), utc(1, 12))]
    overtime, quiet, busy = said(0, 12, 14, True), said(1, 6, 8, False), said(2, 7, 8, True)
    assert scheduled_spans(shifts, [overtime]) == [(utc(1, 4), utc(1, 14))]
    assert scheduled_spans(shifts, [quiet]) == [(utc(1, 4), utc(1, 6)), (utc(1, 8), utc(1, 12))]
    assert scheduled_spans(shifts, [busy, quiet]) == [(utc(1, 4), utc(1, 6)), (utc(1, 7), utc(1, 12))]
    assert scheduled_spans(shifts, [said(0, 8, 6, False)]) == [(utc(1, 4), utc(1, 12))]
    assert scheduled_spans([], [overtime]) == [(utc(1, 12), utc(1, 14))]
