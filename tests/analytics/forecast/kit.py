"""A small line for tests: two items by turns, two shifts from Monday to Friday, its orders archived every morning."""

from dataclasses import replace

import numpy as np

from analytics.forecast.series import Cells, Past, Queue, Queued

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MONDAY_MS = 1_767_571_200_000 + 6 * HOUR_MS  # 5 January 2026, 6 o'clock
RATES = {"A": 60.0, "B": 180.0}  # ideal pieces an hour
ORDER = {"A": 600.0, "B": 1800.0}
CHANGE_MIN = 30.0
OEE = 0.8


def cells(hours: int, planned_min: float | None = None, start_ms: int = MONDAY_MS) -> Cells:
    """So many hours; planned from 6 to 22 o'clock on working days, or all of them alike."""
    start = start_ms + HOUR_MS * np.arange(hours, dtype=np.int64)
    hour, weekday = start // HOUR_MS % 24, (start // DAY_MS + 3) % 7
    planned = np.where((weekday < 5) & (hour >= 6) & (hour < 22), 60.0, 0.0)
    since_six = (start - MONDAY_MS) // HOUR_MS
    return Cells(
        start_ms=start,
        hour=hour,
        weekday=weekday,
        shift=since_six // 8,
        day=since_six // 24,
        planned_min=planned if planned_min is None else np.full(hours, planned_min),
    )


def past_of(base: Cells, good: np.ndarray, ideal: np.ndarray, item: str = "A") -> Past:
    """A past that was wholly seen, of one item, without a change."""
    n = len(base.start_ms)
    return Past(
        **{name: getattr(base, name) for name in Cells.__dataclass_fields__},
        good=np.asarray(good, dtype=np.float64),
        cov=np.ones(n),
        item=np.array([item] * n, dtype=object),
        ideal=np.asarray(ideal, dtype=np.float64),
        run_min=np.full(n, np.nan),
        down_min=np.full(n, np.nan),
        chg_min=np.zeros(n),
    )


def small_line(weeks: int = 12, seed: int = 4, scatter: float = 0.1) -> tuple[Past, Cells, list[Queue], np.ndarray]:
    """Past, the three weeks to come, the queues of each morning, and what will be made in the weeks to come."""
    rng = np.random.default_rng(seed)
    base = cells((weeks + 3) * 168)
    n = len(base.start_ms)
    good, ideal, changing = np.zeros(n), np.zeros(n), np.zeros(n)
    item = np.array([""] * n, dtype=object)
    making, left, change = "A", ORDER["A"], 0.0
    queues = []
    for cell in range(n):
        if base.hour[cell] == 6:
            queues.append(Queue(int(base.start_ms[cell]), _orders(making, left)))
        free = base.planned_min[cell]
        speed = OEE * float(np.exp(rng.normal(0, scatter)))
        while free > 1e-9:
            spent = min(change, free)
            changing[cell], change, free = changing[cell] + spent, change - spent, free - spent
            ideal[cell] += spent / 60 * RATES[making]
            made = min(left, free / 60 * RATES[making] * speed)
            spent = made / (RATES[making] * speed) * 60
            ideal[cell] += spent / 60 * RATES[making]
            good[cell], left, free = good[cell] + made, left - made, free - spent
            item[cell] = making
            if left < 1e-9:
                making = "B" if making == "A" else "A"
                left, change = ORDER[making], CHANGE_MIN
    over = slice(0, weeks * 168)
    whole = replace(past_of(base, good, ideal), item=item, chg_min=changing)
    past = Past(**{name: getattr(whole, name)[over] for name in Past.__dataclass_fields__})
    ahead = Cells(**{name: getattr(base, name)[weeks * 168 :] for name in Cells.__dataclass_fields__})
    return past, ahead, [queue for queue in queues if queue.taken_ms <= ahead.start_ms[0]], good[weeks * 168 :]


def _orders(making: str, left: float) -> tuple[Queued, ...]:
    first = Queued(making, left, RATES[making], CHANGE_MIN)
    by_turns = ["B", "A"] if making == "A" else ["A", "B"]
    return (first, *(Queued(item, ORDER[item], RATES[item], CHANGE_MIN) for item in by_turns * 10))
