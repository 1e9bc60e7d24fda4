"""How fast a simulated line runs, minute by minute: usual pace, drift, steps, night, starts of shifts, scatter."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY_MIN = 1440
NIGHT = (1320, 360)
SHIFT_STARTS, START_MIN = (360, 840, 1320), 45
KEPT_A_DAY, KEPT_AN_HOUR = 0.97, 0.5


def pace_of(rng: np.random.Generator, weeks: int) -> Floats:
    """Pieces beside those of the ideal rate, per minute of running; about .5 to 1."""
    days = weeks * 7
    usual = rng.uniform(0.7, 0.92)
    slow = _wandering(rng.normal(0.0, rng.uniform(0.004, 0.012), days), KEPT_A_DAY)
    for at in rng.integers(30, days, size=rng.poisson(1.2)):
        slow[at:] += np.log(rng.choice([0.85, 0.9, 1.07, 1.1]))
    scatter = rng.uniform(0.04, 0.14)
    quick = _wandering(rng.normal(0.0, scatter, days * 24), KEPT_AN_HOUR)
    quick -= 0.5 * scatter**2 / (1 - KEPT_AN_HOUR**2)  # so that its mean pace is 1
    of_day = np.ones(DAY_MIN)
    of_day[NIGHT[0] :] += (night := rng.uniform(-0.08, 0.0))
    of_day[: NIGHT[1]] += night
    warming = rng.uniform(0.7, 1.0)
    for begin in SHIFT_STARTS:
        of_day[begin : begin + START_MIN] *= warming
    by_hour = np.exp(np.repeat(slow, 24) + quick)
    pace: Floats = usual * np.repeat(by_hour, 60) * np.tile(of_day, days)
    return pace


def _wandering(shocks: Floats, kept: float) -> Floats:
    """Each value is so much of the one before, and its own shock; the first is 0."""
    values = np.zeros(len(shocks))
    for n in range(1, len(shocks)):
        values[n] = kept * values[n - 1] + shocks[n]
    return values
