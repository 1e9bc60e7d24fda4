"""A line's own measured rates as they were at past instants (pure): level, items, mix, minutes to change over."""

from dataclasses import dataclass
from statistics import median

import numpy as np

from analytics.forecast.seen import Seen
from analytics.forecast.series import Floats, Ints, Past

DAY_MS = 86_400_000
LEVEL_DAYS = 10.0  # half-life; a shorter one follows single bad shifts
ITEM_DAYS = 56.0
MIX_DAYS = 56.0
ITEM_DOUBT_MIN = 4800.0  # minutes of an item that speak as loudly as "it runs like the others"
CHANGES_DOUBT = 3.0
PLAIN_DAYS = 28
LAST_CELLS = 5  # one may hold two items
LEVEL_CAP = (0.05, 2.0)


@dataclass(frozen=True, slots=True)
class OwnRates:
    """At one instant. `level`: good pieces / what the ideal rate and the factors would give, without changing over.

    `items`: of each item the level beside the line's. `per_min`: ideal pieces a minute of each item, 0 never
    seen. `mix`: pieces a planned minute of the mix so far, at the level, changing over included. `plain`: pieces
    a planned minute of the 28 days before, 0 nothing seen. `changeover_min`: mean minutes of a change to another item,
    NaN where none was seen.
    """

    level: float
    items: dict[str, float]
    per_min: dict[str, float]
    mix: float
    changeover_min: float
    plain: float


class History:
    """Sums with ages, so that the rates at any past instant cost no more than a look-up."""

    def __init__(self, cells: Past, seen: Seen, factor: Floats) -> None:
        known = seen.known
        at_ideal = np.where(known > 0, np.nan_to_num(seen.good) / np.maximum(seen.rate * factor, 1e-12), 0.0)
        minutes = seen.minutes * known
        self._seen = seen
        self._days = (cells.start_ms - cells.start_ms[-1:]) / DAY_MS  # ages are differences, so the zero is free
        self._level = _Aged(np.stack([at_ideal, minutes]), self._days, LEVEL_DAYS)
        own = np.stack([seen.code == n for n in range(len(seen.items))]) if seen.items else np.zeros((0, len(factor)))
        self._cells = [np.flatnonzero(row) for row in own]
        self._made = _Aged(own * at_ideal, self._days, ITEM_DAYS)
        self._spent = _Aged(own * minutes, self._days, ITEM_DAYS)
        spent = (minutes + seen.changing) * (seen.code >= 0)
        self._mix = _Aged(np.stack([seen.rate * minutes * (seen.code >= 0), spent]), self._days, MIX_DAYS)
        self._all = _Aged(np.stack([seen.rate * minutes, minutes + seen.changing]), self._days, MIX_DAYS)
        self._slow = _Aged(np.stack([at_ideal, minutes]), self._days, ITEM_DAYS)
        changed = np.append(False, (seen.code[1:] != seen.code[:-1]) & (seen.changing[1:] > 0))
        told = np.where(np.isnan(seen.good), 0.0, cells.planned_min * cells.cov)
        self._plain = np.concatenate(
            [np.zeros((2, 1)), np.cumsum([np.nan_to_num(seen.good) * (told > 0), told], axis=1)], axis=1
        )
        self._changes = np.cumsum(np.stack([changed, seen.changing]), axis=1)

    def at(self, cell: int) -> OwnRates:
        """As known when `cell` begins: only cells before it count. Level 1 and mix 0 where nothing was seen."""
        made, minutes = self._level.before(cell)
        level = float(np.clip(made / minutes, *LEVEL_CAP)) if minutes > 0 else 1.0
        slow_made, slow_minutes = self._slow.before(cell)
        slow = slow_made / slow_minutes if slow_minutes > 0 else 1.0
        own_made, own_spent = self._made.before(cell), self._spent.before(cell)
        factors = (own_made + ITEM_DOUBT_MIN * slow) / ((own_spent + ITEM_DOUBT_MIN) * max(slow, 1e-9))
        per_min = {}
        for item, cells in zip(self._seen.items, self._cells, strict=True):
            seen = int(np.searchsorted(cells, cell))
            last = self._seen.rate[cells[max(0, seen - LAST_CELLS) : seen]].tolist()
            per_min[item] = float(median(last)) if last else 0.0  # of five values twenty times as quick as numpy's
        pieces, spent = self._mix.before(cell)
        if spent <= 0:
            pieces, spent = self._all.before(cell)
        since = int(np.searchsorted(self._days, self._days[cell - 1] - PLAIN_DAYS)) if cell else 0
        plain_made, plain_minutes = self._plain[:, cell] - self._plain[:, since]
        changes, changing = self._changes[:, cell - 1] if cell > 0 else (0.0, 0.0)
        return OwnRates(
            level=level,
            items=dict(zip(self._seen.items, factors.tolist(), strict=True)),
            per_min=per_min,
            mix=float(level * pieces / spent) if spent > 0 else 0.0,
            changeover_min=float(changing / changes) if changes >= CHANGES_DOUBT else float("nan"),
            plain=float(plain_made / plain_minutes) if plain_minutes > 0 else 0.0,
        )


class _Aged:
    """Sums of values that count half after so many days, up to any cell."""

    def __init__(self, values: Floats, days: Floats, half_life: float) -> None:
        grown = 2.0 ** (days / half_life)
        self._sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values * grown, axis=1)], axis=1)
        self._grown = np.append(grown, 1.0)

    def before(self, cell: int) -> Floats:
        """Sums of the cells before it, aged to the newest of them."""
        return np.asarray(self._sums[:, cell] / self._grown[cell - 1 if cell else 0])


def last_item(seen: Seen, cell: int) -> str:
    """The item that was on the line when `cell` began; "" unknown."""
    codes: Ints = seen.code[:cell]
    known = np.flatnonzero(codes >= 0)
    return seen.items[int(codes[known[-1]])] if len(known) else ""
