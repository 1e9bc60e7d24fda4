"""Whether a line makes more or less than its forecasts expect (pure): a two-sided CUSUM on what they were off by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

REFERENCE = 0.5  # k: half of the shift of one sigma that is to be found
LIMIT = 8.0  # h: measured, 7 false alarms in 1000 shifts, a step of -15 % found after 8 shifts (median)
CLIP = 3.0
LEAST_SHIFTS = 20  # below that nobody knows how much a line scatters
STAYS_OPEN = 21  # shifts: by then half of what the local level rests on is newer than the change
MAD_TO_SIGMA = 1.4826  # of a normal distribution


@dataclass(frozen=True, slots=True)
class Alarm:
    """`index` of the residual at which the limit was passed, and of the first of the run that led there."""

    index: int
    began: int
    way: Literal["more", "less"]


def alarms(standardised: Iterable[float], *, k: float = REFERENCE, h: float = LIMIT, clip: float = CLIP) -> list[Alarm]:
    """Every passing of the limit (Page 1954); after each both sums start at zero again.

    Worked: residuals of exactly +1 add .5 each, so the sum passes 8 at the 17th: index 16, begun at 0.
    """
    found: list[Alarm] = []
    high = low = 0.0
    high_from = low_from = 0
    for index, raw in enumerate(standardised):
        value = max(-clip, min(clip, raw))
        if high == 0:
            high_from = index
        if low == 0:
            low_from = index
        high, low = max(0.0, high + value - k), max(0.0, low - value - k)
        if max(high, low) > h:
            more = high >= low
            found.append(Alarm(index, high_from if more else low_from, "more" if more else "less"))
            high = low = 0.0
    return found


def standardised(actual: Sequence[float], expected: Sequence[float]) -> list[float] | None:
    """What each shift was off by, in sigmas; sigma is that of the relative errors, told by their median deviation.

    None below 20 shifts, and where more than half of the errors are the same: then there is no scatter to go by.
    Shifts of which nothing was expected say nothing and are left out.
    """
    ratios = [(a - e) / e for a, e in zip(actual, expected, strict=True) if e > 0]
    if len(ratios) < LEAST_SHIFTS:
        return None
    middle = median(ratios)
    sigma = MAD_TO_SIGMA * median(abs(ratio - middle) for ratio in ratios)
    return [ratio / sigma for ratio in ratios] if sigma > 0 else None


def open_alarm(found: Sequence[Alarm], shifts: int) -> Alarm | None:
    """The last alarm of a record of so many shifts, as long as it is open; None if there is none."""
    last = found[-1] if found else None
    return last if last is not None and shifts - 1 - last.index < STAYS_OPEN else None
