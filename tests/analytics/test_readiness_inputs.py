"""Inputs from stored facts, worked by hand on one shift of eight hours with a break of half an hour."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from analytics.models import PlanSnapshot, ReadingLook
from analytics.readiness.inputs import inputs_of
from analytics.readiness.tallies import DayTally, share_of
from mes.downtime.models import Reason
from mes.plant.models import Line, Override, Shift, WorkCenter
from mes.plc.models import Controller, TagBinding
from mes.production.models import IdealCycle
from mes.tracking.models import CountFlag, CountHour, MachineCursor
from mes.witness.models import Tally
from tests.analytics.conftest import MIN, at, run_on
from tests.production.small_plant import SIX, SmallPlant, counted

END = 480
M = 60_000
Made = Callable[..., object]


@pytest.fixture
def packer_only(plant: SmallPlant) -> SmallPlant:
    """LINE-1 with its exit alone, so that every figure is one machine's."""
    WorkCenter.objects.filter(code="FILL").update(archived=True)
    return plant


def only_day(line: Line, minute: float = END) -> DayTally:
    (day,) = inputs_of(line, at(minute)).days
    return day


def test_a_line_nobody_heard_has_no_days(plant: SmallPlant) -> None:
    found = inputs_of(plant.line_1, at(END))
    assert (found.days, found.usable_weeks, found.psi, found.calendar_days) == ((), 0.0, None, None)


def test_a_line_without_machines_is_empty_too(plant: SmallPlant) -> None:
    WorkCenter.objects.filter(line=plant.line_1).update(archived=True)
    assert inputs_of(plant.line_1, at(END)).days == ()


def test_time_heard_is_counted_in_planned_time_only(packer_only: SmallPlant, state: Made) -> None:
    state(packer_only.packer, 0, 100)
    state(packer_only.packer, 100, 130, "unknown", why="nothing was heard")
    state(packer_only.packer, 130, 260)  # 20 of it lie in the break from 240 to 270
    day = only_day(packer_only.line_1, 300)
    assert day.planned_ms == 270 * M  # 300 less the break
    assert day.heard_ms == (100 + 110) * M
    assert share_of("heard", [day]) == pytest.approx(210 / 270)
    assert day.gap_ms == (30 + 30) * M  # 100 to 130, and 270 to 300


def test_planned_time_begins_with_the_first_fact(packer_only: SmallPlant, state: Made) -> None:
    state(packer_only.packer, 120, 180)
    found = inputs_of(packer_only.line_1, at(180))
    assert found.days[0].planned_ms == found.days[0].heard_ms == 60 * M
    assert found.usable_weeks == pytest.approx(1 / 168)


def test_a_silence_up_to_five_polls_is_missing_but_no_gap(packer_only: SmallPlant, state: Made) -> None:
    plc = Controller.objects.create(
        code="PLC-1", name="Packer", site=packer_only.line_1.area.site, address="127.0.0.1:1", period_s=Decimal(2)
    )
    TagBinding.objects.create(controller=plc, work_center=packer_only.packer, role="good", tag="G", valid_from=SIX)
    state(packer_only.packer, 0, 60)
    state(packer_only.packer, 60 + 10 / 60, 120)  # ten seconds are five polls of two seconds
    state(packer_only.packer, 120 + 11 / 60, 180)
    day = only_day(packer_only.line_1, 180)
    assert day.planned_ms - day.heard_ms == 21_000
    assert day.gap_ms == 11_000


def test_an_open_state_is_known_until_the_machine_was_last_heard(packer_only: SmallPlant, state: Made) -> None:
    state(packer_only.packer, 0, None)
    MachineCursor.objects.create(work_center=packer_only.packer, heard_at=at(50), silence_s=3)
    assert only_day(packer_only.line_1, 60).heard_ms == 50 * M
    MachineCursor.objects.update(heard_at=at(60) - timedelta(seconds=2))
    assert only_day(packer_only.line_1, 60).heard_ms == 60 * M


def test_machines_of_a_line_add_up(plant: SmallPlant, state: Made) -> None:
    state(plant.filler, 0, 60)
    state(plant.packer, 0, 30)
    day = only_day(plant.line_1, 60)
    assert (day.planned_ms, day.heard_ms) == (120 * M, 90 * M)


def test_down_minutes_need_a_reason_within_a_day(packer_only: SmallPlant, state: Made, stop: Made) -> None:
    packer, jam = packer_only.packer, packer_only.jam
    state(packer, 0, END)
    other = Reason.objects.create(code="OTHER", name="Something else")
    stop(packer, 10, 30, reason=jam, explained_at=at(35))
    stop(packer, 40, 50, reason=jam, explained_at=at(50) + timedelta(hours=24))
    stop(packer, 60, 90, reason=jam, explained_at=at(90) + timedelta(hours=24, seconds=1))
    stop(packer, 100, 105)
    stop(packer, 110, 111)  # shorter than the threshold of two minutes
    stop(packer, 120, 180, reason=packer_only.cleaning, explained_at=at(180))  # planned is not down
    stop(packer, 200, 220, kind="waiting")
    stop(packer, 230, 250, reason=other, explained_at=at(250))  # ten of it lie in the break
    day = only_day(packer_only.line_1)
    assert (day.down_ms, day.coded_ms, day.vague_ms) == ((20 + 10 + 30 + 5 + 10) * M, (20 + 10 + 10) * M, 10 * M)
    # 30 of 75 precise, and of the ten vague ones 7.5
    assert share_of("coded", [day]) == pytest.approx(37.5 / 75)


def test_running_time_is_linked_where_an_order_has_an_ideal_rate(packer_only: SmallPlant, state: Made) -> None:
    packer = packer_only.packer
    state(packer, 0, 200)
    run_on(packer, packer_only.order("WO-1"), 0, 60)
    run_on(packer, packer_only.order("WO-2", item=packer_only.water), 60, 100)  # water has no ideal cycle
    run_on(packer, packer_only.order("WO-3"), 150, None)
    day = only_day(packer_only.line_1, 200)
    assert (day.run_ms, day.linked_ms) == (200 * M, 110 * M)


def test_minutes_fail_with_counts_that_cannot_be_true(packer_only: SmallPlant, state: Made) -> None:
    packer, order = packer_only.packer, packer_only.order("WO-1")
    state(packer, 0, 100)
    state(packer, 100, 103, "unknown", raw_code=99)  # a code that is in no map
    # 60 s / .8 s x 1.25 + 2 = 95.75 pieces a minute may be true
    minutes = [0] * 60
    minutes[5], minutes[6], minutes[7] = 95, 96, 400
    CountHour.objects.create(
        work_center=packer, hour=SIX, order=order, item=order.item, good=minutes, good_sum=sum(minutes)
    )
    held = {"work_center": packer, "kind": "quarantine", "role": "good", "quantity": 9999}
    CountFlag.objects.create(from_at=at(20), to_at=at(20.5), **held)
    day = only_day(packer_only.line_1, 110)
    assert day.read_minutes == 103
    assert day.failing_minutes == 2 + 1 + 3


def test_looks_count_in_the_hours_that_were_planned(packer_only: SmallPlant, state: Made) -> None:
    state(packer_only.packer, 0, END)
    for hours, looks, prompt in ((-1, 50, 0), (0, 10, 9), (1, 10, 10)):
        ReadingLook.objects.create(
            work_center=packer_only.packer, hour=SIX + timedelta(hours=hours), looks=looks, prompt=prompt, last_at=SIX
        )
    day = only_day(packer_only.line_1)
    assert (day.looks, day.prompt) == (20, 19)


def test_a_day_runs_until_its_last_shift_has_ended(packer_only: SmallPlant, state: Made) -> None:
    state(packer_only.packer, 0, END)
    assert only_day(packer_only.line_1, END - 1).running is True
    assert only_day(packer_only.line_1, END).running is False
    late = {"starts_at": at(600), "ends_at": at(900), "production_date": packer_only.shift.production_date}
    Shift.objects.create(line=packer_only.line_1, name="Late", **late)
    assert only_day(packer_only.line_1, END).running is True


def test_archived_days_and_the_calendar_ahead(packer_only: SmallPlant, state: Made) -> None:
    state(packer_only.packer, 0, END)
    line, day = packer_only.line_1, packer_only.shift.production_date
    Shift.objects.create(
        line=line, name="Early", production_date=day + timedelta(days=21),
        starts_at=SIX + timedelta(days=21), ends_at=at(END) + timedelta(days=21),
    )  # fmt: skip
    assert only_day(line).archived is False
    PlanSnapshot.objects.create(
        line=line, kind="daily", day=day, slot=SIX, taken_at=SIX, digest="d", orders=[], shifts=[], ideals={}
    )
    found = inputs_of(line, at(END))
    assert found.days[0].archived is True
    assert found.calendar_days == pytest.approx(21)


def test_only_the_last_28_planned_days_count(packer_only: SmallPlant, state: Made) -> None:
    line, first = packer_only.line_1, packer_only.shift.production_date
    for number in range(1, 30):
        day = timedelta(days=number)
        Shift.objects.create(
            line=line, name="Early", production_date=first + day, starts_at=SIX + day, ends_at=at(END) + day
        )
    state(packer_only.packer, 0, 29 * 1440 + END)
    found = inputs_of(line, at(29 * 1440 + END))
    assert [found.days[0].day, found.days[-1].day] == [first + timedelta(days=2), first + timedelta(days=29)]
    assert len(found.days) == 28
    assert found.usable_weeks == pytest.approx((29 * 24 + 8) / 168)


def test_a_week_less_than_half_observed_is_not_usable(packer_only: SmallPlant, state: Made) -> None:
    state(packer_only.packer, 0, 210)
    # of the planned hours 6..14 those from 6 to 9 and 9 with its half are heard, from 10 on none: 4 of 8
    assert inputs_of(packer_only.line_1, at(END)).usable_weeks == pytest.approx(8 / 168)
    packer_only.packer.states.update(ends_at=at(209))
    assert inputs_of(packer_only.line_1, at(END)).usable_weeks == 0


def test_the_rate_needs_enough_hours_of_both_times(packer_only: SmallPlant, state: Made) -> None:
    line, order = packer_only.line_1, packer_only.order("WO-1")
    Shift.objects.all().delete()
    began = SIX - timedelta(days=84)
    Shift.objects.create(line=line, name="Long", production_date=began, starts_at=began, ends_at=SIX)
    minutes = 84 * 1440
    state(packer_only.packer, -minutes, 0)
    for hours in range(-84 * 24, 0):
        # half the ideal rate until 28 days ago, then all of it: 2250 and 4500 pieces of .8 s an hour
        good = 4500 if hours >= -28 * 24 else 2250
        counted(packer_only.packer, SIX + timedelta(hours=hours), good=good, order=order)
    found = inputs_of(line, SIX)
    assert (found.rate_hours, found.rate_hours_before) == (28 * 24, 56 * 24)
    assert found.psi is not None
    assert found.psi > 0.25
    IdealCycle.objects.all().delete()
    assert inputs_of(line, SIX).psi == pytest.approx(0, abs=1e-9)  # without any ideal cycle there is no rate to drift


def test_overtime_outside_every_shift_belongs_to_the_day_at_the_plant(packer_only: SmallPlant, state: Made) -> None:
    state(packer_only.packer, 0, 700)
    Override.objects.create(
        work_center=packer_only.packer, scheduled=True, starts_at=at(600), ends_at=at(660), said_at=at(500),
        said_by="mia", key=uuid4(),
    )  # fmt: skip
    assert only_day(packer_only.line_1, 700).planned_ms == (450 + 60) * M


def test_a_count_by_hand_vouches_for_the_line_and_for_its_days(packer_only: SmallPlant, state: Made) -> None:
    state(packer_only.packer, 0, END)
    assert inputs_of(packer_only.line_1, at(END)).witness == "unwitnessed"
    tally = {"work_center": packer_only.packer, "pieces": 1000, "actor": "otto", "at": at(70), "key": uuid4()}
    Tally.objects.create(starts_at=at(10), ends_at=at(60), counted_low=1000, counted_high=1000, **tally)
    found = inputs_of(packer_only.line_1, at(END))
    assert (found.witness, found.consistency, found.days[0].consistency) == ("witnessed", 1.0, 1.0)
    assert "they agree" in found.evidence[0]
    Tally.objects.update(counted_low=500, counted_high=500)  # every second piece was not counted
    found = inputs_of(packer_only.line_1, at(END))
    assert (found.witness, found.days[0].witness) == ("contradicted", "contradicted")
    assert found.consistency is not None
    assert found.consistency < 0.6


@pytest.mark.parametrize("machines", [1, 2])
def test_inputs_take_a_fixed_number_of_queries(
    plant: SmallPlant, state: Made, machines: int, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for place in (plant.packer, plant.filler)[:machines]:
        state(place, 0, END)
    with django_assert_max_num_queries(40):
        inputs_of(plant.line_1, at(END) + MIN)
