"""The second voice of the ensemble (pure): a regression on the plan whose errors have a memory of one bucket."""

import warnings

import numpy as np

from analytics.forecast.factors import NIGHT
from analytics.forecast.grains import ahead_of
from analytics.forecast.rate_model import RateModel
from analytics.forecast.series import Cells, Floats, Grain

DAY_MS = 86_400_000
LEARNT_DAYS: dict[Grain, int] = {"hour": 56, "shift": 182, "day": 308}
LEAST_BUCKETS = 30
STEPS = 25  # of the optimiser: its last digits move no forecast


def sarimax(model: RateModel, ahead: Cells, grain: Grain, horizon: int) -> Floats | None:
    """Expected pieces of the coming buckets by SARIMAX (1,0,0); None below 30 seen buckets with something planned.

    Regressors: pieces by the plan that was archived that day, planned hours, those at night, starts of a shift. Only
    buckets with something planned are in the series; a bucket of which not all was seen is missing in it.
    """
    from statsmodels.tsa.statespace.sarimax import SARIMAX  # type: ignore[import-untyped]

    past = model.past
    begin = int(np.searchsorted(past.start_ms, past.start_ms[-1] - LEARNT_DAYS[grain] * DAY_MS))
    over, good = _columns(past, model.stitched(begin), grain, begin), _good(model, grain, begin)
    worked = over[:, 1] > 0
    origin = int(ahead.start_ms[0])
    plan = model.pieces(origin, len(past.start_ms), ahead, model.factors.of(ahead)).plan
    coming = _columns(ahead, plan, grain, 0)[:horizon]
    if np.isfinite(good[worked]).sum() < LEAST_BUCKETS or not (coming[:, 1] > 0).any():
        return None
    unit = float(np.nanmean(good[worked])) or 1.0
    scale = np.maximum(over[worked].max(axis=0), 1e-9)
    told = _independent(over[worked] / scale)
    planned = coming[:, 1] > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not fully converged is close enough for two fifths of a forecast
        regressors = (over[worked] / scale)[:, told]
        regression = SARIMAX(good[worked] / unit, regressors, order=(1, 0, 0), concentrate_scale=True)
        try:
            fit = regression.fit(disp=False, maxiter=STEPS)
        except np.linalg.LinAlgError:  # nothing scatters on this line: there are no errors to find a memory in
            return None
        said = fit.forecast(int(planned.sum()), exog=(coming[planned] / scale)[:, told])
    out = np.zeros(len(coming))
    out[planned] = np.maximum(np.asarray(said) * unit, 0.0)
    return out if np.isfinite(out).all() else None


def _independent(columns: Floats) -> list[int]:
    """Regressors, in their order, that those before do not tell already: two that say the same make the fit run off."""
    kept: list[int] = []
    for n in range(columns.shape[1]):
        if np.linalg.matrix_rank(columns[:, [*kept, n]], tol=1e-6 * np.sqrt(len(columns))) > len(kept):
            kept.append(n)
    return kept


def _columns(cells: Cells, plan: Floats, grain: Grain, begin: int) -> Floats:
    """One row per bucket: pieces by the plan, planned hours, those at night, cells in which a shift starts."""
    buckets = ahead_of(cells, grain, len(cells.start_ms), begin)
    hours = cells.planned_min[begin:] / 60
    night = (cells.hour[begin:] >= NIGHT[0]) | (cells.hour[begin:] < NIGHT[1])
    shift = cells.shift[begin:]
    starts = np.append(True, shift[1:] != shift[:-1]) & (hours > 0)
    return np.column_stack(
        [buckets.total(np.asarray(values, float)) for values in (plan, hours, hours * night, starts)]
    )


def _good(model: RateModel, grain: Grain, begin: int) -> Floats:
    past = model.past
    buckets = ahead_of(past, grain, len(past.start_ms), begin)
    lost = np.isnan(model.seen.good[begin:]) & (past.planned_min[begin:] > 0)
    good = buckets.total(np.nan_to_num(model.seen.good[begin:]))
    return np.where(buckets.total(lost.astype(float)) > 0, np.nan, good)
