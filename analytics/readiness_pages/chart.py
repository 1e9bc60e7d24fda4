"""Geometry of the history chart (pure): reports of days in, SVG attributes out."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

WIDTH, HEIGHT = 720, 160
LEFT, TOP, BOTTOM = 36, 8, 20


class Point(NamedTuple):
    """A day's report."""

    x: str
    y: str
    title: str


class Chart(NamedTuple):
    """Lines through the days' R and R with time, points of R, the levels 0, 50 and 100, and the first and last day."""

    path: str
    with_time: str
    points: list[Point]
    levels: list[tuple[int, str]]
    first: str
    last: str


def history_chart(days: Sequence[tuple[date, float, float]]) -> Chart | None:
    """A chart of (day, R, R with time), the oldest first; None below two days, which the table tells as well.

    Days without a report leave a longer stretch of line, at the same scale of time.
    """
    if len(days) < 2:
        return None
    first, span = days[0][0], (days[-1][0] - days[0][0]).days or 1
    inner = WIDTH - LEFT - 8

    def x_of(day: date) -> str:
        return f"{LEFT + inner * (day - first).days / span:.1f}"

    points = [Point(x_of(day), _y(r), f"{day}: {r:.0f} ({later:.0f})") for day, r, later in days]
    path = "M" + "L".join(f"{point.x} {point.y}" for point in points)
    with_time = "M" + "L".join(f"{x_of(day)} {_y(later)}" for day, _, later in days)
    return Chart(path, with_time, points, [(level, _y(level)) for level in (0, 50, 100)], str(first), str(days[-1][0]))


def _y(r: float) -> str:
    return f"{TOP + (HEIGHT - TOP - BOTTOM) * (1 - r / 100):.1f}"
