"""Series without a plan from a folder of data (target F5): hourly series of the M4 competition, energy of a plant.

Neither is part of the project: whoever has the files names their folder.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from mes.config.bench.forecast.commands import PLANLESS, evaluate_plain, run_peers
from mes.config.bench.forecast.score import GRAINS, Grain, Scored, Truth, answers_of, scored

M4 = ("m4_hourly_train_120.csv.gz", "m4_hourly_test_120.csv.gz")
STEEL = "steel_energy_15min_2018_01_08.csv.gz"
STEEL_ORIGINS, STEEL_WEEKS, STEEL_APART_H = 12, 8, 11 * 24
FIRST = datetime(2018, 1, 1, tzinfo=UTC)  # a Monday; of the competition's series nobody knows the day
HOUR = GRAINS[-1]


@dataclass(frozen=True, slots=True)
class Series:
    """One series and origin: what was known, what came."""

    name: str
    known: Sequence[float]
    came: Sequence[float]


def m4(folder: Path, count: int) -> list[Series]:
    """The first so many hourly series; an empty list where the files are not there."""
    if not all((folder / name).exists() for name in M4):
        return []
    known, came = (dict(_rows(folder / name)) for name in M4)
    return [Series(name, known[name], came[name]) for name in list(known)[:count]]


def steel(folder: Path) -> list[Series]:
    """Twelve origins of the hourly sums of the plant's energy, eight weeks known at each."""
    if not (folder / STEEL).exists():
        return []
    with gzip.open(folder / STEEL, "rt", encoding="utf-8") as file:
        quarters = [float(row["Usage_kWh"]) for row in csv.DictReader(file)]
    hours = np.array(quarters[: len(quarters) // 4 * 4]).reshape(-1, 4).sum(axis=1)
    first = STEEL_WEEKS * 168
    origins = [first + n * STEEL_APART_H for n in range(STEEL_ORIGINS)]
    return [
        Series(f"steel{n}", hours[at - first : at].tolist(), hours[at : at + HOUR.horizon].tolist())
        for n, at in enumerate(origins)
        if at + HOUR.horizon <= len(hours)
    ]


def compared(folder: Path, series: Sequence[Series], season: int, peers_python: str) -> dict[str, list[Scored]]:
    """Scores of ours and of each peer that is there, scaled by the series' own error a season before."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "history.csv", ("line", "ds", "good"), _history(series))
    _write(folder / "series_hour.csv", ("line", "ahead", "good", "hours"), _for_peers(series))
    out = folder / "q.csv"
    evaluate_plain(folder / "history.csv", HOUR, out)
    paths = {"ours": out} | (run_peers(peers_python, folder, HOUR, PLANLESS) if peers_python else {})
    longest = max(len(one.known) for one in series) // 168 + 1
    grain = Grain("hour", 1, season, HOUR.horizon, longest)
    return {name: _scored(answers_of(path), series, grain) for name, path in paths.items()}


def _scored(answers: dict[str, np.ndarray], series: Sequence[Series], grain: Grain) -> list[Scored]:
    found = []
    for one in series:
        good = np.array([*one.known, *one.came])
        hours = np.full(len(good), 60.0)
        truth = Truth(one.name, np.arange(len(good), dtype=np.int64), good, hours, len(one.known))
        found.append(scored(truth, answers[one.name], grain))
    return found


def _history(series: Sequence[Series]) -> Iterator[tuple[str, str, float]]:
    for one in series:
        for n, value in enumerate(one.known):
            yield one.name, f"{FIRST + timedelta(hours=n):%Y-%m-%d %H:%M:%S}", value


def _for_peers(series: Sequence[Series]) -> Iterator[tuple[str, int, float | str, int]]:
    for one in series:
        yield from ((one.name, 0, value, 1) for value in one.known)
        yield from ((one.name, 1, "", 1) for _ in one.came)


def _write(path: Path, head: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head])
        csv.writer(file, lineterminator="\n").writerows(rows)


def _rows(path: Path) -> Iterator[tuple[str, list[float]]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            yield row[0], [float(value) for value in row[1:] if value]
