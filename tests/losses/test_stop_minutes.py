"""Minutes of stops in planned time, worked by hand for one shift: by reason, machine, item, shift and crew."""

from datetime import timedelta
from uuid import uuid4

import pytest

from mes.downtime.models import Stop
from mes.losses.stop_minutes import (
    NO_REASON,
    SHORT,
    WAITING,
    Group,
    Lost,
    TooMuch,
    grouped,
    own_losses,
    stop_minutes,
    stops_listed,
    without_reason,
)
from mes.plant.models import Shift, WorkCenter
from mes.production.models import Run
from mes.tracking.models import MachineCursor, StateCorrection
from tests.production.small_plant import SIX, SmallPlant, small_plant

MIN = timedelta(minutes=1)
LATER = SIX + timedelta(days=30)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """Early 06:00-14:00 with lunch 10:00-10:30 (minutes 240-270), crew A; COLA from 0 to 300, WATER from 300 on."""
    plant = small_plant()
    Shift.objects.filter(pk=plant.shift.pk).update(crew="A")
    for number, item, start, end in (("WO-1", plant.cola, 0, 300), ("WO-2", plant.water, 300, 480)):
        order = plant.order(number, item=item)
        Run.objects.create(
            work_center=plant.packer, order=order, item=item, started_by="x",
            starts_at=SIX + start * MIN, ends_at=SIX + end * MIN,
        )  # fmt: skip
    return plant


def stop(place: WorkCenter, start: float, end: float | None, kind: str = "down", **fields: object) -> Stop:
    ends_at = None if end is None else SIX + end * MIN
    return Stop.objects.create(
        work_center=place, starts_at=SIX + start * MIN, ends_at=ends_at, state="x", kind=kind, **fields
    )


def lost(plant: SmallPlant, start: float = 0, end: float = 480, *, now: object = LATER) -> list[Lost]:
    places = [plant.filler, plant.packer]
    return stop_minutes(places, SIX + start * MIN, SIX + end * MIN, now=now)  # type: ignore[arg-type]


def by(losses: list[Lost], dimension: str) -> list[tuple[str, float, int]]:
    return [(group.key, group.lost_ms / 60_000, group.stops) for group in grouped(losses, dimension)]


def test_only_planned_minutes_count_and_a_stop_counts_once_where_it_begins(plant: SmallPlant) -> None:
    stop(plant.packer, 230, 290, reason=plant.jam)  # 60 min, 30 of them at lunch
    stop(plant.packer, 470, 500, reason=plant.jam)  # 10 in the shift
    stop(plant.packer, -20, 15, reason=plant.jam)  # began before the window: its minutes count, it does not
    stop(plant.packer, 600, 700, reason=plant.jam)  # nobody was there
    assert by(lost(plant), "reason") == [("JAM", 55, 2)]


def test_parts_of_a_window_add_up_to_the_whole(plant: SmallPlant) -> None:
    stop(plant.packer, 230, 290, reason=plant.jam)
    stop(plant.packer, 100, 107.5, reason=plant.motor)
    whole = lost(plant)
    parts = [loss for start, end in ((0, 105), (105, 250), (250, 480)) for loss in lost(plant, start, end)]
    assert by(parts, "reason") == by(whole, "reason") == [("JAM", 30, 1), ("MOTOR", 7.5, 1)]


def test_stops_are_split_by_item_shift_and_crew_and_nothing_is_lost_on_the_way(plant: SmallPlant) -> None:
    stop(plant.packer, 290, 320, reason=plant.jam)
    stop(plant.filler, 10, 15, reason=plant.motor)  # no order ran on the filler
    losses = lost(plant)
    assert by(losses, "item") == [("WATER-05", 20, 0), ("COLA-05", 10, 1), ("", 5, 1)]
    assert by(losses, "shift") == [("Early", 35, 2)]
    assert by(losses, "crew") == [("A", 35, 2)]
    assert by(losses, "machine") == [("PACK", 30, 1), ("FILL", 5, 1)]
    assert grouped(losses, "machine_reason")[0] == Group("PACK/JAM", "Packer: Jam infeed", 30 * 60_000, 1)


def test_what_has_no_reason_is_told_apart_from_waiting_and_from_micro_stops(plant: SmallPlant) -> None:
    stop(plant.packer, 10, 20)
    stop(plant.packer, 30, 31.5)  # shorter than 120 s
    stop(plant.packer, 40, 60, "waiting")
    stop(plant.packer, 100, 130, reason=plant.jam)
    stop(plant.filler, 100, 200, "idle")  # without an order: nobody wanted it to run
    stop(plant.packer, 200, 210, reason=plant.cleaning)  # a planned stop is no loss
    losses = lost(plant)
    assert by(losses, "reason") == [("JAM", 30, 1), (WAITING, 20, 1), (NO_REASON, 10, 1), (SHORT, 1.5, 1)]
    assert without_reason(losses) == (10 * 60_000, 40 * 60_000)


def test_an_open_stop_lasts_as_long_as_its_machine_is_heard_r13_r18(plant: SmallPlant) -> None:
    stop(plant.packer, 30, None, reason=plant.jam)
    MachineCursor.objects.create(work_center=plant.packer, heard_at=SIX + 45 * MIN, silence_s=3)
    assert by(lost(plant, now=SIX + 45 * MIN), "reason") == [("JAM", 15, 1)]
    assert by(lost(plant, now=SIX + 60 * MIN), "reason") == [("JAM", 15, 1)]


def test_the_list_behind_a_bar_has_the_same_minutes(plant: SmallPlant) -> None:
    long, short = stop(plant.packer, 290, 320, reason=plant.jam), stop(plant.filler, 10, 15, reason=plant.jam)
    stop(plant.packer, 50, 60, "waiting")
    places, window = [plant.filler, plant.packer], (SIX, SIX + 480 * MIN)

    def listed(**only: str) -> list[tuple[Stop, float]]:
        found = stops_listed(places, *window, now=LATER, only=only, most=10)
        return [(row, ms / 60_000) for row, ms in found]

    assert listed(reason="JAM") == [(long, 30), (short, 5)]
    assert listed(reason="JAM", item="COLA-05") == [(long, 10)]
    assert listed(reason="JAM", item="") == [(short, 5)]
    assert [minutes for _stop, minutes in listed(reason=WAITING)] == [10]
    assert listed(reason="JAM", crew="B") == listed(shift="Late") == []


def test_what_people_corrected_counts_as_they_said_and_comes_back_when_they_withdraw_it(plant: SmallPlant) -> None:
    stop(plant.packer, 100, 140, reason=plant.jam)
    ran = corrected(plant, 110, 120, "run")
    assert by(lost(plant), "reason") == [("JAM", 30, 1)]
    corrected(plant, 130, 150, "down", reason=plant.motor)
    assert by(lost(plant), "reason") == [("JAM", 20, 1), ("MOTOR", 20, 1)]
    listed = stops_listed([plant.packer], SIX, SIX + 480 * MIN, now=LATER, only={}, most=10)
    assert [(row.reason, ms / 60_000, row.note) for row, ms in listed] == [
        (plant.motor, 20, "seen"),
        (plant.jam, 20, ""),
    ]
    StateCorrection.objects.filter(pk=ran.pk).update(withdrawn_at=LATER)
    assert by(lost(plant), "reason") == [("JAM", 30, 1), ("MOTOR", 20, 1)]


def corrected(plant: SmallPlant, start: int, end: int, kind: str, **fields: object) -> StateCorrection:
    return StateCorrection.objects.create(
        work_center=plant.packer, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, kind=kind, why="seen",
        actor="mia", at=LATER, key=uuid4(), **fields,
    )  # fmt: skip


def test_more_than_a_page_can_add_up_is_refused_in_words(plant: SmallPlant) -> None:
    with pytest.raises(TooMuch, match="at most 3500 days"):
        stop_minutes([plant.filler, plant.packer], SIX - timedelta(days=4000), SIX, now=LATER)


def test_the_number_of_queries_does_not_grow_with_the_window(
    plant: SmallPlant, django_assert_max_num_queries: object
) -> None:
    stop(plant.packer, 10, 20, reason=plant.jam)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        lost(plant, -60 * 24 * 300)


def test_r19_waiting_is_not_the_machines_own_loss_even_with_a_reason(plant: SmallPlant) -> None:
    stop(plant.packer, 100, 160, kind="waiting", reason=plant.motor)  # 60 min: nothing came in
    stop(plant.filler, 100, 110, reason=plant.jam)
    assert by(own_losses(lost(plant)), "reason") == [("JAM", 10, 1)]
    assert by(lost(plant), "reason") == [("MOTOR", 60, 1), ("JAM", 10, 1)]


def test_machines_of_one_name_are_told_apart(plant: SmallPlant) -> None:
    WorkCenter.objects.filter(pk__in=[plant.filler.pk, plant.packer.pk]).update(name="Labeller")
    plant.filler.refresh_from_db()
    plant.packer.refresh_from_db()
    stop(plant.packer, 100, 160, reason=plant.jam)
    stop(plant.filler, 100, 110, reason=plant.jam)
    names = [group.name for group in grouped(lost(plant), "machine_reason")]
    assert names == ["Labeller PACK: Jam infeed", "Labeller FILL: Jam infeed"]
