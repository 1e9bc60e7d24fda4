"""How often charts cry wolf: run lengths that others published, chains against simulations of the charts themselves."""

import random
from itertools import accumulate

import pytest

from mes.quality.spc.false_alarms import ORDER_RULES_ARL, cusum_arl, ewma_arl, rules_arl
from mes.quality.spc.run_rules import DEFAULT_RULES, RULES, violations
from mes.quality.spc.time_weighted import cusum, ewma_chart
from tests.quality.spc.spc_kit import ARL

THREE_PERCENT = 0.03


def test_one_point_beyond_three_sigma() -> None:
    assert rules_arl(["N1"]) == pytest.approx(ARL["shewhart_3sigma"]["arl0"], abs=1e-3)
    # Montgomery, figure 9.6 and any table of the normal law: 1 sigma 43.9, 2 sigma 6.3, 3 sigma 2.0
    assert [rules_arl(["N1"], shift) for shift in (1, 2, 3)] == pytest.approx([43.89, 6.30, 2.00], abs=6e-3)


@pytest.mark.parametrize(
    ("codes", "published"),
    [
        ("W1 W2", 225.44),
        ("W1 W3", 166.05),
        ("W1 W4", 152.73),
        ("W1 W2 W3", 132.89),
        ("W1 W2 W4", 122.05),
        ("W1 W3 W4", 105.78),
        ("W1 W2 W3 W4", 91.75),
    ],
)
def test_sets_of_western_electric_rules_are_those_of_champ_and_woodall(codes: str, published: float) -> None:
    assert rules_arl(codes.split()) == pytest.approx(published, abs=6e-3)


def test_western_electric_rules_of_the_worked_cases() -> None:
    assert rules_arl(["W1", "W2", "W3", "W4"]) == pytest.approx(ARL["western_electric_1to4"]["arl0"], abs=6e-3)
    simulated, error = ARL["nelson_1to8"]["sim_here"]
    assert abs(rules_arl([f"N{i}" for i in range(1, 9)]) - simulated) < error


def test_cusum_run_lengths_of_the_table() -> None:
    table = ARL["cusum_k05_h5"]
    assert cusum_arl(0.5, 5) == pytest.approx(table["arl0"], rel=THREE_PERCENT)
    assert cusum_arl(0.5, 5, 1) == pytest.approx(table["arl1_1sigma"], rel=THREE_PERCENT)
    assert cusum_arl(0.5, 5, -2) == pytest.approx(table["arl1_2sigma"], rel=THREE_PERCENT)
    assert cusum_arl(0.5, 4) == pytest.approx(ARL["cusum_k05_h4"]["arl0"], rel=THREE_PERCENT)
    assert cusum_arl(0.5, 4, 1) == pytest.approx(ARL["cusum_k05_h4"]["arl1_1sigma"], rel=THREE_PERCENT)


@pytest.mark.parametrize(("weight", "width", "key"), [(0.1, 2.814, "ewma_l01_L2814"), (0.2, 2.962, "ewma_l02_L2962")])
def test_ewma_run_lengths_of_the_table(weight: float, width: float, key: str) -> None:
    assert ewma_arl(weight, width) == pytest.approx(ARL[key]["arl0"], rel=THREE_PERCENT)
    assert ewma_arl(weight, width, -1) == pytest.approx(ARL[key]["arl1_1sigma"], rel=THREE_PERCENT)


def test_an_ewma_without_memory_is_the_chart_of_single_points() -> None:
    assert ewma_arl(1, 3) == pytest.approx(ARL["shewhart_3sigma"]["arl0"], rel=1e-4)


def test_more_rules_cry_wolf_more_often() -> None:
    codes: list[str] = []
    before = float("inf")
    for code in RULES:
        codes.append(code)
        now = rules_arl(codes)
        assert now is not None
        assert now <= before + 1e-6
        before = now
    assert rules_arl([]) is None
    assert rules_arl(DEFAULT_RULES) == rules_arl(tuple(reversed(DEFAULT_RULES)))


def test_far_shifts_signal_at_once_and_nonsense_is_refused() -> None:
    assert rules_arl(["N1"], 50) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="N9"):
        rules_arl(["N9"])
    with pytest.raises(ValueError, match="shift of nan"):
        rules_arl(["N1"], float("nan"))
    for k, h in ((-1, 5), (0.5, 0)):
        with pytest.raises(ValueError, match="CUSUM"):
            cusum_arl(k, h)
    for weight, width in ((0, 3), (1.5, 3), (0.2, 0)):
        with pytest.raises(ValueError, match="EWMA"):
            ewma_arl(weight, width)


def order_rule_arl(points: int, *, alternating: bool, cells: int = 60) -> float:
    """Run length of a trend or alternation rule by integrating over the rank of the last value (uniform in 0..1).

    What is kept: how long the pattern is by now, whether the last step went up, and the last value. Up and down mirror
    each other, so only "the last step went up" is carried and a step down mirrors the rank.
    """

    def to_higher(mass: list[float]) -> list[float]:
        return [(sum_ - value / 2) / cells for value, sum_ in zip(mass, accumulate(mass), strict=True)]

    lengths: dict[int, list[float]] = {2: [2 * (i + 0.5) / cells / cells for i in range(cells)]}
    total, alive, kept = 2.0, 1.0, 1.0
    for _ in range(400):
        total += alive
        following: dict[int, list[float]] = {2: [0.0] * cells}
        for length, mass in lengths.items():
            on, back = to_higher(mass), to_higher(mass[::-1])
            longer, again = (back, on) if alternating else (on, back)
            following[2] = [a + b for a, b in zip(following[2], again, strict=True)]
            if length + 1 < points:
                following[length + 1] = longer
        left = sum(map(sum, following.values()))
        kept, alive, lengths = left / alive, left, following
    return total + alive / (1 - kept)


def test_trend_and_alternation_follow_from_the_order_of_values_alone() -> None:
    assert order_rule_arl(6, alternating=False) == pytest.approx(ORDER_RULES_ARL["N3"], rel=0.005)
    assert order_rule_arl(14, alternating=True) == pytest.approx(ORDER_RULES_ARL["N4"], rel=0.005)


def rules_run_length(codes: list[str], shift: float, dice: random.Random) -> int:
    values: list[float] = []
    while True:
        values += [dice.gauss(shift, 1) for _ in range(max(16, len(values)))]
        numbers = [number for found in violations(values, 0, 1, codes).values() for number in found]
        if numbers:
            return min(numbers)


def test_simulated_run_rules_take_as_long_as_their_chain_says() -> None:
    """Champ and Woodall 1987: W1-W4 find 1 sigma in 9.22 points. 6,000 runs: standard error about 1 %."""
    dice, codes, runs = random.Random(1987), ["W1", "W2", "W3", "W4"], 6000
    assert rules_arl(codes, 1) == pytest.approx(9.22, abs=6e-3)
    assert sum(rules_run_length(codes, 1, dice) for _ in range(runs)) / runs == pytest.approx(9.22, rel=THREE_PERCENT)


def test_simulated_cusum_and_ewma_take_as_long_as_their_chains_say() -> None:
    """At 1 sigma, 20,000 runs of the charts themselves: standard error about 0.4 %."""
    dice, runs = random.Random(1954), 20_000
    sums = steps = 0
    for _ in range(runs):
        values = [dice.gauss(1, 1) for _ in range(24)]
        while not any(point.signal for point in cusum(values, 0, 0.5, 5)):
            values += [dice.gauss(1, 1) for _ in range(24)]
        sums += next(point.number for point in cusum(values, 0, 0.5, 5) if point.signal)
        chart = ewma_chart(values, 0, 1)
        while (first := next((p.number for p in chart.points if abs(p.value or 0) > (p.ucl or 0)), None)) is None:
            values += [dice.gauss(1, 1) for _ in range(24)]
            chart = ewma_chart(values, 0, 1)
        steps += first
    assert sums / runs == pytest.approx(ARL["cusum_k05_h5"]["arl1_1sigma"], rel=THREE_PERCENT)
    assert steps / runs == pytest.approx(ARL["ewma_l02_L2962"]["arl1_1sigma"], rel=THREE_PERCENT)
