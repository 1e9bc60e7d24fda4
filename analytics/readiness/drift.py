"""Whether a line's rate is still the one it was (pure): the population stability index of two samples."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from math import inf, log, nextafter
from statistics import quantiles

BINS = 10
LEAST = 0.0001  # share given to an empty bin, so that its logarithm exists


def psi_of_shares(recent: Sequence[float], before: Sequence[float]) -> float:
    """Sum over the bins of (recent - before) x ln(recent / before), from the shares of each bin.

    0 for equal shares, never negative. Below .10 nothing changed to speak of, above .25 it is another process (rule of
    thumb of credit scoring). Worked: .6, .4 against .5, .5 is .1 ln 1.2 - .1 ln .8 = .04055.
    """
    pairs = [(max(r, LEAST), max(b, LEAST)) for r, b in zip(recent, before, strict=True)]
    return sum((r - b) * log(r / b) for r, b in pairs)


def psi(recent: Sequence[float], before: Sequence[float], bins: int = BINS) -> float | None:
    """The index of two samples over the deciles of `before`; None unless each has at least ten values per bin.

    A value at which several deciles lie (an hour at exactly nothing, or at exactly the ideal) has a bin of its own.
    """
    if min(len(recent), len(before)) < 10 * bins:
        return None
    deciles = quantiles(before, n=bins)
    repeated = {nextafter(value, inf) for value, times in Counter(deciles).items() if times > 1}
    cuts = sorted({*deciles, *repeated})
    return psi_of_shares(_shares(recent, cuts), _shares(before, cuts))


def _shares(values: Sequence[float], cuts: Sequence[float]) -> list[float]:
    counts = [0] * (len(cuts) + 1)
    for value in values:
        counts[bisect_right(cuts, value)] += 1
    return [count / len(values) for count in counts]
