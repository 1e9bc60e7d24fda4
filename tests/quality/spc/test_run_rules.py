"""Nelson 1-8 and Western Electric 1-4: worked sequences, the conventions, what holds for any data."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mes.quality.spc.chart import Baseline, Chart, Kind, Point
from mes.quality.spc.individuals import individuals_baseline, individuals_chart
from mes.quality.spc.run_rules import (
    DEFAULT_RULES,
    NELSON,
    RULES,
    WESTERN_ELECTRIC,
    Signal,
    fitting_rules,
    signals,
    violations,
)
from tests.quality.spc.spc_kit import CASES

SEQUENCES = [case for case in CASES.values() if case["chart"] == "rules"]
WILD = st.lists(st.one_of(st.none(), st.integers(-40, 40).map(lambda tenths: tenths / 10)), max_size=60)
calm = settings(deadline=None)


@pytest.mark.parametrize("case", SEQUENCES, ids=[case["id"] for case in SEQUENCES])
def test_worked_sequence(case: dict) -> None:
    found = violations(case["data"], case["params"]["center"], case["params"]["sigma"], RULES)
    for letter, rules in (("N", "nelson"), ("W", "western_electric")):
        assert {code[1:]: numbers for code, numbers in found.items() if code[0] == letter} == case["expected"][rules]


def test_every_rule_is_there_once_and_the_default_is_one_two_and_five() -> None:
    assert [rule.code for rule in NELSON] == [f"N{i}" for i in range(1, 9)]
    assert [rule.code for rule in WESTERN_ELECTRIC] == [f"W{i}" for i in range(1, 5)]
    assert DEFAULT_RULES == ("N1", "N2", "N5")


def test_a_gap_ends_every_pattern() -> None:
    whole = {
        "N2": [0.5] * 9,
        "N3": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        "N4": [0.5, -0.5] * 7,
        "N5": [2.5, 2.5],
        "N6": [1.5] * 4,
        "N7": [0.5] * 15,
        "N8": [1.5, -1.5] * 4,
    }
    for code, values in whole.items():
        assert violations(values, 0, 1, [code]) == {code: [len(values)]}, code
        for place in range(1, len(values)):
            assert violations([*values[:place], None, *values[place:]], 0, 1, [code]) == {code: []}, (code, place)


def test_points_on_a_line_are_inside_and_belong_to_no_side() -> None:
    assert violations([3.0, -3.0], 0, 1, ["N1"]) == {"N1": []}
    assert violations([2.0, 2.5, 2.5 - 0.5], 0, 1, ["N5"]) == {"N5": []}
    assert violations([1.0] * 20, 0, 1, ["N6", "N7", "N8"]) == {"N6": [], "N7": [], "N8": []}


def test_a_value_that_only_floats_put_beyond_the_limit_is_on_it() -> None:
    # 0.1 + 0.2 is 0.30000000000000004 in floats
    assert violations([0.1 + 0.2], 0, 0.1, ["N1"]) == {"N1": []}


def test_a_trend_of_micrometres_is_a_trend_and_one_of_rounding_is_not() -> None:
    rising = [74 + i * 1e-6 for i in range(6)]
    assert violations(rising, 74, 1e-6, ["N3"]) == {"N3": [6]}
    assert violations([1 + i * 1e-15 for i in range(6)], 1, 1, ["N3"]) == {"N3": []}


def test_the_first_two_points_are_enough_for_two_of_three() -> None:
    assert violations([2.1, 2.2], 0, 1, ["N5"]) == {"N5": [2]}
    assert violations([2.1, 0.0, 2.2], 0, 1, ["N5"]) == {"N5": [3]}
    assert violations([2.1, 0.0, 0.0, 2.2], 0, 1, ["N5"]) == {"N5": []}


def test_a_signal_says_where_its_pattern_began() -> None:
    points = tuple(Point(number, value, 0.0, 1.0) for number, value in enumerate([-1.0, *[0.5] * 9], start=1))
    chart = Chart(Kind.INDIVIDUALS, points, Baseline(Kind.INDIVIDUALS, 0.0, 1.0, 10, True))
    assert signals(chart) == (Signal(10, "N2", 2),)


def test_sigma_zero_judges_nobody() -> None:
    assert violations([1.0, 1.0, 5.0], 1, 0) == {"N1": [], "N2": [], "N5": []}
    constant = [0.1] * 30
    assert signals(individuals_chart(constant, individuals_baseline(constant)), RULES) == ()


def test_rules_fit_what_the_chart_plots() -> None:
    assert fitting_rules(Kind.MEANS, RULES) == tuple(RULES)
    assert fitting_rules(Kind.P) == ("N1", "N2")
    assert fitting_rules(Kind.C, RULES) == ("N1", "N2", "N3", "N4", "W1", "W4")
    assert fitting_rules(Kind.MOVING_RANGES, RULES) == ("N1", "W1") == fitting_rules(Kind.EWMA, RULES)


def test_an_unknown_rule_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no run rule N9"):
        violations([1.0], 0, 1, ["N9"])
    with pytest.raises(ValueError, match="no run rule N9"):
        fitting_rules(Kind.C, ["N9"])


@calm
@given(values=WILD, shift=st.integers(-50, 50), scale=st.sampled_from([0.5, 2, 1000]))
def test_shift_and_scale_change_no_signal(values: list[float | None], shift: int, scale: float) -> None:
    moved = [None if value is None else value * scale + shift for value in values]
    assert violations(moved, shift, scale, RULES) == violations(values, 0, 1, RULES)


@calm
@given(values=WILD)
def test_a_mirrored_series_has_the_same_signals(values: list[float | None]) -> None:
    mirrored = [None if value is None else -value for value in values]
    assert violations(mirrored, 0, 1, RULES) == violations(values, 0, 1, RULES)


@calm
@given(values=WILD, more=WILD)
def test_what_comes_later_changes_no_earlier_signal(values: list[float | None], more: list[float | None]) -> None:
    longer = violations(values + more, 0, 1, RULES)
    for code, numbers in violations(values, 0, 1, RULES).items():
        assert [number for number in longer[code] if number <= len(values)] == numbers


@calm
@given(values=WILD, codes=st.sets(st.sampled_from(sorted(RULES))))
def test_more_rules_never_take_a_signal_away(values: list[float | None], codes: set[str]) -> None:
    every = violations(values, 0, 1, RULES)
    assert violations(values, 0, 1, codes) == {code: every[code] for code in codes}


@calm
@given(values=WILD)
def test_a_gap_is_the_same_as_starting_again(values: list[float | None]) -> None:
    found = violations(values, 0, 1, RULES)
    again: dict[str, list[int]] = {code: [] for code in RULES}
    start = 0
    for gap, run in itertools.groupby(values, key=lambda value: value is None):
        stretch = list(run)
        if not gap:
            for code, numbers in violations(stretch, 0, 1, RULES).items():
                again[code] += [number + start for number in numbers]
        start += len(stretch)
    assert found == again


@calm
@given(values=WILD, wider=st.sampled_from([1.0, 1.5, 3.0]))
def test_wider_limits_never_add_a_signal_of_the_outer_zones(values: list[float | None], wider: float) -> None:
    narrow, wide = (violations(values, 0, sigma, ["N1", "N5", "N6", "N8"]) for sigma in (1.0, wider))
    assert all(set(wide[code]) <= set(narrow[code]) for code in narrow)
