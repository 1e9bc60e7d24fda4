"""The two plain rungs (loads numpy): the plan's arithmetic, and the rate of the last 28 days with an empirical band."""

from collections.abc import Sequence

import numpy as np

from analytics.forecast.buckets import Buckets, buckets, made
from analytics.forecast.series import LEVELS, Cells, Floats, Grain, Past, Predicted, Queue

DAY_MS = 86_400_000
RATE_DAYS, BAND_DAYS = 28, 84
LEAST_BUCKETS = 10  # for a band


def plan(past: Past, ahead: Cells, queues: Sequence[Queue], grain: Grain, horizon: int) -> Predicted | None:
    """Ideal rate x planned minutes: of the order that runs, else of what the line made last.

    Every quantile is the point: a plan has no band. None where nobody knows an ideal rate.
    """
    rate = next((order.ideal_per_h for queue in queues[-1:] for order in queue.orders if order.ideal_per_h > 0), 0.0)
    known = np.flatnonzero((past.ideal > 0) & (past.planned_min > 0))
    if not rate and len(known):
        rate = float(past.ideal[known[-1]] / past.planned_min[known[-1]] * 60)
    if not rate:
        return None
    coming = buckets(ahead, grain)
    point = (coming.planned_min * rate / 60)[:horizon]
    return _predicted(coming, point, np.tile(point[:, None], (1, len(LEVELS))), grain, "plan", 1)


def rate28(past: Past, ahead: Cells, queues: Sequence[Queue], grain: Grain, horizon: int) -> Predicted | None:
    """Good per planned minute of the last 28 days x planned minutes; quantiles of what single buckets had of that rate.

    None without ten seen buckets in the 84 days before.
    """
    del queues  # the plain rate asks for no plan but the calendar
    over, good, _ = made(past, grain)
    if not len(over.number) or not len(ahead.start_ms):
        return None
    age = int(ahead.start_ms[0]) - over.start_ms
    seen = ~np.isnan(good) & (over.planned_min > 0)
    recent, band = seen & (age <= RATE_DAYS * DAY_MS), seen & (age <= BAND_DAYS * DAY_MS)
    minutes = float(over.planned_min[recent].sum())
    rate = float(good[recent].sum()) / minutes if minutes else 0.0
    if band.sum() < LEAST_BUCKETS or rate <= 0:
        return None
    ratios = good[band] / (over.planned_min[band] * rate)
    coming = buckets(ahead, grain)
    point = (coming.planned_min * rate)[:horizon]
    return _predicted(coming, point, np.outer(point, np.quantile(ratios, LEVELS)), grain, "rate28", 2)


def _predicted(coming: Buckets, point: Floats, quantiles: Floats, grain: Grain, method: str, level: int) -> Predicted:
    n = len(point)
    return Predicted(
        grain, coming.number[:n], coming.start_ms[:n], coming.planned_min[:n], point, quantiles, method, level
    )
