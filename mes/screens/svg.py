"""Geometry of ribbons, day timelines and bars: numbers in, SVG attributes out. Nothing here draws with inline style."""

from collections.abc import Sequence
from typing import NamedTuple

RIBBON_SPAN_S = 8 * 3600
RIBBON_WIDTH = 480
RIBBON_HEIGHT = 16

HEIGHTS = {"running": 6, "slow": 9, "setup": 9, "planned": 3, "waiting": 13, "down": 16, "no_data": 16}
"""Height of each state in a ribbon: trouble stands tall, so the picture works without colour too."""

SHORTEST = 1.2
"""Narrowest stop in ribbon units, so that a stop of seconds is still seen."""


class Shape(NamedTuple):
    """All stretches of one state as one SVG path."""

    state: str
    d: str


def _compact(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") or "0"


def ribbon(parts: Sequence[Sequence[object]], now_s: float, span_s: int = RIBBON_SPAN_S) -> list[Shape]:
    """Paths of `[[start_s, state], ...]`, each lasting to the next, the last to `now_s`; the last `span_s` seconds.

    Time before the first part stays empty. live.js computes the same texts, so nothing jumps at the first message.
    """
    begin = now_s - span_s
    drawn: dict[str, list[str]] = {}
    for index, (start, state) in enumerate(parts):
        end = float(str(parts[index + 1][0])) if index + 1 < len(parts) else now_s
        left = max(float(str(start)), begin)
        if end <= left:
            continue
        height = HEIGHTS.get(str(state), RIBBON_HEIGHT)
        scale = RIBBON_WIDTH / span_s
        width = (min(end, now_s) - left) * scale
        if str(state) in ("down", "waiting"):
            width = max(width, SHORTEST)
        x = (left - begin) * scale
        move = f"M{_compact(x)} {RIBBON_HEIGHT - height}h{_compact(width)}v{height}h-{_compact(width)}z"
        drawn.setdefault(str(state), []).append(move)
    return [Shape(state, "".join(moves)) for state, moves in drawn.items()]


class Band(NamedTuple):
    """One stretch of a day's timeline, in timeline units."""

    state: str
    x: str
    width: str
    y: int
    height: int
    word: str
    reason: str
    start_s: float
    end_s: float


class Tick(NamedTuple):
    """A full hour on the axis of a timeline."""

    x: str
    at_s: int


class Timeline(NamedTuple):
    """A drawn day: bands, hour ticks and the width all of it is measured in."""

    bands: list[Band]
    ticks: list[Tick]
    width: int


TIMELINE_WIDTH = 1440
TIMELINE_HEIGHT = 64


def timeline(bands: Sequence[Sequence[object]], start_s: float, end_s: float) -> Timeline:
    """A day from `[[start_s, end_s, state, word, reason], ...]`, clipped to [start_s, end_s); no span, no picture."""
    span = end_s - start_s
    if span <= 0:
        return Timeline([], [], TIMELINE_WIDTH)
    scale = TIMELINE_WIDTH / span
    drawn = []
    for begin, end, state, word, reason in bands:
        left, right = max(float(str(begin)), start_s), min(float(str(end)), end_s)
        if right <= left:
            continue
        height = HEIGHTS.get(str(state), RIBBON_HEIGHT) * TIMELINE_HEIGHT // RIBBON_HEIGHT
        drawn.append(
            Band(
                str(state),
                _compact((left - start_s) * scale),
                _compact(max((right - left) * scale, SHORTEST)),
                TIMELINE_HEIGHT - height,
                height,
                str(word),
                str(reason or ""),
                left,
                right,
            )
        )
    step = 3600 if span <= 13 * 3600 else 2 * 3600
    first = int(-(-start_s // step) * step)
    ticks = [Tick(_compact((at - start_s) * scale), at) for at in range(first, int(end_s) + 1, step)]
    return Timeline(drawn, ticks, TIMELINE_WIDTH)


def bar(ratio: float | None, width: int = 100) -> str:
    """Width of a bar for a ratio between 0 and 1; none draws nothing, more than 1 is cut at the end of the scale."""
    return _compact(min(max(ratio or 0.0, 0.0), 1.0) * width)
