"""What a method would have said at past origins (pure): only the past, the plans and the calendar of then are given."""

from collections.abc import Sequence

import numpy as np

from analytics.forecast.methods import Method
from analytics.forecast.series import Cells, Grain, Past, Predicted, Queue

AHEAD_DAYS: dict[Grain, int] = {"hour": 3, "shift": 15, "day": 16}


def backtest(
    past: Past, queues: Sequence[Queue], grain: Grain, origins: Sequence[int], method: Method, horizon: int
) -> list[Predicted]:
    """One forecast per origin (ms since 1970, inside the past) at which the method could say anything.

    The calendar is taken as it came: `planned_min` of the cells after the origin.
    """
    found = []
    for origin in origins:
        cell = int(np.searchsorted(past.start_ms, origin))
        ahead = calendar_after(past, cell, AHEAD_DAYS[grain])
        said = method(before(past, cell), ahead, [q for q in queues if q.taken_ms <= origin], grain, horizon)
        if said is not None:
            found.append(said)
    return found


def before(past: Past, cell: int) -> Past:
    """The past up to a cell, without it."""
    return Past(**{name: getattr(past, name)[:cell] for name in Past.__dataclass_fields__})


def calendar_after(past: Past, cell: int, days: int) -> Cells:
    """The cells from `cell` on over so many days, as a calendar that was known."""
    if cell >= len(past.start_ms):
        raise ValueError("An origin of a back-test lies inside the past.")
    last = int(np.searchsorted(past.start_ms, past.start_ms[cell] + days * 86_400_000))
    return Cells(**{name: getattr(past, name)[cell:last] for name in Cells.__dataclass_fields__})
