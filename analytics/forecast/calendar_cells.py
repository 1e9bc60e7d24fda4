"""Lines from CSV files as `forecast_eval` reads them (pure): history, calendar and order queues to cells."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

import numpy as np

from analytics.forecast.series import Cells, Past, Queue, Queued

HOUR_MS = 3_600_000
FIRST_HOUR, SHIFT_HOURS = 6, 8  # a day begins at 6, its shifts at 6, 14 and 22
DAY_0 = 719_163  # ordinal of 1 January 1970

HISTORY = ("line", "ds", "planned_min", "good", "cov", "item", "ideal", "run_min", "down_min", "chg_min")
CALENDAR = ("line", "ds", "planned_min")
ORDERS = ("line", "taken_at", "position", "item", "qty_remaining", "ideal_per_h", "changeover_min")
SERIES = ("line", "ds", "good")

Row = Sequence[str]


class BadFile(ValueError):
    """A file cannot be used. The text names the file and its line, what is wrong, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, for the sentence that says what is wrong with it."""

    path: Path
    line: int

    def bad(self, what: str, remedy: str) -> BadFile:
        """The sentence: file, line, what, remedy."""
        return BadFile(f"{self.path}, line {self.line}: {what} {remedy}")


def read_history(path: Path) -> dict[str, Past]:
    """Cells of every line by its name, in the order of the file. An empty `good`, or one with `cov` 0, is NaN."""
    return {name: _past(place, rows) for name, (place, rows) in _by_line(path, HISTORY).items()}


def read_calendar(path: Path) -> dict[str, Cells]:
    """Cells to come of every line by its name."""
    found = {}
    for name, (places, rows) in _by_line(path, CALENDAR).items():
        found[name] = _cells(_hours(places, [row[1] for row in rows]), _column(places, rows, 2, "planned_min"))
    return found


def read_orders(path: Path) -> dict[str, list[Queue]]:
    """Archived order queues of every line by its name, the oldest first, the order of position 0 running."""
    found = {}
    for name, (places, rows) in _by_line(path, ORDERS).items():
        taken: dict[int, list[tuple[float, Queued]]] = defaultdict(list)
        for place, row in zip(places, rows, strict=True):
            position, left, rate, change = (_number(place, row[n], ORDERS[n], least=0.0) for n in (2, 4, 5, 6))
            taken[_ms(place, row[1])].append((position, Queued(row[3], left, rate, change)))
        found[name] = [
            Queue(at, tuple(order for _, order in sorted(taken[at], key=lambda pair: pair[0]))) for at in sorted(taken)
        ]
    return found


def read_series(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Start in ms and good pieces (NaN where empty) of every plain series by its name."""
    found = {}
    for name, (places, rows) in _by_line(path, SERIES).items():
        starts = np.array([_ms(place, row[1]) for place, row in zip(places, rows, strict=True)], dtype=np.int64)
        _rising(places, starts)
        good = [_number(place, row[2], "good", empty=True) for place, row in zip(places, rows, strict=True)]
        found[name] = (starts, np.array(good, dtype=np.float64))
    return found


def _by_line(path: Path, columns: Sequence[str]) -> dict[str, tuple[list[Place], list[Row]]]:
    found: dict[str, tuple[list[Place], list[Row]]] = {}
    for place, row in _rows(path, columns):
        if not row[0]:
            raise place.bad("The line has no name.", "Fill in the column 'line'.")
        places, rows = found.setdefault(row[0], ([], []))
        places.append(place)
        rows.append(row)
    if not found:
        raise BadFile(f"{path}, line 1: There are no rows below the head. Write the file again with its rows.")
    return found


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[Place, Row]]:
    """Rows with the wanted columns only, in their order here, whatever their order in the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            head = next(lines, [])
            missing = [name for name in columns if name not in head]
            if missing:
                raise Place(path, 1).bad(
                    f"The column '{missing[0]}' is missing.", f"The first line must name {', '.join(columns)}."
                )
            places = [head.index(name) for name in columns]
            for row in lines:
                if not row:
                    continue
                place = Place(path, lines.line_num)
                if len(row) != len(head):
                    raise place.bad(
                        f"There are {len(row)} values, and the head names {len(head)} columns.", "Mend this row."
                    )
                yield place, [row[n] for n in places]
    except OSError as problem:
        raise BadFile(
            f"{path} cannot be read: {problem.strerror}. Name a file that exists and may be read."
        ) from problem
    except UnicodeDecodeError as problem:
        raise BadFile(f"{path} is not text in UTF-8 (byte {problem.start}). Save it as CSV in UTF-8.") from problem
    except csv.Error as problem:
        raise BadFile(f"{path} is not CSV: {problem}. Save it as CSV, values separated by commas.") from problem


def _past(places: list[Place], rows: list[Row]) -> Past:
    planned = _column(places, rows, 2, "planned_min")
    base = _cells(_hours(places, [row[1] for row in rows]), planned)
    cov = _column(places, rows, 4, "cov")
    good = np.array([_number(p, row[3], "good", empty=True) for p, row in zip(places, rows, strict=True)])
    runs = [
        np.array([_number(p, row[n], HISTORY[n], empty=True) for p, row in zip(places, rows, strict=True)])
        for n in (7, 8, 9)
    ]
    return Past(
        start_ms=base.start_ms,
        hour=base.hour,
        weekday=base.weekday,
        shift=base.shift,
        day=base.day,
        planned_min=planned,
        good=np.where(cov > 0, good, np.nan),
        cov=cov,
        item=np.array([row[5] for row in rows], dtype=object),
        ideal=_column(places, rows, 6, "ideal"),
        run_min=runs[0],
        down_min=runs[1],
        chg_min=runs[2],
    )


def _cells(start_ms: np.ndarray, planned_min: np.ndarray) -> Cells:
    """Hours with the numbers of their shift (its start in minutes since 1970) and day (its ordinal, 1 = 1.1.0001)."""
    hours = start_ms // HOUR_MS
    since_six = hours - FIRST_HOUR
    return Cells(
        start_ms=start_ms,
        hour=hours % 24,
        weekday=(hours // 24 + 3) % 7,  # 1 January 1970 was a Thursday
        shift=(since_six // SHIFT_HOURS * SHIFT_HOURS + FIRST_HOUR) * 60,
        day=since_six // 24 + DAY_0,
        planned_min=planned_min,
    )


def _hours(places: Sequence[Place], texts: Sequence[str]) -> np.ndarray:
    starts = np.array([_ms(place, text) for place, text in zip(places, texts, strict=True)], dtype=np.int64)
    for n in np.flatnonzero(starts % HOUR_MS)[:1]:
        raise places[n].bad(f"'{texts[n]}' is not a full hour.", "One row is one hour, named by its start.")
    _rising(places, starts)
    return starts


def _rising(places: Sequence[Place], starts: np.ndarray) -> None:
    for n in np.flatnonzero(np.diff(starts) <= 0)[:1]:
        raise places[n + 1].bad("The time is not after that of the row before.", "Sort each line by ds, no time twice.")


def _column(places: Sequence[Place], rows: Sequence[Row], n: int, name: str) -> np.ndarray:
    """Numbers of 0 and more: minutes of an hour up to 60, a share up to 1."""
    most = {"planned_min": 60.0, "cov": 1.0}.get(name, float("inf"))
    values = [_number(place, row[n], name, least=0.0, most=most) for place, row in zip(places, rows, strict=True)]
    return np.array(values, dtype=np.float64)


def _number(
    place: Place, text: str, name: str, *, empty: bool = False, least: float = -float("inf"), most: float = float("inf")
) -> float:
    if empty and not text.strip():
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise place.bad(f"'{text}' in the column '{name}' is not a number.", "Write it with a point, as in 12.5.")
    if not least <= value <= most:
        limit = f"of {least:g} or more" if most == float("inf") else f"from {least:g} to {most:g}"
        raise place.bad(f"{text} in the column '{name}' cannot be.", f"It is a number {limit}.")
    return value


def _ms(place: Place, text: str) -> int:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise place.bad(f"'{text}' is not a time.", "Write it as 2026-01-31 06:00:00.") from None
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
