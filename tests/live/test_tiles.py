"""What a tile says: numbers by hand arithmetic, and unknown shown as unknown."""

from datetime import timedelta

import pytest

from mes.downtime.models import Reason, Stop
from mes.live.tiles import tiles_for
from tests.live.conftest import NOW, Floor

pytestmark = pytest.mark.django_db


def tile(floor: Floor, seconds: float) -> dict:
    return tiles_for(floor.supervisor, now=NOW + timedelta(seconds=seconds))["FILL-1"]


def test_a_machine_never_heard_has_no_data_and_no_oee(floor: Floor) -> None:
    shown = tile(floor, 0)
    assert (shown["state"], shown["oee"], shown["as_of"]) == ("no_data", None, None)
    assert shown["detail"] == "nothing was ever read from this machine"


def test_a_running_machine_shows_pieces_target_and_order(floor: Floor) -> None:
    floor.run_steadily(NOW, 599)
    shown = tile(floor, 600)
    assert (shown["state"], shown["word"], shown["good"], shown["scrap"]) == ("running", "Running", 299, 0)
    # 2 h 10 min planned = 7800 s at 2 s ideal and half of that as target: 7800 / 2 * 0.5 = 1950
    assert (shown["target"], shown["ahead"]) == (1950, -1651)
    assert shown["target_rate_per_s"] == 0.25  # 1 / 2 s * 0.5
    assert shown["ahead_min"] == -110.1  # 1651 pieces at 0.25 a second are 6604 s
    assert (shown["order"], shown["item"], shown["order_good"]) == ("WO-1", "COLA", 299)


def test_oee_is_pieces_times_ideal_over_planned_time(floor: Floor) -> None:
    floor.run_steadily(NOW, 599)
    shown = tile(floor, 600)
    # 299 good x 2 s = 598 s of 7800 s planned; known are only the last 600 s, all of them running
    assert shown["oee"] == round(598 / 7800, 4)
    assert (shown["availability"], shown["performance"], shown["quality"]) == (1.0, round(598 / 600, 4), 1.0)
    assert shown["coverage"] == round(600 / 7800, 4)


def test_less_than_five_known_minutes_is_no_percentage(floor: Floor) -> None:
    floor.run_steadily(NOW, 200)
    shown = tile(floor, 200)
    assert (shown["oee"], shown["oee_note"]) == (None, "less than 5 min of data")


def test_unheard_for_longer_than_three_periods_is_no_data_but_values_stay(floor: Floor) -> None:
    floor.run_steadily(NOW, 60)
    assert tile(floor, 63)["state"] == "running"
    shown = tile(floor, 64)
    assert (shown["state"], shown["good"], shown["quality_flag"]) == ("no_data", 30, "stale")
    assert shown["since"] == "2026-03-04T10:01:00.000Z"


def test_a_long_stop_asks_for_a_reason_and_shows_it_once_given(floor: Floor) -> None:
    floor.hear(NOW, good=0)
    for second in range(10, 140, 2):
        floor.hear(NOW + timedelta(seconds=second), good=1, state=("Aborted", "down"), reason=17)
    # heard at 10 s after 10 s of silence: unknown from 0 to 10, down from there
    shown = tile(floor, 129.5)
    assert (shown["state"], shown["detail"], shown["needs_reason"]) == ("down", "", False)
    shown = tile(floor, 139.5)
    assert (shown["detail"], shown["needs_reason"]) == ("needs a reason", True)
    stop = Stop.objects.get()
    assert (stop.plc_code, stop.ends_at) == (17, None)
    Stop.objects.update(reason=Reason.objects.create(code="JAM", name="Jam at the infeed", klass="failure"))
    shown = tile(floor, 139.5)
    assert (shown["detail"], shown["needs_reason"]) == ("Jam at the infeed", False)


def test_a_planned_reason_turns_the_tile_into_a_planned_stop(floor: Floor) -> None:
    floor.hear(NOW, good=0, state=("Stopped", "down"))
    Stop.objects.update(reason=Reason.objects.create(code="PM", name="Maintenance", klass="planned"))
    assert tile(floor, 2)["state"] == "planned"


def test_half_speed_is_running_slow(floor: Floor) -> None:
    for second in range(0, 481, 2):
        floor.hear(NOW + timedelta(seconds=second), good=second // 4)  # ideal would be // 2
    shown = tile(floor, 480)
    assert (shown["state"], shown["detail"]) == ("slow", "50 % of ideal speed")


def test_the_ribbon_is_gap_free_and_begins_on_the_last_five_minutes_eight_hours_back(floor: Floor) -> None:
    floor.run_steadily(NOW, 60)
    floor.hear(NOW + timedelta(seconds=61), good=31, state=("Held", "down"))
    shown = tile(floor, 63)["ribbon"]
    start = int(NOW.timestamp())
    assert shown == [[start - 8 * 3600, "no_data"], [start, "running"], [start + 61, "down"]]


def test_nobody_sees_tiles_of_other_lines(floor: Floor) -> None:
    assert set(tiles_for(floor.supervisor, now=NOW)) == {"FILL-1"}
    assert set(tiles_for(floor.outsider, now=NOW)) == {"PACK-2"}
    assert tiles_for(floor.outsider, now=NOW, work_centers=["FILL-1"]) == {}


def test_the_number_of_queries_does_not_grow_with_machines(floor: Floor, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    from mes.plant.models import WorkCenter

    for number in range(20):
        WorkCenter.objects.create(code=f"M-{number}", name="m", line=floor.filler.line)
    with django_assert_max_num_queries(22):
        assert len(tiles_for(floor.supervisor, now=NOW)) == 21


def test_in_a_break_the_target_stands_still_but_the_minutes_behind_stay(floor: Floor) -> None:
    from mes.plant.models import Shift, ShiftBreak

    shift = Shift.objects.get(line=floor.filler.line)
    ShiftBreak.objects.create(
        shift=shift, name="Lunch", starts_at=NOW + timedelta(minutes=5), ends_at=NOW + timedelta(minutes=15)
    )
    floor.run_steadily(NOW, 599)
    shown = tile(floor, 600)
    # 2 h 05 min planned until the break: 7500 s / 2 s * 0.5 = 1875; 299 are made; 1576 pieces at 0.25 a second
    assert (shown["target"], shown["target_rate_per_s"], shown["ahead"]) == (1875, 0.0, -1576)
    assert shown["ahead_min"] == -105.1
