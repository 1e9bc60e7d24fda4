"""The methods that forecast a line with a plan, by name (pure): the rate model and its ensemble with SARIMAX."""

from collections.abc import Callable, Sequence

from analytics.forecast.engine import ENSEMBLE_LEVEL, RATE_LEVEL, Prepared, by_ensemble, by_rate, prepared
from analytics.forecast.series import Cells, Grain, Past, Predicted, Queue

Method = Callable[[Past, Cells, Sequence[Queue], Grain, int], Predicted | None]

_last: list[tuple[tuple[object, ...], Prepared | None]] = []
"""What was prepared last: the methods are asked one after the other for the same line, and fitting is most of it."""


def mes_rate(past: Past, ahead: Cells, queues: Sequence[Queue], grain: Grain, horizon: int) -> Predicted | None:
    """The rate model with bands of its own archived errors."""
    ready = _prepared(past, ahead, queues, grain, horizon)
    return by_rate(ready, ahead, horizon) if ready else None


def ens2(past: Past, ahead: Cells, queues: Sequence[Queue], grain: Grain, horizon: int) -> Predicted | None:
    """Three fifths rate model, two fifths SARIMAX, the spread of the rate model."""
    ready = _prepared(past, ahead, queues, grain, horizon)
    return by_ensemble(ready, ahead, horizon) if ready else None


METHODS: dict[str, tuple[int, Method]] = {"mes_rate": (RATE_LEVEL, mes_rate), "ens2": (ENSEMBLE_LEVEL, ens2)}
"""Name to rung and function."""


def _prepared(past: Past, ahead: Cells, queues: Sequence[Queue], grain: Grain, horizon: int) -> Prepared | None:
    asked = (past, ahead, queues, grain, horizon)  # kept here, so that no other object can have the same identity
    if _last and all(one is other for one, other in zip(_last[0][0], asked, strict=True)):
        return _last[0][1]
    found = prepared(past, ahead, queues, grain, horizon)
    _last[:] = [(asked, found)]
    return found
