"""What forecasts are made of and what they are (pure): a line's past and calendar in cells, order queues, quantiles.

A cell is an hour of a line, cut where a shift begins or ends inside it. What was not seen is NaN, never 0: a lost hour
stored as zero is the worst single mistake a forecast can learn from (20 % of them cost 39 to 67 % more error).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Grain = Literal["hour", "shift", "day"]

LEVELS = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)
"""The quantiles of every forecast: 2.5 to 97.5 % is the 95 % band, 10 to 90 % the 80 % band."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of a line in order of time; all arrays have the same length.

    `start_ms`: ms since 1970 UTC. `hour`, `weekday` (0 Monday): of the plant's clock. `shift`, `day`: number of the
    bucket of that grain a cell belongs to, rising with time and never used twice (-1: in no shift); past and calendar
    of a line number on in the same row. `planned_min`: minutes in which the line was to run, 0 to 60.
    """

    start_ms: Ints
    hour: Ints
    weekday: Ints
    shift: Ints
    day: Ints
    planned_min: Floats


@dataclass(frozen=True, slots=True)
class Past(Cells):
    """Cells that are over, with what became of them.

    `good`: pieces, NaN where the cell was not (wholly enough) seen. `cov`: share of the planned minutes that was seen,
    0 to 1. `item`: code of the last item in the cell, "" unknown. `ideal`: pieces that the planned minutes would have
    made at the ideal rate of the items on the line, 0 unknown. `run_min`, `down_min`, `chg_min`: running, stopped
    unplanned, changing over; NaN unknown.
    """

    good: Floats
    cov: Floats
    item: NDArray[np.object_]
    ideal: Floats
    run_min: Floats
    down_min: Floats
    chg_min: Floats


@dataclass(frozen=True, slots=True)
class Queued:
    """An order in a queue: pieces still to make, the ideal rate in pieces per hour, minutes to change over to it."""

    item: str
    remaining: float
    ideal_per_h: float
    changeover_min: float


@dataclass(frozen=True, slots=True)
class Queue:
    """The order queue of a line as it was archived at an instant (ms since 1970 UTC), the running order first."""

    taken_ms: int
    orders: tuple[Queued, ...]


@dataclass(frozen=True, slots=True)
class Predicted:
    """Good pieces per coming bucket of one grain.

    `bucket`: its number as in the calendar (for hours: start_ms). `planned_min`: 0 where nothing is planned; there
    every quantile is exactly 0 and the bucket counts for no coverage. `point`: the median. `quantiles`: one row per
    bucket, one column per level of `LEVELS`. `method`: its name ("mes_rate", "ens2" ...). `level`: rung of the ladder,
    0 to 4.
    """

    grain: Grain
    bucket: Ints
    start_ms: Ints
    planned_min: Floats
    point: Floats
    quantiles: Floats
    method: str
    level: int
