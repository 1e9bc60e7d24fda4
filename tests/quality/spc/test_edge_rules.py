"""What a chart may never do: bridge a gap, divide by a spread of zero, move frozen limits, hide how little it knows."""

from dataclasses import FrozenInstanceError, asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf, nan, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mes.quality.spc.attributes import (
    Sample,
    c_baseline,
    c_chart,
    laney_baseline,
    laney_sigma_z,
    np_baseline,
    np_chart,
    p_baseline,
    p_chart,
    u_baseline,
    u_chart,
)
from mes.quality.spc.capability import indices
from mes.quality.spc.chart import Baseline, Kind, readings, without
from mes.quality.spc.individuals import individuals_baseline, individuals_chart, moving_ranges_chart
from mes.quality.spc.run_rules import RULES, signals
from mes.quality.spc.subgroups import deviations_baseline, deviations_chart, means_chart, ranges_baseline, ranges_chart
from mes.quality.spc.time_weighted import cusum, cusum_in_sigmas, ewma_chart
from mes.quality.spc.versions import limits_at, limits_freeze, limits_rebase
from tests.quality.spc.spc_kit import EDGE_RULES

calm = settings(deadline=None)
SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)


def codes(baseline: Baseline) -> list[str]:
    return [note.code for note in baseline.notes]


def test_every_edge_rule_of_the_worked_cases_has_its_test_here() -> None:
    tested = {name.removeprefix("test_").split("__")[0] for name in globals() if name.startswith("test_edge_")}
    assert tested == set(EDGE_RULES)


def test_edge_gap__no_moving_range_across_a_gap() -> None:
    # moving ranges 2 (10 to 12) and 4 (20 to 24), never 8 (12 to 20): mean 3, sigma 3 / 1.128379
    baseline = individuals_baseline([10, 12, None, 20, 24])
    assert baseline.sigma == pytest.approx(2.658681, abs=1e-6)
    moved = moving_ranges_chart([10, 12, None, 20, 24], baseline)
    assert [point.value for point in moved.points] == [None, 2, None, None, 4]
    chart = individuals_chart([10, None, 20], baseline)
    assert [point.number for point in chart.points] == [1, 2, 3]
    assert chart.points[1].value is chart.points[1].ucl is None


def test_edge_gap__ewma_and_cusum_start_again_after_it() -> None:
    values = [3.0, 2.0, None, 3.0, 2.0]
    averaged = [point.value for point in ewma_chart(values, 0, 1, weight=0.5, width=3).points]
    assert averaged == [1.5, 1.75, None, 1.5, 1.75]
    sums = cusum(values, 0, 0.5, 4)
    assert [(point.hi, point.since_hi) for point in sums] == [(2.5, 1), (4.0, 1), (None, None), (2.5, 4), (4.0, 4)]
    assert not any(point.signal for point in sums)
    assert ewma_chart(values, 0, 1).baseline.samples == 4


def test_edge_gap__exact_ewma_limits_are_narrow_again_after_it() -> None:
    points = ewma_chart([0.0, 0.0, None, 0.0], 0, 1, weight=0.5, width=3, exact_limits=True).points
    assert points[3].ucl == points[0].ucl == pytest.approx(1.5)
    assert points[1].ucl == pytest.approx(3 * sqrt(0.25 + 0.0625))


@pytest.mark.parametrize("value", [0, 0.1, 74.001, -1e9])
def test_edge_const__equal_values_give_sigma_zero_and_no_signal(value: float) -> None:
    values = [value] * 30
    baseline = individuals_baseline(values)
    assert (baseline.center, baseline.sigma, codes(baseline)) == (value, 0.0, ["no-spread"])
    groups = [[value] * 5] * 25
    for learned in (ranges_baseline(groups), deviations_baseline(groups)):
        assert (learned.center, learned.sigma) == (value, 0.0)
        for chart in (means_chart(groups, learned), ranges_chart(groups, learned), deviations_chart(groups, learned)):
            assert signals(chart, RULES) == ()
    for chart in (individuals_chart(values, baseline), moving_ranges_chart(values, baseline)):
        assert signals(chart, RULES) == ()
    assert indices(value, 0.0, lsl=value - 1, usl=value + 1).cp is None


def test_edge_const__rounding_of_equal_values_is_no_spread() -> None:
    # 0.1 + 0.2 and 0.3 differ by 5.6e-17 in floats
    assert individuals_baseline([0.1 + 0.2, 0.3] * 15).sigma == 0.0


def test_edge_const__nothing_found_at_all_gives_no_signal() -> None:
    samples = [Sample(0, 50)] * 25
    assert signals(p_chart(samples, p_baseline(samples)), RULES) == ()
    assert signals(c_chart([0] * 25, c_baseline([0] * 25)), RULES) == ()
    assert codes(p_baseline(samples)) == ["no-spread"]
    everything = [Sample(50, 50)] * 25
    assert p_baseline(everything).center == 1.0
    assert signals(p_chart(everything, p_baseline(everything)), RULES) == ()


def test_edge_const__memory_without_a_spread() -> None:
    chart = ewma_chart([1.0, 2.0], 1, 0)
    assert signals(chart) == ()
    assert codes(chart.baseline) == ["no-spread"]
    with pytest.raises(ValueError, match="sigma above 0"):
        cusum_in_sigmas([1.0], 1, 0)


@pytest.mark.parametrize(("count", "provisional"), [(24, True), (25, False)])
def test_edge_short__individuals_are_provisional_below_25(count: int, provisional: bool) -> None:
    baseline = individuals_baseline([1.0, 2.0] * 12 + [1.0] * (count - 24) + [None])
    assert (baseline.samples, baseline.provisional) == (count, provisional)
    assert ("provisional" in codes(baseline)) is provisional


@pytest.mark.parametrize(("count", "provisional"), [(19, True), (20, False)])
def test_edge_short__subgroups_and_samples_are_provisional_below_20(count: int, provisional: bool) -> None:
    groups, samples = [[1.0, 2.0]] * count, [Sample(i % 3, 50) for i in range(count)]
    for baseline in (
        ranges_baseline([*groups, None]),
        deviations_baseline([*groups, []]),
        p_baseline([*samples, Sample(0, 0)]),
        np_baseline(samples),
        u_baseline([*samples, None]),
        c_baseline([*(sample.found for sample in samples), None]),
    ):
        assert (baseline.samples, baseline.provisional) == (count, provisional)


def test_edge_short__nothing_and_single_values_give_no_limits_and_say_so() -> None:
    for values in ([], [None], [None, None]):
        baseline = individuals_baseline(values)
        assert (baseline.center, baseline.sigma) == (None, None)
        assert codes(baseline) == ["no-limits", "provisional"]
        assert signals(individuals_chart([1.0, 2.0], baseline), RULES) == ()
    lonely = individuals_baseline([5.0, None, 7.0])
    assert (lonely.center, lonely.sigma) == (6.0, None)
    chart = individuals_chart([5.0], lonely)
    assert (chart.points[0].center, chart.points[0].ucl) == (6.0, None)
    assert ranges_baseline([[5.0], [7.0]]).sigma is None
    assert p_baseline([Sample(0, 0), None]).center is None
    assert c_baseline([]).center is None


def test_edge_p__limits_stay_inside_zero_and_one_and_step_with_the_sample() -> None:
    samples = [Sample(1, 10), Sample(19, 20), Sample(8, 40)]
    baseline = p_baseline(samples)
    assert baseline.center == 0.4  # 28 of 70
    small, _, large = p_chart(samples, baseline).points
    # 3 sqrt(0.4 x 0.6 / 10) = 0.464758, / 40 = 0.232379
    assert (small.lcl, large.lcl) == (0.0, pytest.approx(0.167621, abs=1e-6))
    assert (small.ucl, large.ucl) == pytest.approx((0.864758, 0.632379), abs=1e-6)
    assert p_chart([Sample(5, 5)], replace(baseline, center=0.9)).points[0].ucl == 1.0
    assert np_chart([Sample(5, 5)], replace(baseline, center=0.9)).points[0].ucl == 5


def test_edge_p__a_sample_of_nothing_is_a_gap() -> None:
    samples = [Sample(5, 50), Sample(0, 0), Sample(7, 50)]
    for learn, draw in ((p_baseline, p_chart), (np_baseline, np_chart), (u_baseline, u_chart)):
        chart = draw(samples, learn(samples))
        assert chart.baseline.center == 0.12
        assert [point.value is None for point in chart.points] == [False, True, False]


@pytest.mark.parametrize("sample", [Sample(-1, 5), Sample(1, -5), Sample(6, 5), Sample(1, inf), Sample(1, nan)])
def test_edge_p__counts_that_cannot_be_are_refused_with_their_place(sample: Sample) -> None:
    with pytest.raises(ValueError, match="Sample 2: "):
        p_baseline([Sample(1, 5), sample])


def test_edge_p__more_nonconformities_than_units_are_possible() -> None:
    assert u_baseline([Sample(12, Decimal("2.5"))]).center == pytest.approx(4.8)


def test_edge_phase__new_points_never_move_frozen_limits() -> None:
    version = limits_freeze(individuals_baseline([9.0, 11.0] * 13), since=SIX, by="Ana", why="after the trial run")
    before = individuals_chart([10.0], version.baseline).points[0]
    after = individuals_chart([10.0] + [50.0] * 100, version.baseline).points[0]
    assert before == after
    with pytest.raises(FrozenInstanceError):
        version.baseline.center = 12.0  # type: ignore[misc]


def test_edge_phase__new_limits_are_a_new_version_with_a_reason() -> None:
    first = limits_freeze(individuals_baseline([9.0, 11.0] * 13), since=SIX, by="Ana", why="after the trial run")
    later, learned = SIX + timedelta(hours=8), individuals_baseline([19.0, 21.0] * 13)
    second = limits_rebase(first, learned, since=later, by="Ana", why="new tool")
    assert (first.version, second.version, second.why) == (1, 2, "new tool")
    versions = [second, first]
    assert limits_at(versions, SIX - timedelta(seconds=1)) is None
    assert limits_at(versions, later - timedelta(seconds=1)) is first
    assert limits_at(versions, later) is second
    for refused in (
        {"why": " "},
        {"by": ""},
        {"since": SIX},
        {"since": datetime(2026, 3, 2, 15)},  # noqa: DTZ001
        {"baseline": individuals_baseline([])},
        {"baseline": c_baseline([1, 2])},
    ):
        with pytest.raises((ValueError, TypeError)):
            limits_rebase(first, **{"baseline": learned, "since": later, "by": "Ana", "why": "new tool"} | refused)


def test_edge_onesided__only_one_side_and_no_cp() -> None:
    upper = indices(16, 2, lsl=None, usl=20)
    assert (upper.cp, upper.cpl, upper.k, upper.cp_interval) == (None, None, None, None)
    assert upper.cpk == upper.cpu == pytest.approx(2 / 3)
    lower = indices(16, 2, lsl=8, usl=None)
    assert lower.cpk == lower.cpl == pytest.approx(4 / 3)
    assert [note.code for note in lower.notes] == ["one-sided"]


def test_edge_overdispersion__laney_is_offered_and_its_limits_are_sigma_z_times_as_wide() -> None:
    # p-bar 0.5, sigma of a point 0.5 / sqrt(10000) = 0.005; z alternates 4, -4: moving range 8, sigma_z 8 / 1.128379
    samples = [Sample(5200, 10_000), Sample(4800, 10_000)] * 10
    baseline = p_baseline(samples)
    assert codes(baseline) == ["over-dispersed"]
    assert len(signals(p_chart(samples, baseline), ["N1"])) == 20
    assert laney_sigma_z(samples, baseline) == pytest.approx(7.089817, abs=1e-5)
    prime = laney_baseline(samples, baseline)
    point = p_chart(samples, prime).points[0]
    assert (point.lcl, point.ucl) == pytest.approx((0.5 - 0.106347, 0.5 + 0.106347), abs=1e-5)
    assert signals(p_chart(samples, prime)) == ()
    assert codes(prime) == []
    assert laney_baseline(samples, prime) == prime


def test_edge_overdispersion__u_prime_and_the_gap_between_samples() -> None:
    # u-bar 4 per unit, areas of 100: sigma 0.2, z 5, -5, (gap), 5, -5: two moving ranges of 10, sigma_z 8.862269
    samples = [Sample(500, 100), Sample(300, 100), None, Sample(500, 100), Sample(300, 100)]
    assert laney_sigma_z(samples, u_baseline(samples)) == pytest.approx(8.862269, abs=1e-6)
    assert "over-dispersed" in codes(u_baseline(samples))


@pytest.mark.parametrize(("far", "offered"), [(6.7, False), (6.8, True)])
def test_edge_overdispersion__is_offered_above_a_sigma_z_of_one_point_two(far: float, offered: bool) -> None:
    # c-bar 10,000 on areas of 1: sigma 100; z alternates by far / 5: sigma_z = 1.34 or 1.36 / 1.128379 = 1.188 or 1.205
    samples = [Sample(round(10_000 + far * side), 1) for side in (10, -10) * 10]
    assert ("over-dispersed" in codes(u_baseline(samples))) is offered


def test_edge_overdispersion__not_where_chance_explains_the_spread() -> None:
    # z 1, 0, -1, 0, ...: moving range 1, sigma_z 0.886
    samples = [Sample(found, 100) for found in (55, 50, 45, 50) * 5]
    assert codes(p_baseline(samples)) == []
    with pytest.raises(ValueError, match="p and u"):
        laney_baseline([], c_baseline([1, 2]))
    alone = p_baseline([Sample(1, 10)])
    assert laney_baseline([Sample(1, 10)], alone) == alone


def test_values_that_are_no_numbers_are_refused_with_their_place() -> None:
    for bad in (nan, inf, Decimal("NaN")):
        with pytest.raises(ValueError, match="Value 2 is"):
            readings([1, bad])
    assert readings([4.5, None, Decimal("3"), 0]) == [4.5, None, 3.0, 0.0]


def test_points_left_out_are_gaps() -> None:
    assert without([7, 8, 9], {2}) == [7, None, 9]


def test_subgroups_of_unequal_size_have_limits_of_their_own() -> None:
    # ranges 2 (n 2) and 3 (n 3): sigma = (2 / 1.128379 + 3 / 1.692569) / 2 = 1.772454; all values: 12 / 5
    groups = [[1.0, 3.0], [1.0, 3.0, 4.0], [None, 2.4], None]
    baseline = ranges_baseline(groups)
    assert (baseline.center, baseline.samples) == (pytest.approx(2.4), 2 + 0)
    assert baseline.sigma == pytest.approx(1.772454, abs=1e-5)


def test_a_baseline_survives_being_stored_as_plain_data() -> None:
    baseline = ranges_baseline([[1.0, 3.0]] * 20)
    kept = asdict(baseline) | {"notes": baseline.notes}
    assert Baseline(**kept) == baseline
    assert Kind(str(kept["kind"])) is Kind.RANGES


@pytest.mark.parametrize(
    "wrong", [{"weight": 0}, {"weight": 1.1}, {"width": 0}, {"sigma": -1}], ids=["none", "over", "width", "sigma"]
)
def test_ewma_refuses_settings_that_mean_nothing(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="EWMA"):
        ewma_chart([1.0], 0, **{"sigma": 1} | wrong)


def test_cusum_refuses_settings_that_mean_nothing_and_begins_at_its_head_start() -> None:
    for k, h in ((-1, 4), (0.5, 0)):
        with pytest.raises(ValueError, match="CUSUM"):
            cusum([1.0], 0, k, h)
    # 2.5 + 1 - 0.5 = 3; 2.5 - 1 - 0.5 = 1
    assert [(point.hi, point.lo) for point in cusum([1.0], 0, 0.5, 5, head_start=2.5)] == [(3.0, 1.0)]
    assert cusum([], 0, 0.5, 5) == ()


@calm
@given(
    values=st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), min_size=2, max_size=40),
    shift=st.integers(-1000, 1000),
    scale=st.sampled_from([0.25, 2, 8]),
)
def test_limits_move_and_stretch_with_the_values(values: list[int | None], shift: int, scale: float) -> None:
    plain, moved = (
        individuals_baseline(data)
        for data in (values, [None if value is None else value * scale + shift for value in values])
    )
    if plain.center is None:
        assert moved.center is None
        return
    assert moved.center == pytest.approx(plain.center * scale + shift, abs=1e-9)
    assert moved.sigma == (None if plain.sigma is None else pytest.approx(plain.sigma * scale, abs=1e-9))
