"""Held-back counts (R23): released they stand where they belong, discarded they stay uncounted; who was first holds."""

from datetime import timedelta

import pytest

from mes.journal.models import JournalEntry
from mes.plant.changes import ShiftLocked
from mes.plant.models import ChangedStretch, Shift, WorkCenter
from mes.plc.models import Controller, TagBinding
from mes.production.models import Run
from mes.tracking.held import CountsRefused, held_discard, held_release, held_waiting
from mes.tracking.models import CountFlag, CountHour
from mes.tracking.observe import observations_take
from mes.tracking.observe_samples import Observation
from tests.production.small_plant import SIX, SmallPlant
from tests.tracking.ingest_kit import Told

MIN = timedelta(minutes=1)
LATER = SIX + timedelta(hours=3)


@pytest.fixture
def jump(told: Told, plant: SmallPlant) -> CountFlag:
    """Counter 0 -> 5000 within a second at 06:10:00, while WO-1 ran: 4 pieces before were believed."""
    order = plant.order("WO-1")
    Run.objects.create(
        work_center=plant.filler, order=order, item=plant.cola, starts_at=SIX, ends_at=SIX + 20 * MIN, started_by="o"
    )
    told.store(told.reading(599, good=0), told.reading(600, good=5000))
    return CountFlag.objects.get(kind="quarantine")


def release(flag: CountFlag, why: str = "batch upload") -> CountFlag:
    return held_release(flag_id=flag.pk, why=why, actor="mia", at=LATER)


def test_r23_released_pieces_stand_in_the_minute_shift_and_order_of_their_sample(jump: CountFlag) -> None:
    release(jump)
    row = CountHour.objects.get()
    assert (row.good[10], row.good_sum, row.order.number, row.shift.name) == (5000, 5000, "WO-1", "Early")
    jump.refresh_from_db()
    assert (jump.decision, jump.decided_by, jump.decided_at) == ("released", "mia", LATER)
    mark = ChangedStretch.objects.get(why="held_release")
    assert (mark.starts_at, mark.ends_at) == (SIX + 10 * MIN, SIX + 10 * MIN)
    entry = JournalEntry.objects.get(action="count_released")
    assert (entry.actor, entry.code, entry.data["why"], entry.data["quantity"]) == (
        "mia",
        "FILL",
        "batch upload",
        "5000.000",
    )


def test_said_twice_it_is_booked_once_r42(jump: CountFlag) -> None:
    release(jump)
    release(jump)
    assert CountHour.objects.get().good_sum == 5000
    assert JournalEntry.objects.count() == 1


def test_the_second_of_two_people_is_told_who_decided_r42(jump: CountFlag) -> None:
    held_discard(flag_id=jump.pk, why="test mode", actor="otto", at=LATER)
    with pytest.raises(CountsRefused, match="otto discarded it meanwhile"):
        release(jump)
    assert not CountHour.objects.exists()


def test_discarding_needs_a_reason(jump: CountFlag) -> None:
    with pytest.raises(CountsRefused, match="Say why"):
        held_discard(flag_id=jump.pk, why="  ", actor="otto", at=LATER)
    with pytest.raises(CountsRefused, match="shorten"):
        held_discard(flag_id=jump.pk, why="x" * 201, actor="otto", at=LATER)
    with pytest.raises(CountsRefused, match="cannot be stored"):
        held_discard(flag_id=jump.pk, why="a\0b", actor="otto", at=LATER)


def test_r44_a_locked_shift_keeps_its_counts(jump: CountFlag) -> None:
    Shift.objects.update(locked_at=LATER)
    with pytest.raises(ShiftLocked):
        release(jump)
    assert list(held_waiting(WorkCenter.objects.all())) == [jump]


@pytest.mark.parametrize(("role", "good", "scrap"), [("total", 50, 0), ("scrap", -50, 50)])
def test_r28_where_good_is_total_less_scrap_a_release_keeps_it_so(
    plant: SmallPlant, role: str, good: int, scrap: int
) -> None:
    plc = Controller.objects.create(code="PLC", name="P", site=plant.line_1.area.site, address="h")
    for name in ("total", "scrap"):
        TagBinding.objects.create(
            controller=plc, work_center=plant.filler, role=name, tag=name, valid_from=SIX - timedelta(days=1)
        )
    flag = CountFlag.objects.create(
        work_center=plant.filler, kind="quarantine", role=role, quantity=50, from_at=SIX, to_at=SIX + MIN
    )
    release(flag)
    row = CountHour.objects.get()
    assert (row.good_sum, row.scrap_sum) == (good, scrap)


def test_r27_what_is_held_back_is_counted_in_pieces_not_in_counts(told: Told) -> None:
    from dataclasses import replace
    from decimal import Decimal

    four = replace(told.rules.counters["good"], factor=Decimal(4))
    told.rules = replace(told.rules, counters={"good": four})
    told.store(told.reading(0, good=0), told.reading(1, good=100))
    assert told.flags() == [("quarantine", "good", 400)]


def test_r24_a_late_observation_that_explains_a_released_jump_takes_the_booking_back(plant: SmallPlant) -> None:
    """0 -> 100 in 10 s is too much for 1.875 a second. Heard late: 95 at 5 s, so only that step is a jump."""

    def say(second: int, total: int) -> None:
        at = SIX + timedelta(seconds=second)
        said = Observation(at=at, counters={"good": total})
        observations_take(work_center=plant.press, observations=[said], at=LATER)

    say(0, 0)
    say(10, 100)
    release(CountFlag.objects.get(kind="quarantine"))
    assert CountHour.objects.get().good_sum == 100
    say(5, 95)
    (held,) = CountFlag.objects.all()
    assert (held.kind, int(held.quantity), held.decided_at) == ("quarantine", 95, None)
    assert CountHour.objects.get().good_sum == 5
