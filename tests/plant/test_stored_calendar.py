"""Calendars as stored, turned into shifts: crews, clock changes (R1, R2), production day (R4), exceptions."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from mes.plant.calendar import AmbiguousTime, CalendarError, cycle_days, meant
from mes.plant.models import (
    Area,
    BreakRule,
    CycleRule,
    Holiday,
    Line,
    OtherDay,
    Override,
    OwnShifts,
    Shift,
    ShiftPattern,
    ShiftRule,
    Site,
    WorkCenter,
)
from mes.plant.shift_of import schedules_of, shift_at, shifts_of
from mes.plant.shifts import own_shifts_materialise, shifts_materialise

pytestmark = pytest.mark.django_db
BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
EVERY_DAY = list(range(7))


@pytest.fixture
def line() -> Line:
    """A line in Berlin without any pattern yet."""
    site = Site.objects.create(code="S", name="S", time_zone="Europe/Berlin")
    return Line.objects.create(code="L", name="L", area=Area.objects.create(code="A", name="A", site=site))


def _pattern(*rules: tuple[str, time, time], code: str = "P", place: object = None) -> ShiftPattern:
    pattern = ShiftPattern.objects.create(code=code, name=code)
    for name, starts, ends in rules:
        ShiftRule.objects.create(pattern=pattern, name=name, days=EVERY_DAY, starts=starts, ends=ends)
    if place is not None:
        place.shift_pattern = pattern  # type: ignore[attr-defined]
        place.save()  # type: ignore[attr-defined]
    return pattern


def _make(line: Line, first: date, last: date) -> list[Shift]:
    shifts_materialise(line=line, first=first, last=last, actor="eva", at=BEFORE)
    return list(Shift.objects.filter(line=line, work_center=None).order_by("starts_at"))


def test_a_2_2_3_of_four_crews_over_14_days(line: Line) -> None:
    pattern = _pattern(("Day", time(6), time(18)), ("Night", time(18), time(6)), place=line)
    monday = date(2026, 3, 2)
    for shift, first, second in (("Day", "A", "B"), ("Night", "C", "D")):
        rule = pattern.rules.get(name=shift)
        CycleRule.objects.create(rule=rule, crew=first, anchor=monday, cycle="2-2-3")
        # The counter crew works when the first is off: the same cycle a week later.
        CycleRule.objects.create(rule=rule, crew=second, anchor=monday + timedelta(days=7), cycle="2-2-3")
    shifts = _make(line, monday, monday + timedelta(days=13))
    days = "".join(shift.crew for shift in shifts if shift.name == "Day")
    nights = "".join(shift.crew for shift in shifts if shift.name == "Night")
    # By hand from the definition: 2 on, 2 off, 3 on, 2 off, 2 on, 3 off.
    assert days == "AABBAAABBAABBB"
    assert nights == "CCDDCCCDDCCDDD"
    hours: Counter[str] = Counter()
    for shift in shifts:
        hours[shift.crew] += round((shift.ends_at - shift.starts_at).total_seconds() / 3600)
    assert hours == {"A": 84, "B": 84, "C": 84, "D": 84}  # 7 shifts of 12 h in two weeks, 42 h a week


def test_a_cycle_is_written_as_lengths() -> None:
    assert "".join("x" if on else "-" for on in cycle_days("2-2-3")) == "xx--xxx--xx---"
    assert "".join("x" if on else "-" for on in cycle_days("4-4")) == "xxxx----"
    for wrong in ("", "2-0", "2--3", "x", "-1", "366-1", "2,2,3", "99999999-1", "²-2"):
        with pytest.raises(CalendarError):
            cycle_days(wrong)
    with pytest.raises(ValidationError, match="is no cycle"):
        CycleRule(crew="A", anchor=date(2026, 3, 2), cycle="two").clean_fields(exclude=["rule"])


def test_two_crews_on_the_same_shift_are_said(line: Line) -> None:
    rule = _pattern(("Day", time(6), time(18)), place=line).rules.get()
    for crew in ("A", "B"):
        CycleRule.objects.create(rule=rule, crew=crew, anchor=date(2026, 3, 2), cycle="2-2-3")
    with pytest.raises(CalendarError, match="Crews A and B both work shift Day on 2026-03-02"):
        _make(line, date(2026, 3, 2), date(2026, 3, 2))


@pytest.mark.parametrize(
    ("zone", "spring", "autumn", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 28), date(2026, 10, 24), (7.0, 9.0)),
        ("America/New_York", date(2026, 3, 7), date(2026, 10, 31), (7.0, 9.0)),
        ("Australia/Lord_Howe", date(2026, 10, 3), date(2026, 4, 4), (7.5, 8.5)),  # clocks move by half an hour
    ],
)
def test_r2_night_shifts_of_clock_changes_through_the_stored_path(
    line: Line, zone: str, spring: date, autumn: date, hours: tuple[float, float]
) -> None:
    Site.objects.update(time_zone=zone)
    line.area.site.refresh_from_db()
    rule = _pattern(("Night", time(22), time(6)), place=line).rules.get()
    BreakRule.objects.create(rule=rule, name="Tea", starts=time(4), ends=time(4, 30))
    machine = WorkCenter.objects.create(code="M", name="M", line=line)
    found = []
    for night in (spring, autumn):
        (shift,) = [shift for shift in _make(line, night, night) if shift.production_date == night]
        schedule = schedules_of([machine], shift.starts_at, shift.ends_at)[machine.pk]
        found.append((shift.ends_at - shift.starts_at).total_seconds() / 3600)
        assert schedule.planned_s(shift.starts_at, shift.ends_at) / 3600 == found[-1] - 0.5
    assert tuple(found) == hours


@pytest.mark.parametrize(
    ("policy", "dates"),
    [
        ("shift-start", [date(2026, 3, 2), date(2026, 3, 2)]),
        ("shift-end", [date(2026, 3, 2), date(2026, 3, 3)]),
        ("calendar", [date(2026, 3, 2), date(2026, 3, 2)]),
    ],
)
def test_r4_the_sites_policy_gives_the_production_date(line: Line, policy: str, dates: list[date]) -> None:
    Site.objects.update(production_day=policy)
    line.area.site.refresh_from_db()
    _pattern(("Day", time(6), time(22)), ("Night", time(22), time(6)), place=line)
    assert [shift.production_date for shift in _make(line, date(2026, 3, 2), date(2026, 3, 2))] == dates


def test_the_nearest_exception_wins_at_four_levels_also_on_a_holiday(line: Line) -> None:
    pattern = _pattern(("Early", time(6), time(14)), ("Late", time(14), time(22)), place=line.area.site)
    machine = WorkCenter.objects.create(code="M", name="M", line=line)
    other = WorkCenter.objects.create(code="N", name="N", line=line)
    Holiday.objects.create(site=line.area.site, date=date(2026, 3, 5), name="Holiday")
    for number, place in enumerate(({"site": line.area.site}, {"area": line.area}, {"line": line})):
        for day in range(2 + number, 5):  # site: from the 2nd, area: from the 3rd, line: the 4th
            named = {} if number == 0 else {"pattern": pattern, "shifts": ["Early"] if number == 1 else ["Late"]}
            OtherDay.objects.create(date=date(2026, 3, day), name="Other", **place, **named)
    OtherDay.objects.create(date=date(2026, 3, 5), name="Rush", work_center=machine, pattern=pattern, shifts=[])
    made = [(shift.production_date.day, shift.name) for shift in _make(line, date(2026, 3, 2), date(2026, 3, 6))]
    assert made == [(3, "Early"), (4, "Late"), (6, "Early"), (6, "Late")]
    own_shifts_materialise(machine=machine, first=date(2026, 3, 2), last=date(2026, 3, 6), actor="eva", at=BEFORE)
    window = (datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
    shifts = shifts_of([machine, other], *window)
    assert [shift.name for shift in shifts[machine.pk]] == ["Early", "Late"]  # the machine alone, on a holiday
    assert shifts[other.pk] == []


def test_r8_a_machines_own_shifts_begin_when_its_lines_running_shift_is_over(line: Line) -> None:
    _pattern(("Day", time(6), time(18)), place=line)
    machine = WorkCenter.objects.create(code="M", name="M", line=line)
    _make(line, date(2026, 3, 2), date(2026, 3, 4))
    _pattern(("Own", time(7), time(11)), code="OWN", place=machine)
    noon = datetime(2026, 3, 2, 11, tzinfo=UTC)
    for _ in range(2):  # said twice it happens once
        own_shifts_materialise(machine=machine, first=date(2026, 3, 1), last=date(2026, 3, 4), actor="eva", at=noon)
    assert OwnShifts.objects.get().starts_at == datetime(2026, 3, 2, 17, tzinfo=UTC)
    for at, name in ((noon, "Day"), (datetime(2026, 3, 3, 7, tzinfo=UTC), "Own")):
        shift = shift_at(machine, at)
        assert shift is not None
        assert shift.name == name
    assert shift_at(machine, datetime(2026, 3, 3, 12, tzinfo=UTC)) is None


def test_r3_an_instant_on_the_border_belongs_to_the_later_shift(line: Line) -> None:
    _pattern(("Early", time(6), time(14)), ("Late", time(14), time(22)), place=line)
    machine = WorkCenter.objects.create(code="M", name="M", line=line)
    _make(line, date(2026, 3, 2), date(2026, 3, 2))
    late = shift_at(machine, datetime(2026, 3, 2, 13, tzinfo=UTC))
    assert late is not None
    assert late.name == "Late"


def test_a_word_is_said_of_exactly_one_place(line: Line) -> None:
    day = {"date": date(2026, 3, 2), "name": "x"}
    for places in ({}, {"line": line, "area": line.area}, {"site": line.area.site, "area": line.area, "line": line}):
        with pytest.raises(IntegrityError), transaction.atomic():
            OtherDay.objects.create(**day, **places)
    with pytest.raises(IntegrityError), transaction.atomic():
        Override.objects.create(scheduled=True, starts_at=BEFORE, ends_at=BEFORE, said_at=BEFORE, said_by="x")
    OtherDay.objects.create(**day, line=line)
    with pytest.raises(IntegrityError), transaction.atomic():
        OtherDay.objects.create(**day, line=line)


def test_r7_a_typed_time_that_comes_twice_must_be_said_which() -> None:
    berlin, twice = ZoneInfo("Europe/Berlin"), datetime.fromisoformat("2026-10-25T02:30")
    with pytest.raises(AmbiguousTime, match=r"choose 02:30 \(\+02:00\) or 02:30 \(\+01:00\)"):
        meant(twice, berlin)
    assert meant(twice, berlin, "first") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert meant(twice, berlin, "second") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    with pytest.raises(CalendarError, match="does not exist"):
        meant(datetime.fromisoformat("2026-03-29T02:30"), berlin)
