"""Patterns become shifts of a line: the nearest pattern, no holidays, twice is once, the past stays."""

from datetime import UTC, date, datetime, time

import pytest

from mes.journal.models import JournalEntry
from mes.plant.calendar_of import pattern_for
from mes.plant.models import Area, BreakRule, Holiday, Line, Shift, ShiftPattern, ShiftRule, Site
from mes.plant.shifts import Materialised, shifts_materialise
from mes.plant.tasks import lines_materialise

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
BEFORE = datetime(2026, 2, 1, tzinfo=UTC)


def _pattern(code: str, start: time, end: time, days: list[int] | None = None) -> ShiftPattern:
    pattern = ShiftPattern.objects.create(code=code, name=code)
    rule = ShiftRule.objects.create(pattern=pattern, name="Early", days=days or [0, 1, 2, 3, 4], starts=start, ends=end)
    BreakRule.objects.create(rule=rule, name="Lunch", starts=time(10), ends=time(10, 30))
    return pattern


@pytest.fixture
def line() -> Line:
    site = Site.objects.create(
        code="S", name="S", time_zone="Europe/Berlin", shift_pattern=_pattern("SITE", time(6), time(14))
    )
    area = Area.objects.create(code="A", name="A", site=site)
    return Line.objects.create(code="L", name="L", area=area)


def _make(line: Line, at: datetime = BEFORE, first: date = MONDAY, last: date = date(2026, 3, 6)) -> Materialised:
    return shifts_materialise(line=line, first=first, last=last, actor="eva", at=at)


def test_the_sites_pattern_in_winter_becomes_utc_shifts_with_their_breaks(line: Line) -> None:
    assert _make(line) == Materialised(created=5, removed=0)
    shift = Shift.objects.order_by("starts_at")[0]
    assert (shift.starts_at, shift.ends_at) == (
        datetime(2026, 3, 2, 5, tzinfo=UTC),
        datetime(2026, 3, 2, 13, tzinfo=UTC),
    )
    pause = shift.breaks.get()
    assert (pause.starts_at, pause.ends_at) == (
        datetime(2026, 3, 2, 9, tzinfo=UTC),
        datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    )
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.code, entry.data["created"]) == ("shifts_materialise", "L", 5)


def test_the_nearest_pattern_wins(line: Line) -> None:
    assert str(pattern_for(line)).startswith("SITE")
    line.area.shift_pattern = _pattern("AREA", time(8), time(16))
    assert str(pattern_for(line)).startswith("AREA")
    line.shift_pattern = _pattern("LINE", time(9), time(17))
    assert str(pattern_for(line)).startswith("LINE")


def test_no_shift_starts_on_a_holiday(line: Line) -> None:
    Holiday.objects.create(site=line.area.site, date=date(2026, 3, 4), name="Works outing")
    _make(line)
    assert date(2026, 3, 4) not in {shift.production_date for shift in Shift.objects.all()}
    assert Shift.objects.count() == 4


def test_said_twice_it_happens_once(line: Line) -> None:
    _make(line)
    before = list(Shift.objects.values())
    assert _make(line) == Materialised(0, 0)
    assert list(Shift.objects.values()) == before
    assert JournalEntry.objects.count() == 1


def test_a_changed_pattern_changes_the_future_but_no_shift_that_has_begun(line: Line) -> None:
    _make(line)
    ShiftRule.objects.update(starts=time(7), ends=time(15))
    wednesday_mid_shift = datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert _make(line, at=wednesday_mid_shift) == Materialised(created=2, removed=2)
    starts = [shift.starts_at.hour for shift in Shift.objects.order_by("starts_at")]
    assert starts == [5, 5, 5, 6, 6]


def test_a_changed_break_replaces_future_shifts_too(line: Line) -> None:
    _make(line)
    BreakRule.objects.update(ends=time(10, 45))
    assert _make(line, at=datetime(2026, 3, 5, 20, tzinfo=UTC)) == Materialised(created=1, removed=1)


def test_a_line_without_a_pattern_has_no_shifts(line: Line) -> None:
    _make(line)
    Site.objects.update(shift_pattern=None)
    assert _make(line) == Materialised(created=0, removed=5)


def test_shifts_outside_the_days_asked_for_stay(line: Line) -> None:
    _make(line)
    ShiftRule.objects.update(starts=time(7))
    assert _make(line, first=date(2026, 3, 5), last=date(2026, 3, 5)) == Materialised(created=1, removed=1)
    assert [shift.starts_at.hour for shift in Shift.objects.order_by("starts_at")] == [5, 5, 5, 6, 5]


def test_the_periodic_job_makes_yesterday_to_60_days_ahead(line: Line) -> None:
    lines_materialise(at=datetime(2026, 3, 3, 12, tzinfo=UTC))
    dates = [shift.production_date for shift in Shift.objects.order_by("starts_at")]
    assert (dates[0], dates[-1]) == (MONDAY, date(2026, 5, 1))  # 2 May is a Saturday
    assert len(dates) == 45


def test_a_day_on_which_shifts_overlap_costs_only_that_day(line: Line) -> None:
    pattern = ShiftPattern.objects.get(code="SITE")
    ShiftRule.objects.create(pattern=pattern, name="Cleaning", days=[4], starts=time(13), ends=time(15))
    lines_materialise(at=datetime(2026, 3, 3, 12, tzinfo=UTC))
    dates = {shift.production_date for shift in Shift.objects.all()}
    assert not {date(2026, 3, 6), date(2026, 3, 13), date(2026, 3, 20), date(2026, 3, 27)} & dates
    assert {MONDAY, date(2026, 3, 5), date(2026, 3, 9), date(2026, 3, 31)} <= dates


def test_a_shift_in_the_night_of_the_clock_change_is_made(line: Line) -> None:
    ShiftRule.objects.update(days=list(range(7)), starts=time(2, 30), ends=time(11))
    BreakRule.objects.all().delete()
    lines_materialise(at=datetime(2026, 3, 27, 12, tzinfo=UTC))
    shift = Shift.objects.get(production_date=date(2026, 3, 29))
    # 02:30 does not exist that night: it begins when the clocks have gone forward, at 03:00 summer time.
    assert (shift.starts_at, shift.ends_at) == (
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 9, tzinfo=UTC),
    )
