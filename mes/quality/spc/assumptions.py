"""What charts and capability suppose (pure): is it a normal distribution, do neighbours know of each other?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, exp, log, pi, sqrt
from statistics import mean, stdev

from mes.quality.spc.chart import Note, Reading, known, neighbours, readings, spread

FEWEST_FOR_NORMALITY = 8
SIGNIFICANCE = 0.05
FEWEST_FOR_AUTOCORRELATION = 25


@dataclass(frozen=True, slots=True)
class Normality:
    """Anderson-Darling: `statistic` corrected for the sample size, `p`, `note` None where nothing speaks against it."""

    n: int
    statistic: float | None
    p: float | None
    note: Note | None


def anderson_darling(values: Sequence[Reading | None]) -> Normality:
    """Could the values come from a normal distribution whose mean and sigma are estimated from them?

    A^2 = -n - 1/n sum (2i - 1) (ln F(z_i) + ln(1 - F(z_(n+1-i)))), corrected by 1 + 0.75/n + 2.25/n^2. p below 0.05
    speaks against it, and a note says so. Fewer than 8 values, or no spread: None with a note. Gaps are left out.
    Many equal values (a coarse gauge) raise A^2 as well: the note says how many values are different.
    Worked: a corrected A^2 of 0.752 has p 0.05, of 1.035 p 0.01. Source: Stephens, in D'Agostino and Stephens,
    Goodness-of-Fit Techniques (1986), tables 4.7 and 4.9.
    """
    there = sorted(known(readings(values)))
    n = len(there)
    if n < FEWEST_FOR_NORMALITY:
        said = f"{n} values are too few to judge whether they are normal: {FEWEST_FOR_NORMALITY} are needed."
        return Normality(n, None, None, Note("normality-unknown", said))
    center, sigma = mean(there), spread(stdev(there), max(map(abs, there)))
    if sigma == 0:
        return Normality(n, None, None, Note("normality-unknown", "All values are equal: they have no distribution."))
    z = [(value - center) / sigma for value in there]
    total = sum((2 * i + 1) * (_log_below(z[i]) + _log_below(-z[n - 1 - i])) for i in range(n))
    corrected = (-n - total / n) * (1 + 0.75 / n + 2.25 / n**2)
    p = anderson_darling_p(corrected)
    return Normality(n, corrected, p, _not_normal(p, there) if p < SIGNIFICANCE else None)


def _log_below(z: float) -> float:
    """ln of the normal distribution function, also far out where the function itself rounds to 0."""
    if z > -35:
        return log(erfc(-z / sqrt(2)) / 2)
    return -z * z / 2 - log(-z * sqrt(2 * pi))


def _not_normal(p: float, values: Sequence[float]) -> Note:
    chance = "p below 0.001" if p < 0.001 else f"p {p:.3f}"
    said = f"These values do not look normal ({chance}, {len(set(values))} different among {len(values)})"
    return Note("not-normal", f"{said}: capability indices say little about the share out of specification.")


def anderson_darling_p(corrected: float) -> float:
    """The p value of a corrected A^2. Source: D'Agostino and Stephens, table 4.9; 0 far beyond its range."""
    a = corrected
    if a >= 13:
        return 0.0
    if a >= 0.6:
        return exp(1.2937 - 5.709 * a + 0.0186 * a * a)
    if a >= 0.34:
        return exp(0.9177 - 4.279 * a - 1.38 * a * a)
    if a >= 0.2:
        return 1 - exp(-8.318 + 42.796 * a - 59.938 * a * a)
    return 1 - exp(-13.436 + 101.14 * a - 223.73 * a * a)


@dataclass(frozen=True, slots=True)
class Autocorrelation:
    """Correlation `lag1` of `pairs` neighbours; None where it cannot be computed, a `note` where it matters."""

    pairs: int
    lag1: float | None
    note: Note | None


def autocorrelation(values: Sequence[Reading | None]) -> Autocorrelation:
    """How much a value says about the next one: -1 to 1, 0 for independent values. Pairs across a gap do not count.

    r = (sum over pairs of (a - mean)(b - mean) / pairs) / (sum of (x - mean)^2 / n). A note from 25 pairs on, where |r|
    is above 1.96 / sqrt(pairs). No pair, or no spread: None. Worked: 1, 2, 3, 4: mean 2.5, (0.75 - 0.25 + 0.75) / 3 =
    0.4167 over 1.25: 0.3333. Source: Box, Jenkins and Reinsel, Time Series Analysis, 2.1 (for a series without gaps
    theirs is smaller by (n - 1) / n).
    """
    given = readings(values)
    there = known(given)
    pairs = neighbours(given)
    center = mean(there) if there else 0.0
    variance = mean((value - center) ** 2 for value in there) if there else 0.0
    if not pairs or not spread(sqrt(variance), max(map(abs, there))):
        return Autocorrelation(len(pairs), None, None)
    r = mean((a - center) * (b - center) for a, b in pairs) / variance
    limit = 1.96 / sqrt(len(pairs))
    if len(pairs) < FEWEST_FOR_AUTOCORRELATION or abs(r) <= limit:
        return Autocorrelation(len(pairs), r, None)
    said = f"Neighbouring values know of each other (correlation {r:.2f}): false alarms will be far more frequent"
    mend = "chart subgroup means further apart, or what a forecast did not foresee."
    return Autocorrelation(len(pairs), r, Note("autocorrelated", f"{said}. Instead, {mend}"))
