"""What becomes of counters: minutes, shifts, orders, gaps, jumps, new tags, lost tags, totals and rejects."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mes.plant.models import Shift
from mes.plc.models import Controller, TagBinding
from mes.production.models import Run
from mes.tracking.models import CountFlag, CountHour, MachineCursor, Sample, SignalCursor
from mes.tracking.reading import SignalRule
from mes.tracking.rules import CounterRule
from tests.production.small_plant import SIX, SmallPlant
from tests.tracking.ingest_kit import HELD, RUN, Told, rules


def test_the_first_reading_is_the_baseline_and_counts_nothing_r22(told: Told) -> None:
    told.store(told.reading(0, good=1000, scrap=10))
    assert (told.good(), CountHour.objects.count()) == (0, 0)
    told.store(told.reading(1, good=1003, scrap=11))
    row = CountHour.objects.get()
    assert (row.good_sum, row.scrap_sum, row.rework_sum) == (3, 1, 0)


def test_pieces_land_in_the_minute_hour_shift_and_order_of_their_reading(told: Told, plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    Run.objects.create(
        work_center=plant.filler, order=order, item=plant.cola, starts_at=told.at(60), started_by="operator"
    )
    told.rules = rules(silence_s=600.0)
    told.store(told.reading(0, good=0), told.reading(59.5, good=2), told.reading(60, good=5), told.reading(61, good=9))
    without, with_order = CountHour.objects.order_by("order_id").reverse()  # null sorts last, so first reversed
    assert (without.order, without.good_sum, without.good[0]) == (None, 2, 2)
    assert (with_order.order, with_order.item, with_order.shift) == (order, plant.cola, plant.shift)
    assert (with_order.good_sum, with_order.good[1], sum(with_order.good)) == (7, 7, 7)
    assert {without.hour, with_order.hour} == {SIX}


def test_a_pulse_on_the_border_belongs_to_the_later_shift_r3(told: Told, plant: SmallPlant) -> None:
    end = plant.shift.ends_at
    late = Shift.objects.create(
        line=plant.line_1,
        name="Late",
        production_date=end.date(),
        starts_at=end,
        ends_at=end + timedelta(hours=8),
    )
    second = (end - SIX).total_seconds()
    told.store(told.reading(second - 2, good=0), told.reading(second - 1, good=3), told.reading(second, good=7))
    assert set(CountHour.objects.values_list("shift", "good_sum")) == {(plant.shift.pk, 3), (late.pk, 4)}


def test_a_gap_is_unknown_time_with_flagged_pieces_and_an_exact_total_r25(told: Told) -> None:
    told.store(told.reading(0, good=0), told.reading(1, good=2))
    told.store(told.reading(100, good=300, scrap=7), told.reading(101, good=302, scrap=8))
    assert told.flags() == [("gap", "good", 298)]
    flag = CountFlag.objects.get()
    assert (flag.from_at, flag.to_at) == (told.at(1), told.at(100))
    assert told.good() + 298 == 302
    assert told.states() == [(0, 1, "Execute", "run"), (1, 100, "Unknown", "unknown"), (100, None, "Execute", "run")]


def test_pieces_of_a_gap_across_two_orders_belong_to_none_r26(told: Told, plant: SmallPlant) -> None:
    for number, begin, end in (("WO-1", 0, 50), ("WO-2", 50, None)):
        Run.objects.create(
            work_center=plant.filler,
            order=plant.order(number),
            item=plant.cola,
            starts_at=told.at(begin),
            ends_at=told.at(end) if end else None,
            started_by="operator",
        )
    told.store(told.reading(1, good=0), told.reading(100, good=40), told.reading(200, good=60))
    first, second = CountFlag.objects.order_by("to_at")
    assert (first.order, first.item, int(first.quantity)) == (None, None, 40)
    assert second.order is not None
    assert (second.order.number, int(second.quantity)) == ("WO-2", 20)


def test_a_jump_is_held_back_and_counting_goes_on_from_there_r23(told: Told) -> None:
    taken = told.store(told.reading(0, good=0), told.reading(1, good=5000), told.reading(2, good=5004))
    assert told.flags() == [("quarantine", "good", 5000)]
    assert told.good() == 4
    assert taken.quarantined == [(told.machine.pk, "jump: counter went from 0 to 5000 in 1.0 s")]


def test_rollover_and_reset_count_what_was_made_r23(told: Told) -> None:
    wrap = SignalRule(CounterRule(modulus=10000, max_rate_per_s=Decimal(9)), least_dt_s=1)
    told.rules = rules(counters={"good": wrap})
    readings = [told.reading(s, good=raw) for s, raw in enumerate((9997, 9999, 4, 2000))]
    told.store(*readings[:3])
    assert told.good() == 7
    told.store(told.reading(3, good=8), told.reading(4, good=2))
    assert told.good() == 13  # 4 more, then restarted from 0 and made 2


def test_a_value_outside_the_counter_says_nothing(told: Told) -> None:
    wrap = SignalRule(CounterRule(modulus=10000, max_rate_per_s=Decimal(9)), least_dt_s=1)
    told.rules = rules(counters={"good": wrap})
    told.store(told.reading(0, good=5), told.reading(1, good=-3), told.reading(2, good=70000), told.reading(3, good=9))
    assert (told.good(), told.flags()) == (4, [])


def test_a_lost_tag_comes_back_with_every_piece_and_no_jump(told: Told) -> None:
    told.store(told.reading(0, good=0), told.reading(1, good=None), *[told.reading(s, good=None) for s in range(2, 20)])
    lost = SignalCursor.objects.get(role="good")
    assert (lost.raw, lost.lost, lost.at) == (0, True, told.at(0))
    told.store(told.reading(20, good=150))  # 7.5 a second over 20 s: believed; within one second it would not be
    assert (told.good(), told.flags()) == (150, [])
    assert SignalCursor.objects.get(role="good").lost is False


def test_a_tag_bound_anew_starts_a_new_baseline(told: Told, plant: SmallPlant) -> None:
    controller = Controller.objects.create(
        code="PLC-1", name="One", site=plant.line_1.area.site, address="127.0.0.1", period_s=Decimal(1)
    )
    binding = TagBinding.objects.create(
        controller=controller, work_center=plant.filler, role="good", tag="A", valid_from=SIX, valid_to=told.at(10)
    )
    other = TagBinding.objects.create(
        controller=controller, work_center=plant.filler, role="good", tag="B", valid_from=told.at(10)
    )
    told.bindings = {"good": binding.pk}
    told.store(told.reading(0, good=10), told.reading(1, good=15))
    told.bindings = {"good": other.pk}
    told.store(told.reading(2, good=18), told.reading(3, good=20))
    assert (told.good(), told.flags()) == (5 + 2, [])


@pytest.mark.parametrize("apart", [False, True])
def test_good_is_total_minus_scrap_even_if_they_arrive_apart_r28(told: Told, apart: bool) -> None:
    counter = SignalRule(CounterRule(modulus=None, max_rate_per_s=Decimal(9)), least_dt_s=1)
    told.rules = rules(counters={"total": counter, "scrap": counter})
    told.store(told.reading(0, total=0, scrap=0))
    told.store(told.reading(1, total=None if apart else 5, scrap=2), told.reading(2, total=8, scrap=2))
    row = CountHour.objects.get()
    assert (row.good_sum, row.scrap_sum) == (6, 2)


def test_a_factor_of_a_half_loses_no_piece(told: Told) -> None:
    half = SignalRule(CounterRule(modulus=None, max_rate_per_s=Decimal(9)), factor=Decimal("0.5"), least_dt_s=1)
    told.rules = rules(counters={"good": half})
    told.store(*[told.reading(s, good=s) for s in range(8)])
    assert told.good() == 3  # 7 counts are three whole pieces


def test_every_changed_value_is_sampled_once(told: Told) -> None:
    told.store(told.reading(0, good=1, heartbeat=1), told.reading(1, good=1, heartbeat=2))
    told.store(told.reading(2, good=2, heartbeat=3), told.reading(3, HELD, good=2, heartbeat=4))
    assert list(Sample.objects.filter(role="good").order_by("at").values_list("raw", flat=True)) == [1, 2]
    assert Sample.objects.filter(role="heartbeat").count() == 1
    assert MachineCursor.objects.get().heard_at == told.at(3)
    assert SignalCursor.objects.get(role="good").raw == 2
    assert told.states()[0][2:] == RUN
