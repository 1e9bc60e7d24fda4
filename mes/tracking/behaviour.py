"""Pure: how recorded tags behave: columns on a common grid, what rises, what stands still, what goes together."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median

Number = int | float | None
WHOLE = frozenset({"SINT", "INT", "DINT", "LINT", "USINT", "UINT", "UDINT"})
BROADEST_WINDOW = 3  # a pause of more than so many usual grid steps says nothing about what happened in it
STILL_AFTER = 3  # usual distances between two movements without one: it stands still
LEAST_WINDOWS = 3


@dataclass(frozen=True, slots=True)
class Series:
    """The recorded changes of one tag: (seconds, value), oldest first; a value holds until the next one."""

    tag: str
    data_type: str
    group: str
    points: tuple[tuple[float, Number], ...]


@dataclass
class Column:
    """A tag on the common grid. `moved` holds, per window between two ticks, how far it rose; None where unknown."""

    series: Series
    values: list[Number]
    seconds: list[float]
    rose: list[float | None] = field(default_factory=list)
    ups: int = 0
    downs: int = 0
    still: int = 0
    fell_from: list[float] = field(default_factory=list)
    distinct: set[Number] = field(default_factory=set)

    @property
    def tag(self) -> str:
        """Its name."""
        return self.series.tag

    @property
    def is_whole(self) -> bool:
        """A whole number that can count or be a code."""
        return self.series.data_type.upper() in WHOLE

    @property
    def is_bit(self) -> bool:
        """A single bit."""
        return self.series.data_type.upper() == "BOOL"

    @property
    def known(self) -> int:
        """Windows whose both ends were read."""
        return self.ups + self.downs + self.still

    @cached_property
    def made(self) -> float:
        """Sum of all rises."""
        return sum(rise for rise in self.rose if rise)

    @property
    def rises_only(self) -> bool:
        """Like a counter: it moved, and fell at most once in fifty moves."""
        return self.ups >= LEAST_WINDOWS and self.downs * 50 <= self.ups + 49 and self.downs < self.ups

    @cached_property
    def rate_per_s(self) -> float | None:
        """Median rise per second of the windows in which it rose."""
        rates = [rise / s for rise, s in zip(self.rose, self.seconds, strict=True) if rise and s]
        return median(rates) if rates else None

    @cached_property
    def even_share(self) -> float:
        """Share of the windows in which it rose by its median rate, within a quarter or one and a half counts."""
        rate = self.rate_per_s
        if rate is None:
            return 0.0
        known = [(rise, s) for rise, s in zip(self.rose, self.seconds, strict=True) if rise is not None]
        return sum(abs(rise - rate * s) <= max(0.25 * rate * s, 1.5) for rise, s in known) / len(known)

    @cached_property
    def active(self) -> list[bool | None]:
        """Per window whether it is counting: up to three usual distances between two movements bridge a pause."""
        moves = [at for at, rise in enumerate(self.rose) if rise]
        if not moves:
            return [None if rise is None else False for rise in self.rose]
        gaps = [b - a for a, b in itertools.pairwise(moves)]
        bridge = max(STILL_AFTER * median(gaps), 1) if gaps else 1
        marks: list[bool | None] = [None if rise is None else False for rise in self.rose]
        for at, following in zip(moves, [*moves[1:], moves[-1]], strict=True):
            upto = following if following - at <= bridge else at
            for window in range(at, upto + 1):
                marks[window] = True if self.rose[window] is not None else None
        return marks


def columns_of(series: Sequence[Series], ticks: Sequence[float]) -> list[Column]:
    """Every series on the grid of `ticks` (seconds, ascending). Windows much broader than usual are unknown."""
    widths = [b - a for a, b in itertools.pairwise(ticks)]
    usual_s = median(widths) if widths else 0.0
    columns = []
    for one in series:
        column = Column(one, _held(one.points, ticks), widths)
        column.distinct = set(column.values) - {None}
        for at, width in enumerate(widths):
            before, after = column.values[at], column.values[at + 1]
            _note(column, before, after, width <= BROADEST_WINDOW * usual_s)
        columns.append(column)
    return columns


def _held(points: Sequence[tuple[float, Number]], ticks: Sequence[float]) -> list[Number]:
    values: list[Number] = []
    at, value = 0, None
    for tick in ticks:
        while at < len(points) and points[at][0] <= tick:
            value = points[at][1]
            at += 1
        values.append(value)
    return values


def _note(column: Column, before: Number, after: Number, usual: bool) -> None:
    if before is None or after is None or not usual:
        column.rose.append(None)
    elif after > before:
        column.ups += 1
        column.rose.append(after - before)
    elif after < before:
        column.downs += 1
        column.fell_from.append(before)
        column.rose.append(None)
    else:
        column.still += 1
        column.rose.append(0)


@dataclass(frozen=True, slots=True)
class Together:
    """How a code goes with a counter: with which code it counts, and how well the code tells counting from standing.

    `fit`: share of the counting time in that code minus share of the standing time in it; 1 is perfect, 0 is chance.
    """

    code: int
    fit: float
    others: tuple[int, ...]


def together(state: Column, active: Sequence[bool | None]) -> Together | None:
    """The code of `state` that goes best with counting; None where it never counts or never stands."""
    counting: Counter[tuple[Number, Number]] = Counter()
    standing: Counter[tuple[Number, Number]] = Counter()
    for (before, after, is_active), times in Counter(zip(state.values, state.values[1:], active, strict=False)).items():
        if is_active is not None and before is not None and after is not None:
            (counting if is_active else standing)[before, after] += times
    if sum(counting.values()) < LEAST_WINDOWS or sum(standing.values()) < LEAST_WINDOWS:
        return None
    codes = sorted(int(code) for code in state.distinct if code is not None)
    best = max(codes, key=lambda code: (_touching(counting, code) - _within(standing, code), -code))
    fit = _touching(counting, best) - _within(standing, best)
    return Together(best, fit, tuple(code for code in codes if code != best))


def _touching(pairs: Counter[tuple[Number, Number]], code: int) -> float:
    """A window in which the code begins or ends may have counted in it."""
    return sum(n for pair, n in pairs.items() if code in pair) / sum(pairs.values())


def _within(pairs: Counter[tuple[Number, Number]], code: int) -> float:
    return sum(n for pair, n in pairs.items() if pair == (code, code)) / sum(pairs.values())


def rises_within(counter: Column, state: Column, code: int) -> tuple[float, int]:
    """Share of the counter's rises in windows that touch the code, and how many windows lie outside of it."""
    inside = outside_rises = outside = 0
    moved = [None if rise is None else rise > 0 for rise in counter.rose]
    for (before, after, rises), times in Counter(zip(state.values, state.values[1:], moved, strict=False)).items():
        if rises is None or before is None or after is None:
            continue
        if code in (before, after):
            inside += times * rises
        else:
            outside += times
            outside_rises += times * rises
    return (inside / (inside + outside_rises) if inside else 0.0), outside


def adds_up(total: Column, one: Column, other: Column) -> float:
    """Share of the windows with movement in which `total` rose by exactly what the two others rose together."""
    moved = right = 0
    for whole, a, b in zip(total.rose, one.rose, other.rose, strict=True):
        if whole is None or a is None or b is None or not (whole or a or b):
            continue
        moved += 1
        right += whole == a + b
    return right / moved if moved >= LEAST_WINDOWS else 0.0
