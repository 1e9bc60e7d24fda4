"""Promotion and going back: a table of the rule, and the test of Diebold and Mariano against statsmodels."""

import random

import numpy as np
import pytest
from statsmodels.api import OLS

from analytics.forecasts.champion_rules import goes_back, p_better, verdict

# 10 % better, by turns 8 and 12: surely no chance
GAIN = [(100.0, 92.0), (100.0, 88.0)] * 14
FLAT = [(100.0, 99.5), (100.0, 98.0)] * 14
# 11 % better, but in runs of days that go together
WILD = [(100.0, 60.0)] * 10 + [(100.0, 130.0)] * 9 + [(100.0, 80.0)] * 9


@pytest.mark.parametrize(
    ("losses", "held", "readiness", "approver", "answer", "why"),
    [
        (GAIN, (0.80, 0.80), 90, False, "promote", ""),
        (GAIN, (0.80, 0.80), 90, True, "ask", ""),
        (GAIN[:27], (0.80, 0.80), 90, False, "stay", "too_few_days"),
        (FLAT, (0.80, 0.80), 90, False, "stay", "not_better"),
        (WILD, (0.80, 0.80), 90, False, "stay", "may_be_chance"),
        (GAIN, (0.80, 0.70), 90, False, "stay", "band_worse"),
        (GAIN, (0.70, 0.78), 90, False, "promote", ""),
        (GAIN, (0.80, None), 90, False, "stay", "band_worse"),
        (GAIN, (0.80, 0.80), 84.9, False, "stay", "not_ready"),
    ],
)
def test_a_challenger_is_promoted_only_by_the_whole_rule(
    losses: list[tuple[float, float]],
    held: tuple[float, float],
    readiness: float,
    approver: bool,
    answer: str,
    why: str,
) -> None:
    found = verdict(losses, held, readiness, approver=approver)
    assert (found.answer, found.why) == (answer, why)


def test_an_approval_lets_the_rule_through_but_never_replaces_it() -> None:
    assert verdict(GAIN, (0.8, 0.8), 90, approver=True, approved=True).answer == "promote"
    assert verdict(FLAT, (0.8, 0.8), 90, approver=True, approved=True).answer == "stay"


def test_fourteen_worse_days_send_a_champion_back() -> None:
    assert goes_back([(100.0, 101.0)] * 14)
    assert not goes_back([(100.0, 101.0)] * 13)
    assert not goes_back([(100.0, 150.0)] * 10 + [(100.0, 99.0)] * 14)
    assert not goes_back([(100.0, 100.0)] * 14)


def test_p_is_that_of_a_regression_on_a_constant_with_hac_errors() -> None:
    chance = random.Random(11)
    series, value = [], 0.0
    for _ in range(40):
        value = 0.6 * value + chance.gauss(0, 1)
        series.append(0.4 + value)
    fit = OLS(np.array(series), np.ones(40)).fit(cov_type="HAC", cov_kwds={"maxlags": 7})
    assert p_better(series) == pytest.approx(float(fit.pvalues[0]), rel=1e-9)
    assert p_better([1.0] * 30) is None
    assert p_better([1.0]) is None
