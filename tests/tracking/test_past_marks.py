"""R43: every writer of the past says exactly which stretch it changed, in its own transaction."""

from datetime import timedelta
from uuid import UUID

import pytest

from mes.downtime.actions import stop_clear_reason, stop_explain
from mes.downtime.models import Stop
from mes.plant.changes import SETTLE, ShiftLocked
from mes.plant.models import ChangedStretch, Shift
from mes.production.orders import order_cancel, order_complete, order_start
from mes.tracking.observe import observations_take
from mes.tracking.observe_samples import Observation
from mes.tracking.scrap import scrap_enter, scrap_undo
from tests.production.small_plant import SIX, SmallPlant, counted
from tests.tracking.ingest_kit import HELD, Told

MIN = timedelta(minutes=1)
KEY = UUID("00000000-0000-4000-8000-000000000001")


def marks() -> list[tuple[str, float, float, str]]:
    """Machine, begin and end in minutes after six, and which action said it."""
    rows = ChangedStretch.objects.order_by("pk").values_list("work_center__code", "starts_at", "ends_at", "why")
    return [(code, (start - SIX) / MIN, (end - SIX) / MIN, why) for code, start, end, why in rows]


def test_r43_the_usual_batch_touches_nothing_that_is_settled(told: Told) -> None:
    told.store(told.reading(0, good=0), told.reading(1, good=1))
    told.store(told.reading(2, good=2), now=told.at(1) + SETTLE)
    assert marks() == []


def test_r43_a_batch_from_the_spool_is_said_from_when_the_machine_was_last_heard(told: Told) -> None:
    told.store(told.reading(0, good=0), told.reading(60, good=1))
    told.store(told.reading(61, good=2), told.reading(120, HELD, good=3), now=told.at(61) + SETTLE)
    assert marks() == [("FILL", 1.0, 2.0, "ingest")]


def test_r43_a_machine_that_was_silent_for_hours_is_said_for_all_of_them(told: Told) -> None:
    told.store(told.reading(0, good=0))
    told.store(told.reading(7200, good=90))
    assert marks() == [("FILL", 0.0, 120.0, "ingest")]


def test_r43_a_batch_said_twice_is_marked_once(told: Told) -> None:
    told.store(told.reading(0, good=0))
    for _ in range(2):
        told.store(told.reading(7200, good=90))
    assert len(marks()) == 1


def test_r43_late_observations_are_said_from_their_neighbour_before_to_where_both_tellings_meet(
    plant: SmallPlant,
) -> None:
    def say(minute: int, seq: int, state: str) -> None:
        said = Observation(at=SIX + minute * MIN, seq=seq, state=(state, "run" if state == "Run" else "down"))
        observations_take(work_center=plant.press, observations=[said], at=SIX + 50 * MIN)

    for minute, seq, state in ((10, 1, "Run"), (20, 2, "Down"), (40, 4, "Run")):
        say(minute, seq, state)
    ChangedStretch.objects.all().delete()
    say(30, 3, "Run")
    assert marks() == [("PRESS", 20.0, 40.0, "late observations")]


def test_r43_scrap_and_its_undo_are_said_at_the_time_of_the_entry(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    counted(plant.packer, SIX + 30 * MIN, good=100, order=order, shift=plant.shift)
    scrap_enter(work_center=plant.packer, quantity=3, order=order, actor="otto", at=SIX + 40 * MIN, key=KEY)
    scrap_enter(work_center=plant.packer, quantity=3, order=order, actor="otto", at=SIX + 41 * MIN, key=KEY)
    scrap_undo(key=KEY, actor="otto", at=SIX + 60 * MIN)
    assert marks() == [("PACK", 40.0, 40.0, "scrap_enter"), ("PACK", 40.0, 40.0, "scrap_undo")]


def test_r43_a_reason_is_said_over_the_whole_stop_and_only_when_it_changed_something(plant: SmallPlant) -> None:
    stop = Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=SIX + 10 * MIN, state="Aborted")
    said = {"stop_id": stop.pk, "actor": "otto", "at": SIX + 20 * MIN}
    for _ in range(2):
        stop_explain(reason=plant.jam, note="", version=1, **said)
    stop_clear_reason(version=2, **said)
    assert marks() == [("FILL", 0.0, 10.0, "stop_explain"), ("FILL", 0.0, 10.0, "stop_clear_reason")]


def test_r43_orders_are_said_on_every_machine_they_begin_or_end_on(plant: SmallPlant) -> None:
    first, second = plant.order("WO-1"), plant.order("WO-2")
    order_start(order=first, work_center=plant.filler, actor="otto", at=SIX)
    order_start(order=second, work_center=plant.filler, actor="otto", at=SIX + 10 * MIN)
    order_complete(order=second, actor="otto", at=SIX + 20 * MIN)
    order_cancel(order=first, actor="otto", at=SIX + 30 * MIN)  # it waits: no machine has it, no time changes
    both = [("FILL", minute, minute, why) for minute, why in ((0.0, "order_start"), (10.0, "order_start"))]
    assert [mark for mark in marks() if mark[0] == "FILL"] == [*both, ("FILL", 20.0, 20.0, "order_complete")]
    assert len([mark for mark in marks() if mark[0] == "PACK"]) == 3


def test_r44_a_locked_shift_refuses_the_edits_of_people_in_words(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    counted(plant.packer, SIX + 30 * MIN, good=100, order=order, shift=plant.shift)
    stop = Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=SIX + 10 * MIN, state="Aborted")
    Shift.objects.update(locked_at=SIX + timedelta(hours=9))
    sentence = "Shift Early of 2026-03-02 on LINE-1 is locked.*can reopen it"
    with pytest.raises(ShiftLocked, match=sentence):
        stop_explain(stop_id=stop.pk, reason=plant.jam, note="", actor="otto", at=SIX, version=1)
    with pytest.raises(ShiftLocked, match=sentence):
        scrap_enter(work_center=plant.packer, quantity=3, order=order, actor="otto", at=SIX + 40 * MIN, key=KEY)
    with pytest.raises(ShiftLocked, match=sentence):
        order_start(order=order, work_center=plant.filler, actor="otto", at=SIX + 10 * MIN)
    assert marks() == []
