"""Forecast of a series that has no plan (pure): the method that did best on the series' own last two horizons."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analytics.forecast.series import LEVELS, Floats, Ints
from analytics.forecast.unplanned_methods import Method, methods

Step = Literal["hour", "shift", "day"]

DAY_MS = 86_400_000
FOLDS = 2
PARTS = 3  # errors are pooled by thirds of the horizon: by single leads there are only two of them


@dataclass(frozen=True, slots=True)
class Unplanned:
    """`point`: expected pieces per coming bucket, `quantiles`: one row per level of `LEVELS`, `method`: its name."""

    point: Floats
    quantiles: Floats
    method: str


def forecast_unplanned(good: Floats, start_ms: Ints, horizon: int, step: Step) -> Unplanned:
    """Good pieces of the next `horizon` buckets. `good`: NaN where not seen; `start_ms`: ms since 1970, one step apart.

    NaN comes out where nothing is known (place of the season never seen). Quantiles are NaN where the series is too
    short to have been tested on itself. Raises ValueError for a series with nothing seen or a horizon below 1.
    """
    if horizon < 1:
        raise ValueError(f"A forecast reaches at least one bucket ahead, not {horizon}.")
    if not np.isfinite(good).any():
        raise ValueError("Nothing of this series was ever seen: there is nothing to forecast it by.")
    seasons = seasons_of(start_ms, step)
    name, errors = chosen(good, horizon, methods(seasons))
    point = methods(seasons)[name](good, horizon)
    lowest = 0.0 if np.nanmin(good) >= 0 else -np.inf
    return Unplanned(np.maximum(point, lowest), np.maximum(point + spread(errors), lowest), name)


def seasons_of(start_ms: Ints, step: Step) -> tuple[int, ...]:
    """The day and the week in buckets: (24, 168) for hours, (3, 21) for shifts of 8 h, (7,) for days."""
    if step == "day":
        return (7,)
    if step == "hour":
        return (24, 168)
    length_ms = float(np.median(np.diff(start_ms))) if len(start_ms) > 1 else DAY_MS / 3
    a_day = max(1, round(DAY_MS / length_ms))
    return (a_day, 7 * a_day) if a_day > 1 else (7,)


def chosen(good: Floats, horizon: int, candidates: dict[str, Method]) -> tuple[str, Floats]:
    """Name of the candidate with the least mean absolute error, and its errors (actual - forecast) [folds x horizon].

    Two origins: one and two horizons before the end. A candidate that cannot forecast both of them whole (too short a
    past) is out; where none can, the first is taken, its errors NaN.
    """
    best, least = next(iter(candidates)), np.inf
    errors = np.full((FOLDS, horizon), np.nan)
    for name, method in candidates.items():
        own = _errors(good, horizon, method)
        if own is not None and (error := float(np.nanmean(np.abs(own)))) < least:
            best, least, errors = name, error, own
    return best, errors


def spread(errors: Floats) -> Floats:
    """What is added to the point per level and lead: quantiles of the absolute errors of that third of the horizon.

    Taken as symmetric, so twice as many errors speak for each side; level 0.9 is the 80 % quantile of |error|. The
    rank is that of (n + 1) errors (split conformal, Vovk et al. 2005), at most the largest seen.
    """
    horizon = errors.shape[1]
    out = np.full((len(LEVELS), horizon), np.nan)
    for leads in np.array_split(np.arange(horizon), min(PARTS, horizon)):
        sizes = np.sort(np.abs(errors[:, leads])[~np.isnan(errors[:, leads])])
        if not len(sizes):
            continue
        for row, level in enumerate(LEVELS):
            share = round(abs(2 * level - 1), 9)
            rank = min(len(sizes), int(np.ceil(share * (len(sizes) + 1) - 1e-9)))
            out[row, leads] = np.sign(level - 0.5) * (sizes[rank - 1] if rank else 0.0)
    return out


def _errors(good: Floats, horizon: int, method: Method) -> Floats | None:
    rows = []
    for back in range(FOLDS, 0, -1):
        origin = len(good) - back * horizon
        if origin < 1:
            return None
        try:
            predicted = method(good[:origin], horizon)
        except ValueError:
            return None
        if np.isnan(predicted).any():
            return None
        rows.append(good[origin : origin + horizon] - predicted)
    errors: Floats = np.asarray(rows)
    return None if np.isnan(errors).all() else errors
