"""The rate model "mes_rate" (pure): the queue laid forward at the line's own rates, fitted once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.forecast.archive import Record
from analytics.forecast.factors import Factors, factors_of
from analytics.forecast.grains import HOUR_MS, ahead_of, joined
from analytics.forecast.own_rates import History, last_item
from analytics.forecast.roll_forward import laid
from analytics.forecast.seen import Seen, seen_of
from analytics.forecast.series import Cells, Floats, Grain, Past, Queue

DAY_MS = 86_400_000
BURN_IN_DAYS = 14  # of rates before the first archived origin
RECORD_DAYS = 182
PLAN_AGE_MS = 2 * DAY_MS  # an older queue is no plan of today


@dataclass(frozen=True, slots=True)
class Said:
    """Good pieces per cell: by the queue, by the usual mix alone, by the plain rate of 28 days alone."""

    plan: Floats
    mix: Floats
    plain: Floats


@dataclass(frozen=True, slots=True)
class RateModel:
    """A line's factors and own rates, and the queues that were archived."""

    past: Past
    seen: Seen
    factors: Factors
    factor: Floats
    history: History
    queues: Sequence[Queue]
    taken_ms: np.ndarray

    def pieces(self, origin_ms: int, cell: int, cells: Cells, factor: Floats) -> Said:
        """Good pieces per cell to come as known at an origin (`cell`: the first of the past that is not over then).

        By the newest queue of before the origin; without one of the last two days by the usual mix.
        """
        rates = self.history.at(cell)
        usable = cells.planned_min * factor
        newest = int(np.searchsorted(self.taken_ms, origin_ms, side="right")) - 1
        mix = rates.mix * usable
        if newest < 0 or self.taken_ms[newest] < origin_ms - PLAN_AGE_MS:
            return Said(mix, mix, rates.plain * cells.planned_min)
        plan = laid(self.queues[newest], rates, last_item(self.seen, cell), usable)
        return Said(plan, mix, rates.plain * cells.planned_min)

    def stitched(self, begin: int) -> Floats:
        """Pieces per cell of the past from `begin` on, each by the plan that was archived that day."""
        past, count = self.past, len(self.past.start_ms)
        parts = []
        cell = begin
        while cell < count:
            end = max(cell + 1, int(np.searchsorted(past.start_ms, past.start_ms[cell] + DAY_MS)))
            today = _part(past, slice(cell, end))
            parts.append(self.pieces(int(past.start_ms[cell]), cell, today, self.factor[cell:end]).plan)
            cell = end
        return joined(parts)


def fitted(past: Past, queues: Sequence[Queue]) -> RateModel | None:
    """Learns factors and rates from a past; None where nothing in it was seen."""
    seen = seen_of(past)
    if not (seen.known * seen.rate).any():
        return None
    factors = factors_of(past, seen)
    factor = factors.of(past)
    ordered = sorted(queues, key=lambda queue: queue.taken_ms)
    taken = np.array([queue.taken_ms for queue in ordered], dtype=np.int64)
    return RateModel(past, seen, factors, factor, History(past, seen, factor), ordered, taken)


def origins_of(past: Past, origin_ms: int) -> list[int]:
    """Past origins at the same time of day: cells, one a day, from two weeks after the first cell, at most 26 weeks.

    Days of which the past has no cell at that time are left out.
    """
    times = origin_ms - DAY_MS * np.arange(RECORD_DAYS, 0, -1, dtype=np.int64)
    times = times[(times >= past.start_ms[0] + BURN_IN_DAYS * DAY_MS) & (times <= past.start_ms[-1])]
    found = np.searchsorted(past.start_ms, times)
    return [int(cell) for cell in found[past.start_ms[found] < times + HOUR_MS]]


def recorded(model: RateModel, grain: Grain, origins: Iterable[int], horizon: int) -> Record:
    """What the model would have said at past origins (cells), beside what came of the minutes that were seen.

    Rates and queues are those of each origin; only the factors are those of today.
    """
    past, seen = model.past, model.seen
    parts: list[list[Any]] = []
    usable = past.planned_min * model.factor
    for cell in origins:
        coming = ahead_of(past, grain, horizon, cell)
        rest = slice(cell, cell + len(coming.place))
        ahead = _part(past, rest)
        by = model.pieces(int(past.start_ms[cell]), cell, ahead, model.factor[rest])
        share = np.where(np.isnan(seen.good[rest]), 0.0, past.cov[rest])
        minutes = coming.total(ahead.planned_min * share)
        enough = (minutes >= 0.5 * coming.total(ahead.planned_min)) & (coming.total(usable[rest]) > 0)
        lead = np.arange(1, len(coming.number) + 1)
        said = [coming.total(pieces * share) for pieces in (by.plan, by.mix, by.plain)]
        came = coming.total(np.nan_to_num(seen.good[rest]))
        origin = np.full(len(lead), past.start_ms[cell])
        parts.append([value[enough] for value in (origin, lead, *said, came, minutes)])
    columns = [joined([part[n] for part in parts]) for n in range(7)]
    return Record(grain, columns[0].astype(np.int64), columns[1].astype(np.int64), *columns[2:])


def _part(cells: Cells, rest: slice) -> Cells:
    return Cells(
        cells.start_ms[rest],
        cells.hour[rest],
        cells.weekday[rest],
        cells.shift[rest],
        cells.day[rest],
        cells.planned_min[rest],
    )
