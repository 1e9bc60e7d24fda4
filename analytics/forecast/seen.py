"""What of a line's past can be learnt from (pure): glitches out, lost hours out, minutes that the machine could use."""

from dataclasses import dataclass

import numpy as np

from analytics.forecast.series import Floats, Ints, Past

GLITCH = 1.25
"""Times what the ideal rate allows: more pieces in a cell are no pieces but a counter that jumped (measured: analytics
on 120 lines; without the filter 2 % of glitches cost 9 to 20 % more error, with it none)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The past as it is learnt from; all arrays have one value per cell.

    `good`: pieces, NaN where not seen or not to be believed. `minutes`: planned minutes that were seen, less those of
    changing over. `changing`: minutes of changing over. `rate`: pieces a minute at the ideal rate; of the line's usual
    items where the item is not known. `code`: which of `items` was made, -1 unknown.
    """

    good: Floats
    minutes: Floats
    changing: Floats
    rate: Floats
    code: Ints
    items: tuple[str, ...]

    @property
    def known(self) -> Floats:
        """1.0 where something can be learnt from the cell, else 0.0."""
        return (~np.isnan(self.good) & (self.minutes > 0)).astype(np.float64)


def seen_of(past: Past) -> Seen:
    """Leaves out negative counts and those above 1.25 times the ideal: not seen, never 0.

    Where no cell tells an ideal rate, the line's own pieces per planned minute stand for it.
    """
    good = np.where(past.good >= 0, past.good, np.nan)
    told = (past.ideal > 0) & (past.planned_min > 0)
    good = np.where(told & (good > GLITCH * past.ideal), np.nan, good)
    changing = np.clip(np.nan_to_num(past.chg_min), 0.0, past.planned_min)
    minutes = np.clip(past.planned_min * past.cov - changing, 0.0, None)
    made = ~np.isnan(good) & (past.planned_min > 0)
    rate = np.divide(past.ideal, past.planned_min, out=np.zeros(len(good)), where=told)
    usual = _usual(rate, told, good, past.planned_min * past.cov, made)
    names = list(map(str, past.item.tolist()))
    items = tuple(sorted({item for item, known in zip(names, told.tolist(), strict=True) if known and item}))
    number = {item: n for n, item in enumerate(items)}
    code = np.array([number.get(item, -1) for item in names], dtype=np.int64)
    code = np.where(told, code, -1)
    return Seen(good, minutes, changing, np.where(told, rate, usual), code, items)


def _usual(rate: Floats, told: np.ndarray, good: Floats, minutes: Floats, made: np.ndarray) -> float:
    if told.any():
        return float(np.average(rate[told]))
    total = float(minutes[made].sum())
    return float(good[made].sum()) / total if total else 0.0
