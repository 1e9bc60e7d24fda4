"""Individuals and moving ranges (pure): for one value at a time."""

from collections.abc import Sequence
from statistics import mean

from mes.quality.spc.chart import (
    FEWEST_INDIVIDUALS,
    Baseline,
    Chart,
    Kind,
    Point,
    Reading,
    first_notes,
    known,
    neighbours,
    point_with_limits,
    readings,
    spread,
)
from mes.quality.spc.constants import d2, d3


def individuals_baseline(values: Sequence[Reading | None]) -> Baseline:
    """Centre = mean, sigma = mean moving range of two neighbours / d2(2), in the unit of the values.

    None is a gap: no moving range is taken across it. No value: centre None; no two neighbours: sigma None (a note says
    so); equal values: sigma 0. Fewer than 25 values are provisional. Worked: 10, 12, 11 give centre 11, moving ranges
    2 and 1, sigma 1.5 / 1.128379 = 1.3293. Source: NIST/SEMATECH e-Handbook 6.3.2.2.
    """
    given = readings(values)
    there = known(given)
    ranges = [abs(b - a) for a, b in neighbours(given)]
    center = mean(there) if there else None
    sigma = spread(mean(ranges) / d2(2), max(map(abs, there))) if ranges else None
    return Baseline(
        Kind.INDIVIDUALS,
        center,
        sigma,
        len(there),
        len(there) < FEWEST_INDIVIDUALS,
        notes=first_notes(len(there), FEWEST_INDIVIDUALS, sigma, what="values"),
    )


def individuals_chart(values: Sequence[Reading | None], baseline: Baseline) -> Chart:
    """The values with limits at centre +- 3 sigma of the baseline.

    Without values an empty chart; a baseline without sigma gives points without limits. Worked: centre 50.81 and sigma
    1.6641 give 45.8176 and 55.8024. Source: NIST/SEMATECH e-Handbook 6.3.2.2.
    """
    center, sigma = baseline.center, baseline.sigma
    points = [
        Point(number, value) if value is None or center is None else point_with_limits(number, value, center, sigma)
        for number, value in enumerate(readings(values), start=1)
    ]
    return Chart(Kind.INDIVIDUALS, tuple(points), baseline)


def moving_ranges_chart(values: Sequence[Reading | None], baseline: Baseline) -> Chart:
    """Differences between neighbours: centre d2(2) sigma, upper limit (d2(2) + 3 d3(2)) sigma, lower limit 0.

    The first point and every point after a gap is a gap itself. Judge it by its limits only: neighbouring moving ranges
    share a value, so runs on this chart mean nothing. Worked: sigma 1.6641 gives 1.8778 and 6.1338. Source:
    NIST/SEMATECH e-Handbook 6.3.2.2.
    """
    given, sigma = readings(values), baseline.sigma
    points = []
    for number, value in enumerate(given, start=1):
        before = given[number - 2] if number > 1 else None
        if value is None or before is None:
            points.append(Point(number, None))
            continue
        moved = abs(value - before)
        if sigma is None:
            points.append(Point(number, moved))
        else:
            points.append(point_with_limits(number, moved, d2(2) * sigma, d3(2) * sigma, least=0.0))
    return Chart(Kind.MOVING_RANGES, tuple(points), baseline)
