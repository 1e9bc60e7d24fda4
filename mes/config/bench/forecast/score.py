"""Forecasts beside what came: MASE, scaled CRPS and coverage per line and origin, from the files of one run."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOUR_MS = 3_600_000
LEVELS = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)
NAMES = ("q025", "q10", "q20", "q30", "q40", "q50", "q60", "q70", "q80", "q90", "q975")
MIDDLE = LEVELS.index(0.5)


@dataclass(frozen=True, slots=True)
class Grain:
    """`hours` of a bucket, buckets of a `season` (a week) and of the `horizon`, `weeks` of history, as scored."""

    name: str
    hours: int
    season: int
    horizon: int
    weeks: int


GRAINS = (Grain("day", 24, 7, 14, 44), Grain("shift", 8, 21, 21, 26), Grain("hour", 1, 168, 48, 8))


@dataclass(frozen=True, slots=True)
class Truth:
    """A line at one origin, an index. `start_ms`, `good`: every hour, the history first (NaN lost), then what came."""

    line: str
    start_ms: NDArray[np.int64]
    good: Floats
    planned_min: Floats
    origin: int


@dataclass(frozen=True, slots=True)
class Scored:
    """One line and origin. `inside80`, `inside95`: planned buckets inside their band, out of `planned`.

    `mase`, `crps`: None where the seasonal naive forecast makes no error in the history: by 0 nothing is scaled.
    """

    line: str
    mase: float | None
    crps: float | None
    inside80: int
    inside95: int
    planned: int


def ms_of(text: str) -> int:
    """Milliseconds since 1970 of "2024-01-15 06:00:00"."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def truths_of(folder: Path) -> list[Truth]:
    """Every line of history.csv, calendar.csv and truth.csv of a folder."""
    past, calendar, came = (_by_line(folder / f"{name}.csv") for name in ("history", "calendar", "truth"))
    found = []
    for line, rows in past.items():
        good = [float(row["good"]) if row["good"] and float(row["cov"]) > 0 else float("nan") for row in rows]
        good += [float(row["good"]) for row in came[line]]
        times = [ms_of(row["ds"]) for row in [*rows, *came[line]]]
        planned = [float(row["planned_min"]) for row in [*rows, *calendar[line]]]
        found.append(Truth(line, np.array(times, dtype=np.int64), np.array(good), np.array(planned), len(rows)))
    return found


def answers_of(path: Path) -> dict[str, Floats]:
    """Quantiles per line, one row per bucket; NaN where a method gives none."""
    return {
        line: np.array([[float(row[name]) if row[name] else float("nan") for name in NAMES] for row in rows])
        for line, rows in _by_line(path).items()
    }


def in_buckets(values: Floats, hours: int) -> Floats:
    """Sums of so many hours each, the first from the first; hours at the end that fill no bucket are left out."""
    count = len(values) // hours
    summed: Floats = values[: count * hours].reshape(count, hours).sum(axis=1)
    return summed


def naive_error(history: Floats, season: int) -> float | None:
    """Mean absolute difference to a season before, of buckets that both were seen; None where there is none."""
    steps = np.abs(history[season:] - history[:-season])
    return float(np.nanmean(steps)) if np.isfinite(steps).any() else None


def scored(truth: Truth, quantiles: Floats, grain: Grain) -> Scored:
    """Errors are over every bucket of the horizon, those with nothing planned included, as they are in the scale.

    Coverage is over planned buckets alone: a band of width 0 around the certain 0 of a holiday would flatter it.
    A bucket's quantiles that are missing (no band at that rung) all count as its middle one.
    """
    weeks = min(truth.origin, grain.weeks * 168)
    history = in_buckets(truth.good[truth.origin - weeks : truth.origin], grain.hours)
    came = in_buckets(truth.good[truth.origin :], grain.hours)[: grain.horizon]
    planned = in_buckets(truth.planned_min[truth.origin :], grain.hours)[: grain.horizon] > 0
    said = np.where(np.isnan(quantiles), quantiles[:, [MIDDLE]], quantiles)
    scale = naive_error(history, grain.season)
    error = float(np.abs(came - said[:, MIDDLE]).mean())
    narrow, wide = ((said[:, low] <= came) & (came <= said[:, -1 - low]) & planned for low in (1, 0))
    usable = scale if scale else None
    return Scored(
        truth.line,
        error / usable if usable else None,
        2 * float(pinball(came, said).mean()) / usable if usable else None,
        int(narrow.sum()),
        int(wide.sum()),
        int(planned.sum()),
    )


def pinball(came: Floats, said: Floats) -> Floats:
    """Quantile loss per bucket and level: level x what came above it, (1 - level) x what came below."""
    over = came[:, None] - said
    levels = np.array(LEVELS)
    loss: Floats = np.where(over >= 0, levels * over, (levels - 1) * over)
    return loss


def share_inside(scores: Iterable[Scored], band: int) -> float:
    """Share of all planned buckets inside the 80 or 95 % band; 0 where nothing was planned."""
    counts = [(one.inside80 if band == 80 else one.inside95, one.planned) for one in scores]
    planned = sum(count for _, count in counts)
    return sum(inside for inside, _ in counts) / planned if planned else 0.0


def mean_of(values: Sequence[float | None]) -> float:
    """Mean of those that are there; NaN for none."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else float("nan")


def _by_line(path: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["line"], []).append(row)
    return found
