"""Charts of counts (pure): p, np, c, u, and Laney's p' and u' for samples so large that every point would signal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt
from statistics import mean

from mes.quality.spc.chart import (
    FEWEST_SUBGROUPS,
    Baseline,
    Chart,
    Kind,
    Note,
    Point,
    Reading,
    first_notes,
    neighbours,
    point_with_limits,
)
from mes.quality.spc.constants import d2

OVERDISPERSED = 1.2  # sigma_z above which Laney's chart is offered


@dataclass(frozen=True, slots=True)
class Sample:
    """`found` nonconforming pieces (p, np) or nonconformities (c, u) in `size` pieces or units of area.

    A sample of size 0 looked at nothing: it is a gap. Negative figures, and for p and np more found than looked at, are
    a ValueError when the chart is made.
    """

    found: int
    size: Reading


def p_baseline(samples: Sequence[Sample | None]) -> Baseline:
    """Centre = all nonconforming / all inspected pieces, a fraction. Notes say when Laney's limits are the better ones.

    None and samples of size 0 are gaps; nothing inspected: centre None. Fewer than 20 samples are provisional. Worked:
    347 of 1,500: 0.231333. Source: NIST/SEMATECH e-Handbook 6.3.3.2.
    """
    return _baseline(Kind.P, _checked(samples, Kind.P))


def np_baseline(samples: Sequence[Sample | None]) -> Baseline:
    """As `p_baseline`: the centre stays a fraction, the chart multiplies it by each sample's size."""
    return _baseline(Kind.NP, _checked(samples, Kind.NP))


def c_baseline(counts: Sequence[int | None]) -> Baseline:
    """Centre = mean number of nonconformities per equal unit. None is a gap; no count: centre None.

    Fewer than 20 counts are provisional. Worked: 400 in 25 wafers: 16. Source: NIST/SEMATECH e-Handbook 6.3.3.1.
    """
    return _baseline(Kind.C, _checked(_units(counts), Kind.C))


def u_baseline(samples: Sequence[Sample | None]) -> Baseline:
    """Centre = all nonconformities / all area, per unit of area. Gaps and notes as in `p_baseline`.

    Worked: 153 in 107.5 units of cloth: 1.4233. Source: Montgomery, Introduction to Statistical Quality Control, 7.3.
    """
    return _baseline(Kind.U, _checked(samples, Kind.U))


def p_chart(samples: Sequence[Sample | None], baseline: Baseline) -> Chart:
    """Fractions with limits p +- 3 sigma_z sqrt(p (1 - p) / n) inside [0, 1]; they step with the sample size.

    Worked: p 0.231333, n = 50: 0.0524 and 0.4102. Source: NIST/SEMATECH e-Handbook 6.3.3.2.
    """
    return _chart(Kind.P, _checked(samples, Kind.P), baseline)


def np_chart(samples: Sequence[Sample | None], baseline: Baseline) -> Chart:
    """Nonconforming pieces with limits n p +- 3 sqrt(n p (1 - p)) inside [0, n].

    Worked: p 0.231333, n = 50: centre 11.567, limits 2.620 and 20.513. Source: Montgomery, Introduction to Statistical
    Quality Control, 7.2.
    """
    return _chart(Kind.NP, _checked(samples, Kind.NP), baseline)


def c_chart(counts: Sequence[int | None], baseline: Baseline) -> Chart:
    """Counts with limits c +- 3 sqrt(c), never below 0. Worked: c 16: 4 and 28; a count of 28 is not beyond.

    Source: NIST/SEMATECH e-Handbook 6.3.3.1.
    """
    return _chart(Kind.C, _checked(_units(counts), Kind.C), baseline)


def u_chart(samples: Sequence[Sample | None], baseline: Baseline) -> Chart:
    """Counts per unit of area with limits u +- 3 sigma_z sqrt(u / area), never below 0; they step with the area.

    Worked: u 1.93, area 5: 0.0661 and 3.7939. Source: Montgomery, Introduction to Statistical Quality Control, 7.3.
    """
    return _chart(Kind.U, _checked(samples, Kind.U), baseline)


def laney_sigma_z(samples: Sequence[Sample | None], baseline: Baseline) -> float | None:
    """How many times wider the points of a p or u chart spread than the binomial or Poisson law says. No unit.

    sigma_z = mean moving range of z / d2(2), z = (value - centre) / sigma of the point, no range across a gap. None
    without two neighbours or without a spread. About 1: the law holds. Worked: z of 2, -2, 2 give ranges 4 and 4,
    sigma_z 4 / 1.128379 = 3.545. Source: Laney, Quality Engineering 14 (2002) 531-537.
    """
    plain = replace(baseline, sigma_z=1.0)
    z = [
        (point.value - point.center) / point.sigma if point.value is not None and point.center and point.sigma else None
        for point in _chart(baseline.kind, _checked(samples, baseline.kind), plain).points
    ]
    moved = [abs(b - a) for a, b in neighbours(z)]
    return mean(moved) / d2(2) if moved else None


def laney_baseline(samples: Sequence[Sample | None], baseline: Baseline) -> Baseline:
    """A p or u baseline whose limits are Laney's p' or u': those of the ordinary chart times sigma_z.

    Unchanged where sigma_z cannot be computed. Other kinds: ValueError. Source: as `laney_sigma_z`.
    """
    if baseline.kind not in (Kind.P, Kind.U):
        raise ValueError(f"Laney's limits are for p and u charts, not for {baseline.kind}.")
    sigma_z = laney_sigma_z(samples, baseline)
    return baseline if sigma_z is None else replace(baseline, sigma_z=sigma_z, notes=_without_offer(baseline.notes))


def _without_offer(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    return tuple(note for note in notes if note.code != "over-dispersed")


def _units(counts: Sequence[int | None]) -> list[Sample | None]:
    return [None if count is None else Sample(count, 1) for count in counts]


def _checked(samples: Sequence[Sample | None], kind: Kind) -> list[tuple[int, float] | None]:
    """(found, size) per sample, None for gaps; figures that cannot be are refused with the number of the sample."""
    checked: list[tuple[int, float] | None] = []
    for number, sample in enumerate(samples, start=1):
        if sample is None:
            checked.append(None)
            continue
        size = float(sample.size)
        if sample.found < 0 or not 0 <= size < float("inf"):
            raise ValueError(f"Sample {number}: {sample.found} found in {sample.size}: neither can be negative.")
        if sample.found > size and kind in (Kind.P, Kind.NP):
            raise ValueError(f"Sample {number}: {sample.found} found in {sample.size}: more than were looked at.")
        checked.append((sample.found, size) if size else None)
    return checked


def _baseline(kind: Kind, samples: list[tuple[int, float] | None]) -> Baseline:
    there = [sample for sample in samples if sample is not None]
    size = sum(size for _found, size in there)
    center = sum(found for found, _size in there) / size if there else None
    spread = None if center is None else _sigma(kind, center, 1.0)
    notes = first_notes(len(there), FEWEST_SUBGROUPS, spread, what="samples")
    baseline = Baseline(kind, center, None, len(there), len(there) < FEWEST_SUBGROUPS, notes=notes)
    if kind not in (Kind.P, Kind.U):
        return baseline
    sigma_z = laney_sigma_z([None if sample is None else Sample(*sample) for sample in samples], baseline)
    if sigma_z is None or sigma_z <= OVERDISPERSED:
        return baseline
    offer = f"The points spread {sigma_z:.1f} times as far as chance in one sample explains: use Laney's {kind}' chart."
    return replace(baseline, notes=(*notes, Note("over-dispersed", offer)))


def _sigma(kind: Kind, center: float, size: float) -> float:
    """Standard deviation of the plotted statistic at a sample of this size: binomial for p and np, Poisson for c, u."""
    if kind is Kind.P:
        return sqrt(center * (1 - center) / size)
    if kind is Kind.NP:
        return sqrt(center * (1 - center) * size)
    return sqrt(center / size)


def _chart(kind: Kind, samples: list[tuple[int, float] | None], baseline: Baseline) -> Chart:
    points = []
    for number, sample in enumerate(samples, start=1):
        if sample is None:
            points.append(Point(number, None))
            continue
        found, size = sample
        value = float(found) if kind is Kind.NP else found / size
        if baseline.center is None:
            points.append(Point(number, value))
            continue
        center = baseline.center * size if kind is Kind.NP else baseline.center
        sigma = _sigma(kind, baseline.center, size) * baseline.sigma_z
        most = {Kind.P: 1.0, Kind.NP: size}.get(kind, inf)
        points.append(point_with_limits(number, value, center, sigma, least=0.0, most=most))
    return Chart(kind, tuple(points), baseline)
