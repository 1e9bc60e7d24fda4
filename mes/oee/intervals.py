"""Interval algebra on half-open integer spans (pure): cover, sweep, union, overlap. Sorted input is never assumed."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")
Cover = tuple[int, int, tuple[T, ...]]


def covers(spans: Iterable[tuple[int, int, T]]) -> list[Cover[T]]:
    """Disjoint pieces in order of time, each with everything that covers it; repeats count once, empty spans not.

    Worked: (0, 10, "a") and (5, 8, "b") give (0, 5, a), (5, 8, a b), (8, 10, a).
    """
    kept = list({span for span in spans if span[0] < span[1]})
    edges = sorted([(start, 1, number) for number, (start, _, _) in enumerate(kept)] + _ends(kept))
    active: dict[int, T] = {}
    pieces: list[Cover[T]] = []
    since = 0
    for at, opens, number in edges:
        if active and since < at:
            pieces.append((since, at, tuple(active.values())))
        since = at
        if opens:
            active[number] = kept[number][2]
        else:
            del active[number]
    return pieces


def _ends(spans: Sequence[tuple[int, int, T]]) -> list[tuple[int, int, int]]:
    return [(end, 0, number) for number, (_, end, _) in enumerate(spans)]


def sweep(start: int, end: int, layers: Sequence[Sequence[Cover[T]]]) -> Iterator[tuple[int, int, list[tuple[T, ...]]]]:
    """Walk through [start, end) in pieces in which no layer changes; each comes with what every layer says there.

    Every layer must be disjoint and in order of time, as `covers` makes it; a layer that says nothing gives ().
    """
    cuts = {start, end} if start < end else set()
    for layer in layers:
        cuts.update(edge for piece in layer for edge in piece[:2] if start < edge < end)
    places = [0] * len(layers)
    for since, until in pairwise(sorted(cuts)):
        said: list[tuple[T, ...]] = []
        for number, layer in enumerate(layers):
            while places[number] < len(layer) and layer[places[number]][1] <= since:
                places[number] += 1
            here = layer[places[number]] if places[number] < len(layer) else None
            said.append(here[2] if here is not None and here[0] <= since else ())
        yield since, until, said


def union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same time as disjoint spans in order; spans that touch become one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def overlaps(start: int, end: int, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of [start, end) that lie in `spans` (disjoint, in order, as `union` makes them)."""
    return [(max(start, since), min(end, until)) for since, until in spans if since < end and start < until]


def overlap_ms(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> int:
    """Length of the time in both; each must be disjoint and in order."""
    total, first, second = 0, 0, 0
    while first < len(one) and second < len(other):
        total += max(0, min(one[first][1], other[second][1]) - max(one[first][0], other[second][0]))
        if one[first][1] < other[second][1]:
            first += 1
        else:
            second += 1
    return total
