"""The methods that forecast a line with a plan, by name (pure): the champion first, then its challengers."""

from collections.abc import Callable, Sequence

from analytics.forecast.engine import forecast
from analytics.forecast.series import Cells, Grain, Past, Predicted, Queue

Method = Callable[[Past, Cells, Sequence[Queue], Grain, int], Predicted | None]


def mes_rate(past: Past, ahead: Cells, queues: Sequence[Queue], grain: Grain, horizon: int) -> Predicted | None:
    """The rate model with bands of its own archived errors; rung 3."""
    return forecast(past, ahead, queues, grain, horizon)


METHODS: dict[str, Method] = {"mes_rate": mes_rate}
