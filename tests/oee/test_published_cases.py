"""Worked OEE examples that others published, each a test of its own name."""

from dataclasses import replace
from decimal import Decimal

import pytest

from mes.oee.formulas import CountSpan, Elements, add_up, kpi
from mes.oee.losses import pareto
from mes.oee.policy import SMRP
from mes.oee.ratios import reliability, rolled_throughput_yield
from tests.oee.timeline_kit import CASES, ISO_CASES, MIN, NO_MICRO, codes, down, judged, made, own, run


def test_oee_vorne_fast_guide() -> None:
    case = CASES["oee-vorne-fast-guide"]
    given, said, near = case["inputs"], case["expected"], case["abs_tol"]
    busy = given["shift_min"] - given["breaks_min"]
    running = busy - given["downtime_min"]
    owned = own(
        given["shift_min"],
        states=[run(0, running), down(running, given["shift_min"])],
        planned=[(busy, given["shift_min"], "Breaks")],
    )
    counts = made(0, busy, given["total_count"] - given["reject_count"], "1", given["reject_count"])
    elements, result = judged(owned, counts)
    assert result.pbt_ms == said["planned_production_min"] * MIN
    assert elements.run_ms == said["run_min"] * MIN
    assert elements.good == said["good_count"]
    for name in ("availability", "performance", "quality", "oee", "teep"):
        assert getattr(result, name) == pytest.approx(said[name], abs=near), name
    assert float(elements.ideal_good_ms) / MIN == pytest.approx(said["fully_productive_min"], abs=near)
    assert result.oee == float(elements.ideal_good_ms / elements.scheduled_ms * Decimal(480) / 420)


def test_oee_ooe_vorne_variant() -> None:
    case = CASES["oee-ooe-vorne-variant"]
    given, said, near = case["inputs"], case["expected"], case["abs_tol"]
    busy, planned = given["planned_production_min"], given["planned_downtime_min"]
    running = busy - given["downtime_min"]
    owned = own(
        given["all_time_min"],
        scheduled=[(0, busy + planned)],
        states=[run(0, running), down(running, given["all_time_min"])],
        planned=[(busy, busy + planned, "Planned")],
    )
    good = given["total_count"] - given["reject_count"]
    counts = made(0, busy, good, "1", given["reject_count"])
    elements, result = judged(owned, counts, window=(0, given["all_time_min"] * MIN))
    assert elements.scheduled_ms == said["operating_time_min"] * MIN
    assert elements.run_ms / elements.scheduled_ms == pytest.approx(said["ooe_availability"], abs=near)
    assert result.ooe == pytest.approx(said["ooe"], abs=near)
    assert result.teep == pytest.approx(said["teep"], abs=near)
    assert result.teep is not None
    assert result.ooe is not None
    assert result.oee is not None
    assert result.teep <= result.ooe <= result.oee


def test_oee_smrp_machine_d_availability() -> None:
    case = CASES["oee-smrp-machine-d-availability"]
    given, said, near = case["inputs"], case["expected"], case["abs_tol"]
    hour = 60 * MIN
    planned = sum(round(h * hour) for h in given["scheduled_downtime_h"])
    lost = sum(round(h * hour) for h in given["unscheduled_downtime_h"])
    scheduled = (given["total_available_h"] - given["idle_not_required_h"]) * hour
    elements = Elements(
        scheduled_ms=scheduled, run_ms=scheduled - planned - lost, planned_stop_ms=planned, unplanned_ms=lost
    )
    assert elements.run_ms / hour == pytest.approx(said["uptime_h"], abs=near)
    assert (planned + lost) / hour == pytest.approx(said["total_downtime_h"], abs=near)
    assert kpi(elements, SMRP).availability == pytest.approx(said["availability"], abs=near)
    assert kpi(elements, NO_MICRO).availability == pytest.approx(12.26 / 14.34, abs=near)  # ISO 22400 and Vorne


def test_iso22400_rhize_example1() -> None:
    case = CASES["iso22400-rhize-example1"]
    given, said, near = case["inputs"], case["expected"], case["abs_tol"]
    owned = own(180, states=[run(0, 90), down(90, 120), run(120, 180)], policy=ISO_CASES)
    counts = made(0, 180, given["good"], str(given["planned_cycle_s"]), given["scrap"])
    elements, result = judged(owned, counts, policy=ISO_CASES)
    assert elements.run_ms == said["APT_s"] * 1000
    assert elements.unplanned_ms == said["ADET_s"] * 1000
    assert result.pbt_ms == said["PBT_s"] * 1000
    assert elements.total == said["produced"]
    assert result.availability == pytest.approx(said["availability"], abs=near)
    assert result.effectiveness == pytest.approx(said["effectiveness"], abs=near)
    assert result.quality_ratio == pytest.approx(said["quality_ratio"], abs=near)
    assert result.oee == pytest.approx(said["oee"], abs=near)
    assert elements.run_ms / 1000 / int(elements.total) == said["actual_cycle_s"]


def test_rollup_not_average() -> None:
    """R37: sum the elements, then divide."""
    case = CASES["rollup-not-average"]
    said, near = case["expected"], case["abs_tol"]
    parts = []
    for part in case["inputs"]["parts"]:
        owned = own(part["planned"], states=[run(0, part["run"]), down(part["run"], part["planned"])])
        counts = CountSpan(
            0, part["planned"] * MIN, "A", part["good"], part["total"] - part["good"], 0, Decimal(part["ideal"] * MIN)
        )
        parts.append(judged(owned, counts))
    assert [result.oee for _, result in parts] == pytest.approx(said["oee_each"], abs=near)
    whole = kpi(add_up(elements for elements, _ in parts), NO_MICRO)
    assert whole.availability == pytest.approx(said["rollup_availability"], abs=near)
    assert whole.performance == pytest.approx(said["rollup_performance"], abs=near)
    assert whole.quality == pytest.approx(said["rollup_quality"], abs=near)
    assert whole.oee == pytest.approx(said["rollup_oee"], abs=near)
    assert whole.availability * whole.performance * whole.quality == pytest.approx(whole.oee, abs=1e-12)


def test_pareto_cumulative() -> None:
    case = CASES["pareto-cumulative"]
    rows = pareto(case["inputs"]["losses"])
    assert [row.cumulative for row in rows] == pytest.approx(case["expected"]["cumulative_share"], abs=case["abs_tol"])
    assert [row.key for row in rows[:2]] == ["breakdowns", "minor_stops_and_reduced_speed"]
    assert pareto({"nothing": 0})[0].share is None


def test_reliability_basic() -> None:
    case = CASES["reliability-basic"]
    given, said = case["inputs"], case["expected"]
    means = reliability(given["operating_time"], given["failures"], given["total_repair_time"])
    assert (means.mtbf, means.mttr) == (said["mtbf"], said["mttr"])
    assert means.inherent_availability == pytest.approx(said["inherent_availability"], abs=case["abs_tol"])
    assert means.convention == "operating time / failures"
    none = reliability(1000, 0, 0)
    assert (none.mtbf, none.mttr, none.inherent_availability) == (None, None, 1.0)


def test_reliability_by_the_other_convention_divides_by_one_more() -> None:
    means = reliability(1000, 4, 50, divisor="failures+1")
    assert (means.mttf, means.mtbf, means.mttr) == (200, 210, 10)
    assert means.convention == "operating time / failures+1"


def test_rty() -> None:
    case = CASES["rty"]
    rolled, normalized = rolled_throughput_yield(case["inputs"]["step_yields"])
    assert rolled == pytest.approx(case["expected"]["rty"], abs=case["abs_tol"])
    assert normalized == pytest.approx(case["expected"]["normalized"], abs=case["abs_tol"])
    assert rolled_throughput_yield([]) == (None, None)


def test_perf_over_100_raw_kept() -> None:
    """R30: the raw value is kept and flagged; a cap is for display only."""
    case = CASES["perf-over-100-raw-kept"]
    given, said = case["inputs"], case["expected"]
    owned = own(given["planned"], states=[run(0, given["run"])])
    ideal = Decimal(given["ideal_cycle"] * MIN)
    counts = CountSpan(0, given["planned"] * MIN, "A", given["good"], given["total"] - given["good"], 0, ideal)
    _, result = judged(owned, counts)
    capped = replace(NO_MICRO, cap_performance=True)
    assert result.performance == said["performance_raw"]
    assert result.shown_performance(NO_MICRO) == said["performance_raw"]
    assert result.shown_performance(capped) == said["performance_display_capped"]
    assert result.oee == 2.0
    assert "performance-over-100" in codes(result)
