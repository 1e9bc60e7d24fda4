"""Which checks are due now: plans of the quality room against runs, counts and stops. Read each time, never stored.

It stands here because it sees both the plans (below) and the counts of the tracking room.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Max, Q

from mes.downtime.models import Stop
from mes.plant.models import WorkCenter
from mes.production.models import Run, WorkOrder
from mes.quality.models import Characteristic, Check
from mes.quality.queries import AFTER_THE_RUN, characteristics_of
from mes.quality.triggers import Asked, Due, Situation, TriggerKind, due
from mes.tracking.models import CountHour

LOOK_BACK = timedelta(days=7)
"""So far back the run before the present one is looked for; after a longer pause a start is a change of item."""

MINUTE = timedelta(minutes=1)
_COUNTING = (TriggerKind.PIECES, TriggerKind.FIRST_PIECE)
Minutes = list[tuple[datetime, int]]


@dataclass(frozen=True, slots=True)
class DueCheck:
    """A check that is due, and whether its grace is over."""

    characteristic: Characteristic
    due: Due
    overdue: bool


def checks_due(work_centers: Iterable[WorkCenter], now: datetime) -> list[DueCheck]:
    """The due checks of these machines, those that wait longest first; six queries however many machines.

    Pieces made in a gap of the connection count by no minute and make no check due by pieces.
    """
    plans = [plan for plan in characteristics_of(work_centers) if plan.triggers.all()]
    if not plans:
        return []
    machines = {plan.work_center_id for plan in plans}
    last = dict(
        Check.objects.filter(characteristic__in=plans, withdrawn_at=None)
        .order_by()
        .values_list("characteristic")
        .annotate(Max("at"))
    )
    runs = _runs(machines, now)
    running = {run.work_center_id: run for found in runs.values() for run in found[:1] if run.ends_at is None}
    counting = {p.work_center_id for p in plans if any(t.kind in _COUNTING for t in p.triggers.all())}
    made = _made([run for machine, run in running.items() if machine in counting])
    stops = _stops(running.values())
    found = []
    for plan in plans:
        said = _situation(plan, runs[plan.work_center_id], now, last.get(plan.pk))
        machine = plan.work_center_id
        said = replace(said, pieces=made.get(machine, []), stops=stops.get(machine, []))
        one = due([Asked(TriggerKind(t.kind), t.every) for t in plan.triggers.all()], said, now)
        if one is not None:
            found.append(DueCheck(plan, one, now > one.since + timedelta(minutes=plan.grace_min)))
    return sorted(found, key=lambda one: (one.due.since, one.characteristic.code))


def pieces_made(work_center: WorkCenter, order: WorkOrder | None, start: datetime, end: datetime) -> int:
    """Pieces (good and scrap) of an order in the minutes that [start, end] touches: what a hold is about, at most."""
    first = start.replace(second=0, microsecond=0)
    rows = CountHour.objects.filter(
        work_center=work_center, order=order, hour__gt=start - timedelta(hours=1), hour__lte=end
    )
    return sum(pieces for minute, pieces in _minutes(rows) if first <= minute <= end)


def _runs(machines: Iterable[int], now: datetime) -> dict[int, list[Run]]:
    """Runs per machine, the latest first."""
    recent = Q(ends_at=None) | Q(ends_at__gte=now - LOOK_BACK)
    found: dict[int, list[Run]] = defaultdict(list)
    rows = Run.objects.filter(recent, work_center__in=list(machines), starts_at__lte=now)
    for run in rows.order_by("-starts_at"):
        found[run.work_center_id].append(run)
    return found


def _situation(plan: Characteristic, runs: Sequence[Run], now: datetime, last: datetime | None) -> Situation:
    latest = runs[0] if runs else None
    if latest is None or plan.item_id not in (None, latest.item_id):
        return Situation(last)
    if latest.ends_at is not None:
        return Situation(last, ended_at=latest.ends_at if latest.ends_at > now - AFTER_THE_RUN else None)
    before = runs[1] if len(runs) > 1 else None
    return Situation(last, latest.starts_at, before is None or before.item_id != latest.item_id)


def _made(runs: Sequence[Run]) -> dict[int, Minutes]:
    """Per machine the minutes of its run with the pieces of the run's order."""
    wanted = Q(pk__in=[])
    for run in runs:
        since = run.starts_at - timedelta(hours=1)
        wanted |= Q(work_center=run.work_center_id, order=run.order_id, hour__gt=since)
    begun = {run.work_center_id: run.starts_at.replace(second=0, microsecond=0) for run in runs}
    found: dict[int, Minutes] = defaultdict(list)
    for row in CountHour.objects.filter(wanted).order_by("hour"):
        found[row.work_center_id] += [(at, n) for at, n in _minutes([row]) if at >= begun[row.work_center_id]]
    return found


def _minutes(rows: Iterable[CountHour]) -> Minutes:
    return [
        (row.hour + place * MINUTE, good + scrap)
        for row in rows
        for place, (good, scrap) in enumerate(zip(row.good, row.scrap, strict=True))
        if good or scrap
    ]


def _stops(runs: Iterable[Run]) -> dict[int, list[tuple[datetime, datetime]]]:
    wanted = Q(pk__in=[])
    for run in runs:
        wanted |= Q(work_center=run.work_center_id, ends_at__gte=run.starts_at)
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for stop in Stop.reported.filter(wanted, ends_at__isnull=False):  # a part's end is no start of the machine
        if stop.ends_at is not None:
            found[stop.work_center_id].append((stop.starts_at, stop.ends_at))
    return found
