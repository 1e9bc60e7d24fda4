"""What a line's own forecasts came to (pure): how often the band held, and whether they beat the simpler level."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.forecast.drift_alarm import STAYS_OPEN, alarms, open_alarm, standardised

LEVELS = (0.025, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 0.975)
LOW_80, MEDIAN, HIGH_80 = LEVELS.index(0.10), LEVELS.index(0.50), LEVELS.index(0.90)
SHIFTS = 84
SIMPLER, FORECAST = 2, 3  # rungs of the ladder: 28-day rate, and what has a model


@dataclass(frozen=True, slots=True)
class Said:
    """What a forecast of some rung said of one shift: eleven quantiles. `origin`: the instant it looked ahead from."""

    starts_at: datetime
    origin: datetime
    level: int
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A shift that was forecast and seen; `expected`: the median of its forecast."""

    starts_at: datetime
    held: bool
    actual: float
    expected: float
    loss: float
    simpler_loss: float | None


def pinball(quantiles: Sequence[float], actual: float) -> float:
    """Twice the mean pinball loss over the eleven levels, in pieces; 0 for a forecast that is exactly right.

    Worked: all quantiles at 100 and an actual of 110 lose 10 x level at each: 2 x 10 x the mean level .5 = 10.
    """
    told = zip(LEVELS, quantiles, strict=True)
    losses = [(actual - q) * level if actual >= q else (q - actual) * (1 - level) for level, q in told]
    return 2 * sum(losses) / len(losses)


def judged(said: Iterable[Said], actual: Mapping[datetime, float]) -> list[Judged]:
    """Each seen shift by the last forecast before it began, beside the simpler level's; in order of time."""
    best: dict[tuple[datetime, bool], Said] = {}
    for one in said:
        if one.origin > one.starts_at or one.starts_at not in actual or one.level < SIMPLER:
            continue
        place = (one.starts_at, one.level >= FORECAST)
        known = best.get(place)
        if known is None or (one.origin, one.level) > (known.origin, known.level):
            best[place] = one
    found = []
    for (starts_at, modelled), one in sorted(best.items(), key=lambda entry: entry[0]):
        if modelled:
            good, plain = actual[starts_at], best.get((starts_at, False))
            held = one.quantiles[LOW_80] <= good <= one.quantiles[HIGH_80]
            loss = pinball(one.quantiles, good)
            simpler_loss = pinball(plain.quantiles, good) if plain else None
            found.append(Judged(starts_at, held, good, one.quantiles[MEDIAN], loss, simpler_loss))
    return found


def held_share(shifts: Sequence[Judged]) -> float | None:
    """The share that lay inside the 80 % band; None without any."""
    return sum(one.held for one in shifts) / len(shifts) if shifts else None


def skill(shifts: Sequence[Judged]) -> float | None:
    """1 - loss / the simpler level's loss on the same shifts; None where that is 0 or was never forecast."""
    paired = [(one.loss, one.simpler_loss) for one in shifts if one.simpler_loss is not None]
    plain = sum(simple for _, simple in paired)
    return 1 - sum(loss for loss, _ in paired) / plain if plain else None


def drift(shifts: Sequence[Judged]) -> tuple[int | None, bool | None]:
    """Days on which an alarm of drift was open, and whether one is open after the last shift.

    (None, None) where there are too few shifts, or too little scatter, to tell: see `drift_alarm.standardised`.
    """
    told = [one for one in shifts if one.expected > 0]
    off = standardised([one.actual for one in told], [one.expected for one in told])
    if off is None:
        return None, None
    found = alarms(off)
    open_shifts = {n for alarm in found for n in range(alarm.index, min(alarm.index + STAYS_OPEN, len(told)))}
    days = {told[n].starts_at.date() for n in open_shifts}
    return len(days), open_alarm(found, len(told)) is not None


def days_of(shifts: Sequence[Judged], now: datetime) -> int:
    """Days back to the first of them, begun ones as whole; 0 without any."""
    return -((shifts[0].starts_at - now) // timedelta(days=1)) if shifts else 0
