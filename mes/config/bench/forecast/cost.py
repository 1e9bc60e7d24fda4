"""CPU of refitting lines: `python -m mes.config.bench.forecast.cost FOLDER` prints seconds of a line as JSON."""

import json
import sys
import time
from pathlib import Path

from analytics.forecast.calendar_cells import read_calendar, read_history, read_orders
from analytics.forecast.engine import by_ensemble, by_rate, prepared
from analytics.forecast.series import Cells, Past, Queue
from mes.config.bench.forecast.score import GRAINS, Grain

KINDS = ("rate", "ensemble", "anew")


def costs(folder: Path) -> dict[str, float]:
    """CPU seconds of one line, all three grains together (a folder each): the mean over the lines.

    `rate`: fitted and forecast with its archive of errors known. `ensemble`: the same and SARIMAX. `anew`: the rate
    model with 26 weeks of archive made anew.
    """
    spent = dict.fromkeys(KINDS, 0.0)
    for grain in GRAINS:
        files = [folder / grain.name / f"{name}.csv" for name in ("history", "calendar", "orders")]
        history, calendar, orders = read_history(files[0]), read_calendar(files[1]), read_orders(files[2])
        warm = next(iter(history))  # what is loaded and compiled once is not timed
        _cost(history[warm], calendar[warm], orders.get(warm, []), grain)
        for line, past in history.items():
            for kind, seconds in _cost(past, calendar[line], orders.get(line, []), grain).items():
                spent[kind] += seconds / len(history)
    return spent


def _cost(past: Past, ahead: Cells, queues: list[Queue], grain: Grain) -> dict[str, float]:
    began = time.process_time()
    known = prepared(past, ahead, queues, grain.name, grain.horizon)  # type: ignore[arg-type]
    if known is None:
        return dict.fromkeys(KINDS, 0.0)
    by_rate(known, ahead, grain.horizon)
    anew = time.process_time() - began
    began = time.process_time()
    again = prepared(past, ahead, queues, grain.name, grain.horizon, known.record)  # type: ignore[arg-type]
    assert again is not None  # noqa: S101  (it was not before)
    by_rate(again, ahead, grain.horizon)
    rate = time.process_time() - began
    by_ensemble(again, ahead, grain.horizon)
    return {"rate": rate, "ensemble": time.process_time() - began, "anew": anew}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(costs(Path(sys.argv[1]))))
