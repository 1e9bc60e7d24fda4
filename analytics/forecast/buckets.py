"""Cells added up to buckets of a grain (loads numpy): when each begins and ends, what is planned, what was made."""

from dataclasses import dataclass

import numpy as np

from analytics.forecast.cells import HOUR_MS
from analytics.forecast.series import Cells, Floats, Grain, Ints, Past

SEEN_ENOUGH = 0.9  # of a bucket's planned minutes: what a forecast is judged by must be known


@dataclass(frozen=True, slots=True)
class Buckets:
    """Buckets in order of time; all arrays have the same length. Hours are named by their start in ms."""

    number: Ints
    start_ms: Ints
    end_ms: Ints
    planned_min: Floats


def buckets(cells: Cells, grain: Grain) -> Buckets:
    """The buckets of a grain that lie in cells; an hour with two shifts is one hour. Empty for no cells."""
    names = _names(cells, grain)
    number, first, inverse = np.unique(names[names >= 0], return_index=True, return_inverse=True)
    inside = np.flatnonzero(names >= 0)
    start = cells.start_ms[inside]
    ends = (start // HOUR_MS + 1) * HOUR_MS
    last = np.zeros(len(number), dtype=np.int64)
    np.maximum.at(last, inverse, ends)
    planned = np.zeros(len(number), dtype=np.float64)
    np.add.at(planned, inverse, cells.planned_min[inside])
    if grain == "hour":
        return Buckets(number, number, number + HOUR_MS, planned)
    begins = number * 60_000 if grain == "shift" else start[first]
    return Buckets(number, begins.astype(np.int64), last, planned)


def made(past: Past, grain: Grain) -> tuple[Buckets, Floats, Floats]:
    """Buckets of the past, their good pieces and the share of their planned minutes that was seen.

    Pieces are brought to all of the planned minutes where at least 90 % were seen, and NaN where fewer were.
    """
    found = buckets(past, grain)
    names = _names(past, grain)
    inside = np.flatnonzero(names >= 0)
    place = np.searchsorted(found.number, names[inside])
    planned = past.planned_min[inside]
    known = ~np.isnan(past.good[inside])
    seen = np.bincount(place, weights=planned * past.cov[inside] * known, minlength=len(found.number))
    good = np.bincount(place, weights=np.where(known, past.good[inside], 0.0), minlength=len(found.number))
    cov = np.divide(seen, found.planned_min, out=np.ones(len(seen)), where=found.planned_min > 0)
    enough = cov >= SEEN_ENOUGH - 1e-9
    return found, np.where(enough, good / np.where(enough, np.maximum(cov, SEEN_ENOUGH), 1.0), np.nan), cov


def _names(cells: Cells, grain: Grain) -> Ints:
    if grain == "hour":
        return cells.start_ms // HOUR_MS * HOUR_MS
    return cells.shift if grain == "shift" else cells.day
