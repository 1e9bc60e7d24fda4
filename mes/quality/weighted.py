"""EWMA and CUSUM of checks (pure): charts with memory over single values, or over the means of several pieces."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from math import sqrt
from statistics import mean

from mes.quality.spc.chart import Baseline, Chart, Kind, Point
from mes.quality.spc.individuals import individuals_baseline
from mes.quality.spc.subgroups import deviations_baseline
from mes.quality.spc.time_weighted import CUSUM_H, CusumPoint, cusum_in_sigmas, ewma_chart

Pieces = Sequence[tuple[Decimal, ...] | None]


def weighted_baseline(kind: Kind, checks: Pieces) -> Baseline:
    """Centre and sigma of single pieces: from moving ranges where a check has one piece, else within the checks."""
    if _pieces(checks) > 1:
        return replace(deviations_baseline(checks), kind=kind)
    return replace(individuals_baseline([one[0] if one else None for one in checks]), kind=kind)


def weighted_charts(kind: Kind, checks: Pieces, baseline: Baseline) -> tuple[Chart, Chart | None]:
    """EWMA: one chart. CUSUM: the sum of what lies above the centre, and of what lies below, both upwards from 0.

    Weight 0.2 and width 2.962, k 0.5 and h 5 sigmas of a plotted value. A check with fewer pieces than the largest one
    counts as a full one. Without a sigma, or with sigma 0, an EWMA has no limits, and sums have no scale: only gaps.
    """
    values = [mean(one) if one else None for one in checks]
    if baseline.center is None or not baseline.sigma:
        return _unjudged(kind, values, baseline), None
    sigma = baseline.sigma / sqrt(_pieces(checks) or 1)
    if kind is Kind.EWMA:
        return replace(ewma_chart(values, baseline.center, sigma), baseline=baseline), None
    sums = cusum_in_sigmas(values, baseline.center, sigma)
    reach = CUSUM_H * sigma
    up = tuple(_sum_point(one, one.hi, reach) for one in sums)
    down = tuple(_sum_point(one, one.lo, reach) for one in sums)
    return Chart(kind, up, baseline), Chart(kind, down, baseline)


def _unjudged(kind: Kind, values: Sequence[Decimal | None], baseline: Baseline) -> Chart:
    if kind is Kind.CUSUM:
        return Chart(kind, tuple(Point(number) for number in range(1, len(values) + 1)), baseline)
    level = values if baseline.center is None else [p.value for p in ewma_chart(values, baseline.center, 0.0).points]
    return Chart(
        kind,
        tuple(Point(number, None if one is None else float(one)) for number, one in enumerate(level, start=1)),
        baseline,
    )


def _sum_point(one: CusumPoint, height: float | None, reach: float) -> Point:
    """The limit is h; as with EWMA a rule that says "beyond 3 sigma" must mean it, so sigma is a third of it."""
    return Point(one.number) if height is None else Point(one.number, height, 0.0, reach / 3, None, reach)


def _pieces(checks: Pieces) -> int:
    return max((len(one) for one in checks if one), default=0)
