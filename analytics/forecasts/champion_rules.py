"""When a challenger becomes the champion, and when it goes back (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import Literal

BETTER = 0.02
PLANNED_DAYS = 28
P_VALUE = 0.05
WORSE_DAYS = 14
COVERAGE, SLACK = 0.80, 0.02  # of the 80 % band; two in a hundred are chance
LEAST_READINESS = 85.0
LAGS = 7  # days: what one week does to the next is no news

Losses = Sequence[tuple[float, float]]  # per planned day, oldest first: (champion, challenger)
Answer = Literal["promote", "ask", "stay"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ask`: the rule is met, but a named person approves. `why`: key of the first rule that is not met."""

    answer: Answer
    why: str
    days: int
    gain: float | None
    p_value: float | None


def verdict(
    losses: Losses, held: tuple[float | None, float | None], readiness: float, *, approver: bool, approved: bool = False
) -> Verdict:
    """Whether the challenger takes over. `held`: share of buckets inside the 80 % band, (champion, challenger).

    The challenger must lose >= 2 % less over >= 28 planned days, by a difference that chance would make less than once
    in twenty times, with a band no farther from 80 % than the champion's and a line that is ready.
    """
    days = len(losses)
    champion, challenger = sum(a for a, _ in losses), sum(b for _, b in losses)
    gain = 1 - challenger / champion if champion > 0 else None
    p = p_better([a - b for a, b in losses])
    why = ""
    if days < PLANNED_DAYS:
        why = "too_few_days"
    elif gain is None or gain < BETTER:
        why = "not_better"
    elif p is None or p >= P_VALUE:
        why = "may_be_chance"
    elif _off(held[1]) > _off(held[0]) + SLACK:
        why = "band_worse"
    elif readiness < LEAST_READINESS:
        why = "not_ready"
    if why:
        return Verdict("stay", why, days, gain, p)
    return Verdict("promote" if approved or not approver else "ask", "", days, gain, p)


def goes_back(losses: Losses) -> bool:
    """Whether the new champion was worse over its last 14 planned days; each row is (before, now)."""
    last = losses[-WORSE_DAYS:]
    return len(last) == WORSE_DAYS and sum(now for _, now in last) > sum(before for before, _ in last)


def p_better(differences: Sequence[float], lags: int = LAGS) -> float | None:
    """Two-sided p of "no difference" (Diebold and Mariano 1995): mean / its standard error by Newey and West.

    The same as regressing the differences on a constant with HAC errors (Bartlett weights). None below two days, and
    where all are the same: without scatter there is no test.
    """
    n = len(differences)
    if n < 2:
        return None
    mean = sum(differences) / n
    rest = [value - mean for value in differences]
    variance = sum(value * value for value in rest)
    for lag in range(1, min(lags, n - 1) + 1):
        shared = sum(a * b for a, b in zip(rest[lag:], rest, strict=False))
        variance += 2 * (1 - lag / (lags + 1)) * shared
    if variance <= 0:
        return None
    return erfc(abs(mean) / (sqrt(variance) / n) / sqrt(2))


def _off(held: float | None) -> float:
    return abs(held - COVERAGE) if held is not None else 1.0
