"""What weekday, night and the start of a shift do to the rate (pure): a Poisson GLM, shrunk by its own evidence."""

import warnings
from dataclasses import dataclass

import numpy as np

from analytics.forecast.seen import Seen
from analytics.forecast.series import Cells, Floats

HALF_LIFE_DAYS = 56.0
LEAST_CELLS = 100  # fewer tell nothing about eleven factors
DOUBT = 2.0  # a factor below this many standard errors is no factor
NIGHT = (22, 6)
CAP = 0.7  # no hour differs from the others by more than e^0.7 = 2
NAMES = ("night", "shift start", "restart", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Factors:
    """Logarithms of the factors, in the order of `NAMES`; 0 is no effect. Monday by day is what they compare with."""

    effect: Floats

    def of(self, cells: Cells) -> Floats:
        """The factor of each cell, 1 the line's usual."""
        return np.asarray(np.exp(np.clip(_design(cells) @ self.effect, -CAP, CAP)))


def factors_of(cells: Cells, seen: Seen) -> Factors:
    """Fits good = ideal output x factors; cells count by their age (half of it after 56 days).

    The weight over the mean makes a relative error count the same on a fast item as on a slow one. An effect is
    shrunk by the share of it that its standard error could explain (James and Stein 1961): to 0 where nothing speaks
    for it, and all are 0 below 100 cells.
    """
    from statsmodels.genmod.families import Poisson  # type: ignore[import-untyped]
    from statsmodels.genmod.generalized_linear_model import GLM  # type: ignore[import-untyped]

    used = np.flatnonzero((seen.known > 0) & (seen.rate > 0) & (seen.minutes >= 10))
    none = Factors(np.zeros(len(NAMES)))
    if len(used) < LEAST_CELLS or not seen.good[used].any():
        return none
    age_days = (cells.start_ms[-1] - cells.start_ms[used]) / 86_400_000
    ideal = seen.rate[used] * seen.minutes[used]
    weights = 0.5 ** (age_days / HALF_LIFE_DAYS) / (60 * seen.rate[used])
    design = _design(cells)[used]
    varies = design.max(axis=0) > design.min(axis=0)
    columns = np.column_stack([np.ones(len(used)), design[:, varies]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "perfect prediction": a line that never varies
        fit = GLM(seen.good[used], columns, family=Poisson(), offset=np.log(ideal), var_weights=weights).fit()
    scatter = np.sqrt(fit.pearson_chi2 / fit.df_resid)  # beside a Poisson's; 0 for a line that never varies
    effect = np.zeros(len(NAMES))
    effect[varies] = _shrunk(np.asarray(fit.params)[1:], scatter * np.asarray(fit.bse)[1:])
    return Factors(effect)


def _shrunk(effects: Floats, errors: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = 1 - (DOUBT * errors / effects) ** 2
    return np.asarray(effects * np.where(np.isfinite(kept) & (kept > 0), kept, 0.0))


def _design(cells: Cells) -> Floats:
    night = (cells.hour >= NIGHT[0]) | (cells.hour < NIGHT[1])
    first = np.append(True, cells.shift[1:] != cells.shift[:-1]) & (cells.shift >= 0)
    idle = np.append(True, cells.planned_min[:-1] <= 0)
    columns = [night, first, idle & ~first, *(cells.weekday == day for day in range(1, 7))]
    return np.column_stack(columns).astype(np.float64)
