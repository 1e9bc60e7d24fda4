"""How often a chart cries wolf (pure): expected points to a signal for sets of run rules, for EWMA and for CUSUM.

The average run length (ARL) without a shift is what a screen shows beside a rule's switch ("a false alarm every 159
points"); with a shift it is the expected number of points until it is found. All for independent normal values around a
known centre with a known sigma. Limits from few data, and neighbours that know of each other, make false alarms more
frequent than these figures.
"""

from collections.abc import Collection, Sequence
from functools import cache
from itertools import pairwise
from math import erfc, inf, isfinite, sqrt

from mes.quality.spc.run_rules import RULES, Pattern, Rule

# Trends and alternation look at the order of values, not at zones. Their run lengths hold for values of any continuous
# distribution, with and without a lasting shift; the tests compute them by integrating over the last value.
ORDER_RULES_ARL = {"N3": 421.6, "N4": 601.0}

CUSUM_STATES = 60
EWMA_STATES = 101

_EDGES = (-inf, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, inf)  # no rule looks at finer zones
_MIDDLES = (-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5)
# The chain has forgotten its start when the share of runs that go on is as constant as this; not before several times
# the longest memory of a rule, for a rule that needs many points seems absent in the beginning.
_FORGOTTEN = 1e-12
_LONGEST = 60

_Memory = tuple[int, ...]  # what one rule remembers of the points before
_State = tuple[_Memory, ...]


def rules_arl(codes: Collection[str], shift_sigmas: float = 0.0) -> float | None:
    """Expected points to the first signal of a set of run rules, the mean shifted by so many sigmas (0: false alarms).

    Rules of zones: exact, as a Markov chain of what the rules remember. Trend (N3) and alternation (N4) are added as if
    they were independent of the others: within 5 % of simulations. No rule: None, it never signals. Unknown code or a
    shift that is not finite: ValueError. Worked: N1 alone 370.4; N1, N2, N5 (the default) 158.7; W1-W4 91.75; N1-N8
    about 70. Source: Champ and Woodall, Technometrics 29 (1987) 393-399.
    """
    unknown = [code for code in codes if code not in RULES]
    if unknown or not isfinite(shift_sigmas):
        raise ValueError(f"There is no run length of the rules {', '.join(codes)} at a shift of {shift_sigmas}.")
    order = [ORDER_RULES_ARL[code] for code in sorted(set(codes) & set(ORDER_RULES_ARL))]
    zones = tuple(sorted(set(codes) - set(ORDER_RULES_ARL)))
    each = order + ([_zone_rules_arl(zones, abs(shift_sigmas))] if zones else [])
    return 1 / sum(1 / arl for arl in each) if each else None


@cache
def _zone_rules_arl(codes: tuple[str, ...], shift_sigmas: float) -> float:
    """Sum over t of P(no signal in t points): step by step until the share that goes on is constant, then in one."""
    moves = _chain([RULES[code] for code in codes])
    shares = [_below(high - shift_sigmas) - _below(low - shift_sigmas) for low, high in pairwise(_EDGES)]
    going = [0.0] * len(moves)
    going[0] = 1.0
    alive, before, total, step = 1.0, inf, 1.0, 0
    while True:
        after = [0.0] * len(moves)
        for weight, targets in zip(going, moves, strict=True):
            if weight:
                for share, target in zip(shares, targets, strict=True):
                    if target is not None:
                        after[target] += weight * share
        left = sum(after)
        total += left
        kept = left / alive
        if left < total * _FORGOTTEN or (step > _LONGEST and abs(kept - before) < _FORGOTTEN):
            return total + left * kept / (1 - kept)
        going, alive, before, step = after, left, kept, step + 1


def _chain(rules: Sequence[Rule]) -> list[list[int | None]]:
    """For every reachable state and zone the next state, None for a signal; state 0 remembers nothing."""
    start: _State = tuple(_forget(rule) for rule in rules)
    places, found, moves = {start: 0}, [start], []
    for state in found:  # grows while it is walked
        row: list[int | None] = []
        for z in _MIDDLES:
            following = _next_state(rules, state, z)
            if following is not None and following not in places:
                places[following] = len(found)
                found.append(following)
            row.append(None if following is None else places[following])
        moves.append(row)
    return moves


def _forget(rule: Rule) -> _Memory:
    return (0,) * (rule.of - 1) if rule.pattern is Pattern.BEYOND else (0,)


def _next_state(rules: Sequence[Rule], state: _State, z: float) -> _State | None:
    """What each rule remembers after a point in the zone around z; None where one of them signals."""
    following = []
    for rule, memory in zip(rules, state, strict=True):
        remembered = _after(rule, memory, z)
        if remembered is None:
            return None
        following.append(remembered)
    return tuple(following)


def _after(rule: Rule, memory: _Memory, z: float) -> _Memory | None:
    if rule.pattern is Pattern.BEYOND:  # remembers the side of each hit among the last points: 1, -1, or 0 for none
        hit = (z > rule.sigmas) - (z < -rule.sigmas)
        if hit and memory.count(hit) + 1 >= rule.points:
            return None
        return (*memory, hit)[1:]
    if rule.pattern is Pattern.SIDE:  # remembers the length of the run, negative below the centre
        side = 1 if z > 0 else -1
        length = memory[0] + side if memory[0] * side > 0 else side
    else:
        shown = abs(z) < rule.sigmas if rule.pattern is Pattern.WITHIN else abs(z) > rule.sigmas
        length = memory[0] + 1 if shown else 0
    return None if abs(length) >= rule.of else (length,)


def _below(z: float) -> float:
    return erfc(-z / sqrt(2)) / 2


def cusum_arl(k: float, h: float, shift_sigmas: float = 0.0) -> float:
    """Expected points to the first signal of a two-sided CUSUM from zero; k, h and the shift in sigmas.

    A Markov chain over the height of the sum per side (Brook and Evans), then 1 / ARL = 1 / ARL up + 1 / ARL down.
    Within 1 % for h of at least 2. ValueError: k negative, h not positive. Worked: k 0.5, h 5: 465; with a shift of
    1 sigma 10.4. Source: Brook and Evans, Biometrika 59 (1972) 539-549.
    """
    if k < 0 or h <= 0:
        raise ValueError(f"A CUSUM needs k of at least 0 and h above 0, not {k} and {h}.")
    return 1 / (1 / _one_sided_cusum(k - shift_sigmas, h) + 1 / _one_sided_cusum(k + shift_sigmas, h))


@cache
def _one_sided_cusum(drop: float, h: float) -> float:
    """Steps of a sum that falls by `drop` plus a normal value, is held at 0, and ends beyond h."""
    width = 2 * h / (2 * CUSUM_STATES - 1)  # the first cell is half as wide and holds 0

    def cell(start: int, end: int) -> float:
        upper = _below((end - start + 0.5) * width + drop)
        return upper if end == 0 else upper - _below((end - start - 0.5) * width + drop)

    stays = [[cell(start, end) for end in range(CUSUM_STATES)] for start in range(CUSUM_STATES)]
    return _steps_to_leave(stays)[0]


def ewma_arl(weight: float, width: float, shift_sigmas: float = 0.0) -> float:
    """Expected points to the first signal of an EWMA with asymptotic limits, from the target; the shift in sigmas.

    A Markov chain over the height of the average. Within 1 % for weights of at least 0.05. ValueError: weight outside
    (0, 1], width not positive. Worked: weight 0.2, width 2.962: 500; with a shift of 1 sigma 10.5; weight 1, width 3
    is Shewhart's chart, 370.4. Source: Lucas and Saccucci, Technometrics 32 (1990) 1-12.
    """
    if not 0 < weight <= 1 or width <= 0:
        raise ValueError(f"An EWMA needs a weight in (0, 1] and a width above 0, not {weight} and {width}.")
    return _two_sided_ewma(weight, width * sqrt(weight / (2 - weight)), abs(shift_sigmas))


@cache
def _two_sided_ewma(weight: float, reach: float, shift_sigmas: float) -> float:
    cell = 2 * reach / EWMA_STATES
    middles = [(i + 0.5) * cell - reach for i in range(EWMA_STATES)]

    def share(start: float, end: float) -> float:
        rest = end - (1 - weight) * start
        return _below((rest + cell / 2) / weight - shift_sigmas) - _below((rest - cell / 2) / weight - shift_sigmas)

    stays = [[share(start, end) for end in middles] for start in middles]
    return _steps_to_leave(stays)[EWMA_STATES // 2]


def _steps_to_leave(stays: Sequence[Sequence[float]]) -> list[float]:
    """Expected steps until a chain leaves its states, from each of them: (I - P) steps = 1, by Gauss-Jordan.

    I - P is diagonally dominant, so no pivoting is needed.
    """
    size = len(stays)
    rows = [[(i == j) - stays[i][j] for j in range(size)] + [1.0] for i in range(size)]
    for at in range(size):
        pivot = rows[at][at]
        lead = [value / pivot for value in rows[at]]
        rows[at] = lead
        for i, row in enumerate(rows):
            factor = row[at]
            if i != at and factor:
                rows[i] = [*row[:at], *(value - factor * led for value, led in zip(row[at:], lead[at:], strict=True))]
    return [row[size] for row in rows]
