"""The few distributions that capability needs (pure): quantiles of the normal and of chi-square."""

from math import exp, lgamma, log
from statistics import NormalDist

_TERMS = 10_000


def normal_quantile(p: float) -> float:
    """z with P(standard normal <= z) = p. p outside (0, 1): ValueError. Worked: 0.975 gives 1.959964."""
    if not 0 < p < 1:
        raise ValueError(f"A probability of {p} has no quantile: it must lie between 0 and 1.")
    return NormalDist().inv_cdf(p)


def chi_square_below(x: float, degrees: float) -> float:
    """P(chi-square with these degrees of freedom <= x); 0 at and below 0. Worked: x 3.841459, 1 degree: 0.95.

    The regularised incomplete gamma function P(degrees / 2, x / 2) by its power series; Abramowitz and Stegun 6.5.29.
    """
    if x <= 0:
        return 0.0
    a, half = degrees / 2, x / 2
    term = total = 1 / a
    for n in range(1, _TERMS + int(2 * x)):
        term *= half / (a + n)
        total += term
        if term < total * 1e-16:
            break
    return min(1.0, total * exp(a * log(half) - half - lgamma(a)))


def chi_square_quantile(p: float, degrees: float) -> float:
    """x with P(chi-square <= x) = p, by bisection. ValueError: p outside (0, 1), degrees not above 0.

    Worked: p 0.975, 124 degrees: 156.7; p 0.95, 1 degree: 3.841459.
    """
    if not 0 < p < 1 or degrees <= 0:
        raise ValueError(f"There is no chi-square quantile of {p} with {degrees} degrees of freedom.")
    low, high = 0.0, degrees + 10
    while chi_square_below(high, degrees) < p:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if chi_square_below(middle, degrees) < p else (low, middle)
    return (low + high) / 2
