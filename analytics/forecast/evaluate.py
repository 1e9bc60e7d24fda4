"""What `forecast_eval` writes (pure): per line the highest rung that its own record earns, down to a refusal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

import numpy as np

from analytics.forecast.calendar_cells import DAY_0, FIRST_HOUR
from analytics.forecast.engine import by_ensemble, by_rate, prepared
from analytics.forecast.grains import ahead_of
from analytics.forecast.plain_rates import plan, rate28
from analytics.forecast.series import LEVELS, Cells, Floats, Grain, Ints, Past, Predicted, Queue
from analytics.forecast.skill import BETTER, skill
from analytics.forecast.unplanned import forecast_unplanned

QUANTILES = ("q025", "q10", "q20", "q30", "q40", "q50", "q60", "q70", "q80", "q90", "q975")
HEAD = ("line", "ds", *QUANTILES, "level", "skill", "method")
STEP_MS: dict[Grain, int] = {"hour": 3_600_000, "shift": 28_800_000, "day": 86_400_000}
UNPLANNED_LEVEL = 2
MIDDLE = LEVELS.index(0.5)
Wanted = Literal["best", "ens2", "mes_rate", "rate28"]
WANTED: tuple[str, ...] = get_args(Wanted)


@dataclass(frozen=True, slots=True)
class Answer:
    """One row. `quantiles`: NaN where the rung has no band; all of them where the line was refused."""

    line: str
    start_ms: int
    quantiles: Sequence[float]
    level: int
    skill: float | None
    method: str

    def row(self) -> list[str]:
        """The values of a CSV row, in the order of `HEAD`."""
        ds = datetime.fromtimestamp(self.start_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        said = [f"{value:.3f}" if np.isfinite(value) else "" for value in self.quantiles]
        return [self.line, ds, *said, str(self.level), "" if self.skill is None else f"{self.skill:.4f}", self.method]


def planned_answers(
    line: str, past: Past, ahead: Cells, queues: Sequence[Queue], grain: Grain, horizon: int, wanted: Wanted = "best"
) -> list[Answer]:
    """A line with a calendar: the ensemble, the rate model, the plain rate, the plan or a refusal.

    "best" shows a model only if it saves 2 % of the plain rate's error over the newest 28 days; a model that was asked
    for by name is taken as it is. The skill is that of the rate model, on which the ensemble stands.
    """
    ready = prepared(past, ahead, queues, grain, horizon)
    gained = skill(ready.record) if ready else None
    said: Predicted | None = None
    if ready is not None and (wanted in ("ens2", "mes_rate") or (wanted == "best" and (gained or 0.0) >= BETTER)):
        said = (by_ensemble(ready, ahead, horizon) if wanted != "mes_rate" else None) or by_rate(ready, ahead, horizon)
    if said is None:
        said = rate28(past, ahead, queues, grain, horizon) or plan(past, ahead, queues, grain, horizon)
    if said is None:
        return _refused(line, ahead, grain, horizon)
    banded = said.level > 1
    shown = said.quantiles if banded else np.where(np.arange(len(LEVELS)) == MIDDLE, said.quantiles, np.nan)
    model = said.level >= 3
    return [
        Answer(line, start_of(int(number), grain), row.tolist(), said.level, gained if model else None, said.method)
        for number, row in zip(said.bucket, shown, strict=True)
    ]


def unplanned_answers(line: str, start_ms: Ints, good: Floats, grain: Grain, horizon: int) -> list[Answer]:
    """A plain series at steps of one length; rows that are missing are missing, not 0.

    Raises ValueError where a step is not a multiple of the shortest, or nothing was seen.
    """
    steps = np.diff(start_ms)
    step = int(steps.min()) if len(steps) else STEP_MS[grain]
    if (steps % step).any():
        odd = datetime.fromtimestamp(int(start_ms[np.flatnonzero(steps % step)[0] + 1]) / 1000, UTC)
        raise ValueError(f"The row of {odd:%Y-%m-%d %H:%M} does not lie on the steps of the others.")
    count = int((start_ms[-1] - start_ms[0]) // step) + 1
    filled = np.full(count, np.nan)
    filled[(start_ms - start_ms[0]) // step] = good
    times = start_ms[0] + step * np.arange(count + horizon)
    said = forecast_unplanned(filled, times[:count], horizon, grain)
    return [
        Answer(line, int(times[count + n]), said.quantiles[:, n].tolist(), UNPLANNED_LEVEL, None, said.method)
        for n in range(horizon)
    ]


def start_of(number: int, grain: Grain) -> int:
    """When a bucket of the files begins, ms; a day begins at 6 o'clock."""
    if grain == "hour":
        return number
    return number * 60_000 if grain == "shift" else (number - DAY_0) * STEP_MS["day"] + FIRST_HOUR * STEP_MS["hour"]


def _refused(line: str, ahead: Cells, grain: Grain, horizon: int) -> list[Answer]:
    nothing = [float("nan")] * len(LEVELS)
    numbers = ahead_of(ahead, grain, horizon).number
    return [Answer(line, start_of(int(number), grain), nothing, 0, None, "refused") for number in numbers]
