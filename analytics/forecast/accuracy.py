"""How far off a forecast was (pure): absolute errors, and errors scaled by those of a naive forecast."""

from collections.abc import Sequence

Quantiles = Sequence[tuple[float, Sequence[float]]]


def mae(actual: Sequence[float], forecast: Sequence[float]) -> float | None:
    """Mean absolute error in the unit of the series; None for nothing forecast. Raises ValueError on unequal lengths.

    Worked: 14, 11 forecast as 12, 12 is (2 + 1) / 2 = 1.5.
    """
    return _mean([abs(a - f) for a, f in zip(actual, forecast, strict=True)])


def naive_mae(history: Sequence[float], season: int = 1) -> float | None:
    """Mean absolute error of "as `season` buckets before" within the history; None where it is not longer than that.

    Worked: 10, 12, 11, 13, 12 steps by 2, 1, 2, 1: 1.5. Raises ValueError for a season below 1.
    """
    if season < 1:
        raise ValueError(f"A season has at least one bucket, not {season}.")
    return _mean([abs(later - earlier) for earlier, later in zip(history, history[season:], strict=False)])


def mase(history: Sequence[float], actual: Sequence[float], forecast: Sequence[float], season: int = 1) -> float | None:
    """Mean absolute scaled error (Hyndman and Koehler 2006): the forecast's error / the naive one within the history.

    Below 1 the forecast beats the naive one. None where either is missing, and for a history that never changes: by
    its naive error of zero nothing can be scaled.
    """
    error, scale = mae(actual, forecast), naive_mae(history, season)
    return error / scale if error is not None and scale else None


def skill(scaled_error: float | None) -> float | None:
    """1 - scaled error: the share of the naive forecast's error that is avoided; 0 or less is not better than it."""
    return None if scaled_error is None else 1 - scaled_error


def smape(actual: Sequence[float], forecast: Sequence[float]) -> float | None:
    """Symmetric mean absolute percentage error, 0 to 200; where both are 0 the bucket's error is 0.

    Worked: 14 as 12 and 11 as 12: 200 x (2/26 + 1/23) / 2 = 12.04.
    """
    return _mean(
        [200 * abs(a - f) / (abs(a) + abs(f)) if a or f else 0.0 for a, f in zip(actual, forecast, strict=True)]
    )


def pinball(actual: float, quantile: float, level: float) -> float:
    """Quantile loss of one value: level x what it lies above the quantile, (1 - level) x what it lies below."""
    return (actual - quantile) * level if actual >= quantile else (quantile - actual) * (1 - level)


def scaled_crps(
    history: Sequence[float], actual: Sequence[float], quantiles: Quantiles, season: int = 1
) -> float | None:
    """Twice the mean pinball loss over the quantiles, an approximation of the CRPS, / the naive error of the history.

    `quantiles`: (level, forecasts of that level) each. For the median alone it equals the MASE. None as there.
    """
    losses = [pinball(a, q, level) for level, forecast in quantiles for a, q in zip(actual, forecast, strict=True)]
    mean, scale = _mean(losses), naive_mae(history, season)
    return 2 * mean / scale if mean is not None and scale else None


def covered(actual: Sequence[float], low: Sequence[float], high: Sequence[float]) -> float | None:
    """Share of buckets inside their band, borders included. Buckets of width 0 (nothing planned) are left out.

    Counting those would flatter the band. None where no bucket is left.
    """
    inside = [lo <= a <= hi for a, lo, hi in zip(actual, low, high, strict=True) if hi > lo]
    return sum(inside) / len(inside) if inside else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
