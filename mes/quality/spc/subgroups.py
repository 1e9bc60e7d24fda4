"""Charts of subgroups (pure): means with ranges, means with standard deviations, also of unequal size."""

from collections.abc import Callable, Sequence
from math import sqrt
from statistics import mean, stdev

from mes.quality.spc.chart import (
    FEWEST_SUBGROUPS,
    Baseline,
    Chart,
    Kind,
    Point,
    Reading,
    first_notes,
    known,
    point_with_limits,
    readings,
    spread,
)
from mes.quality.spc.constants import c4, d2, d3

Subgroup = Sequence[Reading | None]


def ranges_baseline(subgroups: Sequence[Subgroup | None]) -> Baseline:
    """Centre = mean of all values, sigma = mean of (range / d2(n)) over the subgroups, in the unit of the values.

    With subgroups of one size this is the usual mean range / d2. A missing piece makes its subgroup smaller; a subgroup
    with no piece (or None) is a gap; one piece alone counts for the centre, not for sigma. No subgroup of two: sigma
    None, a note says so. Fewer than 20 subgroups are provisional. For up to about 10 pieces; beyond, the range wastes
    information: use `deviations_baseline`. Worked: (1, 3), (2, 6): centre 3, ranges 2 and 4, sigma 3 / 1.128379 =
    2.6587. Source: Montgomery, Introduction to Statistical Quality Control, 6.2.
    """
    return _baseline(Kind.RANGES, subgroups, lambda pieces: (max(pieces) - min(pieces)) / d2(len(pieces)))


def deviations_baseline(subgroups: Sequence[Subgroup | None]) -> Baseline:
    """As `ranges_baseline`, with sigma = mean of (standard deviation / c4(n)) over the subgroups.

    Worked: (1, 3), (2, 6): deviations 1.414214 and 2.828427, sigma 2.121320 / 0.797885 = 2.6587. Source: Montgomery,
    Introduction to Statistical Quality Control, 6.3.
    """
    return _baseline(Kind.DEVIATIONS, subgroups, lambda pieces: stdev(pieces) / c4(len(pieces)))


def _baseline(kind: Kind, subgroups: Sequence[Subgroup | None], sigma_of: Callable[[list[float]], float]) -> Baseline:
    groups = [pieces for pieces in _pieces(subgroups) if pieces]
    everything = [value for pieces in groups for value in pieces]
    sigmas = [sigma_of(pieces) for pieces in groups if len(pieces) > 1]
    center = mean(everything) if everything else None
    sigma = spread(mean(sigmas), max(map(abs, everything))) if sigmas else None
    return Baseline(
        kind,
        center,
        sigma,
        len(sigmas),
        len(sigmas) < FEWEST_SUBGROUPS,
        notes=first_notes(len(sigmas), FEWEST_SUBGROUPS, sigma, what="subgroups"),
    )


def _pieces(subgroups: Sequence[Subgroup | None]) -> list[list[float]]:
    """The measured pieces of each subgroup; an empty list where there are none."""
    return [known(readings(group)) if group is not None else [] for group in subgroups]


def means_chart(subgroups: Sequence[Subgroup | None], baseline: Baseline) -> Chart:
    """Subgroup means with limits at centre +- 3 sigma / sqrt(n); they step where the size changes.

    A subgroup without pieces is a gap. Worked: centre 74.001176, sigma 0.009785, n = 5: 73.98805 and 74.01430. Source:
    Montgomery, Introduction to Statistical Quality Control, 6.2.
    """
    points = []
    for number, pieces in enumerate(_pieces(subgroups), start=1):
        if not pieces or baseline.center is None:
            points.append(Point(number, mean(pieces) if pieces else None))
        else:
            sigma = None if baseline.sigma is None else baseline.sigma / sqrt(len(pieces))
            points.append(point_with_limits(number, mean(pieces), baseline.center, sigma))
    return Chart(Kind.MEANS, tuple(points), baseline)


def ranges_chart(subgroups: Sequence[Subgroup | None], baseline: Baseline) -> Chart:
    """Subgroup ranges: centre d2(n) sigma, limits 3 d3(n) sigma around it, never below 0.

    A subgroup of fewer than two pieces has no range and is a gap. Worked: sigma 0.009785, n = 5: centre 0.02276,
    upper limit 0.04813, lower limit 0. Source: Montgomery, Introduction to Statistical Quality Control, 6.2.
    """
    return _spread_chart(Kind.RANGES, subgroups, baseline, lambda pieces: max(pieces) - min(pieces), d2, d3)


def deviations_chart(subgroups: Sequence[Subgroup | None], baseline: Baseline) -> Chart:
    """Subgroup standard deviations: centre c4(n) sigma, limits 3 sqrt(1 - c4(n)^2) sigma around it, never below 0.

    A subgroup of fewer than two pieces is a gap. Worked: sigma 1, n = 5: centre 0.939986, upper limit 1.9636 (B6).
    Source: Montgomery, Introduction to Statistical Quality Control, 6.3.
    """
    return _spread_chart(Kind.DEVIATIONS, subgroups, baseline, stdev, c4, lambda n: sqrt(1 - c4(n) ** 2))


def _spread_chart(
    kind: Kind,
    subgroups: Sequence[Subgroup | None],
    baseline: Baseline,
    statistic: Callable[[list[float]], float],
    center_of: Callable[[int], float],
    sigma_of: Callable[[int], float],
) -> Chart:
    points = []
    for number, pieces in enumerate(_pieces(subgroups), start=1):
        n, sigma = len(pieces), baseline.sigma
        if n < 2:
            points.append(Point(number, None))
        elif sigma is None:
            points.append(Point(number, statistic(pieces)))
        else:
            value = statistic(pieces)
            points.append(point_with_limits(number, value, center_of(n) * sigma, sigma_of(n) * sigma, least=0.0))
    return Chart(kind, tuple(points), baseline)
