"""Capability (pure): Cp, Cpk, Pp and Ppk with confidence intervals, and what keeps them from being believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from statistics import mean, stdev

from mes.quality.spc.assumptions import Normality, anderson_darling
from mes.quality.spc.chart import Baseline, Note, Reading, known, readings, spread
from mes.quality.spc.distributions import chi_square_quantile, normal_quantile

CONFIDENCE = 0.95
FEWEST_FOR_CAPABILITY = 50  # below, a Cpk of 1.33 is known no better than +- 20 %

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Indices:
    """Capability for one sigma. No unit; None where the specification or the data do not allow it, a note says why.

    `cp` room / need, `cpk` the worse side, `cpu` and `cpl` the sides, `k` how far the mean lies off the middle (0 in
    the middle, 1 on a limit). With the overall sigma these are called Pp, Ppk, Ppu and Ppl.
    """

    cp: float | None = None
    cpk: float | None = None
    cpu: float | None = None
    cpl: float | None = None
    k: float | None = None
    cp_interval: Interval | None = None
    cpk_interval: Interval | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Capability:
    """`within` (Cp, Cpk: sigma of the chart), `overall` (Pp, Ppk: sigma of all values), and how far to trust them."""

    n: int
    mean: float | None
    within: Indices
    overall: Indices
    normality: Normality
    notes: tuple[Note, ...]


def indices(
    center: float | None,
    sigma: float | None,
    *,
    lsl: Reading | None,
    usl: Reading | None,
    n: int | None = None,
    confidence: float = CONFIDENCE,
) -> Indices:
    """Indices of a process with this mean and sigma against lower and upper specification limit, all in one unit.

    cp = (usl - lsl) / 6 sigma, cpu = (usl - mean) / 3 sigma, cpl = (mean - lsl) / 3 sigma, cpk the smaller of those
    that exist, k = 2 |middle - mean| / (usl - lsl). One limit: cp and k None. No limit, or sigma None or 0: all None
    with a note, never infinite. A mean outside the limits makes cpk negative. Intervals need `n` of at least 2: cp by
    chi-square with n - 1 degrees, cpk by Bissell's normal approximation +- z sqrt(1 / 9n + cpk^2 / 2(n - 1)).
    ValueError: lsl not below usl, a limit that is not finite, confidence outside (0, 1).
    Worked: mean 16, sigma 2, 8 to 20: cp 1, cpk 0.667, k 0.333. Source: NIST/SEMATECH e-Handbook 6.1.6; Bissell,
    Applied Statistics 39 (1990) 331-340.
    """
    low, high = _limits(lsl, usl)
    if not 0 < confidence < 1:
        raise ValueError(f"A confidence of {confidence} must lie between 0 and 1.")
    if low is None and high is None:
        return Indices(notes=(Note("no-specification", "No specification limit: there is nothing to compare with."),))
    if center is None or sigma is None:
        return Indices(notes=(Note("no-sigma", "Too few values to estimate the spread of the process."),))
    if sigma <= 0:
        said = "The spread is 0: capability would be infinite. Is the gauge fine enough, and do the values vary?"
        return Indices(notes=(Note("no-spread", said),))
    cpu = None if high is None else (high - center) / (3 * sigma)
    cpl = None if low is None else (center - low) / (3 * sigma)
    cp = k = None
    if low is not None and high is not None:
        cp, k = (high - low) / (6 * sigma), 2 * abs((high + low) / 2 - center) / (high - low)
    cpk = min(side for side in (cpu, cpl) if side is not None)
    one_sided = Note("one-sided", "Only one specification limit: Cp needs two, Cpk is that of the one side.")
    return Indices(
        cp,
        cpk,
        cpu,
        cpl,
        k,
        None if cp is None else _cp_interval(cp, n, confidence),
        _cpk_interval(cpk, n, confidence),
        (one_sided,) if cp is None else (),
    )


def _limits(lsl: Reading | None, usl: Reading | None) -> tuple[float | None, float | None]:
    low, high = None if lsl is None else float(lsl), None if usl is None else float(usl)
    if not all(isfinite(limit) for limit in (low, high) if limit is not None):
        raise ValueError("A specification limit is not a finite number: leave it out where there is none.")
    if low is not None and high is not None and low >= high:
        raise ValueError(f"The lower specification limit {low} must be below the upper one, {high}.")
    return low, high


def _cp_interval(cp: float, n: int | None, confidence: float) -> Interval | None:
    if n is None or n < 2:
        return None
    tail = (1 - confidence) / 2
    return (
        cp * sqrt(chi_square_quantile(tail, n - 1) / (n - 1)),
        cp * sqrt(chi_square_quantile(1 - tail, n - 1) / (n - 1)),
    )


def _cpk_interval(cpk: float, n: int | None, confidence: float) -> Interval | None:
    if n is None or n < 2:
        return None
    reach = _reach(cpk, n, confidence)
    return cpk - reach, cpk + reach


def _reach(cpk: float, n: int, confidence: float) -> float:
    """Half the width of Bissell's interval for the Cpk of n pieces."""
    return normal_quantile(1 - (1 - confidence) / 2) * sqrt(1 / (9 * n) + cpk**2 / (2 * (n - 1)))


def capability(
    values: Sequence[Reading | None],
    baseline: Baseline,
    *,
    lsl: Reading | None,
    usl: Reading | None,
    confidence: float = CONFIDENCE,
    signals: int = 0,
) -> Capability:
    """Capability of single pieces: Cp and Cpk with the baseline's sigma, Pp and Ppk with that of all values.

    Both use the mean of the values. For subgroups hand over their pieces in order. Intervals take n - 1 degrees of
    freedom for both sigmas, as published tables do; that of a sigma from ranges is really a little wider. `signals`:
    how many signals the chart shows; a process that is not stable has no capability to speak of, and a note says so.
    No value: everything None. Worked: 125 piston rings, 73.95 to 74.05, sigma 0.009785: Cp 1.703 (1.491-1.915), Cpk
    1.663 (1.448-1.878). Source: as `indices`; Montgomery, Introduction to Statistical Quality Control, chapter 8.
    """
    there = known(readings(values))
    n = len(there)
    center = mean(there) if there else None
    overall = spread(stdev(there), max(map(abs, there))) if n > 1 else None
    normality = anderson_darling(there)
    notes = [*baseline.notes]
    if signals:
        notes.append(Note("unstable", f"Signals on the chart: {signals}. Find their causes first."))
    if n < FEWEST_FOR_CAPABILITY:
        notes.append(Note("few-values", f"{n} values: the interval says more than the figure."))
    if normality.note is not None:
        notes.append(normality.note)
    return Capability(
        n,
        center,
        indices(center, baseline.sigma, lsl=lsl, usl=usl, n=n, confidence=confidence),
        indices(center, overall, lsl=lsl, usl=usl, n=n, confidence=confidence),
        normality,
        tuple(notes),
    )


def sample_size_for(cpk: float, margin: float, *, confidence: float = CONFIDENCE) -> int:
    """How many pieces are needed until the interval of a Cpk of this size is no wider than +- `margin`.

    ValueError: margin not above 0. Worked: Cpk 1.33 to +- 0.2 at 95 %: 97 pieces. Source: Bissell, as `indices`.
    """
    if not 0 < margin < inf:
        raise ValueError(f"A margin of {margin} must be above 0.")
    low, high = 1, 2
    while _reach(cpk, high, confidence) > margin:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _reach(cpk, middle, confidence) > margin else (low, middle)
    return high
