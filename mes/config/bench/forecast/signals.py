"""How the signals do on simulated lines: slow spells put into them, and steps of the rate (targets F10, F11)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from statistics import median

import numpy as np

from analytics.forecast.archive import blended, trusted
from analytics.forecast.calendar_cells import read_calendar, read_history, read_orders
from analytics.forecast.drift_alarm import alarms, standardised
from analytics.forecast.engine import prepared
from analytics.forecast.series import Cells, Past, Queue
from analytics.signals.measure import Slow, f10
from analytics.signals.slow import Hour
from mes.config.bench.forecast.lines import STREAM, Line

SPELLS_A_LINE = 9
SLOWER, LONG_H = (0.15, 0.35), (3, 8)
STEP = 0.85  # of the rate from one shift on
TODAY = 3  # shifts of a day: each is held beside what was said at 6 o'clock of that day
LEAST_PACE_H = 21 * 24  # spells begin when a habit is known


@dataclass(frozen=True, slots=True)
class Spoilt:
    """Hours of a line and the spells that were put into it, as half-open ranges of indices."""

    hours: list[Hour]
    spells: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Steps:
    """`delays`: shifts from the step to the alarm of each line, infinite where none came before the end.

    `false` alarms in the `shifts` before the steps.
    """

    delays: list[float]
    false: int
    shifts: int

    @property
    def delay(self) -> float:
        """Median in shifts; infinite for no lines."""
        return median(self.delays) if self.delays else inf

    @property
    def false_per_1000(self) -> float:
        """False alarms in 1000 shifts; 0 where there were none to be false in."""
        return 1000 * self.false / self.shifts if self.shifts else 0.0


def rate_steps(folder: Path) -> Steps:
    """Every line of a folder makes 15 % less from the middle of its archived shifts on."""
    history, calendar = read_history(folder / "history.csv"), read_calendar(folder / "calendar.csv")
    orders = read_orders(folder / "orders.csv")
    found = [_stepped(past, calendar[line], orders.get(line, [])) for line, past in history.items()]
    told = [one for one in found if one is not None]
    return Steps([one[0] for one in told], sum(one[1] for one in told), sum(one[2] for one in told))


def _stepped(past: Past, ahead: Cells, queues: list[Queue]) -> tuple[float, int, int] | None:
    """Delay, false alarms before the step, shifts before it; None for a line that does not scatter."""
    begins_ms = int(past.start_ms[-1]) - 91 * 86_400_000  # the archive reaches back twice as far
    slowed = replace(past, good=np.where(past.start_ms >= begins_ms, past.good * STEP, past.good))
    ready = prepared(slowed, ahead, queues, "shift", 21)
    if ready is None:
        return None
    record = ready.record
    said = blended(record.plan, record.mix, record.lead, "shift", trusted(record))
    used = (record.lead <= TODAY) & (said > 0)
    after = int(((record.origin_ms < begins_ms) & used).sum())
    off = standardised(record.actual[used].tolist(), said[used].tolist())
    if off is None:
        return None
    raised = [alarm.index for alarm in alarms(off)]
    late = [index - after for index in raised if index >= after]
    return float(late[0] + 1) if late else inf, sum(index < after for index in raised), after


def slow_spells(lines: Sequence[Line]) -> Slow:
    """Recall and false episodes on all lines, `SPELLS_A_LINE` spells of 15 to 35 % slower running in each."""
    return f10([(one.hours, one.spells) for one in map(spoilt, lines)])


def spoilt(line: Line) -> Spoilt:
    """Planned hours only count as length of a spell; two spells never meet. The same for the same line."""
    rng = np.random.default_rng([STREAM, line.seed, 10])
    good = line.told.copy()
    planned = np.flatnonzero(line.planned_min > 0)
    planned = planned[planned >= LEAST_PACE_H]
    spells = []
    for part in np.array_split(planned, SPELLS_A_LINE):
        length = int(rng.integers(LONG_H[0], LONG_H[1] + 1))
        at = int(rng.integers(0, max(1, len(part) - 2 * length)))
        hours = part[at : at + length]
        good[hours] = np.floor(good[hours] * (1 - rng.uniform(*SLOWER)))
        spells.append((int(hours[0]), int(hours[-1]) + 1))
    return Spoilt([_hour(line, n, float(good[n])) for n in range(len(good))], spells)


def _hour(line: Line, n: int, good: float) -> Hour:
    heard = not np.isnan(good)
    return Hour(
        planned_min=float(line.planned_min[n]),
        seen=1.0 if heard else 0.0,
        item=str(line.item[n]),
        good=good if heard else None,
        ideal=float(line.ideal[n]),
        run_min=float(line.run_min[n]),
        down_min=float(line.down_min[n]),
        changeover_min=float(line.chg_min[n]),
        of_day=n % 24,
    )
