"""What a simulated line does in its planned minutes: orders one after the other, changing over, failures, starving."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

OFF, RUNNING, DOWN, CHANGING, STARVED = range(5)
STANDARD = 0.78  # of the ideal rate: what an order of so many hours is taken to make
STARVED_MIN = (15.0, 60.0)


@dataclass(frozen=True, slots=True)
class Order:
    """`begun`: the minute from which its changeover or its first piece counts. `pieces`: ordered."""

    begun: int
    item: int
    pieces: float


@dataclass(frozen=True, slots=True)
class Worked:
    """Per minute: state, item on the line (-1 none), pieces made (scrap included). Orders in their order."""

    state: NDArray[np.int8]
    item: NDArray[np.int64]
    pieces: Floats
    orders: list[Order]


class _Fate:
    """Draws what happens to one line: how long it runs, how long it stands, what is ordered next."""

    def __init__(self, rng: np.random.Generator, ideal_per_h: Floats, changeover_min: float) -> None:
        self._rng, self._ideal_per_h, self._changeover_min = rng, ideal_per_h, changeover_min
        self._mix = rng.dirichlet(np.full(len(ideal_per_h), 1.5))
        self._order_h = rng.uniform(3.0, 20.0)
        self._shape, self._between_min = rng.uniform(0.8, 1.5), 60 * 10 ** rng.uniform(0.4, 1.5)
        self._repair_min, self._repair_spread = 60 * 10 ** rng.uniform(-0.8, 0.3), rng.uniform(0.7, 1.3)
        self._starves_a_day = rng.uniform(0.0, 0.6)

    def order(self, begun: int) -> Order:
        item = int(self._rng.choice(len(self._mix), p=self._mix))
        hours = self._rng.gamma(3.0, self._order_h / 3)
        return Order(begun, item, max(1.0, float(self._ideal_per_h[item]) * hours * STANDARD))

    def until_failure(self) -> int:
        return max(1, int(self._between_min * self._rng.weibull(self._shape)))

    def until_starving(self) -> int:
        return max(1, int(self._rng.exponential(1440 / max(self._starves_a_day, 1e-3))))

    def repair(self) -> int:
        middle = np.log(self._repair_min) - 0.5 * self._repair_spread**2  # so that its mean is the mean
        return max(1, int(self._rng.lognormal(middle, self._repair_spread)))

    def starving(self) -> int:
        return int(self._rng.uniform(*STARVED_MIN))

    def changeover(self) -> int:
        return max(3, int(self._rng.lognormal(np.log(self._changeover_min) - 0.05, 0.32)))


def worked(
    rng: np.random.Generator, planned: NDArray[np.bool_], pace: Floats, ideal_per_h: Floats, changeover_min: float
) -> Worked:
    """Goes from event to event in planned minutes; in a minute that is not planned nothing happens."""
    fate = _Fate(rng, ideal_per_h, changeover_min)
    minutes = np.flatnonzero(planned)
    reached = np.append(0.0, np.cumsum(pace[minutes])) / 60  # hours at the ideal rate, by planned minute
    count = len(minutes)
    state, item = np.full(count, OFF, dtype=np.int8), np.full(count, -1, dtype=np.int64)
    orders = [fate.order(0)]
    left, fails, starves, at = orders[0].pieces, fate.until_failure(), fate.until_starving(), 0
    while at < count:
        rate = float(ideal_per_h[orders[-1].item])
        done = max(at + 1, int(np.searchsorted(reached, reached[at] + left / rate)))
        until = min(count, done, at + fails, at + starves)
        state[at:until], item[at:until] = RUNNING, orders[-1].item
        left -= rate * float(reached[until] - reached[at])
        fails, starves, at = fails - (until - at), starves - (until - at), until
        stood: tuple[int, int] | None = None
        if at >= count:
            break
        if until == done:
            before = orders[-1].item
            orders.append(fate.order(int(minutes[at])))
            left = orders[-1].pieces
            stood = (CHANGING, fate.changeover()) if orders[-1].item != before else None
        elif fails <= 0:
            stood = DOWN, fate.repair()
        else:
            stood = STARVED, fate.starving()
        fails, starves = fails if fails > 0 else fate.until_failure(), starves if starves > 0 else fate.until_starving()
        if stood:
            state[at : at + stood[1]], item[at : at + stood[1]] = stood[0], orders[-1].item
            at += stood[1]
    return _spread_out(planned, minutes, state, item, pace, ideal_per_h, orders)


def _spread_out(
    planned: NDArray[np.bool_],
    minutes: NDArray[np.int64],
    state: NDArray[np.int8],
    item: NDArray[np.int64],
    pace: Floats,
    ideal_per_h: Floats,
    orders: list[Order],
) -> Worked:
    """From planned minutes to all minutes."""
    states, items = np.full(len(planned), OFF, dtype=np.int8), np.full(len(planned), -1, dtype=np.int64)
    states[minutes], items[minutes] = state, item
    rate = np.where(items >= 0, ideal_per_h[np.maximum(items, 0)] / 60, 0.0)
    return Worked(states, items, np.where(states == RUNNING, rate * pace, 0.0), orders)
