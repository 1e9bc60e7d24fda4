"""Forecasts of a line (pure): the rate model with bands from its own archived errors, and the ensemble with SARIMAX."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analytics.forecast.archive import Record, bands, blended, trusted
from analytics.forecast.grains import ahead_of
from analytics.forecast.rate_model import RateModel, fitted, origins_of, recorded
from analytics.forecast.sarimax import sarimax
from analytics.forecast.series import LEVELS, Cells, Grain, Past, Predicted, Queue

RATE_LEVEL, ENSEMBLE_LEVEL = 3, 4
MIDDLE = LEVELS.index(0.5)
SARIMAX_SHARE = 0.4  # measured best on lines that nobody tuned on: 1 % less error than either alone
APART = 1.5  # the two voices may differ by no more than this factor


@dataclass(frozen=True, slots=True)
class Prepared:
    """A fitted model with the record of one grain; good for any number of forecasts from the same past."""

    model: RateModel
    grain: Grain
    record: Record


def prepared(
    past: Past, ahead: Cells, queues: Sequence[Queue], grain: Grain, horizon: int, record: Record | None = None
) -> Prepared | None:
    """Fits, and asks the model at one origin a day over the last 26 weeks. `record`: one that is known already.

    None where nothing was ever seen or nothing lies ahead.
    """
    model = fitted(past, queues) if len(ahead.start_ms) else None
    if model is None:
        return None
    if record is None:
        record = recorded(model, grain, origins_of(past, int(ahead.start_ms[0])), horizon)
    return Prepared(model, grain, record)


def forecast(
    past: Past, ahead: Cells, queues: Sequence[Queue], grain: Grain, horizon: int, record: Record | None = None
) -> Predicted | None:
    """Good pieces of the next buckets by the rate model; the origin is the first cell of `ahead`.

    The point is the median. None where too little was seen for a band (12 buckets) or nothing lies ahead.
    """
    ready = prepared(past, ahead, queues, grain, horizon, record)
    return by_rate(ready, ahead, horizon) if ready else None


def by_rate(ready: Prepared, ahead: Cells, horizon: int) -> Predicted | None:
    """The rate model's forecast (rung 3)."""
    model, grain = ready.model, ready.grain
    trust = trusted(ready.record)
    coming = ahead_of(ahead, grain, horizon)
    by = model.pieces(int(ahead.start_ms[0]), len(model.past.start_ms), ahead, model.factors.of(ahead))
    lead = np.arange(1, len(coming.number) + 1)
    said = blended(coming.total(by.plan), coming.total(by.mix), lead, grain, trust)
    minutes = coming.total(ahead.planned_min)
    quantiles = bands(ready.record, trust, lead, said, minutes)
    if quantiles is None:
        return None
    point = quantiles[MIDDLE]
    return Predicted(grain, coming.number, coming.start_ms, minutes, point, quantiles.T, "mes_rate", RATE_LEVEL)


def by_ensemble(ready: Prepared, ahead: Cells, horizon: int) -> Predicted | None:
    """The rate model's forecast moved two fifths of the way to SARIMAX's (rung 4), its spread kept.

    SARIMAX takes the plan as known, so its own bands are far too narrow. None where either has nothing to say.
    """
    rate = by_rate(ready, ahead, horizon)
    other = sarimax(ready.model, ahead, ready.grain, horizon) if rate else None
    if rate is None or other is None:
        return None
    apart = np.divide(other, rate.point, out=np.ones(len(other)), where=rate.point > 0)
    moved = 1 + SARIMAX_SHARE * (np.clip(apart, 1 / APART, APART) - 1)
    return replace(
        rate,
        point=rate.point * moved,
        quantiles=rate.quantiles * moved[:, None],
        method="ens2",
        level=ENSEMBLE_LEVEL,
    )
