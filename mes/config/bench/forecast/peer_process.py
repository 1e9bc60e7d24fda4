"""Peers of our forecasts, run as a script by a Python that has them: files in, files out, nothing of ours loaded.

python peer_process.py FOLDER GRAIN PEER...; writes FOLDER/peer_PEER_GRAIN.csv, prints CPU seconds of each as JSON.
Only the standard library is sure to be there: a peer that is not installed is left out of the answer.
"""

import csv
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

LEVELS = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)
HEAD = ("line", "q025", "q10", "q20", "q30", "q40", "q50", "q60", "q70", "q80", "q90", "q975")
SEASONS = {"day": [7], "shift": [3, 21], "hour": [24, 168]}
BANDS = [95, 80, 60, 40, 20]  # their lower ends are the levels below the middle, the outermost first
FEATURES = ("lead", "hour", "weekday", "plan", "mix", "plain", "minutes")
PLAIN, MINUTES, CODES = 5, 6, [1, 2, 7]  # places among the features; the last is the number of the line
ROUNDS = 150
TREES = {"objective": "quantile", "learning_rate": 0.05, "min_data_in_leaf": 50, "num_threads": 1, "verbose": -1}

Lines = dict[str, list[dict[str, str]]]
Peer = Callable[[Path, str], Iterator[tuple[str, Any]]]


def lines_of(path: Path) -> Lines:
    """Rows of each line."""
    found: Lines = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["line"], []).append(row)
    return found


def column(rows: list[dict[str, str]], name: str) -> Any:
    """A column as numbers, NaN where empty."""
    import numpy as np

    return np.array([float(row[name]) if row[name] else np.nan for row in rows])


def filled(good: Any, season: int) -> Any:
    """What was lost as the mean of its place in the week: none of these peers takes a gap."""
    import numpy as np

    places = np.arange(len(good)) % season
    means = np.array(
        [np.nanmean(good[places == n]) if np.isfinite(good[places == n]).any() else 0.0 for n in range(season)]
    )
    return np.where(np.isnan(good), means[places], good)


def quantiles_of(said: Mapping[str, Any], planned: Any) -> Any:
    """One row per bucket; 0 where nothing is planned (a courtesy: these peers know of no plan), never below 0."""
    import numpy as np

    low = [said[f"lo-{band}"] for band in BANDS]
    high = [said[f"hi-{band}"] for band in reversed(BANDS)]
    rows = np.column_stack([*low, said["mean"], *high])
    return np.where(planned[:, None], np.maximum(rows, 0.0), 0.0)


def planless(name: str) -> Peer:
    """A model of statsforecast that sees pieces alone."""

    def run(folder: Path, grain: str) -> Iterator[tuple[str, Any]]:
        from statsforecast import models  # type: ignore[import-not-found]

        seasons = SEASONS[grain]
        one = seasons[0] if grain == "hour" else seasons[-1]
        model = models.MSTL(season_length=seasons) if name == "MSTL" else getattr(models, name)(season_length=one)
        for line, rows in lines_of(folder / f"series_{grain}.csv").items():
            past, ahead = ([row for row in rows if row["ahead"] == side] for side in "01")
            good = filled(column(past, "good"), SEASONS[grain][-1])
            said = model.forecast(y=good, h=len(ahead), level=BANDS)
            yield line, quantiles_of(said, column(ahead, "hours") > 0)

    return run


def arima_with_plan(folder: Path, grain: str) -> Iterator[tuple[str, Any]]:
    """AutoARIMA with the regressors of our own SARIMAX."""
    import numpy as np
    from statsforecast.models import AutoARIMA  # type: ignore[import-not-found]

    for line, rows in lines_of(folder / f"series_{grain}.csv").items():
        past, ahead = ([row for row in rows if row["ahead"] == side] for side in "01")
        known = [
            np.column_stack([column(part, name) for name in ("plan", "hours", "night", "starts")])
            for part in (past, ahead)
        ]
        varies = np.flatnonzero(np.ptp(known[0], axis=0) > 0)
        good = filled(column(past, "good"), SEASONS[grain][-1])
        said = AutoARIMA().forecast(
            y=good, h=len(ahead), X=known[0][:, varies], X_future=known[1][:, varies], level=BANDS
        )
        yield line, quantiles_of(said, column(ahead, "hours") > 0)


def trees_with_plan(folder: Path, grain: str) -> Iterator[tuple[str, Any]]:
    """LightGBM over all lines, one model per quantile, on what our own model knew at each archived origin."""
    import lightgbm  # type: ignore[import-not-found]
    import numpy as np

    inputs, goods, coming = [], [], {}
    for n, (line, rows) in enumerate(lines_of(folder / f"rows_{grain}.csv").items()):
        table = np.column_stack([column(rows, name) for name in FEATURES] + [np.full(len(rows), n)])
        unit = max(float(np.mean(table[:, PLAIN])), 1e-9)
        table[:, PLAIN - 2 : PLAIN + 1] /= unit
        past = np.array([row["ahead"] == "0" for row in rows])
        inputs.append(table[past])
        goods.append(column(rows, "good")[past] / unit)
        coming[line] = (table[~past], unit)
    known = lightgbm.Dataset(np.concatenate(inputs), np.concatenate(goods), categorical_feature=CODES)
    models = [lightgbm.train({**TREES, "alpha": level}, known, ROUNDS) for level in LEVELS]
    for line, (table, unit) in coming.items():
        said = np.sort(np.column_stack([model.predict(table) for model in models]), axis=1)
        yield line, np.where(table[:, [MINUTES]] > 0, np.maximum(said * unit, 0.0), 0.0)


PEERS: dict[str, Peer] = {
    **{name: planless(name) for name in ("AutoETS", "AutoCES", "MSTL", "AutoTheta")},
    "AutoARIMA+X": arima_with_plan,
    "LightGBM": trees_with_plan,
}


def main(folder: Path, grain: str, names: list[str]) -> None:
    """Runs the peers named, one after the other."""
    warnings.simplefilter("ignore")
    spent = {}
    for name in names:
        began = time.process_time()
        try:
            answers = list(PEERS[name](folder, grain))
        except ModuleNotFoundError:
            continue
        spent[name] = round(time.process_time() - began, 2)
        with (folder / f"peer_{name}_{grain}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEAD)
            writer.writerows([line, *(f"{value:.3f}" for value in row)] for line, rows in answers for row in rows)
    sys.stdout.write(json.dumps(spent) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
