"""What every control chart is made of (pure): readings with gaps, a frozen baseline, points with their own limits."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from math import inf, isfinite
from typing import TypeVar

T = TypeVar("T")
Reading = int | float | Decimal

SIGMAS = 3.0  # Shewhart's distance of the limits, in standard deviations of the plotted statistic
FEWEST_SUBGROUPS = 20  # fewer, and limits are provisional
FEWEST_INDIVIDUALS = 25
NEGLIGIBLE = 1e-12  # a spread below this share of the values is the rounding of floats, not a process


class Kind(StrEnum):
    """Which statistic a chart plots."""

    INDIVIDUALS = "individuals"
    MOVING_RANGES = "moving-ranges"
    MEANS = "means"
    RANGES = "ranges"
    DEVIATIONS = "deviations"
    P = "p"
    NP = "np"
    C = "c"
    U = "u"
    EWMA = "ewma"
    CUSUM = "cusum"


@dataclass(frozen=True, slots=True)
class Note:
    """Why a figure is None or needs care: a code for programs, a sentence for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """What phase 1 learned about a process, frozen: new points are judged by it and never move it.

    `center` and `sigma` are in the unit of the values (p and np: a fraction, c: pieces, u: per unit of area). `sigma`
    is that of a single piece, and None for counts, whose spread follows from their centre. `sigma_z` widens p and u
    limits (Laney), 1 for the ordinary chart. `samples` is the number of individuals or subgroups that were used.
    """

    kind: Kind
    center: float | None
    sigma: float | None
    samples: int
    provisional: bool
    sigma_z: float = 1.0
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """One plotted value with the limits that hold for it; `number` is its place in the data, from 1, gaps counted.

    `sigma` is the standard deviation of the plotted statistic at this point. In a gap all but the number is None.
    """

    number: int
    value: float | None = None
    center: float | None = None
    sigma: float | None = None
    lcl: float | None = None
    ucl: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Points in the order of time, and the baseline they are judged by."""

    kind: Kind
    points: tuple[Point, ...]
    baseline: Baseline


def readings(values: Iterable[Reading | None]) -> list[float | None]:
    """The values as floats, None kept as the gap it is. NaN and infinity are refused with their place (ValueError).

    Worked: 4.5, None, Decimal("3") give 4.5, None, 3.0; nothing gives nothing.
    """
    return [None if value is None else _finite(value, number) for number, value in enumerate(values, start=1)]


def _finite(value: Reading, number: int) -> float:
    if not isfinite(value):
        raise ValueError(f"Value {number} is {value}, not a finite number: give None where nothing was measured.")
    return float(value)


def known(values: Iterable[float | None]) -> list[float]:
    """The values that are there, in order, gaps dropped: for means and spreads, never for runs."""
    return [value for value in values if value is not None]


def neighbours(values: Sequence[float | None]) -> list[tuple[float, float]]:
    """Each value with the next one, never across a gap. Worked: 1, 2, None, 3 gives (1, 2) only."""
    return [(a, b) for a, b in pairwise(values) if a is not None and b is not None]


def without(values: Sequence[T | None], numbers: Collection[int]) -> list[T | None]:
    """The data with the points of these numbers (from 1) turned into gaps: revised limits leave out explained points.

    The neighbours of a point left out are not joined, as with any gap.
    """
    return [None if number in numbers else value for number, value in enumerate(values, start=1)]


def spread(sigma: float, center: float) -> float:
    """Sigma, or exactly 0 where it is only the rounding of equal values around this centre."""
    return 0.0 if sigma <= abs(center) * NEGLIGIBLE else sigma


def point_with_limits(
    number: int, value: float, center: float, sigma: float | None, *, least: float = -inf, most: float = inf
) -> Point:
    """A point with limits at `SIGMAS` around its centre, clipped to the `least` and the `most` the statistic can be.

    Sigma None: a point without limits, which no rule judges.
    """
    if sigma is None:
        return Point(number, value, center)
    return Point(number, value, center, sigma, max(least, center - SIGMAS * sigma), min(most, center + SIGMAS * sigma))


def first_notes(samples: int, fewest: int, sigma: float | None, *, what: str) -> tuple[Note, ...]:
    """The notes of every baseline: nothing to learn from, no spread, too few for limits that stay (edge rules)."""
    notes: list[Note] = []
    if sigma is None:
        notes.append(Note("no-limits", f"There are too few neighbouring {what} to estimate a spread: no limits yet."))
    elif sigma == 0:
        notes.append(Note("no-spread", f"All {what} are equal: the spread is 0, and no rule can judge a point."))
    if samples < fewest:
        notes.append(Note("provisional", f"Limits from {samples} {what} are provisional: {fewest} are needed."))
    return tuple(notes)
