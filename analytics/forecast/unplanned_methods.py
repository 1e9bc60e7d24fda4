"""What a series without a plan may be forecast by (pure): a season ago, profile times level, seasons and smoothing."""

import warnings
from collections.abc import Callable

import numpy as np

from analytics.forecast.series import Floats

Method = Callable[[Floats, int], Floats]

WINDOWS = {"mstl_slow": (11, 15), "mstl_quick": (7, 7)}
"""How many seasons in a row one seasonal figure is smoothed over: of the day, of the week."""


def as_before(good: Floats, horizon: int, season: int) -> Floats:
    """Each coming bucket as the newest seen one a whole number of seasons before; NaN where none was ever seen.

    Worked: 1, 2, 3, missing with a season of 2 goes on 3, 2.
    """
    newest = [_last_seen(good[(len(good) + lead) % season :: season]) for lead in range(season)]
    return np.asarray([newest[lead % season] for lead in range(horizon)], dtype=np.float64)


def profile(good: Floats, horizon: int, season: int, level_buckets: int) -> Floats:
    """Mean of the coming bucket's place in the season, times how far the newest `level_buckets` lay off their means.

    Without a level (nothing seen there, or means of 0) the factor is 1. NaN at a place that was never seen.
    """
    means = np.asarray([_mean(good[place::season]) for place in range(season)])
    newest = np.arange(max(0, len(good) - level_buckets), len(good))
    seen = newest[~np.isnan(good[newest])]
    usual = float(means[seen % season].sum())
    factor = float(good[seen].sum()) / usual if usual > 0 else 1.0
    coming: Floats = means[(len(good) + np.arange(horizon)) % season] * factor
    return coming


def smoothed_seasons(good: Floats, horizon: int, seasons: tuple[int, ...], windows: tuple[int, ...]) -> Floats:
    """Seasons taken off by MSTL (Bandara et al. 2021) and repeated, the rest smoothed exponentially (plain or damped).

    In logarithms where all that was seen is above 0. Missing buckets are filled by the mean of their place only to
    take the seasons off. Raises ValueError where the series is shorter than two of its longest season.
    """
    from statsmodels.tsa.seasonal import MSTL  # type: ignore[import-untyped]

    if len(good) < 2 * max(seasons) + 1:
        raise ValueError(f"{len(good)} buckets are too few to see a season of {max(seasons)} twice.")
    filled = _filled(good, max(seasons))
    in_logs = bool((filled > 0).all())
    values = np.log(filled) if in_logs else filled
    parts = MSTL(values, periods=seasons, windows=windows, stl_kwargs={"seasonal_deg": 0}).fit()
    seasonal = np.asarray(parts.seasonal).reshape(len(values), -1)
    coming = _smoothed_on(values - seasonal.sum(axis=1), horizon)
    for column, season in enumerate(seasons):
        coming = coming + np.resize(seasonal[-season:, column], horizon)
    return np.exp(coming) if in_logs else coming


def methods(seasons: tuple[int, ...]) -> dict[str, Method]:
    """Every candidate by its name, the plainest first: of equals the first is taken. `seasons`: in buckets, rising."""
    found: dict[str, Method] = {f"snaive{s}": lambda good, h, s=s: as_before(good, h, s) for s in seasons}  # type: ignore[misc]
    longest = seasons[-1]
    found[f"profile{longest}"] = lambda good, h: profile(good, h, longest, longest)
    for name, windows in WINDOWS.items():
        own = windows[: len(seasons)]
        found[name] = lambda good, h, own=own: smoothed_seasons(good, h, seasons, own)  # type: ignore[misc]
    return found


def _smoothed_on(values: Floats, horizon: int) -> Floats:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that has not fully converged is judged by its backtest like any other
        plain = ExponentialSmoothing(values, initialization_method="estimated").fit()
        damped = ExponentialSmoothing(values, trend="add", damped_trend=True, initialization_method="estimated").fit()
    best = damped if damped.aicc < plain.aicc else plain
    return np.asarray(best.forecast(horizon), dtype=np.float64)


def _filled(good: Floats, season: int) -> Floats:
    means = np.asarray([_mean(good[place::season]) for place in range(season)])
    usual = np.where(np.isnan(means), _mean(good), means)
    return np.where(np.isnan(good), np.resize(usual, len(good)), good)


def _last_seen(values: Floats) -> float:
    seen = values[~np.isnan(values)]
    return float(seen[-1]) if len(seen) else float("nan")


def _mean(values: Floats) -> float:
    seen = values[~np.isnan(values)]
    return float(seen.mean()) if len(seen) else float("nan")
