"""Archived plans: what each line was to make, as it stood at the start of a day and after each change of its queue."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from analytics.models import PlanSnapshot
from analytics.plant_day import day_at
from mes.plant.models import Line, WorkCenter
from mes.plant.shift_of import Schedule, schedules_of
from mes.production.lifecycle import OPEN
from mes.production.models import IdealCycle, WorkOrder
from mes.tracking.order_counts import Made, made_of

SLOT = timedelta(minutes=15)
HORIZON = timedelta(days=15)  # a daily forecast reaches 14 days from now, whatever the hour


def plans_archive(*, at: datetime) -> int:
    """Archives the plan of every line that has none of today yet, or whose queue changed; returns how many.

    A line gets at most one in a quarter of an hour: what changes meanwhile is in the next one. Machines archive; there
    is no journal entry, because an archived plan is itself a record nobody can change. Said twice, it is there once.
    """
    newest = PlanSnapshot.objects.filter(line=OuterRef("pk")).order_by("-taken_at").values("digest")[:1]
    lines = list(Line.objects.select_related("area__site").annotate(newest=Subquery(newest)))
    queues = _queues(lines)
    digests = {line.pk: _digest(queues[line.pk]) for line in lines}
    today = {line.pk: day_at(line, at) for line in lines}
    had = set(PlanSnapshot.objects.filter(kind="daily", day__in=set(today.values())).values_list("line_id", "day"))
    kinds = {
        line.pk: "change" if (line.pk, today[line.pk]) in had else "daily"
        for line in lines
        if (line.pk, today[line.pk]) not in had or line.newest != digests[line.pk]
    }
    wanted = [line for line in lines if line.pk in kinds]
    taken = {row.line_id: row for row in _snapshots(wanted, queues, at)}
    for line in wanted:
        row = taken[line.pk]
        row.kind, row.day, row.digest = kinds[line.pk], today[line.pk], digests[line.pk]
    slot = slot_of(at)
    before = PlanSnapshot.objects.filter(line__in=wanted, slot=slot).count()
    PlanSnapshot.objects.bulk_create(taken.values(), ignore_conflicts=True)
    return PlanSnapshot.objects.filter(line__in=wanted, slot=slot).count() - before


def slot_of(at: datetime) -> datetime:
    """The start of the quarter hour in which an instant lies."""
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


def _queues(lines: Iterable[Line]) -> dict[int, list[WorkOrder]]:
    """The open orders of each line, in the order in which its stations list them."""
    queues: dict[int, list[WorkOrder]] = {line.pk: [] for line in lines}
    orders = WorkOrder.objects.filter(status__in=OPEN, line__in=queues).select_related("item")
    for order in orders.order_by("priority", "due_at", "number"):
        queues[order.line_id].append(order)
    return queues


def _digest(queue: Sequence[WorkOrder]) -> str:
    """A fingerprint of what is planned; what is made of it meanwhile is no change of plan."""
    told = [
        (order.number, order.item.code, str(order.quantity), str(order.due_at), order.priority, order.status)
        for order in queue
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _snapshots(lines: Sequence[Line], queues: dict[int, list[WorkOrder]], at: datetime) -> list[PlanSnapshot]:
    if not lines:
        return []
    made = made_of([order for line in lines for order in queues[line.pk]])
    machines: dict[int, list[WorkCenter]] = defaultdict(list)
    for machine in WorkCenter.objects.filter(line__in=lines, archived=False).order_by("position", "code"):
        machines[machine.line_id].append(machine)
    schedules = schedules_of([machine for group in machines.values() for machine in group], at, at + HORIZON)
    return [
        PlanSnapshot(
            line=line,
            slot=slot_of(at),
            taken_at=at,
            orders=[_order(order, made[order.pk]) for order in queues[line.pk]],
            shifts=_shifts([schedules[machine.pk] for machine in machines[line.pk]], at),
            ideals=_ideals(machines[line.pk], queues[line.pk], at),
        )
        for line in lines
    ]


def _order(order: WorkOrder, made: Made) -> dict[str, Any]:
    return {
        "number": order.number,
        "item": order.item.code,
        "unit": order.item.unit,
        "quantity": str(order.quantity),
        "good": str(made.good),
        "scrap": str(made.scrap),
        "due_at": order.due_at.isoformat() if order.due_at else None,
        "priority": order.priority,
        "status": order.status,
        "source": order.source,
    }


def _shifts(schedules: Sequence[Schedule], at: datetime) -> list[dict[str, Any]]:
    """The shifts to come of a line's machines; planned seconds are those left from now on, at the machine with most.

    A machine that follows shifts of its own adds them, so two rows may overlap.
    """
    rows: dict[int, dict[str, Any]] = {}
    for schedule in schedules:
        for shift in schedule.shifts:
            planned_s = schedule.planned_s(max(shift.starts_at, at), shift.ends_at)
            row = rows.setdefault(
                shift.pk,
                {
                    "name": shift.name,
                    "day": shift.production_date.isoformat(),
                    "starts_at": shift.starts_at.isoformat(),
                    "ends_at": shift.ends_at.isoformat(),
                    "planned_s": 0.0,
                },
            )
            row["planned_s"] = max(row["planned_s"], planned_s)
    return sorted(rows.values(), key=lambda row: (row["starts_at"], row["name"]))


def _ideals(machines: Sequence[WorkCenter], queue: Sequence[WorkOrder], at: datetime) -> dict[str, dict[str, str]]:
    valid = Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))
    items = {order.item_id for order in queue}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for cycle in IdealCycle.objects.filter(valid, work_center__in=machines, item__in=items).select_related(
        "item", "work_center"
    ):
        found[cycle.item.code][cycle.work_center.code] = str(cycle.ideal_cycle_s)
    return dict(found)
