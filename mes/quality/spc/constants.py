"""The factors of Shewhart charts (pure): d2, d3 and c4 as exact integrals, for subgroups of any size."""

from functools import cache
from math import erfc, exp, lgamma, pi, sqrt

_REACH = 10.0  # the integrals go this many standard deviations to both sides; what lies beyond is below 1e-20
_STEP = 0.05
_NODES = round(2 * _REACH / _STEP) + 1


@cache
def _normal() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The normal density and distribution function on the grid of the integrals."""
    at = [i * _STEP - _REACH for i in range(_NODES)]
    density = tuple(exp(-x * x / 2) / sqrt(2 * pi) for x in at)
    return density, tuple(erfc(-x / sqrt(2)) / 2 for x in at)


def _refuse_single(n: int) -> None:
    if n < 2:
        raise ValueError(f"A subgroup of {n} has no spread: at least 2 pieces are needed.")


@cache
def _range_exceeds(n: int) -> tuple[float, ...]:
    """P(range of n standard normal values > w) on the grid of w = 0, 0.05, ... 20.

    P(range <= w) = n * integral of phi(x) (Phi(x + w) - Phi(x))^(n - 1) dx; the trapezoid rule is as good as exact for
    such smooth integrands that vanish on both sides.
    """
    density, below = _normal()
    exceeds = []
    for shift in range(_NODES):
        inside = 0.0
        for i in range(_NODES):
            upper = below[i + shift] if i + shift < _NODES else 1.0
            inside += density[i] * (upper - below[i]) ** (n - 1)
        exceeds.append(1 - n * inside * _STEP)
    return tuple(exceeds)


def _simpson(values: list[float]) -> float:
    """Simpson's rule over an odd number of values one grid step apart."""
    return _STEP / 3 * (values[0] + values[-1] + 4 * sum(values[1:-1:2]) + 2 * sum(values[2:-1:2]))


@cache
def d2(n: int) -> float:
    """Mean range of n values from a normal process with sigma 1, so sigma = mean range / d2(n). No unit.

    n below 2: ValueError. Worked: d2(2) = 2 / sqrt(pi) = 1.128379, d2(5) = 2.32593. Source: Tippett 1925;
    tables in Montgomery, Introduction to Statistical Quality Control, appendix VI.
    """
    _refuse_single(n)
    return _simpson(list(_range_exceeds(n)))


@cache
def d3(n: int) -> float:
    """Standard deviation of the range of n values from a normal process with sigma 1. No unit.

    E(range^2) is the integral of 2 w P(range > w). n below 2: ValueError. Worked: d3(2) = sqrt(2 - 4 / pi) = 0.852502,
    d3(5) = 0.86408. Source: as `d2`.
    """
    _refuse_single(n)
    squared = _simpson([2 * i * _STEP * exceeds for i, exceeds in enumerate(_range_exceeds(n))])
    return sqrt(squared - d2(n) ** 2)


@cache
def c4(n: int) -> float:
    """Mean sample standard deviation (divisor n - 1) of n values from a normal process with sigma 1. No unit.

    sqrt(2 / (n - 1)) * Gamma(n / 2) / Gamma((n - 1) / 2). n below 2: ValueError. Worked: c4(2) = sqrt(2 / pi) =
    0.797885, c4(5) = 0.939986. Source: Cochran 1934; tables as for `d2`.
    """
    _refuse_single(n)
    return sqrt(2 / (n - 1)) * exp(lgamma(n / 2) - lgamma((n - 1) / 2))
