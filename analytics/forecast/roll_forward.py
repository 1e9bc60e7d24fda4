"""The order queue laid on the calendar at the line's own rate (pure): good pieces expected in every cell to come."""

import numpy as np

from analytics.forecast.own_rates import OwnRates
from analytics.forecast.series import Floats, Queue

SLIP = 0.8  # variance in hours that an hour of plan adds: breakdowns, orders that come in between or fall out
LAGS = (-1.3, -0.5, 0.0, 0.5, 1.3)  # of a normal, weighed by
SHARES = (0.15, 0.2, 0.3, 0.2, 0.15)
LEAST_PACE = 0.02


def laid(queue: Queue | None, rates: OwnRates, on_line: str, usable_min: Floats) -> Floats:
    """Good pieces per cell. `usable_min`: planned minutes of each cell x its factors.

    Every order takes its remaining pieces / own rate of its item, and a change to another item its minutes without a
    piece. Behind the queue the line makes its usual mix. As nobody knows when exactly an order ends, the plan is read
    at five places around each instant, the farther apart the farther ahead. Worked (without slip, level 1): 60 pieces
    left at 1 a minute, 30 minutes to change over, then 2 a minute: hours of 60 minutes bring 60, 60, 120.
    """
    ends = np.cumsum(usable_min)
    starts = ends - usable_min
    times, pieces = plan_of(queue, rates, on_line)
    found = np.zeros(len(usable_min))
    for lag, share in zip(LAGS, SHARES, strict=True):
        a, b = _slipped(starts, lag), _slipped(ends, lag)
        made = _read(b, times, pieces, rates.mix) - _read(a, times, pieces, rates.mix)
        found += share * np.divide(made * usable_min, b - a, out=np.zeros(len(a)), where=b > a)
    return found


def plan_of(queue: Queue | None, rates: OwnRates, on_line: str) -> tuple[Floats, Floats]:
    """Corners of the plan: usable minutes from now, good pieces made by then. The first is 0, 0."""
    times, pieces, before = [0.0], [0.0], on_line
    for order in queue.orders if queue else ():
        ideal = order.ideal_per_h / 60 or rates.per_min.get(order.item, 0.0)
        speed = ideal * rates.level * rates.items.get(order.item, 1.0)
        if speed <= 0:
            speed = rates.mix
        if speed <= 0 or order.remaining <= 0:
            continue
        if before and order.item != before:
            change = rates.changeover_min if rates.changeover_min == rates.changeover_min else order.changeover_min
            times.append(times[-1] + change)
            pieces.append(pieces[-1])
        times.append(times[-1] + order.remaining / speed)
        pieces.append(pieces[-1] + order.remaining)
        before = order.item
    return np.array(times), np.array(pieces)


def _slipped(at: Floats, lag: float) -> Floats:
    """The place in the plan at which a line may be that is `lag` standard deviations off; it never stands still."""
    return np.maximum(at + lag * np.sqrt(60 * SLIP * at), LEAST_PACE * at)


def _read(at: Floats, times: Floats, pieces: Floats, mix: float) -> Floats:
    return np.interp(at, times, pieces) + mix * np.maximum(at - times[-1], 0.0)
