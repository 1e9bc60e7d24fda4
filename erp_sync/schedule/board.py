"""The schedule board: orders of lines with the ERP's dates, what happened, and when they end at the present rate."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F

from erp_sync.models import ErpLink
from erp_sync.schedule.finish import Known, Outlook, Span, outlook, rate_window
from mes.hourly.expected import less
from mes.oee.sources import MachineRows, load_rows
from mes.plant.models import Line, WorkCenter
from mes.plant.shift_of import schedules_of
from mes.production.models import Run, WorkOrder
from mes.tracking.order_counts import Made, counting_machines, made_of

BACK = timedelta(hours=8)
"""So far back the hour of run time is looked for; older running says little of now."""
AHEAD = timedelta(days=35)
"""So far ahead shifts are read."""
ENDED = timedelta(hours=24)
"""So long an order that ended stays on the board."""
STARTED = (WorkOrder.Status.RUNNING, WorkOrder.Status.PAUSED)
WAITING = (WorkOrder.Status.RECEIVED, WorkOrder.Status.RELEASED, WorkOrder.Status.DISPATCHED)
OVER = (WorkOrder.Status.COMPLETED, WorkOrder.Status.CLOSED)


@dataclass(frozen=True, slots=True)
class BoardRow:
    """An order on the board. `rate_per_h` is good pieces per hour of run time, None where nobody knows."""

    order: WorkOrder
    link: ErpLink | None
    made: Made
    starts_at: datetime | None
    due_at: datetime | None
    rate_per_h: Decimal | None
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class LineBoard:
    """The orders of a line, late ones first. `waiting` counts those that did not start, `more` those left out."""

    line: Line
    rows: list[BoardRow]
    late: int
    more: int


def boards(lines: Sequence[Line], now: datetime, *, limit: int) -> list[LineBoard]:
    """The board of each line: all that started, at most `limit` that did not (those due first), those ended today."""
    picked = {line.pk: _picked(line, now, limit) for line in lines}
    orders = [order for found, _more in picked.values() for order in found]
    links = {link.order_id: link for link in ErpLink.objects.filter(order__in=orders).select_related("connection")}
    made = made_of(orders)
    paces = _paces(orders, now)
    found: list[LineBoard] = []
    for line in lines:
        rows = [
            _row(order, links.get(order.pk), made[order.pk], paces.get(order.pk), now) for order in picked[line.pk][0]
        ]
        rows.sort(key=lambda row: (row.outlook.urgency, row.due_at is None, row.due_at, row.order.number))
        late = sum(row.outlook.is_late and row.order.status not in OVER for row in rows)
        found.append(LineBoard(line, rows, late, picked[line.pk][1]))
    return found


@dataclass(frozen=True, slots=True)
class _Pace:
    """How fast the machines that have the order now make good pieces, and when the first of them works."""

    rate_per_s: Decimal | None
    working: list[Span]


def _picked(line: Line, now: datetime, limit: int) -> tuple[list[WorkOrder], int]:
    every = WorkOrder.objects.filter(line=line).select_related("item", "line__area__site")
    started = list(every.filter(status__in=STARTED)[:limit])
    ended = list(every.filter(status__in=OVER, completed_at__gt=now - ENDED).order_by("-completed_at")[:limit])
    queue = every.filter(status__in=WAITING)
    waiting = list(queue.order_by(F("due_at").asc(nulls_last=True), "priority", "number")[:limit])
    more = queue.count() - limit if len(waiting) == limit else 0
    return [*started, *waiting, *ended], more


def _row(order: WorkOrder, link: ErpLink | None, made: Made, pace: _Pace | None, now: datetime) -> BoardRow:
    said: dict[str, Any] = link.request if link is not None else {}
    starts_at, due_at = _time(said.get("starts_at")), _time(said.get("due_at")) or order.due_at
    rate = pace.rate_per_s if pace else None
    known = Known(made.remaining, starts_at, due_at, order.started_at, order.completed_at, pace is not None, rate)
    found = outlook(known, pace.working if pace else [], now)
    return BoardRow(order, link, made, starts_at, due_at, rate * 3600 if rate else None, found)


def _paces(orders: Sequence[WorkOrder], now: datetime) -> dict[int, _Pace]:
    """The pace of each order (by id) that some machine has now."""
    started = [order for order in orders if order.status in STARTED]
    open_runs: dict[int, list[WorkCenter]] = defaultdict(list)
    runs = Run.objects.filter(order__in=started, ends_at=None).select_related("work_center")
    for run in runs.order_by("work_center__position", "work_center__code"):
        open_runs[run.order_id].append(run.work_center)
    counting = counting_machines([order for order in started if order.pk in open_runs])
    machines = list({place.pk: place for places in open_runs.values() for place in places}.values())
    if not machines:
        return {}
    rows = load_rows(machines, now - BACK, now)
    schedules = schedules_of(machines, now, now + AHEAD)
    found: dict[int, _Pace] = {}
    for order, places in open_runs.items():
        whose = counting[order]
        count = [place.pk for place in places if whose is None or place.pk in whose]
        plan = schedules[count[-1] if count else places[-1].pk]
        working = less(plan.spans, [(pause.starts_at, pause.ends_at) for pause in plan.pauses])
        rates = [rate for pk in count if (rate := _rate(rows[pk], order, now)) is not None]
        found[order] = _Pace(sum(rates, Decimal(0)) if rates else None, working)
    return found


def _rate(machine: MachineRows, order: int, now: datetime) -> Decimal | None:
    """Good pieces of the order per second of run time over the last hour of it; None where it hardly ran."""
    until = machine.known_until(now)
    had = [(run.starts_at, run.ends_at or until) for run in machine.runs if run.order_id == order]
    ran = [
        (since, end)
        for state in machine.states_told()
        if state.kind == "run"
        for begin, over in had
        if (since := max(state.starts_at, begin, now - BACK)) < (end := min(state.ends_at or until, over, until))
    ]
    window = rate_window(sorted(ran), until)
    if window is None:
        return None
    start, run_time = window
    pieces = sum(
        good
        for row in machine.counts
        if row.order_id == order
        for minute, good in enumerate(row.good)
        if row.hour + timedelta(minutes=minute) >= start
    )
    return Decimal(pieces) / Decimal(str(run_time.total_seconds()))


def _time(text: object) -> datetime | None:
    if not isinstance(text, str) or not text:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
