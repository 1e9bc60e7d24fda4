"""`bench forecast`: how good forecasts are on simulated lines that nobody tuned on, beside peers and targets."""

from collections.abc import Callable
from pathlib import Path

from mes.config.bench.forecast.wanted import Wanted
from mes.config.bench.result import Result


def measure(*, quick: bool, data: Path, say: Callable[[str], None], wanted: Wanted) -> Result:
    """Simulates, forecasts, scores. `data` is not needed: no server takes part."""
    from mes.config.bench.forecast.run import forecast_lines  # numpy and statsmodels, which no other benchmark needs

    del data
    return forecast_lines(quick=quick, say=say, wanted=wanted)
