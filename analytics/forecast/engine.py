"""One forecast of a line (pure): the rate model with bands from its own archived errors."""

from collections.abc import Sequence

import numpy as np

from analytics.forecast.archive import Record, bands, blended, trusted
from analytics.forecast.grains import ahead_of
from analytics.forecast.rate_model import RateModel, fitted, origins_of, recorded
from analytics.forecast.series import LEVELS, Cells, Grain, Past, Predicted, Queue

RATE_LEVEL = 3
MIDDLE = LEVELS.index(0.5)


def forecast(
    past: Past, ahead: Cells, queues: Sequence[Queue], grain: Grain, horizon: int, record: Record | None = None
) -> Predicted | None:
    """Good pieces of the next buckets by the rate model; the origin is the first cell of `ahead`.

    `record`: errors to make the bands of; without it those of one origin a day over the last 26 weeks. None where too
    little was seen for a band (12 buckets) or nothing lies ahead.
    """
    model = fitted(past, queues)
    if model is None or not len(ahead.start_ms):
        return None
    return by_model(model, ahead, grain, horizon, record)


def by_model(
    model: RateModel, ahead: Cells, grain: Grain, horizon: int, record: Record | None = None
) -> Predicted | None:
    """The same by a model that is fitted already."""
    origin = int(ahead.start_ms[0])
    if record is None:
        record = recorded(model, grain, origins_of(model.past, origin), horizon)
    trust = trusted(record)
    coming = ahead_of(ahead, grain, horizon)
    plan, mix = model.pieces(origin, len(model.past.start_ms), ahead, model.factors.of(ahead))
    lead = np.arange(1, len(coming.number) + 1)
    said = blended(coming.total(plan), coming.total(mix), lead, grain, trust)
    minutes = coming.total(ahead.planned_min)
    quantiles = bands(record, trust, lead, said, minutes)
    if quantiles is None:
        return None
    return Predicted(
        grain, coming.number, coming.start_ms, minutes, quantiles[MIDDLE], quantiles, "mes_rate", RATE_LEVEL
    )
