"""Cells of one grain added up to its buckets (pure): which bucket a cell lies in, and sums over buckets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.forecast.series import Cells, Floats, Grain, Ints

HOUR_MS = 3_600_000


def bucket_of(cells: Cells, grain: Grain) -> Ints:
    """Number of the bucket of each cell (hours: start_ms of the hour); -1 in no shift, and so in no bucket."""
    if grain == "hour":
        return cells.start_ms // HOUR_MS * HOUR_MS
    return cells.shift if grain == "shift" else cells.day


@dataclass(frozen=True, slots=True)
class Ahead:
    """The first buckets of a calendar. `place`: bucket (0, 1, ...) of each of the first cells, -1 of none of them."""

    number: Ints
    start_ms: Ints
    place: Ints

    def total(self, values: Floats) -> Floats:
        """Sum per bucket of a value per cell."""
        inside = self.place >= 0
        weights = values[: len(self.place)][inside]
        return np.bincount(self.place[inside], weights, len(self.number)).astype(np.float64)


def ahead_of(cells: Cells, grain: Grain, horizon: int, first: int = 0) -> Ahead:
    """The first `horizon` buckets from cell `first` on, fewer where the cells end before."""
    names = bucket_of(cells, grain)[first:]
    inside = np.flatnonzero(names >= 0)
    number, begins, place = np.unique(names[inside], return_index=True, return_inverse=True)
    last = np.searchsorted(place, min(horizon, len(number)))  # numbers rise with time
    cut = int(inside[last]) if last < len(inside) else len(names)
    places = np.full(cut, -1, dtype=np.int64)
    places[inside[:last]] = place[:last]
    return Ahead(number[:horizon], cells.start_ms[first:][inside][begins][:horizon], places)


def joined(parts: Sequence[Floats]) -> Floats:
    """One array of several; empty for none."""
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float64)
