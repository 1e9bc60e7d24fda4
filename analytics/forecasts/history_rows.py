"""Rolled and imported hours of a line, read for its past: exact sums by hour and shift, without impossible minutes."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from analytics.models import HistoryHour
from analytics.plant_day import instant_of
from analytics.readiness.counts import Ideals, failing_minutes
from mes.oee.fact_models import HourFact
from mes.oee.places import exit_of, machines_of
from mes.oee.sources import to_ms
from mes.plant.models import Line
from mes.tracking.models import CountHour

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
Key = tuple[int, int | None]  # start of the hour in ms, shift


@dataclass(slots=True)
class Measured:
    """What was rolled of an hour in a shift, over its orders and items; `unseen_ms` of `planned_ms` nobody saw."""

    planned_ms: int = 0
    unseen_ms: int = 0
    good: Decimal = Decimal(0)
    run_ms: int = 0
    down_ms: int = 0
    chg_ms: int = 0
    ideal: float = 0.0
    item: str = ""
    planned_of: dict[tuple[int | None, str], int] = field(default_factory=dict)

    def plus(self, other: "Measured") -> "Measured":
        """Both together; named by the one with more planned time."""
        return Measured(
            self.planned_ms + other.planned_ms,
            self.unseen_ms + other.unseen_ms,
            self.good + other.good,
            self.run_ms + other.run_ms,
            self.down_ms + other.down_ms,
            self.chg_ms + other.chg_ms,
            self.ideal + other.ideal,
            self.item if self.planned_ms >= other.planned_ms else other.item,
        )

    def share(self, machines: int) -> None:
        """Makes machine time the line's: a parallel line's rows are the sum of its machines."""
        self.planned_ms //= machines
        self.unseen_ms //= machines
        self.run_ms //= machines
        self.down_ms //= machines
        self.chg_ms //= machines


_ROW = (
    "hour", "shift_id", "item_id", "item__code", "calendar_ms", "scheduled_ms", "planned_stop_ms", "unknown_ms",
    "good_milli", "gap_total_milli", "run_ms", "unplanned_ms", "micro_ms", "setup_ms",
)  # fmt: skip


def measured_of(line: Line, start: datetime, end: datetime) -> dict[Key, Measured]:
    """Every rolled hour in [start, end) by shift. Half a dozen queries for any length.

    What a counter spanned over silence is left out of `good`, as its time is of what was seen: nobody knows when in the
    silence it was made.
    """
    found: dict[Key, Measured] = defaultdict(Measured)
    calendar_ms: dict[int, int] = defaultdict(int)
    rows = HourFact.objects.filter(line=line, hour__gte=start, hour__lt=end).order_by("hour", "pk")
    for (
        at,
        shift,
        item,
        code,
        calendar,
        scheduled,
        pauses,
        unknown,
        good,
        gap,
        run,
        down,
        micro,
        setup,
    ) in rows.values_list(*_ROW):
        cell = found[to_ms(at), shift]
        planned = scheduled - pauses
        calendar_ms[to_ms(at)] += calendar
        cell.planned_ms += planned
        cell.unseen_ms += unknown
        cell.good += max(Decimal(0), Decimal(good - gap) / 1000)
        cell.run_ms += run
        cell.down_ms += down + micro
        cell.chg_ms += setup
        if item is not None:
            cell.planned_of[item, code] = cell.planned_of.get((item, code), 0) + planned
    _ideals(found, line)
    _without_glitches(found, _outputs(line), start, end)
    for (hour_ms, _), cell in found.items():
        cell.share(max(1, round(calendar_ms[hour_ms] / HOUR_MS)))
    return dict(found)


def imported_of(line: Line, start: datetime, end: datetime) -> dict[int, HistoryHour]:
    """Start of the hour in ms to the imported row, in [start, end)."""
    rows = HistoryHour.objects.filter(line=line, starts_at__gte=start, starts_at__lt=end)
    return {to_ms(row.starts_at): row for row in rows}


def _outputs(line: Line) -> list[int]:
    """The machines that count the line's output: of a serial line its exit, of a parallel one all."""
    machines = machines_of([line])[line.pk]
    if not machines:
        return []
    return [wc.pk for wc in machines] if line.flow == "parallel" else [exit_of(machines).pk]


def _ideals(found: dict[Key, Measured], line: Line) -> None:
    """Pieces at the ideal rate of what was on the line, by the time it had; the item with most time names the cell.

    The rate of a serial line is that of its slowest machine; machine time of a parallel one has their mean rate (R38).
    """
    machines = [wc.pk for wc in machines_of([line])[line.pk]]
    ideals = Ideals(machines)
    for (hour_ms, _), cell in found.items():
        at = instant_of(hour_ms)
        for (item, _code), planned_ms in cell.planned_of.items():
            rates = [1 / float(cycle) for pk in machines if (cycle := ideals.cycle_s(pk, item, at))]
            if rates:
                rate = sum(rates) / len(rates) if line.flow == "parallel" else min(rates)
                cell.ideal += planned_ms / 1000 * rate
        if cell.planned_of:
            cell.item = max(cell.planned_of.items(), key=lambda entry: (entry[1], entry[0][1]))[0][1]


def _without_glitches(found: dict[Key, Measured], outputs: list[int], start: datetime, end: datetime) -> None:
    """Takes out the minutes in which more was counted than the machine can make, with what was counted in them."""
    failing = failing_minutes(outputs, start, end)
    hours = {instant_of(minute * MINUTE_MS // HOUR_MS * HOUR_MS) for minutes in failing.values() for minute in minutes}
    if not hours:
        return
    rows = CountHour.objects.filter(work_center__in=outputs, hour__in=hours, hour__gte=start)
    lost: dict[Key, set[int]] = defaultdict(set)
    for machine, at, shift, good in rows.values_list("work_center", "hour", "shift_id", "good"):
        first = to_ms(at) // MINUTE_MS
        bad = [n for n in range(60) if first + n in failing.get(machine, ()) and good[n]]
        key: Key = (to_ms(at), shift)
        if key in found and bad:
            found[key].good = max(Decimal(0), found[key].good - sum(good[n] for n in bad))
            lost[key] |= set(bad)
    for place, lost_minutes in lost.items():
        found[place].unseen_ms += len(lost_minutes) * MINUTE_MS
