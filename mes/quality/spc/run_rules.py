"""Run rules (pure): Nelson 1-8 and Western Electric 1-4, with their conventions stated where books differ.

Conventions. A signal carries the number of the point that completes the pattern. All comparisons are strict: a point on
a limit is inside, a point on the centre line belongs to neither side and ends a run, two equal neighbours end a trend.
In "2 of 3" and "4 of 5" the newest point is one of the hits, all on one side; the first points of a stretch are enough
where they alone hold the hits. Rule 8 counts both sides together. A gap ends every pattern: nothing is ever bridged.
A trend or an alternation is one of the values as plotted, all other rules look at the distance from the centre in
standard deviations of that point, so they hold for stepped limits too. A point without sigma, or with sigma 0, is not
judged and ends patterns like a gap.

Sources: Nelson, Journal of Quality Technology 16 (1984) 237-239; Western Electric, Statistical Quality Control Handbook
(1956); the conventions of strictness are ours.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from mes.quality.spc.chart import Chart, Kind, Point

EDGE = 1e-9  # in sigmas: what floats call different but is the same value, for points on a line and for ties


class Pattern(StrEnum):
    """What a rule looks for among neighbouring points."""

    BEYOND = "beyond"
    SIDE = "one-side"
    TREND = "trend"
    ALTERNATING = "alternating"
    WITHIN = "within"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Rule:
    """`points` of the last `of` points show the pattern; `sigmas` is the distance it speaks of."""

    code: str
    pattern: Pattern
    points: int
    of: int
    sigmas: float
    text: str


NELSON = (
    Rule("N1", Pattern.BEYOND, 1, 1, 3, "One point beyond 3 sigma"),
    Rule("N2", Pattern.SIDE, 9, 9, 0, "Nine points in a row on one side of the centre"),
    Rule("N3", Pattern.TREND, 6, 6, 0, "Six points in a row, each higher, or each lower, than the one before"),
    Rule("N4", Pattern.ALTERNATING, 14, 14, 0, "Fourteen points in a row, up and down in turn"),
    Rule("N5", Pattern.BEYOND, 2, 3, 2, "Two of three points in a row beyond 2 sigma on one side"),
    Rule("N6", Pattern.BEYOND, 4, 5, 1, "Four of five points in a row beyond 1 sigma on one side"),
    Rule("N7", Pattern.WITHIN, 15, 15, 1, "Fifteen points in a row within 1 sigma"),
    Rule("N8", Pattern.OUTSIDE, 8, 8, 1, "Eight points in a row beyond 1 sigma, on either side"),
)
WESTERN_ELECTRIC = (
    Rule("W1", Pattern.BEYOND, 1, 1, 3, "One point beyond 3 sigma"),
    Rule("W2", Pattern.BEYOND, 2, 3, 2, "Two of three points in a row beyond 2 sigma on one side"),
    Rule("W3", Pattern.BEYOND, 4, 5, 1, "Four of five points in a row beyond 1 sigma on one side"),
    Rule("W4", Pattern.SIDE, 8, 8, 0, "Eight points in a row on one side of the centre"),
)
RULES = {rule.code: rule for rule in NELSON + WESTERN_ELECTRIC}
DEFAULT_RULES = ("N1", "N2", "N5")  # all eight would cry wolf every 70 points; see `false_alarms`

_ANY = frozenset(Pattern)
_FREE_OF_NORMALITY = frozenset({Pattern.SIDE, Pattern.TREND, Pattern.ALTERNATING})


@dataclass(frozen=True, slots=True)
class Signal:
    """The pattern of rule `rule` is complete at point `number`; it began at point `first`."""

    number: int
    rule: str
    first: int


def fitting_rules(kind: Kind, codes: Iterable[str] = DEFAULT_RULES) -> tuple[str, ...]:
    """Those of the rules that mean something on this chart, in the given order. Unknown code: ValueError.

    Individuals and means: all. Counts, ranges and deviations are skewed, so zones inside the limits do not hold what
    the rules suppose: only the limits, runs, trends and alternation (Nelson 1984). Moving ranges, EWMA and CUSUM share
    values between neighbours: only the limits. Worked: the default on a p chart is N1, N2.
    """
    chosen = [_rule(code) for code in codes]
    if kind in (Kind.INDIVIDUALS, Kind.MEANS):
        patterns = _ANY
    elif kind in (Kind.MOVING_RANGES, Kind.EWMA, Kind.CUSUM):
        patterns = frozenset()
    else:
        patterns = _FREE_OF_NORMALITY
    return tuple(rule.code for rule in chosen if rule.pattern in patterns or rule.of == 1)


def signals(chart: Chart, codes: Iterable[str] | None = None) -> tuple[Signal, ...]:
    """Every pattern of these rules in the chart, by point, then in the order of the rules.

    None: the default rules that fit the chart's kind. Rules given are taken as given. No points, no signals. Unknown
    code: ValueError. Worked: values 0.2, 3.1 around 0 with sigma 1 give Signal(2, "N1", 2).
    """
    return tuple(_signals(chart.points, fitting_rules(chart.kind) if codes is None else codes))


def violations(
    values: Sequence[float | None], center: float, sigma: float, codes: Iterable[str] = DEFAULT_RULES
) -> dict[str, list[int]]:
    """Per rule the numbers (from 1) of the points that complete its pattern, for values with one centre and sigma.

    Every rule given is a key, also without a signal; sigma 0: no signals. Unknown code: ValueError. Worked: 0.2, 3.1
    around 0 with sigma 1: {"N1": [2], "N2": [], "N5": []}.
    """
    found: dict[str, list[int]] = {code: [] for code in codes}
    points = (Point(number, value, center, sigma) for number, value in enumerate(values, start=1))
    for signal in _signals(points, found):
        found[signal.rule].append(signal.number)
    return found


def _signals(points: Iterable[Point], codes: Iterable[str]) -> Iterator[Signal]:
    rules = [_rule(code) for code in codes]
    for stretch in _judged(points):
        z, moves = [point.z for point in stretch], _moves(stretch)
        for at, point in enumerate(stretch):
            for rule in rules:
                start = max(0, at - rule.of + 1)
                if _shows(rule, z[start : at + 1], moves[start + 1 : at + 1]):
                    yield Signal(point.number, rule.code, stretch[start].number)


def _rule(code: str) -> Rule:
    if code not in RULES:
        raise ValueError(f"There is no run rule {code}: choose from {', '.join(RULES)}.")
    return RULES[code]


@dataclass(frozen=True, slots=True)
class _Judged:
    """A point that has a value and a spread; `z` is its distance from the centre in standard deviations."""

    number: int
    value: float
    sigma: float
    z: float


def _judged(points: Iterable[Point]) -> Iterator[list[_Judged]]:
    """Neighbouring points that can be judged; a gap, or a point without a spread, ends a stretch."""
    stretch: list[_Judged] = []
    for point in points:
        if point.value is not None and point.center is not None and point.sigma:
            z = (point.value - point.center) / point.sigma
            stretch.append(_Judged(point.number, point.value, point.sigma, z))
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _moves(stretch: Sequence[_Judged]) -> list[int]:
    """Per point 1 where it is higher than the one before, -1 where lower, 0 for a tie and for the first."""
    return [0, *(_sign((point.value - before.value) / point.sigma) for before, point in pairwise(stretch))]


def _sign(z: float) -> int:
    return 0 if abs(z) <= EDGE else 1 if z > 0 else -1


def _shows(rule: Rule, z: Sequence[float], moves: Sequence[int]) -> bool:
    """Does the window show the pattern? Its z-values, and between them the ups (1), downs (-1) and ties (0)."""
    if rule.pattern is Pattern.BEYOND:
        newest = z[-1]
        if abs(newest) <= rule.sigmas + EDGE:
            return False
        side = 1 if newest > 0 else -1
        return sum(side * value > rule.sigmas + EDGE for value in z) >= rule.points
    if len(z) < rule.of:
        return False
    if rule.pattern is Pattern.SIDE:
        return all(value > EDGE for value in z) or all(value < -EDGE for value in z)
    if rule.pattern is Pattern.TREND:
        return moves[0] != 0 and all(move == moves[0] for move in moves)
    if rule.pattern is Pattern.ALTERNATING:
        return moves[0] != 0 and all(a == -b for a, b in pairwise(moves))
    if rule.pattern is Pattern.WITHIN:
        return all(abs(value) < rule.sigmas - EDGE for value in z)
    return all(abs(value) > rule.sigmas + EDGE for value in z)
