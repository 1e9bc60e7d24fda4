"""The word of the floor (R10): overtime enters OEE as a shift of its own, "not scheduled" leaves it, Undo undoes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from mes.journal.models import JournalEntry
from mes.oee.facts import window_facts
from mes.plant.changes import ShiftLocked
from mes.plant.models import ChangedStretch, Override, Shift, WorkCenter
from mes.plant.shift_of import schedules_of, shift_at
from mes.tracking.models import CountHour, MachineCursor, StateInterval
from mes.tracking.overrides import OverrideRefused, last_said, override_withdraw, overtime_say, unscheduled_say
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

pytestmark = pytest.mark.django_db
HOUR_MS = 3_600_000


def utc(hour: int, minute: int = 0) -> datetime:
    """Monday 2 March 2026; the shift of LINE-1 is 06:00-14:00 UTC with a break 10:00-10:30."""
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


@pytest.fixture
def plant() -> SmallPlant:
    """The filler runs 06:00-16:30 without a stop and makes a piece at 13:59, 14:10, 15:50 and 16:10."""
    plant = small_plant()
    order = plant.order("WO-1")
    StateInterval.objects.create(
        work_center=plant.filler, starts_at=SIX, ends_at=utc(16, 30), state="Execute", kind="run"
    )
    MachineCursor.objects.create(work_center=plant.filler, heard_at=utc(17))
    counted(plant.filler, utc(13, 59), good=1, order=order, shift=plant.shift)
    counted(plant.filler, utc(14, 10), good=2, order=order)
    counted(plant.filler, utc(15, 50), good=4, order=order)
    counted(plant.filler, utc(16, 10), good=8, order=order)
    return plant


def _overtime(
    place: object, start: datetime, end: datetime, *, at: datetime | None = None, key: UUID | None = None
) -> Override:
    return overtime_say(
        place=place, starts_at=start, ends_at=end, why="Rush order", key=key or uuid4(), actor="sue", at=at or start
    )  # type: ignore[arg-type]


def _rest(place: object, start: datetime, end: datetime, *, at: datetime | None = None) -> Override:
    return unscheduled_say(place=place, starts_at=start, ends_at=end, why="", key=uuid4(), actor="sue", at=at or start)  # type: ignore[arg-type]


def _hours(machine: WorkCenter) -> tuple[float, float, float, int]:
    """Of 06:00-17:00: scheduled and planned-stop hours, unscheduled run hours, pieces that count for OEE."""
    e = window_facts([machine], SIX, utc(17), now=utc(17))[machine.code].elements
    hours = (e.scheduled_ms / HOUR_MS, e.planned_stop_ms / HOUR_MS, e.unscheduled_run_ms / HOUR_MS)
    return (*hours, int(e.good))


def test_r10_a_run_outside_the_schedule_is_shown_but_enters_oee_only_as_declared_overtime(plant: SmallPlant) -> None:
    assert _hours(plant.filler) == (8.0, 0.0, 2.5, 1)
    _overtime(plant.line_1, utc(14), utc(16), at=utc(14, 20))
    # The pieces of 14:10 and 15:50 enter, that of 16:10 does not, although hour 14 was stored before the word was said.
    assert _hours(plant.filler) == (10.0, 0.0, 0.5, 1 + 2 + 4)


def test_overtime_is_a_shift_of_its_own_with_the_day_and_crew_of_the_shift_it_touches(plant: SmallPlant) -> None:
    Shift.objects.update(crew="B")
    _overtime(plant.line_1, utc(14), utc(16), at=utc(16, 30))
    before, after = Shift.objects.order_by("starts_at")
    assert (before.starts_at, before.ends_at) == (utc(6), utc(14))  # R8: the shift itself is as it was
    assert (after.name, after.overtime, after.crew, after.production_date) == (
        "Overtime", True, "B", before.production_date,
    )  # fmt: skip
    assert shift_at(plant.filler, utc(15)) == after
    booked = dict(CountHour.objects.filter(work_center=plant.filler).values_list("hour", "shift__name"))
    assert booked == {utc(13): "Early", utc(14): "Overtime", utc(15): "Overtime", utc(16): None}


def test_not_scheduled_until_takes_time_off_the_shift_and_the_latest_word_holds(plant: SmallPlant) -> None:
    _rest(plant.line_1, utc(12), utc(14))
    assert _hours(plant.filler) == (6.0, 0.0, 4.5, 0)  # 12-14 and 14-16:30 are runs outside the schedule
    _overtime(plant.filler, utc(13), utc(14))
    assert _hours(plant.filler) == (7.0, 0.0, 3.5, 1)
    _rest(plant.filler, utc(13), utc(13, 30), at=utc(13, 30))
    assert _hours(plant.filler) == (6.5, 0.0, 4.0, 1)
    assert Shift.objects.count() == 1  # inside a shift there is no overtime shift


def test_the_other_machine_of_the_line_keeps_its_schedule(plant: SmallPlant) -> None:
    _overtime(plant.filler, utc(14), utc(16))
    _rest(plant.filler, utc(6), utc(8), at=utc(15))
    schedules = schedules_of([plant.filler, plant.packer], SIX, utc(17))
    assert schedules[plant.filler.pk].spans == [(utc(8), utc(16))]
    assert schedules[plant.packer.pk].spans == [(utc(6), utc(14))]
    assert schedules[plant.filler.pk].planned_s(utc(6), utc(17)) == 7.5 * 3600  # less the break of half an hour
    assert shift_at(plant.packer, utc(15)) is None


def test_a_machines_overtime_gives_way_to_its_lines(plant: SmallPlant) -> None:
    _overtime(plant.filler, utc(14), utc(18))
    _overtime(plant.line_1, utc(14), utc(16), at=utc(14, 5))
    own = Shift.objects.get(work_center=plant.filler)
    assert (own.starts_at, own.ends_at) == (utc(16), utc(18))
    assert shift_at(plant.filler, utc(15)) == Shift.objects.get(line=plant.line_1, work_center=None, overtime=True)


def test_longer_overtime_makes_the_shift_longer_and_said_twice_it_happens_once(plant: SmallPlant) -> None:
    key = uuid4()
    first = _overtime(plant.line_1, utc(14), utc(15), key=key)
    assert _overtime(plant.line_1, utc(14), utc(15), key=key, at=utc(14, 1)) == first
    made = Shift.objects.get(overtime=True)
    _overtime(plant.line_1, utc(15), utc(16), at=utc(14, 50))
    overtime = Shift.objects.get(overtime=True)
    assert overtime.pk == made.pk  # it keeps its row, so that whatever is booked on it stays booked
    assert (overtime.starts_at, overtime.ends_at) == (utc(14), utc(16))
    assert JournalEntry.objects.filter(action="overtime_say").count() == 2
    with pytest.raises(OverrideRefused, match="sent before with another choice"):
        _overtime(plant.line_1, utc(14), utc(17), key=key)


def test_undo_leaves_every_figure_as_it_was(plant: SmallPlant) -> None:
    rows = list(CountHour.objects.order_by("hour").values_list("hour", "shift", "good", "good_sum"))
    said = _overtime(plant.line_1, utc(14), utc(16), at=utc(16, 30))
    assert last_said(plant.filler, utc(15)) == said
    assert override_withdraw(override_id=said.pk, actor="sue", at=utc(16, 40))
    assert not override_withdraw(override_id=said.pk, actor="bob", at=utc(16, 41))
    assert list(CountHour.objects.order_by("hour").values_list("hour", "shift", "good", "good_sum")) == rows
    assert _hours(plant.filler) == (8.0, 0.0, 2.5, 1)
    assert Shift.objects.get() == plant.shift
    assert [entry.actor for entry in JournalEntry.objects.filter(action="override_withdraw")] == ["sue"]


def test_a_word_marks_the_touched_time_of_every_machine_of_the_line(plant: SmallPlant) -> None:
    _overtime(plant.line_1, utc(14), utc(16))
    marks = set(ChangedStretch.objects.values_list("work_center__code", "starts_at", "ends_at"))
    assert marks == {("FILL", utc(14), utc(16)), ("PACK", utc(14), utc(16))}


def test_a_locked_shift_refuses_a_word_that_would_change_it(plant: SmallPlant) -> None:
    Shift.objects.update(locked_at=utc(14, 10))
    with pytest.raises(ShiftLocked, match="Early of 2026-03-02 on LINE-1 is locked"):
        _rest(plant.line_1, utc(13), utc(14), at=utc(14, 20))
    assert not Override.objects.exists()
    _overtime(plant.line_1, utc(14), utc(16), at=utc(14, 20))  # it touches the locked shift but changes nothing in it


@pytest.mark.parametrize(
    ("start", "end", "at", "sentence"),
    [
        (utc(14), utc(14), utc(14), "before the beginning"),
        (utc(14), utc(14) + timedelta(hours=25), utc(14), "longer than 24 hours"),
        (utc(6), utc(7), utc(6) + timedelta(hours=25), "restates the shifts"),
    ],
)
def test_impossible_words_are_refused_with_a_way_out(
    plant: SmallPlant, start: datetime, end: datetime, at: datetime, sentence: str
) -> None:
    with pytest.raises(OverrideRefused, match=sentence):
        _overtime(plant.line_1, start, end, at=at)


def _also(machine: WorkCenter, hour: int, **pieces: int) -> None:
    """More good pieces in minutes of a stored hour: `_also(machine, 13, m40=32)`."""
    row = CountHour.objects.get(work_center=machine, hour=utc(hour))
    for minute, good in pieces.items():
        row.good[int(minute[1:])] = good
    row.good_sum = sum(row.good)
    row.save()


def test_r10_pieces_of_one_hour_are_parted_at_the_minute_a_word_begins_or_ends(plant: SmallPlant) -> None:
    _also(plant.filler, 13, m20=16, m40=32)
    _also(plant.filler, 16, m4=64)
    _rest(plant.line_1, utc(13, 30), utc(13, 45), at=utc(13, 50))
    assert _hours(plant.filler)[3] == 16 + 1  # not the 32 of 13:40
    _overtime(plant.line_1, utc(14), utc(16, 5), at=utc(16, 30))
    assert _hours(plant.filler)[3] == 16 + 1 + 2 + 4 + 64  # not the 8 of 16:10
    hour = CountHour.objects.filter(work_center=plant.filler, hour=utc(16))
    assert sorted(hour.values_list("shift__name", "good_sum"), key=str) == [("Overtime", 64), (None, 8)]
