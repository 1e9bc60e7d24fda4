"""What goes wrong with data, done to a history on purpose: hours lost in blocks, counters that jump."""

import csv
from pathlib import Path

import numpy as np

LOST, BLOCK_H = 0.20, (1, 24)
JUMPED, TIMES = 0.02, 10
SEED = 20_260_102
KINDS = ("lost", "jumped")


def damaged(folder: Path, kind: str) -> str:
    """Writes KIND.csv beside history.csv; its name. `lost`: marked as not heard. `jumped`: ten times the pieces."""
    with (folder / "history.csv").open(newline="", encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))
    good, cov = head.index("good"), head.index("cov")
    rng = np.random.default_rng([SEED, KINDS.index(kind)])
    chosen = lost_hours(rng, len(rows)) if kind == "lost" else rng.random(len(rows)) < JUMPED
    for n in np.flatnonzero(chosen):
        if kind == "lost":
            rows[n][good], rows[n][cov] = "", "0"
        elif rows[n][good]:
            rows[n][good] = f"{float(rows[n][good]) * TIMES:g}"
    name = f"{kind}.csv"
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])
    return name


def lost_hours(rng: np.random.Generator, hours: int) -> np.ndarray:
    """Blocks of 1 to 24 hours until at least a fifth of all hours is in one."""
    lost = np.zeros(hours, dtype=bool)
    while lost.mean() < LOST:
        begin = int(rng.integers(0, hours))
        lost[begin : begin + int(rng.integers(BLOCK_H[0], BLOCK_H[1] + 1))] = True
    return lost
