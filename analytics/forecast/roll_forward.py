"""The order queue laid on the calendar at the line's own rate (pure): good pieces expected in every cell to come."""

import numpy as np

from analytics.forecast.own_rates import OwnRates
from analytics.forecast.series import Floats, Queue

SLIP = 0.8  # variance in hours that an hour of plan adds: breakdowns, orders that come in between or fall out
LAGS = np.array([-1.3, -0.5, 0.0, 0.5, 1.3])  # of a normal, weighed by
SHARES = np.array([0.15, 0.2, 0.3, 0.2, 0.15])
LEAST_PACE = 0.02
DAY_MIN = 1440.0


def laid(queue: Queue | None, rates: OwnRates, on_line: str, usable_min: Floats) -> Floats:
    """Good pieces per cell. `usable_min`: planned minutes of each cell x its factors.

    Every order takes its remaining pieces / own rate of its item, and a change to another item its minutes without a
    piece. Behind the queue the line makes its usual mix. As nobody knows when exactly an order ends, the plan is read
    at five places around each instant, the farther apart the farther ahead. Worked (without slip, level 1): 60 pieces
    left at 1 a minute, 30 minutes to change over, then 2 a minute: hours of 60 minutes bring 60, 60, 120.
    """
    edges = np.append(0.0, np.cumsum(usable_min))
    times, pieces = plan_of(queue, rates, on_line, reach_min=float(edges[-1]))
    places = _slipped(edges)
    made = np.diff(np.interp(places, times, pieces) + rates.mix * np.maximum(places - times[-1], 0.0))
    pace = np.divide(made, np.diff(places), out=np.zeros_like(made), where=usable_min > 0)
    return np.asarray(SHARES @ pace * usable_min)


def plan_of(queue: Queue | None, rates: OwnRates, on_line: str, reach_min: float) -> tuple[Floats, Floats]:
    """Corners of the plan: usable minutes from now, good pieces made by then. The first is 0, 0.

    Orders that begin later than twice the reach are left out: no slip comes that far.
    """
    times, pieces, before = [0.0], [0.0], on_line
    for order in queue.orders if queue else ():
        ideal = order.ideal_per_h / 60 or rates.per_min.get(order.item, 0.0)
        speed = ideal * rates.level * rates.items.get(order.item, 1.0)
        if speed <= 0:
            speed = rates.mix
        if speed <= 0 or order.remaining <= 0:
            continue
        if times[-1] > 2 * reach_min + DAY_MIN:
            break
        if before and order.item != before:
            change = rates.changeover_min if rates.changeover_min == rates.changeover_min else order.changeover_min
            times.append(times[-1] + change)
            pieces.append(pieces[-1])
        times.append(times[-1] + order.remaining / speed)
        pieces.append(pieces[-1] + order.remaining)
        before = order.item
    return np.array(times), np.array(pieces)


def _slipped(at: Floats) -> Floats:
    """The places in the plan at which a line may be after so many minutes, one row per lag; none ever stands still."""
    return np.maximum(at + np.outer(LAGS, np.sqrt(60 * SLIP * at)), LEAST_PACE * at)
