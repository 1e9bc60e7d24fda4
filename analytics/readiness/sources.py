"""Loads what readiness is computed from: the stored facts of a line's machines, as far back as any measure looks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Least

from analytics.models import HistoryHour, PlanSnapshot, ReadingLook
from analytics.plant_day import day_at, instant_of
from analytics.readiness.counts import Ideals, failing_minutes
from analytics.readiness.machine_time import MachineTime, StopTime
from analytics.readiness.spans import HOUR_MS, Span, common, without
from mes.downtime.models import Stop
from mes.oee.intervals import union
from mes.oee.sources import to_ms
from mes.plant.models import Line, Shift, WorkCenter
from mes.plant.shift_of import Schedule, schedules_of
from mes.plc.models import TagBinding
from mes.production.models import Run
from mes.tracking.models import CountHour, MachineCursor, StateInterval

LOOK_BACK = timedelta(days=84)
IN_TIME = timedelta(hours=24)  # a reason given later is one that somebody made up
VAGUE = ("other", "unknown", "misc", "various")
POLLS_OF_SILENCE = 3
MIN_MS = 60_000

# Intervals that touch, joined: what is left are as many rows as there are silences or stops.
_ISLANDS = """
SELECT work_center_id, min(starts_at), max(ends)
FROM (
  SELECT *, count(*) FILTER (WHERE before IS DISTINCT FROM starts_at) OVER (
    PARTITION BY work_center_id ORDER BY starts_at) AS island
  FROM (
    SELECT work_center_id, starts_at, coalesce(ends_at, %(now)s) AS ends,
           lag(ends_at) OVER (PARTITION BY work_center_id ORDER BY starts_at) AS before
    FROM tracking_stateinterval
    WHERE work_center_id = ANY(%(machines)s) AND {kinds} AND starts_at < %(now)s
      AND (ends_at IS NULL OR ends_at > %(start)s)
  ) AS touching
) AS numbered
GROUP BY work_center_id, island ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class LineTime:
    """A line's machines over the last twelve weeks. `days` are the planned ones, in order, without those to come."""

    machines: dict[int, MachineTime]
    days: list[date]
    outputs: list[int]
    first_ms: int | None
    polled: bool
    calendar_until: datetime | None
    archived: frozenset[date]
    running: date | None
    queued: frozenset[date] = frozenset()
    imported: dict[int, tuple[int, int]] = field(default_factory=dict)  # as observed_by_hour


def line_time(line: Line, now: datetime, *, detail_days: int) -> LineTime:
    """Everything of a line that is stored up to `now`; stops, runs and counts of the last `detail_days` planned days.

    A fixed number of queries. Before its first fact a machine has no planned time: it could not have been heard.
    """
    places = list(WorkCenter.objects.filter(line=line, archived=False).order_by("position", "code"))
    calendar_until = Shift.objects.filter(line=line).order_by("-ends_at").values_list("ends_at", flat=True).first()
    if not places:
        return LineTime({}, [], [], None, True, calendar_until, frozenset(), None)
    start = now - LOOK_BACK
    born = _first_facts(places)
    first = min(born.values(), default=None)
    machines = _machines(line, places, born, start, now)
    days = sorted({day for machine in machines.values() for day in machine.planned})
    polled = _polls(machines, now)
    if days:
        begin = _begin_of(machines, days[-detail_days:][0])
        _stops(places, machines, begin, now)
        _runs(machines, begin, now)
        for pk, minutes in failing_minutes(machines, begin, now).items():
            machines[pk].failing = frozenset(minutes)
        _looks(machines, begin)
    archived = PlanSnapshot.objects.filter(line=line, kind__in=("daily", "imported"), day__in=days)
    first_ms = to_ms(first) if first else None
    coming = Shift.objects.filter(line=line, production_date__in=days[-1:], ends_at__gt=now)
    running = coming.values_list("production_date", flat=True).first()
    return LineTime(
        machines,
        days,
        _outputs(line, places),
        first_ms,
        polled,
        calendar_until,
        frozenset(archived.values_list("day", flat=True)),
        running,
        frozenset(archived.exclude(orders=[]).values_list("day", flat=True)),
        imported_hours(line, start),
    )


def last_day(line: Line, now: datetime) -> dict[int, MachineTime]:
    """The machines of a line over the last 24 hours: what was planned and what is known, nothing else."""
    places = list(WorkCenter.objects.filter(line=line, archived=False))
    return _machines(line, places, _first_facts(places), now - timedelta(days=1), now)


def _machines(
    line: Line, places: Sequence[WorkCenter], born: dict[int, datetime], start: datetime, now: datetime
) -> dict[int, MachineTime]:
    first = min(born.values(), default=None)
    machines = {wc.pk: MachineTime() for wc in places}
    if first is not None and first < now:
        schedules = schedules_of(places, max(start, first), now)
        for wc in places:
            since = max(start, born.get(wc.pk, first))
            machines[wc.pk].planned = _planned(line, schedules[wc.pk], since, now)
        _states(machines, start, now)
    return machines


def imported_hours(line: Line, start: datetime) -> dict[int, tuple[int, int]]:
    """Hours that came by a file: UTC hour to (planned ms, of that seen ms); hours without planned time are missing."""
    rows = HistoryHour.objects.filter(line=line, starts_at__gte=start, planned_min__gt=0)
    return {
        to_ms(at) // HOUR_MS: (round(planned_min * MIN_MS), round(planned_min * cov * MIN_MS))
        for at, planned_min, cov in rows.values_list("starts_at", "planned_min", "cov")
    }


def _first_facts(places: Sequence[WorkCenter]) -> dict[int, datetime]:
    """When each machine was first heard or counted; one never heard is missing. By index, not by scanning its life."""
    mine = OuterRef("pk")
    state = StateInterval.objects.filter(work_center=mine).order_by("starts_at").values("starts_at")[:1]
    count = CountHour.objects.filter(work_center=mine).order_by("hour").values("hour")[:1]
    rows = WorkCenter.objects.filter(pk__in=[wc.pk for wc in places])
    firsts = rows.annotate(first=Least(Subquery(state), Subquery(count))).values_list("pk", "first")
    return {pk: first for pk, first in firsts if first is not None}


def _planned(line: Line, schedule: Schedule, since: datetime, now: datetime) -> dict[date, list[Span]]:
    """Scheduled time less pauses, by production date; overtime outside every shift belongs to the day at the plant."""
    window = [(to_ms(since), to_ms(now))]
    pauses = union((to_ms(pause.starts_at), to_ms(pause.ends_at)) for pause in schedule.pauses)
    spans = union((to_ms(start), to_ms(end)) for start, end in schedule.spans)
    left = common(without(spans, pauses), window)
    found: dict[date, list[Span]] = defaultdict(list)
    for shift in schedule.shifts:
        own = common(left, [(to_ms(shift.starts_at), to_ms(shift.ends_at))])
        if own:
            found[shift.production_date] += own
    shifts = union((to_ms(shift.starts_at), to_ms(shift.ends_at)) for shift in schedule.shifts)
    for start, end in without(left, shifts):
        found[day_at(line, instant_of(start))].append((start, end))
    return {day: sorted(spans) for day, spans in found.items()}


def _states(machines: dict[int, MachineTime], start: datetime, now: datetime) -> None:
    kinds = {
        "known": "kind <> 'unknown'",
        "running": "kind = 'run'",
        "unread": "kind = 'unknown' AND raw_code IS NOT NULL",
    }
    heard = _heard_until(machines, now)
    for name, condition in kinds.items():
        with connection.cursor() as cursor:
            cursor.execute(_ISLANDS.format(kinds=condition), {"machines": list(machines), "start": start, "now": now})
            for pk, since, until in cursor.fetchall():
                span = (to_ms(since), to_ms(min(until, heard[pk])))
                if span[0] < span[1]:
                    getattr(machines[pk], name).append(span)


def _heard_until(machines: Iterable[int], now: datetime) -> dict[int, datetime]:
    """Until when an open interval is known to go on: now while the machine is heard, else when it last was."""
    found = dict.fromkeys(machines, now)
    for pk, heard_at, silence_s in MachineCursor.objects.filter(work_center__in=found).values_list(
        "work_center", "heard_at", "silence_s"
    ):
        if now - heard_at > timedelta(seconds=silence_s):
            found[pk] = min(heard_at, now)
    return found


def _polls(machines: dict[int, MachineTime], now: datetime) -> bool:
    """Gives each machine the time between its polls; returns whether any is polled at all and not only pushed."""
    valid = Q(valid_from__lte=now) & (Q(valid_to=None) | Q(valid_to__gt=now))
    bound = TagBinding.objects.filter(valid, work_center__in=machines, controller__enabled=True)
    periods = dict(bound.order_by("controller__period_s").values_list("work_center", "controller__period_s"))
    for pk, silence_s in MachineCursor.objects.filter(work_center__in=machines).values_list("work_center", "silence_s"):
        machines[pk].poll_ms = silence_s * 1000 / POLLS_OF_SILENCE
    for pk, period_s in periods.items():
        machines[pk].poll_ms = float(period_s * 1000)
    return bool(periods)


def _begin_of(machines: dict[int, MachineTime], day: date) -> datetime:
    first = min(machine.planned[day][0][0] for machine in machines.values() if machine.planned.get(day))
    return instant_of(first)


def _stops(places: Sequence[WorkCenter], machines: dict[int, MachineTime], begin: datetime, now: datetime) -> None:
    """Down stops that are no micro-stops and were not explained as planned or changeover."""
    shortest = {wc.pk: timedelta(seconds=wc.micro_stop_s) for wc in places}
    touching = Q(starts_at__lt=now) & (Q(ends_at=None) | Q(ends_at__gt=begin))
    rows = Stop.objects.filter(touching, work_center__in=machines, kind="down").select_related("reason")
    found: dict[int, list[StopTime]] = defaultdict(list)
    for stop in rows.order_by("starts_at"):
        end = min(stop.ends_at or now, now)
        reason = stop.reason
        if end - stop.starts_at < shortest[stop.work_center_id]:
            continue
        if reason is not None and reason.klass in ("planned", "changeover"):
            continue
        late = stop.explained_at is not None and stop.explained_at - end > IN_TIME
        vague = reason is not None and any(word in f"{reason.code} {reason.name}".casefold() for word in VAGUE)
        coded = reason is not None and not late
        found[stop.work_center_id].append(StopTime(to_ms(stop.starts_at), to_ms(end), coded, vague))
    for pk, stops in found.items():
        machines[pk].stops = stops


def _runs(machines: dict[int, MachineTime], begin: datetime, now: datetime) -> None:
    """The time in which an order is on a machine whose item has an ideal rate there."""
    ideals = Ideals(machines)
    touching = Q(starts_at__lt=now) & (Q(ends_at=None) | Q(ends_at__gt=begin))
    runs = Run.objects.filter(touching, work_center__in=machines).values_list(
        "work_center", "item", "starts_at", "ends_at"
    )
    found: dict[int, list[Span]] = defaultdict(list)
    for pk, item, start, end in runs:
        if ideals.cycle_s(pk, item, max(start, begin)) is not None:
            found[pk].append((to_ms(start), to_ms(min(end or now, now))))
    for pk, spans in found.items():
        machines[pk].linked = union(spans)


def _looks(machines: dict[int, MachineTime], begin: datetime) -> None:
    looks = ReadingLook.objects.filter(work_center__in=machines, hour__gt=begin - timedelta(hours=1))
    for pk, hour, count, prompt in looks.values_list("work_center", "hour", "looks", "prompt"):
        machines[pk].looks[to_ms(hour) // HOUR_MS] = (count, prompt)


def _outputs(line: Line, places: Sequence[WorkCenter]) -> list[int]:
    """The machines at which the line's output is counted: a serial line's exit (else its last), else all."""
    if line.flow == "parallel":
        return [wc.pk for wc in places]
    return [wc.pk for wc in places if wc.is_exit] or [places[-1].pk]
