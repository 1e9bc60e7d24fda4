"""What the counts of machines tell about their data: counts that cannot be true, and the rate hour by hour."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from analytics.readiness.machine_time import MachineTime
from analytics.readiness.spans import HOUR_MS, by_hour, common
from mes.oee.sources import to_ms
from mes.production.models import IdealCycle
from mes.tracking.models import CountFlag, CountHour

PLAUSIBLE = Decimal("1.25")  # times the ideal rate
SLACK = 2  # pieces of the minutes beside, because a poll does not end with the minute
MINUTE_MS = 60_000


class Ideals:
    """The ideal cycles of some machines, loaded once."""

    def __init__(self, machines: Iterable[int]) -> None:
        self._found: dict[tuple[int, int | None], list[tuple[datetime, datetime | None, Decimal]]] = defaultdict(list)
        rows = IdealCycle.objects.filter(work_center__in=list(machines)).order_by("valid_from")
        for machine, item, cycle_s, since, until in rows.values_list(
            "work_center", "item", "ideal_cycle_s", "valid_from", "valid_to"
        ):
            self._found[machine, item].append((since, until, cycle_s))

    def cycle_s(self, machine: int, item: int | None, at: datetime) -> Decimal | None:
        """Seconds per piece of an item on a machine at an instant; None where none is valid."""
        for since, until, cycle_s in self._found.get((machine, item), ()):
            if since <= at and (until is None or at < until):
                return cycle_s
        return None


def failing_minutes(machines: Iterable[int], begin: datetime, now: datetime) -> dict[int, set[int]]:
    """Machine to minutes since 1970 with more pieces than it can make (1.25 x ideal), or with a count held back.

    Pieces without an item, or of one without an ideal cycle, cannot be judged by the minute.
    """
    machines = list(machines)
    ideals = Ideals(machines)
    found: dict[int, set[int]] = defaultdict(set)
    hours = CountHour.objects.filter(work_center__in=machines, hour__gt=begin - timedelta(hours=1), hour__lt=now)
    for machine, hour, item, good, scrap, rework in hours.values_list(
        "work_center", "hour", "item", "good", "scrap", "rework"
    ):
        cycle_s = ideals.cycle_s(machine, item, hour)
        most = PLAUSIBLE * 60 / cycle_s + SLACK if cycle_s is not None else None
        if most is None or max(good) + max(scrap) + max(rework) <= most:
            continue
        first = to_ms(hour) // MINUTE_MS
        found[machine] |= {first + n for n in range(60) if good[n] + scrap[n] + rework[n] > most}
    held = CountFlag.objects.filter(work_center__in=machines, kind="quarantine", to_at__gte=begin, to_at__lt=now)
    for machine, at in held.values_list("work_center", "to_at"):
        found[machine].add(to_ms(at) // MINUTE_MS)
    return found


def hourly_rates(
    machines: Mapping[int, MachineTime], outputs: Sequence[int], begin: datetime, now: datetime
) -> dict[int, float]:
    """UTC hour to ideal time of the good pieces / planned time, over the machines that count the line's output.

    Only whole hours of which at least half is planned and at least half of that is known: what nobody heard is no slow
    hour. Pieces without an ideal cycle count nothing, so a line without any has a rate of zero all the time.
    """
    made = _ideal_ms_by_hour(outputs, begin, now)
    planned: dict[int, int] = defaultdict(int)
    known: dict[int, int] = defaultdict(int)
    for pk in outputs:
        spans = sorted(span for day in machines[pk].planned.values() for span in day)
        for hour, ms in by_hour(spans).items():
            planned[hour] += ms
        for hour, ms in by_hour(common(spans, machines[pk].known)).items():
            known[hour] += ms
    half = len(outputs) * HOUR_MS / 2
    this_hour = to_ms(now) // HOUR_MS
    return {
        hour: float(made.get(hour, Decimal(0)) / ms)
        for hour, ms in sorted(planned.items())
        if hour < this_hour and ms >= half and 2 * known[hour] >= ms
    }


def _ideal_ms_by_hour(outputs: Sequence[int], begin: datetime, now: datetime) -> dict[int, Decimal]:
    ideals = Ideals(outputs)
    made: dict[int, Decimal] = defaultdict(Decimal)
    hours = CountHour.objects.filter(work_center__in=outputs, hour__gte=begin, hour__lt=now)
    for pk, at, item, good in hours.values_list("work_center", "hour", "item", "good_sum"):
        cycle_s = ideals.cycle_s(pk, item, at)
        if cycle_s is not None:
            made[to_ms(at) // HOUR_MS] += good * cycle_s * 1000
    return made
