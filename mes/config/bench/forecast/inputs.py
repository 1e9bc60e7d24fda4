"""What our model knows of lines, as files for peers: `python -m mes.config.bench.forecast.inputs FOLDER GRAIN`.

series_GRAIN.csv: each line in buckets, pieces and plan. rows_GRAIN.csv: what was known at each archived origin and
what came, the coming buckets last with no pieces.
"""

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.forecast.calendar_cells import read_calendar, read_history, read_orders
from analytics.forecast.engine import prepared
from analytics.forecast.grains import ahead_of
from analytics.forecast.rate_model import RateModel
from analytics.forecast.series import Cells, Past
from mes.config.bench.forecast.score import GRAINS, HOUR_MS, Grain

SERIES = ("line", "ahead", "good", "plan", "hours", "night", "starts")
ROWS = ("line", "ahead", "lead", "hour", "weekday", "plan", "mix", "plain", "minutes", "good")
EVERY = 3  # of the archived origins one in three is written: neighbours tell nearly the same

Row = Sequence[Any]


def write_inputs(folder: Path, grain: Grain) -> None:
    """Both files of a folder of lines; a line of which our model knows nothing is in neither."""
    history, calendar = read_history(folder / "history.csv"), read_calendar(folder / "calendar.csv")
    orders = read_orders(folder / "orders.csv")
    series: list[Row] = []
    rows: list[Row] = []
    for line, past in history.items():
        ready = prepared(past, calendar[line], orders.get(line, []), grain.name, grain.horizon)  # type: ignore[arg-type]
        if ready is None:
            continue
        model, ahead = ready.model, calendar[line]
        said = model.pieces(int(ahead.start_ms[0]), len(past.start_ms), ahead, model.factors.of(ahead))
        good = np.where(past.planned_min > 0, model.seen.good, 0.0)
        series += _buckets(line, 0, past, model.stitched(0), good, grain, len(past.start_ms))
        series += _buckets(line, 1, ahead, said.plan, np.full(len(ahead.start_ms), np.nan), grain, grain.horizon)
        record = ready.record
        kept = record.origin_ms // (24 * HOUR_MS) % EVERY == 0
        then = (record.origin_ms, record.lead, record.plan, record.mix, record.plain, record.minutes, record.actual)
        rows += _known(line, 0, [values[kept] for values in then], grain)
        rows += _known(line, 1, _coming(model, ahead, grain), grain)
    for name, head, found in (("series", SERIES, series), ("rows", ROWS, rows)):
        with (folder / f"{name}_{grain.name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([head, *found])


def _buckets(
    line: str,
    ahead: int,
    cells: Cells,
    plan: NDArray[np.float64],
    good: NDArray[np.float64],
    grain: Grain,
    count: int,
) -> Iterator[Row]:
    """Buckets with the regressors of our own SARIMAX: plan, hours, night hours, starts of a shift."""
    buckets = ahead_of(cells, grain.name, count)  # type: ignore[arg-type]
    hours = cells.planned_min / 60
    night = hours * ((cells.hour >= 22) | (cells.hour < 6))
    starts = (np.append(True, cells.shift[1:] != cells.shift[:-1]) & (hours > 0)).astype(np.float64)
    columns = [buckets.total(values) for values in (good, plan, hours, night, starts)]
    for made, *known in zip(*columns, strict=True):
        yield line, ahead, "" if np.isnan(made) else f"{made:.6g}", *(f"{value:.6g}" for value in known)


def _coming(model: RateModel, ahead: Cells, grain: Grain) -> list[NDArray[Any]]:
    past: Past = model.past
    said = model.pieces(int(ahead.start_ms[0]), len(past.start_ms), ahead, model.factors.of(ahead))
    buckets = ahead_of(ahead, grain.name, grain.horizon)  # type: ignore[arg-type]
    count = len(buckets.number)
    sums = [buckets.total(values) for values in (said.plan, said.mix, said.plain, ahead.planned_min)]
    return [np.full(count, ahead.start_ms[0]), np.arange(1, count + 1), *sums, np.full(count, np.nan)]


def _known(line: str, ahead: int, columns: Sequence[NDArray[Any]], grain: Grain) -> Iterator[Row]:
    for origin, lead, *known, made in zip(*columns, strict=True):
        begins = (int(origin) + (int(lead) - 1) * grain.hours * HOUR_MS) // HOUR_MS
        good = "" if np.isnan(made) else f"{made:.6g}"
        yield line, ahead, int(lead), begins % 24, (begins // 24 + 3) % 7, *(f"{value:.6g}" for value in known), good


if __name__ == "__main__":
    write_inputs(Path(sys.argv[1]), next(grain for grain in GRAINS if grain.name == sys.argv[2]))
