"""R8: a changed calendar leaves shifts that have begun alone; a restatement changes them, and its preview is exact."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from mes.journal.models import JournalEntry
from mes.oee.facts import window_facts
from mes.plant.changes import ShiftLocked
from mes.plant.models import (
    BreakRule,
    ChangedStretch,
    Holiday,
    OtherDay,
    PlannedMaintenance,
    Shift,
    ShiftPattern,
    ShiftRule,
    WorkCenter,
)
from mes.plant.shifts import own_shifts_materialise, shifts_materialise
from mes.plant.tasks import lines_materialise
from mes.tracking.models import CountHour
from mes.tracking.shift_restate import RestateRefused, shifts_preview, shifts_restate
from tests.production.small_plant import SmallPlant, counted, small_plant

pytestmark = pytest.mark.django_db
MONDAY, WEDNESDAY = date(2026, 3, 2), date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)  # Wednesday 10:00 in Berlin, in the middle of the early shift


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def plant() -> SmallPlant:
    """Early 06-14 (break 10-10:30) and Late 14-22 in Berlin, which is 05-13 and 13-21 UTC; counts of Monday 13:10."""
    plant = small_plant()
    Shift.objects.all().delete()
    pattern = ShiftPattern.objects.create(code="TWO", name="Two shifts")
    for name, starts, ends in (("Early", time(6), time(14)), ("Late", time(14), time(22))):
        ShiftRule.objects.create(pattern=pattern, name=name, days=[0, 1, 2, 3, 4], starts=starts, ends=ends)
    BreakRule.objects.create(rule=pattern.rules.get(name="Early"), name="Lunch", starts=time(10), ends=time(10, 30))
    plant.line_1.shift_pattern = pattern
    plant.line_1.save()
    shifts_materialise(line=plant.line_1, first=MONDAY, last=date(2026, 3, 6), actor="system", at=utc(1, 12))
    late = Shift.objects.get(production_date=MONDAY, name="Late")
    counted(plant.filler, utc(2, 13, 10), good=5, shift=late)
    counted(plant.filler, utc(2, 13, 20), good=7, shift=None)
    Shift.objects.filter(ends_at__lt=NOW).update(closed_at=utc(4, 6), closed_by="system")
    return plant


def _border_to_1415() -> None:
    """From 14:00 on it is 14:15 at which the shifts change."""
    ShiftRule.objects.filter(name="Early").update(ends=time(14, 15))
    ShiftRule.objects.filter(name="Late").update(starts=time(14, 15))


def _all() -> list[tuple[object, ...]]:
    return list(Shift.objects.order_by("line", "starts_at").values_list("pk", "name", "starts_at", "ends_at"))


def test_r8_nothing_that_has_begun_changes_with_the_calendar(plant: SmallPlant) -> None:
    begun = [row for row in _all() if row[2] <= NOW]  # type: ignore[operator]
    assert len(begun) == 5
    _border_to_1415()
    Holiday.objects.create(site=plant.line_1.area.site, date=MONDAY, name="Declared too late")
    OtherDay.objects.create(line=plant.line_1, date=date(2026, 3, 3), name="Nobody came", pattern=None)
    lines_materialise(at=NOW)
    assert [row for row in _all() if row[2] <= NOW] == begun  # type: ignore[operator]
    future = Shift.objects.filter(line=plant.line_1, starts_at__gt=NOW).order_by("starts_at")
    # Today's late shift would overlap the running early one if it kept 14:00; it begins at 14:15 as the pattern says.
    assert future[0].starts_at == utc(4, 13, 15)
    assert future[1].ends_at == utc(5, 13, 15)


def test_r8_the_preview_says_exactly_what_the_restatement_does_and_changes_nothing(plant: SmallPlant) -> None:
    _border_to_1415()
    before, counts = _all(), list(CountHour.objects.order_by("pk").values())
    preview = shifts_preview(owner=plant.line_1, first=MONDAY, last=WEDNESDAY, at=NOW)
    assert _all() == before
    assert list(CountHour.objects.order_by("pk").values()) == counts
    assert not ChangedStretch.objects.exists()
    done = shifts_restate(owner=plant.line_1, first=MONDAY, last=WEDNESDAY, why="Agreed", actor="eva", at=NOW)
    assert done == preview
    said = [(c.before.name, c.after.start, c.after.end, c.closed) for c in done.changes if c.before and c.after]
    assert said == [
        ("Early", utc(2, 5), utc(2, 13, 15), True),
        ("Late", utc(2, 13, 15), utc(2, 21), True),
        ("Early", utc(3, 5), utc(3, 13, 15), True),
        ("Late", utc(3, 13, 15), utc(3, 21), True),
        ("Early", utc(4, 5), utc(4, 13, 15), False),
    ]


def test_r8_rows_keep_their_identity_and_counts_move_to_the_shift_of_their_minute(plant: SmallPlant) -> None:
    _border_to_1415()
    keys = {row[0] for row in _all() if row[2] <= NOW}  # type: ignore[operator]
    shifts_restate(owner=plant.line_1, first=MONDAY, last=WEDNESDAY, why="Agreed", actor="eva", at=NOW)
    assert keys <= {row[0] for row in _all()}
    rows = CountHour.objects.filter(hour=utc(2, 13)).values_list("shift__name", "good_sum")
    # 13:10 UTC was Late and is Early now; the pieces of 13:20, booked on no shift, are Late's.
    assert sorted(rows, key=str) == [("Early", 5), ("Late", 7)]
    marks = set(ChangedStretch.objects.values_list("work_center__code", "starts_at", "ends_at"))
    assert ("FILL", utc(2, 5), utc(2, 13, 15)) in marks
    assert ("PACK", utc(2, 13), utc(2, 21)) in marks
    entry = JournalEntry.objects.get(action="shifts_restate")
    assert (entry.actor, entry.code, entry.data["why"], len(entry.data["after"])) == ("eva", "LINE-1", "Agreed", 5)


def test_planned_minutes_by_hand_when_a_shift_never_took_place(plant: SmallPlant) -> None:
    OtherDay.objects.create(line=plant.line_1, date=date(2026, 3, 3), name="No power", pattern=None)
    done = shifts_restate(owner=plant.line_1, first=MONDAY, last=date(2026, 3, 3), why="No power", actor="eva", at=NOW)
    # Monday, Tuesday and (the window reaches a day further) Wednesday: 3 x (8 h less 30 min + 8 h) = 2790 min before.
    assert [(row.work_center, row.before_min, row.after_min) for row in done.planned] == [
        ("FILL", 2790.0, 1860.0), ("PACK", 2790.0, 1860.0),
    ]  # fmt: skip
    facts = window_facts([plant.filler], utc(3, 0), utc(4, 0), now=NOW)
    assert facts["FILL"].elements.scheduled_ms == 0
    assert shifts_restate(
        owner=plant.line_1, first=MONDAY, last=date(2026, 3, 3), why="Again", actor="eva", at=NOW
    ).changes == []  # fmt: skip
    assert JournalEntry.objects.filter(action="shifts_restate").count() == 1


def test_counts_of_a_shift_that_never_took_place_stay_without_one(plant: SmallPlant) -> None:
    OtherDay.objects.create(line=plant.line_1, date=MONDAY, name="No power", pattern=None)
    shifts_restate(owner=plant.line_1, first=MONDAY, last=MONDAY, why="No power", actor="eva", at=NOW)
    assert list(CountHour.objects.values_list("shift", "good_sum")) == [(None, 12)]


def test_a_locked_shift_is_not_restated(plant: SmallPlant) -> None:
    Shift.objects.filter(production_date=MONDAY, name="Early").update(locked_at=utc(4, 7))
    _border_to_1415()
    before = _all()
    with pytest.raises(ShiftLocked, match="Early of 2026-03-02 is locked"):
        shifts_restate(owner=plant.line_1, first=MONDAY, last=WEDNESDAY, why="Agreed", actor="eva", at=NOW)
    assert _all() == before


@pytest.mark.parametrize("why", ["", "  ", "x" * 201, "\0"])
def test_without_a_reason_nothing_is_restated(plant: SmallPlant, why: str) -> None:
    with pytest.raises(RestateRefused, match="why the past is restated"):
        shifts_restate(owner=plant.line_1, first=MONDAY, last=WEDNESDAY, why=why, actor="eva", at=NOW)


def test_a_neighbour_outside_the_days_that_would_overlap_is_said(plant: SmallPlant) -> None:
    Shift.objects.create(
        line=plant.line_1, name="Night", production_date=MONDAY, starts_at=utc(2, 21), ends_at=utc(3, 5)
    )
    ShiftRule.objects.filter(name="Early").update(starts=time(5, 30))
    before = _all()
    with pytest.raises(RestateRefused, match="choose more days"):
        shifts_restate(
            owner=plant.line_1, first=date(2026, 3, 3), last=date(2026, 3, 3), why="Sooner", actor="eva", at=NOW
        )
    assert _all() == before


def test_a_machine_with_a_pattern_of_its_own_leaves_its_line_and_comes_back(plant: SmallPlant) -> None:
    own = ShiftPattern.objects.create(code="OWN", name="Own")
    ShiftRule.objects.create(pattern=own, name="Day", days=[0, 1, 2, 3, 4], starts=time(8), ends=time(18))
    WorkCenter.objects.filter(pk=plant.filler.pk).update(shift_pattern=own)
    lines_materialise(at=NOW)
    filler = WorkCenter.objects.get(pk=plant.filler.pk)
    past = window_facts([filler], utc(2, 0), utc(3, 0), now=NOW)["FILL"].elements
    assert past.scheduled_ms == 16 * 3_600_000  # Monday was two shifts and still is
    tomorrow = window_facts([filler, plant.packer], utc(5, 0), utc(6, 0), now=utc(7, 0))
    assert tomorrow["FILL"].elements.scheduled_ms == 10 * 3_600_000
    assert tomorrow["PACK"].elements.scheduled_ms == 16 * 3_600_000
    preview = shifts_preview(owner=filler, first=date(2026, 3, 3), last=date(2026, 3, 3), at=NOW)
    assert [change.after.name for change in preview.changes if change.after] == ["Day"]
    WorkCenter.objects.filter(pk=plant.filler.pk).update(shift_pattern=None)
    own_shifts_materialise(
        machine=filler, first=WEDNESDAY, last=date(2026, 3, 6), actor="system", at=NOW + timedelta(minutes=1)
    )
    back = window_facts([filler], utc(5, 0), utc(6, 0), now=utc(7, 0))["FILL"].elements
    assert back.scheduled_ms == 16 * 3_600_000


def test_planned_maintenance_is_a_planned_stop_named_and_the_nearest_word_wins_at_four_levels(
    plant: SmallPlant,
) -> None:
    site, area = plant.line_1.area.site, plant.line_1.area
    for place, start, end, works_on in (
        ({"site": site}, utc(3, 5), utc(3, 9), False),
        ({"area": area}, utc(3, 6), utc(3, 9), True),
        ({"line": plant.line_1}, utc(3, 7), utc(3, 9), False),
        ({"work_center": plant.filler}, utc(3, 8), utc(3, 9), True),
    ):
        name = f"From {next(iter(place))}"
        PlannedMaintenance.objects.create(name=name, starts_at=start, ends_at=end, works_on=works_on, **place)
    facts = window_facts([plant.filler, plant.packer], utc(3, 5), utc(3, 9), now=utc(3, 12))
    minutes = {code: fact.elements.planned_stop_ms / 60_000 for code, fact in facts.items()}
    # Site stands 5-6; its area works on 6-7; the line stands 7-9, but the filler works on from 8. No break till 9.
    assert minutes == {"FILL": 120.0, "PACK": 180.0}
    assert {piece.reason for piece in facts["PACK"].owned if piece.owner == "planned_stop"} == {
        "From site", "From line",
    }  # fmt: skip
