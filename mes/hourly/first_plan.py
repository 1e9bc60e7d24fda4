"""The original plan of a shift: the target (R41) of what runs and what comes next, hour by hour, known at its begin."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q

from mes.hourly.clock_hours import clock_hours
from mes.hourly.expected import Job, expected_runs, less
from mes.hourly.places import BoardPlace
from mes.live.tiles import orders_good
from mes.oee.facts import target_between
from mes.oee.sources import MachineRows, load_rows
from mes.plant.models import Shift, WorkCenter
from mes.production.models import IdealCycle, Run, WorkOrder
from mes.production.queries import orders_of, queue_for

ON_TIME = timedelta(minutes=5)
"""A plan made so soon after the shift's begin is one made at its begin."""

MOST_JOBS = 30


class PlannedHour(NamedTuple):
    """Pieces due in one hour; None where nothing is there to plan with: no order, or no ideal cycle."""

    start: datetime
    end: datetime
    pieces: int | None


def planned_hours(
    place: BoardPlace, shift: Shift, *, at: datetime, rows: dict[int, MachineRows] | None = None
) -> list[PlannedHour]:
    """The plan of every clock hour of the shift as it is known at `at`; `rows` of its machines save a load.

    What runs goes on until its order is made, then the queue follows; the last order goes on. Pieces are those of the
    live target, so where one order runs all shift the plan of all hours is the target at its end.
    """
    loaded = rows if rows is not None else load_rows(place.leaving, shift.starts_at, shift.ends_at)
    hours = clock_hours(shift.starts_at, shift.ends_at, place.zone)
    found: list[PlannedHour] = [PlannedHour(*hour, None) for hour in hours]
    for machine in place.leaving:
        expected = _with_expected(machine, loaded[machine.pk], shift, at)
        for number, pieces in enumerate(pieces_by_hour(expected, shift, hours, now=shift.ends_at)):
            if pieces is not None:
                found[number] = found[number]._replace(pieces=(found[number].pieces or 0) + pieces)
    return found


def pieces_by_hour(
    rows: MachineRows, shift: Shift, hours: Sequence[tuple[datetime, datetime]], *, now: datetime
) -> list[int | None]:
    """The target of each hour in whole pieces, which add up to the whole pieces of the target until its end."""
    found: list[int | None] = []
    before = 0
    for start, end in hours:
        if target_between(rows, start, end, now=now) is None:
            found.append(None)
            continue
        until = int(target_between(rows, shift.starts_at, end, now=now) or 0)
        found.append(max(0, until - before))
        before = until
    return found


def _with_expected(machine: WorkCenter, rows: MachineRows, shift: Shift, at: datetime) -> MachineRows:
    """The machine's rows with the runs that are expected in place of the open one."""
    since = shift.starts_at if at - shift.starts_at <= ON_TIME else at
    past = [run for run in rows.runs if run.ends_at is not None]
    running = next((run for run in rows.runs if run.ends_at is None), None)
    orders = _orders(machine, running)
    ideals = rows.ideals | _ideals(machine, [order.item_id for order in orders if order.item_id not in rows.ideals])
    widened = replace(rows, ideals=ideals)
    good = orders_good([order.number for order in orders])
    jobs = [_job(order, machine, widened, since, good) for order in orders]
    working = less(rows.scheduled, [(pause.starts_at, pause.ends_at) for pause in rows.breaks])
    coming = []
    for number, start, end in expected_runs(jobs, working, since, shift.ends_at):
        order = orders[number]
        begun = running.starts_at if running is not None and number == 0 else start
        coming.append(Run(work_center=machine, order=order, item=order.item, starts_at=begun, ends_at=end))
    return replace(widened, runs=[*past, *coming])


def _orders(machine: WorkCenter, running: Run | None) -> list[WorkOrder]:
    """What the machine makes one after the other: the open order, then its line's queue where orders run on the line.

    Where each machine takes orders by itself nobody knows which comes to which, so only the open one counts. Pieces of
    another unit do not add up, so the queue is followed only as long as the unit stays.
    """
    orders = [running.order] if running is not None else []
    if machine.line.flow == "serial" and machine.line.orders_run_on == "line":
        orders += list(queue_for(machine)[:MOST_JOBS])
    if running is not None:
        orders[0].item = running.item
    unit = orders[0].item.unit if orders else ""
    same = next((n for n, order in enumerate(orders) if order.item.unit != unit), len(orders))
    return orders[:same]


def _ideals(machine: WorkCenter, items: Sequence[int]) -> dict[int, list[IdealCycle]]:
    found: dict[int, list[IdealCycle]] = {}
    for cycle in IdealCycle.objects.filter(work_center=machine, item__in=items).order_by("valid_from") if items else ():
        found.setdefault(cycle.item_id, []).append(cycle)
    return found


def _job(
    order: WorkOrder, machine: WorkCenter, rows: MachineRows, at: datetime, good: dict[tuple[str, int], int]
) -> Job:
    ideal_ms, share = rows.ideal_ms(order.item_id, at), rows.targets.at(order.item_id, at)
    left = order.quantity - good.get((order.number, machine.pk), 0)
    return Job(order.pk, max(left, Decimal(0)), ideal_ms / share if ideal_ms else None)


def machines_rows(machines: Sequence[WorkCenter], shift: Shift) -> dict[int, MachineRows]:
    """The rows that plans of all these machines need, in a fixed number of queries."""
    return load_rows(machines, shift.starts_at, shift.ends_at)


def anything_to_plan(shift: Shift) -> bool:
    """Whether an order ran in the shift or is open on its line: the cheap question before rows are loaded."""
    ran = Run.objects.filter(Q(ends_at=None) | Q(ends_at__gt=shift.starts_at), starts_at__lt=shift.ends_at)
    return ran.filter(work_center__line=shift.line_id).exists() or orders_of([shift.line]).exists()
