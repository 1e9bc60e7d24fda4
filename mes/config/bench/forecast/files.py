"""Simulated lines as the files that `forecast_eval` reads, up to an origin, and what came after it, for scoring."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from mes.config.bench.forecast.floor import Order
from mes.config.bench.forecast.lines import HOUR_MS, MONDAY_MS, STREAM, Line

HISTORY = ("line", "ds", "planned_min", "good", "cov", "item", "ideal", "run_min", "down_min", "chg_min")
CALENDAR = ("line", "ds", "planned_min")
ORDERS = ("line", "taken_at", "position", "item", "qty_remaining", "ideal_per_h", "changeover_min")
TRUTH = ("line", "ds", "good")
AHEAD_H = 14 * 24
SIX = 6  # a queue is archived every day at 6 o'clock
SWAPPED, MISSING = 0.15, 0.05  # of the orders in an ERP's queue
QUEUE = 60

Row = Sequence[Any]


def write_lines(folder: Path, lines: Sequence[Line], origin_h: int, weeks: int) -> None:
    """history.csv, calendar.csv, orders.csv, truth.csv at an origin (hour since the first) after so many weeks."""
    folder.mkdir(parents=True, exist_ok=True)
    first = max(0, origin_h - weeks * 168)
    over, ahead = range(first, origin_h), range(origin_h, origin_h + AHEAD_H)
    _write(folder / "history.csv", HISTORY, (row for line in lines for row in history_rows(line, over)))
    calendar = ((name(line), ds(h), f"{line.planned_min[h]:g}") for line in lines for h in ahead)
    _write(folder / "calendar.csv", CALENDAR, calendar)
    taken = range(first + (SIX - first) % 24, origin_h + 1, 24)
    _write(folder / "orders.csv", ORDERS, (row for line in lines for h in taken for row in queue_rows(line, h)))
    _write(folder / "truth.csv", TRUTH, ((name(line), ds(h), f"{line.good[h]:g}") for line in lines for h in ahead))


def history_rows(line: Line, hours: range) -> Iterator[Row]:
    """Rows as in `HISTORY`; an hour without communication has no pieces and a cover of 0."""
    for h in hours:
        lost = bool(np.isnan(line.told[h]))
        item = f"P{line.item[h]}" if line.item[h] >= 0 else ""
        minutes = (f"{line.run_min[h]:g}", f"{line.down_min[h]:g}", f"{line.chg_min[h]:g}")
        good, cov = ("", 0) if lost else (f"{line.told[h]:g}", 1)
        yield name(line), ds(h), f"{line.planned_min[h]:g}", good, cov, item, f"{line.ideal[h]:.6g}", *minutes


def queue_rows(line: Line, hour: int) -> Iterator[Row]:
    """The queue as a mediocre ERP plan has it: what runs, then the orders to come, some swapped and some missing."""
    starts = [order.begun for order in line.orders]
    running = int(np.searchsorted(starts, hour * 60, side="right")) - 1
    made = float(line.worked.pieces[starts[running] : hour * 60].sum())
    coming = perturbed(line.orders[running + 1 : running + 1 + 2 * QUEUE], line.seed, hour)
    now = line.orders[running]
    queue = [Order(now.begun, now.item, max(1.0, now.pieces - made)), *coming][:QUEUE]
    for n, order in enumerate(queue):
        rate = f"{line.ideal_per_h[order.item]:.2f}"
        yield name(line), ds(hour), n, f"P{order.item}", f"{order.pieces:.1f}", rate, line.changeover_min


def perturbed(orders: Sequence[Order], seed: int, hour: int) -> list[Order]:
    """15 % of the orders changed places with the next, 5 % are missing; the same for the same seed and hour."""
    rng = np.random.default_rng([STREAM, seed, hour])
    swapped, kept = rng.random(len(orders)) < SWAPPED, rng.random(len(orders)) >= MISSING
    found = list(orders)
    n = 0
    while n < len(found) - 1:
        if swapped[n]:
            found[n], found[n + 1] = found[n + 1], found[n]
            n += 1
        n += 1
    return [order for order, stays in zip(found, kept, strict=True) if stays]


def name(line: Line) -> str:
    """As in the files."""
    return f"S{line.seed:05d}"


def ds(hour: int) -> str:
    """The start of an hour counted from the first."""
    return datetime.fromtimestamp((MONDAY_MS + hour * HOUR_MS) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _write(path: Path, head: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head])
        csv.writer(file, lineterminator="\n").writerows(rows)
