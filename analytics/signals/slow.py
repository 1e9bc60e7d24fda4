"""Whether a line runs slower than is its habit (pure): an EWMA on its hourly rate, stops and products known."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

# Measured on simulated lines: .5 and 2.7 find more slow spells with fewer false ones than the usual .3 and 2.8, since
# spells last a few hours only.
WEIGHT = 0.5  # lambda: what the newest hour counts for
WIDTH = 2.7  # L, in sigmas of the smoothed residual
LEAST_HOURS = 24  # for a habit, and as many again to know how a line scatters around it
HABIT_HOURS = 120  # how far back a habit is looked for
SCATTER_HOURS = 200
OF_DAY_LAST, OF_DAY_DOUBT = 20, 10  # hours of the same hour of day that are remembered; doubt in few of them
CLIP = 6.0  # sigmas: one odd hour alone opens no spell that lasts
OVER_AT = 0.8  # of the limit: a spell is over only clearly inside it, or it would come and go around the limit
LEAST_OF_ITEM = 12  # hours of a product, before its own habit is gone by
LEAST_RUN_MIN = 15.0  # a shorter run tells of no rate
LEAST_SEEN = 0.9
MAD_TO_SIGMA = 1.4826  # of a normal distribution
LIMIT = WIDTH * math.sqrt(WEIGHT / (2 - WEIGHT))

Word = Literal["not planned", "no data", "down", "changeover", "micro-stops", "running"]


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a line; None is unknown, never 0. `ideal`: pieces at the ideal rate in the planned minutes.

    `seen`: share of the planned minutes that was seen, 0 to 1. `short_stop_min`: minutes in stops too short to be
    given a reason; they are no part of `down_min`. `of_day`: the local hour it begins in, None: not told.
    """

    planned_min: float
    seen: float
    item: str
    good: float | None
    ideal: float
    run_min: float | None
    down_min: float | None
    changeover_min: float | None
    short_stop_min: float | None = None
    of_day: int | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """A slow spell by index of its hours: where it began, was noticed, and was over (None: still open).

    `pace`: the rate as a share of the habit when it was noticed (.8: a fifth slower).
    """

    began: int
    noticed: int
    ended: int | None
    pace: float


def word_of(hour: Hour) -> Word:
    """What an hour mostly was: a loss counts when it took half of the planned minutes or more, the longest first."""
    if hour.planned_min <= 0:
        return "not planned"
    if hour.seen < LEAST_SEEN or hour.good is None or hour.run_min is None:
        return "no data"
    losses: list[tuple[float, Word]] = [
        (hour.down_min or 0.0, "down"),
        (hour.changeover_min or 0.0, "changeover"),
        (hour.short_stop_min or 0.0, "micro-stops"),
    ]
    longest, word = max(losses, key=lambda loss: loss[0])
    return word if longest * 2 >= hour.planned_min else "running"


def pace_of(hour: Hour) -> float | None:
    """Natural logarithm of pieces over what the ideal rate makes in the minutes run; None if the hour cannot tell.

    An hour that ran and made nothing cannot tell either: that is a counter that stopped, another signal.
    """
    if word_of(hour) in ("not planned", "no data") or not hour.good or not hour.run_min:
        return None
    if hour.run_min < LEAST_RUN_MIN or hour.ideal <= 0:
        return None
    return math.log(hour.good * hour.planned_min / (hour.ideal * hour.run_min))


def episodes(hours: Sequence[Hour]) -> list[Episode]:
    """Every slow spell in hours in order of time. Hours that cannot tell neither open nor close one.

    The residual is the pace less the habit (median of the last 120 hours that tell, of the product where it has 12)
    and less what this hour of day is usually off by (nights, the first hour of a shift). It is told in sigmas of 200
    such residuals outside of spells, by median deviation: hours of one product are too few to tell how a line scatters.
    A rate that stays low becomes the habit after some days, and the spell is over: that the rate has changed is then
    told by the alarm on forecasts.
    """
    found: list[Episode] = []
    habit: list[tuple[str, float]] = []
    residuals: list[float] = []
    of_day: dict[int, list[float]] = defaultdict(list)
    smooth, began, open_now = 0.0, 0, False
    for index, hour in enumerate(hours):
        pace = pace_of(hour)
        if pace is None:
            continue
        off = None if len(habit) < LEAST_HOURS else pace - _usual(habit, hour.item)
        if off is not None and hour.of_day is not None:
            same = of_day[hour.of_day]
            of_day[hour.of_day] = [*same, off][-OF_DAY_LAST:]
            off -= _usually_off(same)
        sigma = _sigma(residuals)
        if off is not None and sigma > 0:
            score = max(-CLIP, min(CLIP, off / sigma))
            before, smooth = smooth, WEIGHT * score + (1 - WEIGHT) * smooth
            if before >= 0 > smooth:
                began = index
            if not open_now and smooth < -LIMIT:
                open_now = True
                found.append(Episode(began, index, None, math.exp(off)))
            elif open_now and smooth >= -LIMIT * OVER_AT:
                open_now = False
                last = found[-1]
                found[-1] = Episode(last.began, last.noticed, index, last.pace)
        habit = [*habit, (hour.item, pace)][-HABIT_HOURS:]
        if off is not None and not open_now:
            residuals = [*residuals, off][-SCATTER_HOURS:]
    return found


def _usual(habit: Sequence[tuple[str, float]], item: str) -> float:
    own = [pace for code, pace in habit if code == item]
    return median(own if len(own) >= LEAST_OF_ITEM else [pace for _, pace in habit])


def _usually_off(same: Sequence[float]) -> float:
    """What an hour of day is off by, drawn towards 0 as long as few were seen: 10 of them count half."""
    return median(same) * len(same) / (len(same) + OF_DAY_DOUBT) if same else 0.0


def _sigma(residuals: Sequence[float]) -> float:
    """0 says that too little is known to go by."""
    if len(residuals) < LEAST_HOURS:
        return 0.0
    middle = median(residuals)
    return MAD_TO_SIGMA * median(abs(off - middle) for off in residuals)
