"""Charts with memory (pure): EWMA and tabular CUSUM, which see small lasting shifts that single points do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from mes.quality.spc.chart import Baseline, Chart, Kind, Note, Point, Reading, readings

EWMA_WEIGHT = 0.2
EWMA_WIDTH = 2.962  # with weight 0.2 one false alarm in 500 points
CUSUM_K = 0.5  # in sigmas: half the shift to be found, here 1 sigma
CUSUM_H = 5.0  # in sigmas: one false alarm in 465 points


def ewma_chart(
    values: Sequence[Reading | None],
    target: float,
    sigma: float,
    *,
    weight: float = EWMA_WEIGHT,
    width: float = EWMA_WIDTH,
    exact_limits: bool = False,
) -> Chart:
    """z_t = weight x_t + (1 - weight) z_(t-1) from z_0 = target, in the unit of the values.

    Limits: target +- width sigma sqrt(weight / (2 - weight)); `exact_limits` multiplies by sqrt(1 - (1 - weight)^(2t)),
    which is narrower for the first points. `sigma` is that of a plotted value: for subgroup means the process sigma /
    sqrt(n). A gap ends the memory: the next value starts from the target again. Sigma 0: limits fall on the target and
    no point can be judged (a note). ValueError: weight outside (0, 1], width not positive, sigma negative. Worked:
    target 50, weight 0.3, values 52, 47: 50.6, 49.52; sigma 2.0539, width 3: limits 47.4116 and 52.5884. Source:
    NIST/SEMATECH e-Handbook 6.3.2.4.
    """
    if not 0 < weight <= 1:
        raise ValueError(f"The EWMA weight {weight} must be above 0 and at most 1.")
    if width <= 0 or sigma < 0:
        raise ValueError(f"EWMA limits need a width above 0 and a sigma of at least 0, not {width} and {sigma}.")
    points, level, age = [], target, 0
    for number, value in enumerate(readings(values), start=1):
        if value is None:
            points.append(Point(number, None))
            level, age = target, 0
            continue
        level, age = weight * value + (1 - weight) * level, age + 1
        shrink = sqrt(1 - (1 - weight) ** (2 * age)) if exact_limits else 1.0
        reach = width * sigma * sqrt(weight / (2 - weight)) * shrink
        # The width is not 3, but a rule that says "beyond 3 sigma" must mean these limits: so sigma is a third of them.
        points.append(Point(number, level, target, reach / 3, target - reach, target + reach))
    notes = () if sigma else (Note("no-spread", "Sigma is 0: no rule can judge a point."),)
    known = sum(point.value is not None for point in points)
    return Chart(Kind.EWMA, tuple(points), Baseline(Kind.EWMA, target, sigma, known, False, notes=notes))


@dataclass(frozen=True, slots=True)
class CusumPoint:
    """The two one-sided sums at a point (both upwards from 0), None in a gap; `signal` where one is beyond h.

    `since_hi`, `since_lo`: the number of the point at which the sum last left 0, the best guess when a shift began;
    None while the sum is 0.
    """

    number: int
    hi: float | None
    lo: float | None
    signal: bool = False
    since_hi: int | None = None
    since_lo: int | None = None


def cusum(
    values: Sequence[Reading | None], target: float, k: float, h: float, *, head_start: float = 0.0
) -> tuple[CusumPoint, ...]:
    """hi_t = max(0, hi_(t-1) + x_t - target - k), lo_t = max(0, lo_(t-1) + target - k - x_t); a signal is beyond h.

    All in the unit of the values. Both sums begin at `head_start` (h / 2 finds a process that starts off target, Lucas
    and Crosier 1982). They go on after a signal; a gap starts them anew. ValueError: k negative, h not positive. No
    values: nothing. Worked: target 325, k 0.3175, value 325.35: hi 0.0325. Source: NIST/SEMATECH e-Handbook 6.3.2.3.
    """
    if k < 0 or h <= 0:
        raise ValueError(f"A CUSUM needs k of at least 0 and h above 0, not {k} and {h}.")
    points: list[CusumPoint] = []
    hi = lo = head_start
    since_hi = since_lo = None
    for number, value in enumerate(readings(values), start=1):
        if value is None:
            points.append(CusumPoint(number, None, None))
            hi = lo = head_start
            since_hi = since_lo = None
            continue
        hi, lo = max(0.0, hi + value - target - k), max(0.0, lo + target - k - value)
        since_hi = (since_hi or number) if hi > 0 else None
        since_lo = (since_lo or number) if lo > 0 else None
        points.append(CusumPoint(number, hi, lo, hi > h or lo > h, since_hi, since_lo))
    return tuple(points)


def cusum_in_sigmas(
    values: Sequence[Reading | None], target: float, sigma: float, *, k: float = CUSUM_K, h: float = CUSUM_H
) -> tuple[CusumPoint, ...]:
    """`cusum` with k and h given in standard deviations of the values, as tables of false alarms give them.

    Sigma must be above 0 (ValueError): without a spread nothing says what a small shift is. Worked: sigma 2, k 0.5 and
    h 5 are k 1 and h 10 in the unit of the values. Source: Montgomery, Introduction to Statistical Quality Control, 9.
    """
    if sigma <= 0:
        raise ValueError(f"A CUSUM in sigmas needs a sigma above 0, not {sigma}.")
    return cusum(values, target, k * sigma, h * sigma)
