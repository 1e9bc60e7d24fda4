"""Roll-ups: what is stored per hour equals what raw rows say, from whatever order of work it came."""

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from mes.config.vitals import roll_ups
from mes.downtime.models import Stop
from mes.oee import rollup
from mes.oee.elements import Elements, add_up
from mes.oee.fact_models import DayFact, HourFact, HourFactPast, RollMark
from mes.oee.facts import window_facts
from mes.oee.places import machines_of
from mes.oee.rebuild import rebuild_check, sample_compare
from mes.oee.rollup import line_roll, lines_due, roll_all, roll_now
from mes.oee.stored import COLUMNS, from_columns
from mes.plant.changes import changed
from mes.plant.models import ChangedStretch, Shift
from mes.tracking.models import StateInterval
from mes.tracking.news import facts_channel, news_client
from tests.oee.rolled_plant import HOUR, LATE, MIN, at, eventful_plant, state
from tests.production.small_plant import SIX, SmallPlant

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """Fresh for each test."""
    return eventful_plant()


def stored(**place: Any) -> Elements:
    """The sum of all stored hours of a place."""
    rows = HourFact.objects.filter(**place).order_by("pk").values_list(*COLUMNS)
    return add_up(from_columns(row) for row in rows)


def test_r37_the_hours_of_a_machine_add_up_to_its_window(plant: SmallPlant) -> None:
    assert line_roll(plant.line_1, now=LATE).more is False
    facts = window_facts([plant.packer], SIX, SIX + 12 * HOUR, now=LATE)["PACK"]
    found = stored(work_center=plant.packer)
    assert found == facts.elements
    # by hand: the stop 30 min, the micro-stop 90 s, unknown from 09:00 to 09:05
    assert (found.unplanned_ms, found.micro_ms, found.unknown_ms) == (30 * 60_000, 90_000, 5 * 60_000)
    assert (found.good, found.scrap, found.gap_total, found.bridged_ms) == (157, 5, 7, 5 * 60_000)
    mark = RollMark.objects.get(work_center=plant.packer)
    assert (mark.rolled_from, mark.rolled_until) == (SIX, SIX + 12 * HOUR)


def test_every_rolled_hour_has_a_row_and_an_unsettled_one_has_none(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=SIX + 11 * HOUR + 14 * MIN)  # the last hour ended less than 15 min ago
    hours = HourFact.objects.filter(work_center=plant.filler).values_list("hour", flat=True)
    assert set(hours) == {SIX + n * HOUR for n in range(10)}
    assert stored(work_center=plant.filler).calendar_ms == 10 * 3_600_000


def test_r38_a_serial_line_has_rows_of_its_own_and_never_adds_its_machines(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    line = stored(line=plant.line_1)
    assert (line.good, line.scrap, line.scheduled_ms) == (157, 10, 8 * 3_600_000)


def test_r43_a_change_mends_exactly_its_hours_and_twice_is_as_once(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    before = dict(HourFact.objects.values_list("pk", "recorded_at"))
    stop = Stop.objects.get(work_center=plant.packer)
    stop.reason = plant.motor
    stop.save()
    again = LATE + HOUR / 2
    for _ in range(2):
        changed([(plant.packer.pk, stop.starts_at, stop.ends_at or LATE)], why="stop_explain")
        line_roll(plant.line_1, now=again)
    assert not ChangedStretch.objects.exists()
    touched = HourFact.objects.exclude(pk__in=before)
    # the machine's and (it is the exit, and of equal cycles the bottleneck) the line's hours of six and seven
    assert set(touched.values_list("hour", flat=True)) == {SIX, SIX + HOUR}
    assert set(touched.values_list("work_center", "line")) == {(plant.packer.pk, None), (None, plant.line_1.pk)}
    assert set(touched.values_list("recorded_at", flat=True)) == {again}
    assert stored(work_center=plant.packer).failure_ms == 30 * 60_000
    assert stored(work_center=plant.packer).failures == 1


def test_r48_rolled_at_once_hour_by_hour_and_after_changes_it_is_the_same(plant: SmallPlant) -> None:
    for minutes in range(0, 12 * 60 + 21, 30):
        line_roll(plant.line_1, now=SIX + minutes * MIN)
    changed([(plant.filler.pk, SIX, LATE), (plant.packer.pk, SIX, LATE)], why="test")
    line_roll(plant.line_1, now=LATE)
    slowly = _all_rows()
    HourFact.objects.all().delete()
    RollMark.objects.all().delete()
    line_roll(plant.line_1, now=LATE)
    assert _all_rows() == slowly


def _all_rows() -> set[tuple[Any, ...]]:
    return set(HourFact.objects.values_list("work_center", "line", "hour", "shift", "order", "item", *COLUMNS))


def test_r44_rows_of_a_locked_shift_hold_and_its_changes_wait_until_it_is_reopened(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    before = _all_rows()
    Shift.objects.filter(pk=plant.shift.pk).update(closed_at=LATE, locked_at=LATE)
    Stop.objects.filter(work_center=plant.packer).update(reason=plant.motor)
    changed([(plant.packer.pk, at(50), at(80)), (plant.packer.pk, at(-60), at(600))], why="late")
    assert line_roll(plant.line_1, now=LATE).more is False
    assert _all_rows() == before
    waiting = set(ChangedStretch.objects.values_list("starts_at", "ends_at"))
    assert waiting == {(at(50), at(80)), (plant.shift.starts_at, plant.shift.ends_at)}
    Shift.objects.filter(pk=plant.shift.pk).update(locked_at=None)
    line_roll(plant.line_1, now=LATE)
    assert not ChangedStretch.objects.exists()
    assert stored(work_center=plant.packer).failure_ms == 30 * 60_000


def test_r46_what_a_closed_shift_reported_is_kept_when_it_changes(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    Shift.objects.filter(pk=plant.shift.pk).update(closed_at=LATE)
    Stop.objects.filter(work_center=plant.packer).update(reason=plant.motor)
    changed([(plant.packer.pk, at(50), at(80))], why="stop_explain")
    line_roll(plant.line_1, now=LATE + HOUR)
    old = HourFactPast.objects.filter(work_center=plant.packer)
    assert {(row.hour, row.failure_ms, row.recorded_at, row.superseded_at) for row in old} == {
        (SIX, 0, LATE, LATE + HOUR),
        (SIX + HOUR, 0, LATE, LATE + HOUR),
    }


def test_whole_days_are_the_sum_of_their_hours(plant: SmallPlant) -> None:
    Shift.objects.create(
        line=plant.line_1,
        name="Before",
        production_date=SIX.date() - timedelta(days=2),
        starts_at=SIX - 2 * 24 * HOUR,
        ends_at=SIX - 40 * HOUR,
    )
    now = SIX + 48 * HOUR
    while line_roll(plant.line_1, now=now).more:
        pass
    days = DayFact.objects.filter(work_center=plant.packer)
    assert set(days.values_list("day", flat=True)) == {datetime(2026, 3, d, tzinfo=SIX.tzinfo) for d in (1, 2, 3)}
    monday = add_up(from_columns(row) for row in days.filter(day__day=2).values_list(*COLUMNS))
    assert (monday.calendar_ms, monday.good) == (24 * 3_600_000, 157)
    changed([(plant.packer.pk, at(20), at(21))], why="counts")
    counted_row = plant.packer.counts.get(hour=SIX)
    counted_row.good[20] = 90
    counted_row.save()
    line_roll(plant.line_1, now=now)
    assert add_up(from_columns(row) for row in days.all().values_list(*COLUMNS)).good == 147


def test_history_that_is_found_later_moves_the_beginning_back(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    state(plant.packer, -600, -540, "run")
    changed([(plant.packer.pk, at(-600), at(-540))], why="bindings_confirm")
    while line_roll(plant.line_1, now=LATE).more:
        pass
    # the hour that was found, and 14:00-18:00: the open run goes on after the shift
    assert stored(work_center=plant.packer).unscheduled_run_ms == 5 * 3_600_000
    assert RollMark.objects.get(line=plant.line_1).rolled_from == SIX - 10 * HOUR


def test_roll_now_leaves_nothing_that_has_settled(plant: SmallPlant) -> None:
    machines = machines_of([plant.line_1])[plant.line_1.pk]
    roll_now(machines, plant.shift.starts_at, plant.shift.ends_at, now=SIX + 40 * 24 * HOUR)
    assert RollMark.objects.get(line=plant.line_1).rolled_until == SIX + 40 * 24 * HOUR - HOUR


def test_r48_the_nightly_sample_is_equal_and_finds_what_was_changed_behind_its_back(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    looked, different = sample_compare(seed="1", now=LATE, blocks=40)
    assert (looked, different) == (40 * 3, [])
    assert rebuild_check(now=LATE) is not None
    assert rebuild_check(now=LATE + HOUR) is None  # once a day
    StateInterval.objects.filter(work_center=plant.packer, starts_at=at(80)).update(kind="down")
    changed_hours = {"PACK 2026-03-02 07h", "LINE-1 2026-03-02 07h"}
    assert changed_hours <= set(sample_compare(seed="1", now=LATE, blocks=40)[1])
    check = rebuild_check(now=LATE + 24 * HOUR)
    assert check is not None
    assert {each.name: each.ok for each in roll_ups()} == {"roll-ups": False, "rebuild": not check.different}


def test_a_roller_that_was_killed_is_done_again_with_the_same_rows(
    plant: SmallPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    line_roll(plant.line_1, now=LATE)
    before = _all_rows()
    Stop.objects.filter(work_center=plant.packer).update(reason=plant.motor)
    changed([(plant.packer.pk, at(50), at(80))], why="stop_explain")
    with monkeypatch.context() as patch:
        patch.setattr(rollup, "changes_settle", _killed)  # after the rows were written, before the queue was told
        with pytest.raises(KeyboardInterrupt):
            line_roll(plant.line_1, now=LATE)
    assert (_all_rows(), ChangedStretch.objects.count()) == (before, 1)
    line_roll(plant.line_1, now=LATE)
    assert (stored(work_center=plant.packer).failure_ms, ChangedStretch.objects.count()) == (30 * 60_000, 0)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_lines_with_nothing_to_do_are_not_looked_at(plant: SmallPlant) -> None:
    assert plant.line_1 in lines_due(LATE)
    line_roll(plant.line_1, now=LATE)
    assert plant.line_1 not in lines_due(LATE)
    changed([(plant.packer.pk, at(50), at(80))], why="test")
    assert plant.line_1 in lines_due(LATE)
    Shift.objects.filter(pk=plant.shift.pk).update(closed_at=LATE, locked_at=LATE)
    assert plant.line_1 not in lines_due(LATE)  # what lies in a locked shift waits


@pytest.mark.django_db(transaction=True)
def test_two_rollers_never_do_the_same() -> None:
    plant = eventful_plant()
    turns: list[int] = []

    def other() -> None:
        try:
            turns.append(line_roll(plant.line_1, now=LATE).hours)
        finally:
            connection.close()

    with transaction.atomic():
        assert line_roll(plant.line_1, now=LATE).hours == 3 * 12
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=30)
    assert turns == [0]
    assert HourFact.objects.filter(work_center=plant.packer).count() == 12


def test_r43_open_pages_are_told_which_lines_and_which_time_changed(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    Stop.objects.filter(work_center=plant.packer).update(reason=plant.motor)
    changed([(plant.packer.pk, at(50), at(80))], why="stop_explain")
    client = news_client()
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(facts_channel())
        heard.get_message(timeout=5)
        roll_all(now=LATE)
        said = next(m for _ in range(50) if (m := heard.get_message(timeout=1)))
    client.close()
    told = {"lines": ["LINE-1"], "from": at(50).isoformat(), "to": at(80).isoformat()}
    assert json.loads(said["data"]) == told


def test_a_change_of_all_time_is_worked_in_by_portions_and_ends_where_facts_begin(plant: SmallPlant) -> None:
    now = SIX + 20 * 24 * HOUR
    while line_roll(plant.line_1, now=now).more:
        pass
    Stop.objects.filter(work_center=plant.packer).update(reason=plant.motor)
    changed([(plant.packer.pk, SIX - timedelta(days=9000), now)], why="policy_adopt")
    turns = [line_roll(plant.line_1, now=now)]
    while turns[-1].more:
        turns.append(line_roll(plant.line_1, now=now))
    assert len(turns) == 3  # seven days each; nothing is rolled before the first fact
    assert max(turn.hours for turn in turns) <= 2 * (7 * 24 + 2)  # the machine and its line
    assert (stored(work_center=plant.packer).failure_ms, ChangedStretch.objects.count()) == (30 * 60_000, 0)
