"""Which chart fits what a check finds, and what the charts of defects and those with memory say."""

from decimal import Decimal

import pytest

from mes.quality.judging import (
    ChartKind,
    Reading,
    Sort,
    baseline_of,
    charts_for,
    charts_of,
    frozen,
    rules_of_newest,
    rules_on,
)
from mes.quality.spc.run_rules import RULES
from mes.screens.quality_words import rule_text


def measured(*checks: tuple[str, ...] | None) -> list[Reading | None]:
    return [None if one is None else Reading(values=tuple(Decimal(value) for value in one)) for one in checks]


def counted(size: int, *found: int) -> list[Reading | None]:
    return [Reading(found=one, size=size) for one in found]


@pytest.mark.parametrize(
    ("sort", "pieces", "fitting"),
    [
        (Sort.MEASURED, 1, "individuals ewma cusum"),
        (Sort.MEASURED, 10, "means-ranges means-deviations ewma cusum"),
        (Sort.MEASURED, 11, "means-deviations ewma cusum"),
        (Sort.YES_NO, 50, "p np"),
        (Sort.DEFECTS, 1, "c u"),
    ],
)
def test_charts_fit_what_is_found(sort: Sort, pieces: int, fitting: str) -> None:
    assert [one.value for one in charts_for(sort, pieces)] == fitting.split()


def test_c_chart_28_defects_are_inside_16_plus_minus_12_and_29_are_not() -> None:
    """NIST/SEMATECH e-Handbook 6.3.3.1: centre 16, limits 4 and 28."""
    baseline = frozen(ChartKind.C, 16.0, None, 25, provisional=False)
    drawn = charts_of(ChartKind.C, counted(1, 16, 28, 29), baseline, ["N1"])
    assert [(point.lcl, point.ucl) for point in drawn.main.points] == [(4.0, 28.0)] * 3
    assert [signal.number for signal in drawn.signals] == [3]
    assert baseline_of(ChartKind.C, counted(1, 10, 20, 18)).center == 16


def test_u_chart_limits_step_with_the_pieces_looked_at() -> None:
    """Montgomery 7.3: u 1.93 in 5 units, 0.0661 and 3.7939; in 20 units 1.93 -+ 3 sqrt(1.93 / 20) = 0.9981, 2.8619."""
    baseline = frozen(ChartKind.U, 1.93, None, 25, provisional=False)
    points = charts_of(ChartKind.U, [*counted(5, 10), *counted(20, 40)], baseline, []).main.points
    assert [point.value for point in points] == [2.0, 2.0]
    limits = [limit for point in points for limit in (point.lcl, point.ucl)]
    assert limits == pytest.approx([0.0661, 3.7939, 0.9981, 2.8619], abs=2e-4)


def test_ewma_weighs_each_check_with_a_fifth_and_a_gap_begins_anew() -> None:
    """0.2 x 13 + 0.8 x 10 = 10.6; limits 10 -+ 2.962 x sqrt(0.2 / 1.8) = 9.0127 and 10.9873."""
    baseline = frozen(ChartKind.EWMA, 10.0, 1.0, 25, provisional=False)
    main = charts_of(ChartKind.EWMA, measured(("10",), ("13",), None, ("13",)), baseline, []).main
    assert [point.value for point in main.points] == [10.0, pytest.approx(10.6), None, pytest.approx(10.6)]
    assert (main.points[0].lcl, main.points[0].ucl) == (
        pytest.approx(9.0127, abs=1e-4),
        pytest.approx(10.9873, abs=1e-4),
    )


def test_ewma_of_several_pieces_is_narrower_by_the_root_of_their_number() -> None:
    baseline = frozen(ChartKind.EWMA, 10.0, 1.0, 25, provisional=False)
    main = charts_of(ChartKind.EWMA, measured(("9", "11", "10", "10")), baseline, []).main
    assert main.points[0].ucl == pytest.approx(10 + 0.98733 / 2, abs=1e-4)


def test_cusum_adds_up_a_shift_of_two_sigma_until_it_is_beyond_five() -> None:
    """Each value of 12 adds 12 - 10 - 0.5 = 1.5: 1.5, 3, 4.5, 6; h is 5. The other way: nothing."""
    baseline = frozen(ChartKind.CUSUM, 10.0, 1.0, 25, provisional=False)
    up = measured(*[("12",)] * 4)
    drawn = charts_of(ChartKind.CUSUM, up, baseline, ["N2"])
    assert [point.value for point in drawn.main.points] == [1.5, 3.0, 4.5, 6.0]
    assert drawn.spread is not None
    assert [point.value for point in drawn.spread.points] == [0.0] * 4
    assert [signal.number for signal in drawn.signals] == [4]
    assert rules_of_newest(ChartKind.CUSUM, measured(*[("8",)] * 4), baseline, []) == ["N1"]
    assert rules_of_newest(ChartKind.CUSUM, up[:3], baseline, []) == []


@pytest.mark.parametrize("kind", [ChartKind.EWMA, ChartKind.CUSUM])
def test_without_a_spread_nothing_is_judged(kind: ChartKind) -> None:
    same = measured(("10",), ("10",), ("10",))
    baseline = baseline_of(kind, same)
    assert baseline.sigma == 0
    drawn = charts_of(kind, same, baseline, ["N1"])
    assert all(point.ucl is None for point in drawn.main.points)
    assert drawn.signals == ()
    assert charts_of(kind, [], baseline, []).main.points == ()


def test_memory_charts_learn_as_their_plain_sisters_do() -> None:
    """Moving ranges of 10, 12, 11: 2 and 1, mean 1.5 / 1.128379 = 1.32934."""
    assert baseline_of(ChartKind.EWMA, measured(("10",), ("12",), ("11",))).sigma == pytest.approx(1.32934, abs=1e-5)


def test_only_rules_that_mean_something_are_asked() -> None:
    every = list(RULES)
    assert rules_on(ChartKind.MEANS_RANGES, every) == tuple(every)
    assert rules_on(ChartKind.C, ["N1", "N5", "W4"]) == ("N1", "W4")
    assert rules_on(ChartKind.EWMA, ["N2"]) == ("N1",)


@pytest.mark.parametrize("code", list(RULES))
def test_pages_say_of_a_rule_what_it_is(code: str) -> None:
    assert rule_text(code) == RULES[code].text
