"""KPIs from elements: rules R25 and R29 to R40, and the ISO 22400-2 ratios."""

from dataclasses import fields, replace
from decimal import Decimal

import pytest

from mes.oee.formulas import ZERO, CountSpan, Elements, add_up, elements_from, kpi
from mes.oee.policy import ISO
from mes.oee.ratios import corrective_maintenance_ratio, worker_efficiency
from tests.oee.timeline_kit import ISO_CASES, MIN, NO_MICRO, codes, down, judged, made, minutes, own, run, stop


def test_r25_unknown_time_no_counter_spanned_gives_bounds() -> None:
    owned = own(100, states=[run(0, 80)])
    _, result = judged(owned, made(0, 80, 60, "60"))
    assert (result.availability, result.performance, result.coverage) == (1.0, 0.75, 0.8)
    assert (result.oee, result.oee_low, result.oee_high) == (0.6, 0.6, 0.8)  # 20 unknown minutes: none or full speed
    assert "bounds" in codes(result)


def test_r25_a_gap_half_spanned_leaves_half_open() -> None:
    owned = own(100, states=[run(0, 60)])
    elements, result = judged(owned, made(0, 60, 60, "60"), made(60, 80, 15, "60", gap=True))
    assert (elements.unknown_ms, elements.bridged_ms, elements.unbridged_ms) == (40 * MIN, 20 * MIN, 20 * MIN)
    assert (result.oee_low, result.oee_high) == (0.75, 0.95)


def test_r25_pieces_of_a_gap_in_known_time_count_for_performance() -> None:
    owned = own(60, states=[run(0, 30), run(45, 60)])
    elements, result = judged(owned, made(20, 60, 40, "60", gap=True), made(0, 20, 20, "60"))
    assert elements.ideal_total_known_ms == 45 * MIN  # 15 of the gap's 40 minutes are unknown, and so are 15 pieces
    assert result.performance == 1.0


def test_r25_counts_across_a_gap_share_out_by_time_and_lose_nothing() -> None:
    count = made(0, 70, 100, "1", gap=True)
    parts = []
    for start, end in ((0, 10), (10, 33), (33, 70)):
        parts.append(elements_from(own(end, start=start), [count], window=(minutes(start), minutes(end))))
    assert [part.good for part in parts] == [14, 33, 53]  # 100 pieces over 70 minutes: 14.28 and 47.14 rounded down
    assert add_up(parts).good == 100


def test_r3_a_pulse_on_the_border_belongs_to_the_later_window() -> None:
    pulse = CountSpan(minutes(30), minutes(30), "A", 1, 0, 0, Decimal(1000))
    assert elements_from(own(30), [pulse], window=(0, minutes(30))).good == 0
    assert elements_from(own(60, start=30), [pulse], window=(minutes(30), minutes(60))).good == 1


def test_r29_factors_multiply_to_oee_where_everything_is_known() -> None:
    owned = own(480, states=[run(0, 400), down(400, 480)])
    counts = [made(0, 200, 150, "60", 10), made(200, 400, 700, "12", 50, item="B")]
    elements, result = judged(owned, *counts)
    assert elements.ideal_good_ms == 150 * 60_000 + 700 * 12_000
    assert result.quality == (150 * 60 + 700 * 12) / (160 * 60 + 750 * 12)  # weighted by time, not by piece
    assert result.quality_ratio == 850 / 910
    assert None not in (result.availability, result.performance, result.quality)
    assert result.availability * result.performance * result.quality == pytest.approx(result.oee, abs=1e-15)  # type: ignore[operator]


def test_r30_performance_above_one_is_summed_raw() -> None:
    fast = judged(own(60, states=[run(0, 60)]), made(0, 60, 120, "60"))[0]
    slow = judged(own(60, states=[run(0, 60)]), made(0, 60, 0, "60"))[0]
    assert kpi(fast + slow, replace(NO_MICRO, cap_performance=True)).performance == 1.0  # (2 + 0) / 2, not (1 + 0) / 2


def test_r31_one_item_without_an_ideal_leaves_quality_by_piece() -> None:
    owned = own(60, states=[run(0, 60)])
    _, result = judged(owned, made(0, 30, 90, "10", 10), made(30, 60, 50, None, 50, item="X"))
    assert (result.performance, result.oee, result.nee, result.ooe) == (None, None, None, None)
    assert result.quality == 140 / 200
    assert [note.kpi for note in result.notes if note.code == "no-ideal"] == ["performance", "oee"]


def test_r31_an_item_without_an_ideal_that_made_nothing_is_harmless() -> None:
    _, result = judged(own(60, states=[run(0, 60)]), made(0, 60, 60, "60"), made(0, 60, 0, None, item="X"))
    assert result.oee == 1.0


def test_r32_no_data_at_all_is_null_and_not_zero() -> None:
    _, result = judged(own(60))
    assert (result.availability, result.performance, result.quality, result.oee) == (None, None, None, None)
    assert result.coverage == 0.0
    assert "no-data" in codes(result)


def test_r32_a_blind_shift_whose_pieces_were_counted_has_an_oee() -> None:
    _, result = judged(own(60), made(0, 60, 30, "60", gap=True))
    assert (result.availability, result.performance, result.oee, result.oee_high) == (None, None, 0.5, 0.5)


def test_pieces_without_run_time_leave_performance_open_with_a_note() -> None:
    _, result = judged(own(60, states=[down(0, 60)]), made(0, 60, 30, "60"))
    assert (result.availability, result.performance, result.oee) == (0.0, None, 0.5)
    assert "no-run-time" in codes(result)


def test_r34_start_up_rejects_are_a_loss_of_their_own() -> None:
    owned = own(60, states=[run(0, 60)])
    elements, _ = judged(owned, made(0, 10, 0, "60", 4, startup=True), made(10, 60, 48, "60", 2))
    assert (elements.scrap, elements.startup_scrap) == (6, 4)
    assert (elements.ideal_startup_ms, elements.ideal_scrap_ms) == (4 * MIN, 6 * MIN)


def test_r35_each_piece_has_the_ideal_of_its_time() -> None:
    owned = own(60, states=[run(0, 60)])
    _, result = judged(owned, made(0, 30, 30, "60"), made(30, 60, 60, "30"))
    assert result.performance == 1.0


def test_r37_weights_are_the_planned_times() -> None:
    long = judged(own(300, states=[run(0, 300)]), made(0, 300, 300, "60"))[0]
    short = judged(own(100, states=[down(0, 100)]))[0]
    assert kpi(long + short, NO_MICRO).oee == 0.75  # the mean of 1 and 0 would be 0.5


def test_r40_coverage_travels_and_a_low_one_is_said() -> None:
    known = judged(own(60, states=[run(0, 60)]), made(0, 60, 60, "60"))[0]
    blind = judged(own(60))[0]
    result = kpi(known + blind, NO_MICRO)
    assert result.coverage == 0.5
    assert {"coverage", "low-coverage"} <= codes(result)
    assert codes(kpi(known, NO_MICRO)) == set()


def test_iso_22400_ratios_of_a_worked_shift() -> None:
    owned = own(
        480,
        states=[run(0, 300), down(300, 480)],
        stops=[stop(300, 360, "changeover", "Setup"), stop(360, 420, "failure", "Belt")],
        planned=[(420, 480, "Break")],
        policy=ISO_CASES,
    )
    failure = [stop(360, 420, "failure", "Belt")]
    elements = elements_from(owned, [made(0, 300, 270, "60", 20)], stops=failure, window=(0, minutes(480)))
    result = kpi(elements, ISO_CASES)
    assert result.pbt_ms == 420 * MIN
    assert result.technical_efficiency == 300 / 360
    assert result.utilization_efficiency == 300 / 420
    assert result.allocation_efficiency == 1.0
    assert result.setup_rate == 60 / 360
    assert result.nee == pytest.approx(360 / 420 * 290 / 300 * 270 / 290, abs=1e-15)  # AUPT/PBT x E x Q
    assert result.scrap_ratio == 20 / 290
    assert (result.mtbf_s, result.mean_down_time_s, result.mttr_s) == (300 * 60, 3600, None)
    assert kpi(elements, replace(ISO, micro_threshold_ms=0)).mttf_s == 300 * 60 / 2
    assert (worker_efficiency(360, 480), worker_efficiency(1, 0)) == (0.75, None)
    assert corrective_maintenance_ratio(60, 180) == 0.25


def test_order_time_gives_allocation_and_throughput() -> None:
    from mes.oee.timeline import OrderSpan

    orders = [OrderSpan(0, minutes(120), "1", "A")]
    owned = own(180, states=[run(0, 90), down(90, 180)], orders=orders)
    _, result = judged(owned, made(0, 90, 180, "30"))
    assert (result.throughput_per_h, result.production_process_ratio, result.allocation_ratio) == (90.0, 0.75, 1.5)


def test_a_failure_counts_once_in_the_window_where_it_begins() -> None:
    belt = stop(50, 70, "failure", "Belt")
    parts = [
        elements_from(own(end, start=end - 60), (), stops=[belt, belt], window=(minutes(end - 60), minutes(end)))
        for end in (60, 120)
    ]
    assert [part.failures for part in parts] == [1, 0]


def test_decimal_quantities_share_out_in_their_own_unit() -> None:
    count = CountSpan(0, minutes(3), "A", Decimal("1.0"), 0, 0, Decimal(1000), gap=True)
    parts = [elements_from(own(e, start=e - 1), [count], window=(minutes(e - 1), minutes(e))) for e in (1, 2, 3)]
    assert [part.good for part in parts] == [Decimal("0.3"), Decimal("0.3"), Decimal("0.4")]


def test_zero_adds_nothing_and_every_field_is_added() -> None:
    one = Elements(
        **{
            field.name: frozenset({"X"})
            if field.name == "no_ideal_items"
            else (1 if field.type == "int" else Decimal(1))
            for field in fields(Elements)
        }
    )
    assert one + ZERO == one
    doubled = one + one
    assert all(getattr(doubled, field.name) == 2 for field in fields(Elements) if field.name != "no_ideal_items")


def test_r39_the_running_minute_counts_whole_and_only_once() -> None:
    now_ms = minutes(10) + 20_000
    owned = own(480, states=[run(0, None)], now_ms=now_ms)
    minute = made(10, 11, 3, "6")
    assert elements_from(owned, [minute], window=(0, now_ms)).good == 3
    later = elements_from(own(20, start=10.5), [minute], window=(minutes(10.5), minutes(20)))
    assert (later.good, later.unscheduled_good) == (0, 0)


def test_pieces_made_long_after_the_shift_are_not_the_shifts() -> None:
    owned = own(60, states=[run(0, 60)])
    elements = elements_from(owned, [made(70, 71, 5, "6")])
    assert (elements.good, elements.unscheduled_good, elements.ideal_unscheduled_good_ms) == (0, 5, 30_000)


def test_r45_every_kpi_names_its_policy_and_version() -> None:
    third = replace(ISO, version=3, micro_threshold_ms=1500)
    result = kpi(ZERO, third)
    assert (result.policy, result.policy_version) == ("iso-22400", 3)
    assert third.label == "iso-22400 v3, stops under 1.5 s are stops"
    assert NO_MICRO.label == "six-losses v1, no micro-stops"


def test_r31_pieces_of_an_unknown_pace_outside_the_schedule_leave_teep_open_but_not_oee() -> None:
    owned = own(120, scheduled=[(0, 60)], states=[run(0, 120)])
    _, result = judged(owned, made(0, 60, 60, "60"), made(60, 120, 60, None), window=(0, minutes(120)))
    assert (result.oee, result.teep) == (1.0, None)
