"""Control charts give the figures that others published: constants, I-MR, X-bar, p, np, c, u, EWMA, CUSUM."""

from math import pi, sqrt

import pytest

from mes.quality.spc.attributes import (
    Sample,
    c_baseline,
    c_chart,
    np_baseline,
    np_chart,
    p_baseline,
    p_chart,
    u_baseline,
    u_chart,
)
from mes.quality.spc.chart import Baseline, Chart, Kind, without
from mes.quality.spc.constants import c4, d2, d3
from mes.quality.spc.individuals import individuals_baseline, individuals_chart, moving_ranges_chart
from mes.quality.spc.run_rules import signals
from mes.quality.spc.subgroups import deviations_baseline, deviations_chart, means_chart, ranges_baseline, ranges_chart
from mes.quality.spc.time_weighted import cusum, cusum_in_sigmas, ewma_chart
from tests.quality.spc.spc_kit import (
    BOARDS,
    CANS,
    CASES,
    CLOTH,
    COMPUTERS,
    LATER_RINGS,
    RECALLED,
    RINGS,
    RINGS_LATER_EDITIONS,
)


def beyond(chart: Chart) -> list[int]:
    return [signal.number for signal in signals(chart, ["N1"])]


def limits(chart: Chart, number: int = 1) -> tuple[float | None, float | None, float | None]:
    point = chart.points[number - 1]
    return point.lcl, point.center, point.ucl


def test_constants_are_those_of_the_tables() -> None:
    case = CASES["const"]
    for i, n in enumerate(case["params"]["n"]):
        for constant in (d2, d3, c4):
            assert constant(n) == pytest.approx(case["expected"][constant.__name__][i], abs=case["tolerance"]), n


def test_constants_of_two_and_three_pieces_are_their_closed_forms() -> None:
    assert d2(2) == pytest.approx(2 / sqrt(pi), abs=1e-7)
    assert d3(2) == pytest.approx(sqrt(2 - 4 / pi), abs=1e-7)
    assert d2(3) == pytest.approx(3 / sqrt(pi), abs=1e-7)
    assert c4(2) == pytest.approx(sqrt(2 / pi), abs=1e-12)


def test_constants_exist_for_large_subgroups_and_not_for_single_pieces() -> None:
    # Tippett's table of 1925: mean range of 1000 values 6.48287.
    assert d2(1000) == pytest.approx(6.48287, abs=2e-5)
    for constant in (d2, d3, c4):
        with pytest.raises(ValueError, match="at least 2"):
            constant(1)


def test_individuals_of_nist_with_exact_and_with_rounded_d2() -> None:
    case, rounded = CASES["imr_nist_6322"], RECALLED["spc-imr-nist"]
    said, near = case["expected"], case["tolerance"]
    baseline = individuals_baseline(case["data"])
    chart, moved = individuals_chart(case["data"], baseline), moving_ranges_chart(case["data"], baseline)
    assert baseline.sigma == pytest.approx(said["sigma"], abs=near)
    assert limits(chart) == pytest.approx((said["lcl"], said["center"], said["ucl"]), abs=near)
    assert limits(moved, 2) == pytest.approx((said["mr_lcl"], said["mr_center"], said["mr_ucl"]), abs=near)
    assert moved.points[0].value is None
    assert beyond(chart) == said["violations"]["1"]
    said, near = rounded["expected"], rounded["abs_tol"]
    assert limits(chart) == pytest.approx((said["lcl"], said["center"], said["ucl"]), abs=near)
    assert moved.points[1].center == pytest.approx(said["mr_bar"], abs=near)


def test_piston_rings_with_ranges() -> None:
    # Montgomery, and the manual of R qcc: centre 74.00118, sigma 0.009785, limits 73.98805 and 74.0143.
    baseline = ranges_baseline(RINGS)
    chart, spread = means_chart(RINGS, baseline), ranges_chart(RINGS, baseline)
    assert baseline.sigma == pytest.approx(0.009785, abs=1e-6)
    assert limits(chart) == pytest.approx((73.98805, 74.00118, 74.01430), abs=1e-5)
    assert limits(spread) == pytest.approx((0, 0.02276, 0.04813), abs=1e-5)
    assert (beyond(chart), beyond(spread), baseline.provisional) == ([], [], False)


def test_later_piston_rings_are_judged_by_the_frozen_limits() -> None:
    chart = means_chart(RINGS + LATER_RINGS, ranges_baseline(RINGS))
    assert beyond(chart) == [37, 38, 39]
    assert limits(chart, 40) == limits(chart, 1)


def test_piston_rings_with_standard_deviations() -> None:
    # Montgomery, example 6.3: mean deviation 0.0094, A3 1.427, B4 2.089: limits 73.988, 74.014 and 0.0196.
    rings = RINGS_LATER_EDITIONS
    baseline = deviations_baseline(rings)
    assert limits(means_chart(rings, baseline)) == pytest.approx((73.988, 74.001, 74.014), abs=6e-4)
    assert limits(deviations_chart(rings, baseline)) == pytest.approx((0, 0.0094, 0.0196), abs=6e-5)


def test_orange_juice_p_chart_and_its_revised_limits() -> None:
    samples = [Sample(found, 50) for found in CANS]
    baseline = p_baseline(samples)
    chart = p_chart(samples, baseline)
    assert limits(chart) == pytest.approx((0.0524, 0.2313, 0.4102), abs=6e-5)
    assert beyond(chart) == [15, 23]
    revised = p_baseline(without(samples, {15, 23}))
    assert limits(p_chart(samples, revised)) == pytest.approx((0.0407, 0.2150, 0.3893), abs=6e-5)
    assert beyond(p_chart(samples, revised)) == [15, 21, 23]


def test_orange_juice_np_chart_is_the_p_chart_times_fifty() -> None:
    samples = [Sample(found, 50) for found in CANS]
    chart = np_chart(samples, np_baseline(samples))
    # 347 / 30 = 11.5667; 3 sqrt(11.5667 x 0.768667) = 8.9453
    assert limits(chart) == pytest.approx((2.6214, 11.5667, 20.5120), abs=1e-3)
    assert beyond(chart) == [15, 23]


@pytest.mark.parametrize("case", [CASES["c_nist_wafers"], RECALLED["spc-c-nist"]], ids=["worked", "recalled"])
def test_c_chart_of_nist_wafers_a_count_on_the_limit_is_inside(case: dict) -> None:
    counts = case["data"] if "data" in case else case["inputs"]["counts"]
    said, near = case["expected"], case.get("tolerance", case.get("abs_tol"))
    chart = c_chart(counts, c_baseline(counts))
    center = said["center"] if "center" in said else said["c_bar"]
    assert limits(chart) == pytest.approx((said["lcl"], center, said["ucl"]), abs=near)
    assert beyond(chart) == (said["violations"]["1"] if "violations" in said else said["beyond_strict_1based"])
    assert counts[2] == said["ucl"]


def test_c_chart_of_circuit_boards_and_its_revised_limits() -> None:
    chart = c_chart(BOARDS, c_baseline(BOARDS))
    assert limits(chart) == pytest.approx((6.48, 19.85, 33.21), abs=0.01)
    assert beyond(chart) == [6, 20]
    revised = c_baseline(without(BOARDS, {6, 20}))
    assert limits(c_chart(BOARDS, revised)) == pytest.approx((6.36, 19.67, 32.97), abs=0.01)


def test_u_chart_of_computers() -> None:
    samples = [Sample(found, 5) for found in COMPUTERS]
    chart = u_chart(samples, u_baseline(samples))
    assert limits(chart) == pytest.approx((0.07, 1.93, 3.79), abs=5e-3)
    assert beyond(chart) == []


def test_u_chart_of_cloth_has_limits_that_step_with_the_area() -> None:
    samples = [Sample(found, area) for found, area in CLOTH]
    chart = u_chart(samples, u_baseline(samples))
    # Montgomery, table 7.12: u-bar 1.42; the roll of 8 units 0.16 to 2.68, of 13 units 0.43 to 2.41.
    assert limits(chart, 2) == pytest.approx((0.16, 1.42, 2.68), abs=0.01)
    assert limits(chart, 3) == pytest.approx((0.43, 1.42, 2.41), abs=0.01)
    assert beyond(chart) == []


def test_ewma_of_nist() -> None:
    case, recalled = CASES["ewma_nist"], RECALLED["spc-ewma-nist"]
    given, said, near = case["params"], case["expected"], case["tolerance"]
    chart = ewma_chart(case["data"], given["target"], given["sigma"], weight=given["lambda"], width=given["L"])
    assert [point.value for point in chart.points] == pytest.approx(said["ewma"], abs=near)
    assert limits(chart) == pytest.approx((said["lcl"], 50, said["ucl"]), abs=near)
    assert list(signals(chart)) == said["violations"] == recalled["expected"]["out_of_control"]
    shown = [given["target"], *(point.value for point in chart.points)]
    assert shown == pytest.approx(recalled["expected"]["ewma"], abs=recalled["abs_tol"])


def test_ewma_limits_of_the_first_points_are_narrower_where_exact() -> None:
    chart = ewma_chart([0.0] * 30, 0, 1, weight=0.1, width=2.7, exact_limits=True)
    # Montgomery, table 9.10 (target 10): limits 10.27, 10.36, 10.42 at first, 10.62 in the end.
    assert [chart.points[i].ucl for i in (0, 1, 2, 29)] == pytest.approx([0.27, 0.36, 0.42, 0.62], abs=6e-3)


def test_ewma_of_montgomery_says_which_points_are_beyond_its_limits() -> None:
    # Montgomery, table 9.1: the mean moves from 10 to 11 after point 20.
    # Table 9.10: 10.6468 and 10.6341 at points 29 and 30 signal.
    chart = ewma_chart(SHIFTED, 10, 1, weight=0.1, width=2.7, exact_limits=True)
    shown = [chart.points[i].value for i in (0, 1, 22, 28, 29)]
    assert shown == pytest.approx([9.945, 9.7495, 10.2495, 10.6468, 10.6341], abs=6e-5)
    assert beyond(chart) == [29, 30] == [signal.number for signal in signals(chart)]


def test_cusum_of_nist() -> None:
    case = CASES["cusum_nist"]
    given, said, near = case["params"], case["expected"], case["tolerance"]
    points = cusum(case["data"], given["target"], given["k"], given["h"])
    assert [point.hi for point in points] == pytest.approx(said["s_hi"], abs=near)
    assert [point.lo for point in points] == pytest.approx(said["s_lo"], abs=near)
    signalled = [point.number for point in points if point.signal]
    assert signalled == said["violations"]
    assert signalled[0] == said["first_signal"]
    assert points[13].since_hi == 13


def test_cusum_of_montgomery_dates_the_shift() -> None:
    # Table 9.2: k 0.5, h 5; the sum is 5.28 at point 29, seven points after it left 0 (N+ = 7), 5.28 / 7 = 0.75 beyond.
    points = cusum_in_sigmas(SHIFTED, 10, 1)
    assert [point.number for point in points if point.signal] == [29, 30]
    assert points[28].hi == pytest.approx(5.28, abs=1e-9)
    assert points[28].since_hi == 23


SHIFTED = [9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08]
SHIFTED += [9.37, 10.62, 10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52]


def test_a_baseline_is_data_that_can_be_stored_and_used_again() -> None:
    frozen = Baseline(Kind.MEANS, 10.0, 2.0, 25, False)
    assert limits(means_chart([[10, 11, 9, 10]], frozen)) == (7.0, 10.0, 13.0)
