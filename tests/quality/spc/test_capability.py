"""Cp, Cpk, Pp, Ppk with their intervals, and the notes on normality and on neighbours that know of each other."""

from math import erfc, log, sqrt
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mes.quality.spc.assumptions import anderson_darling, anderson_darling_p, autocorrelation
from mes.quality.spc.capability import capability, indices, sample_size_for
from mes.quality.spc.distributions import chi_square_below, chi_square_quantile, normal_quantile
from mes.quality.spc.individuals import individuals_baseline
from mes.quality.spc.subgroups import ranges_baseline
from tests.quality.spc.spc_kit import CASES, RECALLED, RINGS

PIECES = [piece for ring in RINGS for piece in ring]


@pytest.mark.parametrize("case", [CASES["cap_nist"], RECALLED["spc-capability-nist"]], ids=["worked", "recalled"])
def test_capability_of_nist(case: dict) -> None:
    given_, said = case.get("params", case.get("inputs")), case["expected"]
    sigma = given_.get("sigma", given_.get("s"))
    found = indices(given_["mean"], sigma, lsl=given_["lsl"], usl=given_["usl"])
    for name, value in said.items():
        assert getattr(found, name) == pytest.approx(value, abs=case.get("tolerance", case.get("abs_tol"))), name


def test_one_sided_capability_of_the_recalled_case() -> None:
    case = RECALLED["spc-capability-onesided-none"]
    given_, said = case["inputs"], case["expected"]
    found = indices(given_["mean"], given_["s"], lsl=given_["lsl"], usl=given_["usl"])
    assert found.cp is said["cp"] is None
    assert found.cpk == pytest.approx(said["cpk"], abs=case["abs_tol"])
    spreadless = indices(given_["mean"], 0, lsl=8, usl=20)
    assert (spreadless.cp, spreadless.cpk) == (None, None)
    assert [note.code for note in spreadless.notes] == ["no-spread"]


def test_capability_of_piston_rings_with_intervals() -> None:
    # Manual of R qcc, process.capability: Cp 1.703 (1.491, 1.915), Cp_k 1.663 (1.448, 1.878), 125 pieces.
    found = capability(PIECES, ranges_baseline(RINGS), lsl=73.95, usl=74.05)
    assert (found.n, found.mean) == (125, pytest.approx(74.00118, abs=1e-5))
    assert (found.within.cp, found.within.cpl, found.within.cpu) == pytest.approx((1.703, 1.743, 1.663), abs=6e-4)
    assert found.within.cp_interval == pytest.approx((1.491, 1.915), abs=6e-4)
    assert found.within.cpk_interval == pytest.approx((1.448, 1.878), abs=6e-4)
    # the standard deviation of all 125 pieces is 0.01007 (hand: sum of squares)
    s = sqrt(sum((piece - 74.001176) ** 2 for piece in PIECES) / 124)
    assert found.overall.cp == pytest.approx(0.1 / (6 * s), abs=1e-6)
    assert found.overall.cpk == pytest.approx((74.05 - 74.001176) / (3 * s), abs=1e-6)
    assert [note.code for note in found.notes] == []


def test_notes_say_what_keeps_capability_from_being_believed() -> None:
    values = [1.0, 2.0, 1.5, 2.5, 1.2, 30.0, 1.1, 2.1, 1.4, 1.9, 1.3, 2.2]
    found = capability(values, individuals_baseline(values), lsl=0, usl=40, signals=1)
    assert [note.code for note in found.notes] == ["provisional", "unstable", "few-values", "not-normal"]
    assert "on the chart: 1." in found.notes[1].text


def test_capability_without_values_is_unknown_not_an_error() -> None:
    found = capability([None], individuals_baseline([]), lsl=0, usl=1)
    assert (found.n, found.mean, found.within.cp, found.overall.cpk) == (0, None, None, None)
    assert [note.code for note in found.overall.notes] == ["no-sigma"]
    assert found.normality.p is None


def test_no_specification_no_index() -> None:
    found = indices(16, 2, lsl=None, usl=None)
    assert (found.cp, found.cpk) == (None, None)
    assert [note.code for note in found.notes] == ["no-specification"]


def test_a_mean_outside_the_limits_has_a_negative_cpk() -> None:
    # (20 - 23) / (3 x 2) = -0.5
    found = indices(23, 2, lsl=8, usl=20, n=30)
    assert found.cpk == pytest.approx(-0.5)
    assert found.cpk_interval is not None
    assert found.cpk_interval[0] < -0.5 < found.cpk_interval[1]


@pytest.mark.parametrize("limits", [(20, 8), (8, 8), (float("nan"), 8), (8, float("inf"))])
def test_limits_that_cannot_be_are_refused(limits: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="specification limit"):
        indices(16, 2, lsl=limits[0], usl=limits[1])


def test_intervals_need_two_pieces_and_a_confidence_that_means_something() -> None:
    single, pair = (indices(16, 2, lsl=8, usl=20, n=n) for n in (1, 2))
    assert single.cp_interval is single.cpk_interval is None
    # chi-square with 1 degree: 0.000982 and 5.023886, so 1 x sqrt of them
    assert pair.cp_interval == pytest.approx((0.031338, 2.241403), abs=1e-5)
    assert pair.cpk_interval is not None
    for confidence in (0, 1, 95):
        with pytest.raises(ValueError, match="between 0 and 1"):
            indices(16, 2, lsl=8, usl=20, confidence=confidence)


def test_sample_size_for_a_cpk() -> None:
    # Bissell: 1.959964 sqrt(1 / 9n + 1.33^2 / 2(n - 1)) = 0.2 at n = 96.7
    assert sample_size_for(1.33, 0.2) == 97
    for n, within in ((96, False), (97, True)):
        assert (1.959964 * sqrt(1 / (9 * n) + 1.33**2 / (2 * (n - 1))) <= 0.2) is within
    assert sample_size_for(0, 1000) == 2
    for margin in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="above 0"):
            sample_size_for(1.33, margin)


@settings(deadline=None)
@given(
    center=st.integers(-50, 50),
    sigma=st.integers(1, 20),
    low=st.integers(-100, 0),
    room=st.integers(1, 200),
    shift=st.integers(-1000, 1000),
    scale=st.sampled_from([0.5, 2.0, 25.4]),
)
def test_units_change_no_index(center: int, sigma: int, low: int, room: int, shift: int, scale: float) -> None:
    plain = indices(center, sigma, lsl=low, usl=low + room, n=30)
    moved = indices(
        center * scale + shift, sigma * scale, lsl=low * scale + shift, usl=(low + room) * scale + shift, n=30
    )
    assert (moved.cp, moved.cpk, moved.k) == pytest.approx((plain.cp, plain.cpk, plain.k), abs=1e-9)
    assert moved.cpk_interval == pytest.approx(plain.cpk_interval, abs=1e-9)
    assert plain.cpk is not None
    assert plain.cp is not None
    assert plain.cpk <= plain.cp + 1e-12


def test_quantiles_are_those_of_the_tables() -> None:
    # any statistics book: z 0.975, chi-square 0.95 with 1, 10 and 0.025 with 100 degrees
    assert normal_quantile(0.975) == pytest.approx(1.959964, abs=1e-6)
    table = [(0.95, 1, 3.841459), (0.95, 10, 18.307038), (0.025, 100, 74.221927), (0.5, 2, 1.386294)]
    for p, degrees, quantile in table:
        assert chi_square_quantile(p, degrees) == pytest.approx(quantile, abs=1e-6)
        assert chi_square_below(quantile, degrees) == pytest.approx(p, abs=1e-7)
    assert chi_square_below(0, 3) == chi_square_below(-1, 3) == 0
    for p, degrees in ((0, 1), (1, 1), (0.5, 0)):
        with pytest.raises(ValueError, match="quantile"):
            chi_square_quantile(p, degrees)
    with pytest.raises(ValueError, match="quantile"):
        normal_quantile(1)


def squared_distance(values: list[float]) -> float:
    """Anderson-Darling's A^2 from its definition, n times the integral of (Fn - F)^2 / (F (1 - F)) dF.

    Between two neighbouring values Fn is i/n; there the integral of (c - u)^2 / (u (1 - u)) du is
    -u + c^2 ln u - (1 - c)^2 ln(1 - u).
    """
    n, center, s = len(values), mean(values), stdev(values)
    places = [erfc(-(value - center) / s / sqrt(2)) / 2 for value in sorted(values)]

    def part(c: float, u: float) -> float:
        left = c * c * log(u) if c else 0.0
        right = (1 - c) ** 2 * log(1 - u) if c < 1 else 0.0
        return -u + left - right

    inner = sum(part(i / n, places[i]) - part(i / n, places[i - 1]) for i in range(1, n))
    return n * (part(0, places[0]) + inner + -1 - part(1, places[-1]))


def test_anderson_darling_is_the_squared_distance_of_its_definition() -> None:
    for values in ([3.1, 2.2, 5.9, 4.4, 3.8, 3.0, 4.9, 4.1], PIECES[:40], [float(i * i) for i in range(20)]):
        n = len(values)
        corrected = squared_distance(values) * (1 + 0.75 / n + 2.25 / n**2)
        assert anderson_darling(values).statistic == pytest.approx(corrected, abs=1e-9)


def test_anderson_darling_has_the_critical_values_of_stephens() -> None:
    # D'Agostino and Stephens 1986, table 4.7, case 3
    for corrected, p in ((0.631, 0.10), (0.752, 0.05), (0.873, 0.025), (1.035, 0.01)):
        assert anderson_darling_p(corrected) == pytest.approx(p, rel=0.03)
    for joint in (0.2, 0.34, 0.6):
        assert anderson_darling_p(joint - 1e-9) == pytest.approx(anderson_darling_p(joint), abs=0.01)
    # 1.2937 - 5.709 x 2 + 0.0186 x 4 = -10.0499
    assert anderson_darling_p(2) == pytest.approx(4.319e-5, rel=1e-3)
    assert anderson_darling_p(1000) == 0


def test_few_or_equal_values_have_no_verdict_on_normality() -> None:
    for values in ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [4.0] * 20):
        judged = anderson_darling(values)
        assert (judged.statistic, judged.p) == (None, None)
        assert judged.note is not None
        assert judged.note.code == "normality-unknown"


def test_a_value_far_out_is_judged_not_an_error() -> None:
    judged = anderson_darling([0.0, 1.0] * 2000 + [1e9])
    assert judged.p == 0
    assert judged.note is not None
    assert "3 different among 4001" in judged.note.text


def test_neighbours_that_know_of_each_other_are_noticed() -> None:
    slow = [float(i % 20 if i % 40 < 20 else 20 - i % 20) for i in range(80)]
    found = autocorrelation(slow)
    assert found.note is not None
    assert found.note.code == "autocorrelated"
    assert found.lag1 is not None
    assert found.lag1 > 0.9
    # the worked example of the docstring, and too few pairs for a note
    assert autocorrelation([1, 2, 3, 4]).lag1 == pytest.approx(1 / 3)
    assert autocorrelation([1, 2, 3, 4]).note is None


def test_pairs_across_a_gap_do_not_count() -> None:
    # mean 2, variance 1; pairs (1, 1) and (3, 3): (1 + 1) / 2
    found = autocorrelation([1, 1, None, 3, 3])
    assert (found.pairs, found.lag1) == (2, 1.0)
    assert autocorrelation([]).lag1 is autocorrelation([5, None, 6]).lag1 is autocorrelation([5, 5, 5]).lag1 is None
