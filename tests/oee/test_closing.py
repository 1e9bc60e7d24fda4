"""R44: a shift is closed, locked and reopened with role and reason; late data of a locked shift waits and is shown."""

from datetime import timedelta

import pytest

from mes.downtime.actions import stop_explain
from mes.downtime.models import Stop
from mes.journal.models import JournalEntry
from mes.journal.write import record
from mes.oee.closing import (
    ClosingRefused,
    shift_close,
    shift_code,
    shift_lock,
    shift_reopen,
    shifts_turn,
    waiting_changes,
)
from mes.oee.edits import edits_of
from mes.oee.rollup import roll_all
from mes.plant.changes import ShiftLocked, changed
from mes.plant.models import Shift
from tests.production.small_plant import SIX, SmallPlant, small_plant

MIN, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SETTLED = SIX + 8 * HOUR + 16 * MIN  # the shift 06:00-14:00 UTC; hours settle after a quarter of an hour and some


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


def test_r44_a_shift_is_closed_once_its_last_hour_has_settled_and_only_once(plant: SmallPlant) -> None:
    with pytest.raises(ClosingRefused, match="can be closed from 14:15 UTC"):
        shift_close(shift_id=plant.shift.pk, actor="mia", at=SETTLED - MIN)
    assert shift_close(shift_id=plant.shift.pk, actor="mia", at=SETTLED) is True
    assert shift_close(shift_id=plant.shift.pk, actor="otto", at=SETTLED + MIN) is False
    plant.shift.refresh_from_db()
    assert (plant.shift.closed_at, plant.shift.closed_by) == (SETTLED, "mia")
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.code) == ("shift_close", "LINE-1/2026-03-02/Early")


def test_r44_a_shift_that_ends_within_an_hour_waits_for_that_hour(plant: SmallPlant) -> None:
    Shift.objects.filter(pk=plant.shift.pk).update(ends_at=SIX + 7.5 * HOUR)
    with pytest.raises(ClosingRefused, match="from 14:15"):
        shift_close(shift_id=plant.shift.pk, actor="mia", at=SIX + 8 * HOUR)


def test_r44_only_a_closed_shift_is_locked_and_reopening_needs_a_reason(plant: SmallPlant) -> None:
    pk = plant.shift.pk
    with pytest.raises(ClosingRefused, match="not closed yet"):
        shift_lock(shift_id=pk, actor="eva", at=SETTLED)
    shift_close(shift_id=pk, actor="mia", at=SETTLED)
    assert shift_lock(shift_id=pk, actor="eva", at=SETTLED + HOUR) is True
    for nothing in ("", "   ", "x" * 201, "a\0"):
        with pytest.raises(ClosingRefused):
            shift_reopen(shift_id=pk, why=nothing, actor="eva", at=SETTLED + DAY)
    assert shift_reopen(shift_id=pk, why="late scrap", actor="eva", at=SETTLED + DAY) is True
    assert shift_reopen(shift_id=pk, why="late scrap", actor="eva", at=SETTLED + DAY) is False
    plant.shift.refresh_from_db()
    assert (plant.shift.closed_at, plant.shift.locked_at) == (SETTLED, None)
    last = JournalEntry.objects.latest("pk")
    assert (last.action, last.data["why"]) == ("shift_reopen", "late scrap")


def test_r44_an_edit_of_a_locked_shift_is_refused_until_it_is_reopened(plant: SmallPlant) -> None:
    stop = Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=SIX + 10 * MIN, state="Down")
    said = {"stop_id": stop.pk, "reason": plant.jam, "note": "", "actor": "mia", "version": 1, "at": SETTLED + DAY}
    shift_close(shift_id=plant.shift.pk, actor="mia", at=SETTLED)
    shift_lock(shift_id=plant.shift.pk, actor="eva", at=SETTLED)
    with pytest.raises(ShiftLocked):
        stop_explain(**said)
    shift_reopen(shift_id=plant.shift.pk, why="cause found", actor="eva", at=SETTLED + DAY)
    assert stop_explain(**said).reason == plant.jam


def test_r44_late_changes_of_a_locked_shift_wait_and_are_counted(plant: SmallPlant) -> None:
    shift_close(shift_id=plant.shift.pk, actor="mia", at=SETTLED)
    changed([(plant.filler.pk, SIX + HOUR, SIX + 2 * HOUR)], why="ingest")
    assert waiting_changes(Shift.objects.get(pk=plant.shift.pk)) == 0  # closed only: taken in at once
    shift_lock(shift_id=plant.shift.pk, actor="eva", at=SETTLED)  # takes in what was said before
    shift = Shift.objects.get(pk=plant.shift.pk)
    changed([(plant.filler.pk, SIX + HOUR, SIX + HOUR)], why="late observations")
    changed([(plant.packer.pk, SIX - HOUR, SIX)], why="ingest")  # ends where the shift begins: another shift's
    changed([(plant.packer.pk, SIX, SIX)], why="scrap_undo")  # an instant at its start is its own (R3)
    changed([(plant.press.pk, SIX, SIX + HOUR)], why="ingest")  # another line
    assert waiting_changes(shift) == 2


def test_the_periodic_job_closes_what_has_settled_and_locks_what_is_old(plant: SmallPlant, settings: object) -> None:
    settings.SHIFT_LOCK_DAYS = 2  # type: ignore[attr-defined]
    assert shifts_turn(at=SETTLED) == (0, 0)  # its hours are not rolled yet
    roll_all(now=SETTLED)
    assert shifts_turn(at=SETTLED - MIN) == (0, 0)
    assert shifts_turn(at=SETTLED) == (1, 0)
    assert shifts_turn(at=SETTLED) == (0, 0)
    assert shifts_turn(at=SIX + 8 * HOUR + 2 * DAY) == (0, 1)
    shift_reopen(shift_id=plant.shift.pk, why="audit", actor="eva", at=SETTLED + 3 * DAY)
    assert shifts_turn(at=SETTLED + 4 * DAY) == (0, 0)  # somebody works on it
    assert shifts_turn(at=SETTLED + 11 * DAY) == (0, 1)


def test_the_setting_zero_locks_nothing_by_itself(plant: SmallPlant, settings: object) -> None:
    settings.SHIFT_LOCK_DAYS = 0  # type: ignore[attr-defined]
    roll_all(now=SETTLED)
    assert shifts_turn(at=SETTLED + 3 * DAY) == (1, 0)


def test_r42_edits_of_a_stretch_are_told_from_the_journal_with_before_and_after(plant: SmallPlant) -> None:
    stop = Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=SIX + 10 * MIN, state="Down")
    said = {"stop_id": stop.pk, "note": "belt", "actor": "mia"}
    stop_explain(reason=plant.jam, version=1, at=SIX + HOUR, **said)
    stop_explain(reason=plant.motor, version=2, at=SETTLED + DAY, **said)
    machines = [plant.filler, plant.packer]
    (edit,) = edits_of(machines, SIX, SIX + 8 * HOUR, since=SETTLED)
    assert (edit.actor, edit.work_center, edit.action) == ("mia", "FILL", "stop_explain")
    assert edit.change == [("reason", "JAM", "MOTOR")]
    assert len(edits_of(machines, SIX, SIX + 8 * HOUR)) == 2
    assert edits_of(machines, SIX + 11 * MIN, SIX + 8 * HOUR) == []
    assert edits_of([plant.packer], SIX, SIX + 8 * HOUR) == []


def test_a_machines_own_shift_is_named_apart(plant: SmallPlant) -> None:
    own = Shift(line=plant.line_1, work_center=plant.packer, name="Own", production_date=plant.shift.production_date)
    assert shift_code(own) == "LINE-1@PACK/2026-03-02/Own"


def test_r42_what_was_said_of_the_line_is_an_edit_of_its_machines(plant: SmallPlant) -> None:
    hours = {"starts_at": SIX + 8 * HOUR, "ends_at": SIX + 10 * HOUR}
    told = {"before": None, "after": {"scheduled": True, **hours}, "why": "rush order"}
    record(actor="mia", at=SIX, action="overtime_say", kind="line", code="LINE-1", data=told)
    restated = {"first": "2026-03-02", "last": "2026-03-02", "before": [{}] * 4, "after": [{}] * 5, "why": "holiday"}
    record(actor="eva", at=SETTLED, action="shifts_restate", kind="line", code="LINE-1", data=restated)
    record(actor="eva", at=SETTLED, action="shifts_restate", kind="line", code="LINE-2", data=restated)
    edits = edits_of([plant.packer], SIX + 9 * HOUR, SIX + 11 * HOUR)
    assert [(edit.action, edit.work_center, edit.why) for edit in edits] == [
        ("shifts_restate", "LINE-1", "holiday"),
        ("overtime_say", "LINE-1", "rush order"),
    ]
    assert edits[0].change == [("", "4 entries", "5 entries")]
    assert [edit.action for edit in edits_of([plant.packer], SIX, SIX + HOUR)] == ["shifts_restate"]
