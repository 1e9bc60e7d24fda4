"""Traps that other systems fell into, each a test of its own name with numbers worked by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from mes.oee.formulas import CountSpan, Elements, kpi
from mes.oee.intervals import union
from mes.oee.timeline import OrderSpan, StateSpan, StopSpan, owners
from mes.plant.calendar import ShiftRule, day_bounds, local_label, materialise
from mes.tracking.rules import CounterRule, counter_delta
from mes.tracking.states import Kind
from tests.oee.timeline_kit import (
    CASES,
    ISO_CASES,
    MIN,
    NO_MICRO,
    codes,
    down,
    judged,
    made,
    minutes,
    own,
    run,
    spent,
    stop,
)


def _ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_every_case_has_a_test_of_its_name() -> None:
    import tests.oee.test_published_cases as published

    names = {name for name in [*globals(), *vars(published)] if name.startswith("test_")}
    assert {f"test_{case.replace('-', '_')}" for case in CASES} <= names


def test_trap_overlapping_stops() -> None:
    case = CASES["trap-overlapping-stops"]
    planned, (first, second) = case["inputs"]["planned_min"], case["inputs"]["stops_min"]
    stops = [stop(*first, "unplanned", "A"), stop(*second, "failure", "B")]
    owned = own(planned, states=[down(0, 900), run(900, planned)], stops=stops)
    elements, result = judged(owned)
    assert elements.unplanned_ms == case["expected"]["union_min"] * MIN
    assert result.availability == pytest.approx(case["expected"]["availability"], abs=case["abs_tol"])
    assert [(piece.reason, piece.duration_ms // MIN) for piece in owned] == [
        ("A", 10),
        ("B", 830),
        ("A", 60),
        (None, 78),
    ]


def test_trap_stop_crosses_shift() -> None:
    """R3, R4, R5: one event, clipped per shift, per production day and per calendar day."""
    case = CASES["trap-stop-crosses-shift"]
    said, zone = case["expected"], ZoneInfo(case["inputs"]["tz"])
    rules = [
        ShiftRule("Late", frozenset({0}), time(14), time(22)),
        ShiftRule("Night", frozenset({0}), time(22), time(6)),
    ]
    late, night = materialise(rules, zone, date(2026, 6, 1), date(2026, 6, 1))
    begin, end = (_ms(datetime.fromisoformat(at).replace(tzinfo=zone)) for at in case["inputs"]["stop"])
    event = StopSpan(begin, end, "failure", "Gearbox")
    seen = [
        StateSpan(_ms(late.start), begin, Kind.RUN, "Execute"),
        StateSpan(begin, end, Kind.DOWN, "Aborted"),
        StateSpan(end, None, Kind.RUN, "Execute"),
    ]

    def lost(start: datetime, until: datetime) -> float:
        window = (_ms(start), _ms(until))
        owned = owners(window, scheduled=[window], states=seen, stops=[event], policy=NO_MICRO, now_ms=_ms(night.end))
        return spent(owned).get("unplanned", 0)

    assert lost(late.start, late.end) == said["late_shift_min"]
    assert lost(night.start, night.end) == said["night_shift_min"]
    assert lost(late.start, night.end) == said["total_min"]
    assert lost(*day_bounds(date(2026, 6, 1), zone)) == said["calendar_day_2026_06_01_min"]
    assert lost(*day_bounds(date(2026, 6, 2), zone)) == said["calendar_day_2026_06_02_min"]
    assert late.production_date == night.production_date == date(2026, 6, 1)


@pytest.mark.parametrize("name", ["trap-dst-berlin-2026-03-28", "trap-dst-berlin-2026-10-24"])
def test_dst_nights_in_berlin(name: str) -> None:
    """R2: planned time is elapsed time."""
    case = CASES[name]
    start, end = (datetime.fromisoformat(at) for at in case["inputs"]["shift_local"])
    rule = ShiftRule("Night", frozenset(range(7)), start.time(), end.time())
    (shift,) = materialise([rule], ZoneInfo(case["inputs"]["tz"]), start.date(), start.date())
    assert (shift.end - shift.start) / timedelta(hours=1) == case["expected"]["elapsed_hours"]


test_trap_dst_berlin_2026_03_28 = test_trap_dst_berlin_2026_10_24 = test_dst_nights_in_berlin


def test_trap_dst_ambiguous_hour_order() -> None:
    """R7: the same wall time twice, told apart by its offset."""
    case = CASES["trap-dst-ambiguous-hour-order"]
    zone = ZoneInfo(case["inputs"]["tz"])
    start, end = (datetime.fromisoformat(at) for at in case["inputs"]["stop_utc"])
    assert start.astimezone(zone).isoformat() == case["expected"]["local_start"]
    assert end.astimezone(zone).isoformat() == case["expected"]["local_end"]
    assert (local_label(start, zone), local_label(end, zone)) == ("02:30 (+02:00)", "02:30 (+01:00)")
    event = [StateSpan(_ms(start), _ms(end), Kind.DOWN, "Held")]
    window = (_ms(start) - 60 * MIN, _ms(end) + 60 * MIN)
    owned = owners(window, scheduled=[window], states=event, policy=NO_MICRO, now_ms=window[1])
    assert spent(owned)["unplanned"] == case["expected"]["duration_min"]


def test_trap_changeover_mid_bucket() -> None:
    """R29, R20: performance over items is the sum of their ideal times; the changeover is a loss of availability."""
    case = CASES["trap-changeover-mid-bucket"]
    said, near = case["expected"], case["abs_tol"]
    orders = [OrderSpan(0, minutes(24), "1", "A"), OrderSpan(minutes(24), minutes(36), "2", "B", "setup")]
    orders.append(OrderSpan(minutes(36), minutes(60), "2", "B"))
    owned = own(60, states=[run(0, 24), down(24, 36), run(36, 60)], orders=orders)
    elements, result = judged(owned, made(0, 24, 120, "10"), made(36, 60, 40, "30", item="B"))
    assert elements.run_ms == said["run_s"] * 1000
    assert elements.setup_ms == 12 * MIN
    for name in ("availability", "performance", "quality", "oee"):
        assert getattr(result, name) == pytest.approx(said[name], abs=near), name
    assert result.nee == pytest.approx((120 * 10 + 40 * 30) / 2880, abs=near)  # setup is no loss: AUPT/PBT = 1
    assert kpi(elements, replace(NO_MICRO, changeover_loss="nee")).headline == result.nee


def test_trap_counter_rollover_16bit() -> None:
    case = CASES["trap-counter-rollover-16bit"]
    rule = CounterRule(2 ** case["inputs"]["width_bits"], Decimal(10))
    last: int | None = None
    deltas = []
    for value in case["inputs"]["samples"]:
        deltas.append(counter_delta(last, value, 1, rule))
        last = value
    assert [delta.quantity for delta in deltas] == case["expected"]["deltas"]
    flags = [None if delta.kind == "ok" else delta.kind.value for delta in deltas]
    assert flags == case["expected"]["flags"]


def test_trap_counter_reset() -> None:
    case = CASES["trap-counter-reset"]
    rule = CounterRule(2 ** case["inputs"]["width_bits"], Decimal(30), floor=-(2**31))
    last: int | None = None
    deltas = []
    for value, reset in zip(case["inputs"]["samples"], case["inputs"]["reset_tag"], strict=True):
        deltas.append(counter_delta(last, value, 1, rule, epoch_changed=bool(reset)))
        last = value
    assert [delta.quantity for delta in deltas] == case["expected"]["deltas"]
    flags = [None if delta.kind == "ok" else delta.kind.value for delta in deltas]
    assert flags == case["expected"]["flags"]
    assert counter_delta(1520, 3, 1, rule) == counter_delta(1520, 3, 1, rule, epoch_changed=True)


def test_trap_stale_not_zero() -> None:
    """R18, R25, R40: no data is neither run nor stop; the gap's true parts count in the OEE of the whole time."""
    case = CASES["trap-stale-not-zero"]
    given, said = case["inputs"], case["expected"]
    gap = given["counter_at_0840"] - given["counter_at_0810"]
    owned = own(60, states=[run(0, 10), run(40, 60)])
    counts = [made(0, 10, 100, "6"), made(10, 40, gap, "6", gap=True), made(40, 60, 200, "6")]
    elements, result = judged(owned, *counts)
    assert elements.run_ms == said["run_min"] * MIN
    assert elements.unplanned_ms == said["stop_min"] * MIN
    assert elements.unknown_ms == said["unknown_min"] * MIN
    assert result.coverage == said["data_coverage"]
    assert result.availability == said["availability_over_known_time"]
    assert elements.gap_total == said["gap_count"] == 90
    assert result.performance == 300 * 6 / 1800  # pieces of the known time only
    assert result.oee == 390 * 6 / 3600
    assert (result.oee_low, result.oee_high) == (result.oee, result.oee)  # a counter spanned the gap: nothing is open
    assert {"coverage", "low-coverage", "gap-counts"} <= codes(result)


def test_trap_duration_rounding() -> None:
    """R6: milliseconds are kept, minutes are for printing."""
    case = CASES["trap-duration-rounding"]
    states, at = [], 0.0
    for seconds in case["inputs"]["stops_s"]:
        states += [down(at, at + seconds / 60), run(at + seconds / 60, at + 6)]
        at += 6
    owned = own(case["inputs"]["planned_min"], states=states)
    elements, result = judged(owned)
    assert elements.unplanned_ms / MIN == case["expected"]["stop_min"]
    assert result.availability == case["expected"]["availability"]


def test_trap_unknown_ideal_cycle() -> None:
    """R31: P and OEE are null with a reason, A and Q still shown."""
    case = CASES["trap-unknown-ideal-cycle"]
    given, said = case["inputs"], case["expected"]
    owned = own(given["run_min"], states=[run(0, given["run_min"])])
    counts = made(0, 60, given["good"], None, given["total"] - given["good"], item="X")
    elements, _ = judged(owned, counts)
    result = kpi(elements, NO_MICRO, where="Y")
    assert (result.availability, result.quality) == (said["availability"], said["quality"])
    assert (result.performance, result.oee, result.teep) == (said["performance"], said["oee"], None)
    reasons = [note.text for note in result.notes if note.kpi == "oee"]
    assert [text.split(":")[0].lower() for text in reasons] == [said["reason"].replace("work center ", "").lower()]


def test_trap_rework() -> None:
    """R33: reworked pieces are not good the first time."""
    case = CASES["trap-rework"]
    given, said = case["inputs"], case["expected"]
    owned = own(500, states=[run(0, 500)])
    counts = CountSpan(0, 500 * MIN, "A", given["GQ"], given["SQ"], given["RQ"], Decimal(MIN))
    elements, result = judged(owned, counts)
    assert elements.total == given["PQ"]
    assert result.quality_ratio == result.quality == said["quality_ratio"]
    assert (result.rework_ratio, result.scrap_ratio) == (said["rework_ratio"], said["scrap_ratio"])
    assert (
        given["GQ"] + given["rework_recovered_later"] == said["order_good_qty_after_rework"]
    )  # the order's, not OEE's


def test_trap_planned_vs_unplanned() -> None:
    case = CASES["trap-planned-vs-unplanned"]
    said = case["expected"]
    owned = own(
        480,
        states=[run(0, 351), down(351, 480)],
        stops=[stop(390, 450, "planned", "Maintenance")],
        planned=[(450, 480, "Break")],
    )
    elements, result = judged(owned, policy=ISO_CASES)
    assert result.pbt_ms == said["iso_planned_busy_min"] * MIN
    assert result.availability == pytest.approx(said["iso_availability"], abs=case["abs_tol"])
    everything = kpi(elements, replace(NO_MICRO, denominator="scheduled"))
    assert everything.availability == pytest.approx(said["all_stops_availability"], abs=case["abs_tol"])
    assert (result.policy, everything.pbt_ms) == ("six-losses", 480 * MIN)


def test_trap_production_during_break() -> None:
    """R15: running through a break gives that time back to planned busy time."""
    case = CASES["trap-production-during-break"]
    given, said = case["inputs"], case["expected"]
    owned = own(480, states=[run(0, 250), down(250, 270), run(270, 480)], planned=[(240, 270, "Break")])
    elements, result = judged(owned, made(240, 250, given["parts_in_break"], str(given["ideal_s"])))
    assert result.pbt_ms == said["planned_busy_min"] * MIN
    assert elements.run_in_planned_ms == said["run_added_min"] * MIN
    assert elements.good == given["parts_in_break"]
    assert elements.ideal_good_ms == 10 * MIN


def test_trap_zero_count() -> None:
    """R32: nothing made in planned time is OEE 0; factors that divide by nothing are null."""
    said = CASES["trap-zero-count"]["expected"]
    elements, result = judged(own(60, states=[down(0, 60)]))
    assert (result.availability, result.performance, result.quality, result.oee) == tuple(said.values())
    assert elements.total == 0
    assert "no-pieces" in codes(result)


def test_trap_no_planned_time() -> None:
    """R32: nothing scheduled is no OEE at all; TEEP still has the calendar."""
    case = CASES["trap-no-planned-time"]
    owned = own(60, scheduled=[], states=[run(0, case["inputs"]["run_min"])])
    counts = made(0, 10, case["inputs"]["good"], "30")
    elements, result = judged(owned, counts, window=(0, 60 * MIN))
    assert (result.oee, result.coverage, elements.scheduled_ms) == (None, None, 0)
    assert [note.text.split(":")[0].lower() for note in result.notes] == [case["expected"]["state"]]
    assert (result.teep is not None) is case["expected"]["teep_contributes"]
    assert result.teep == 20 * 30 / 3600
    assert elements.unscheduled_run_ms == 10 * MIN


def test_union_of_no_time_is_no_time() -> None:
    assert union([(5, 5), (7, 3)]) == []
    assert kpi(Elements(), NO_MICRO).oee is None
