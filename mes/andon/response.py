"""How long people wait for help: median and ninetieth percentile of the times to acknowledge and to resolve."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from mes.andon.models import Call


@dataclass(frozen=True, slots=True)
class Spread:
    """Of so many durations (whole ms) the median and the ninetieth percentile; both None where there is none."""

    count: int
    median_ms: int | None
    p90_ms: int | None

    @property
    def median_s(self) -> float | None:
        """The median in seconds."""
        return None if self.median_ms is None else self.median_ms / 1000

    @property
    def p90_s(self) -> float | None:
        """The ninetieth percentile in seconds."""
        return None if self.p90_ms is None else self.p90_ms / 1000


class Response(NamedTuple):
    """Times of the calls of one category, line and shift; `open` counts those that are not closed."""

    category: str
    line: str
    shift: str
    raised: int
    open: int
    cancelled: int
    to_take: Spread
    to_resolve: Spread


def spread(durations_ms: Sequence[int]) -> Spread:
    """Median (mean of the middle two) and p90 by nearest rank: the smallest value that 90 % do not exceed."""
    ordered = sorted(durations_ms)
    n = len(ordered)
    if not n:
        return Spread(0, None, None)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) // 2
    return Spread(n, middle, ordered[(n * 9 + 9) // 10 - 1])


def responses(calls: Iterable[Call]) -> list[Response]:
    """Figures by category, line and shift of these calls (with category and line loaded).

    Cancelled calls are counted, but their times are no response; a call closed by the controller's return is one of
    the automatic category and is kept apart by it.
    """
    ordered = sorted(calls, key=_place)
    return [_response(place, list(rows)) for place, rows in groupby(ordered, key=_place)]


def _place(call: Call) -> tuple[str, str, str]:
    return call.category.name, call.work_center.line.name, call.shift_name


def _response(place: tuple[str, str, str], rows: list[Call]) -> Response:
    kept = [row for row in rows if row.state != Call.State.CANCELLED]
    return Response(
        *place,
        raised=len(rows),
        open=sum(row.closed_at is None for row in rows),
        cancelled=len(rows) - len(kept),
        to_take=spread([_ms(row.raised_at, row.taken_at) for row in kept if row.taken_at]),
        to_resolve=spread([_ms(row.raised_at, row.closed_at) for row in kept if row.closed_at]),
    )


def _ms(start: datetime, end: datetime) -> int:
    return round((end - start).total_seconds() * 1000)
