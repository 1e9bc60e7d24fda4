"""What a shift worked on and leaves open, as plain values: orders, stops, holds, calls, countermeasures."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from mes.andon.models import Call
from mes.downtime.queries import stops_in, stops_that_need_a_reason
from mes.hourly.notes import open_countermeasures
from mes.live.tiles import orders_good
from mes.plant.models import Line, WorkCenter
from mes.production.models import Run
from mes.production.queries import orders_of
from mes.quality.queries import open_holds

MOST = 20
"""Rows of each list; the count beside them tells of more."""

Document = dict[str, Any]


def orders_made(machines: Sequence[WorkCenter], start: datetime, end: datetime) -> list[Document]:
    """The orders that ran in [start, end), with their good pieces so far where the line's output leaves it."""
    inside = Q(starts_at__lt=end) & (Q(ends_at=None) | Q(ends_at__gt=start))
    runs = Run.objects.filter(inside, work_center__in=machines).select_related("order__item").order_by("starts_at")
    orders = list({run.order_id: run.order for run in runs}.values())[:MOST]
    made = orders_good([order.number for order in orders])
    leaving = [wc.pk for wc in machines if wc.is_exit or wc.line.flow == "parallel"]
    return [
        {
            "number": order.number,
            "item": order.item.name,
            "quantity": f"{order.quantity.normalize():f}",
            "good": sum(made.get((order.number, pk), 0) for pk in leaving),
            "status": order.status,
        }
        for order in orders
    ]


def open_stops(machines: Sequence[WorkCenter], start: datetime, end: datetime, now: datetime) -> Document:
    """Stops of the shift that need a reason and have none."""
    asking = stops_that_need_a_reason(stops_in(machines, start, end), now).order_by("starts_at")
    return {"count": asking.count(), "rows": [_stop(stop) for stop in asking[:MOST]]}


def holds(machines: Sequence[WorkCenter]) -> Document:
    """What is on hold on these machines."""
    held = open_holds(machines)
    return {"count": held.count(), "rows": [_hold(hold) for hold in held[:MOST]]}


def calls(line: Line, start: datetime, end: datetime) -> Document:
    """Calls that were raised in [start, end) or are still open; `count` is the number of open ones."""
    on_line = Call.objects.filter(work_center__line=line).select_related("work_center", "category")
    open_ones = on_line.filter(closed_at=None)
    lately = on_line.filter(Q(closed_at=None) | Q(raised_at__gte=start, raised_at__lt=end)).order_by("raised_at", "pk")
    return {"count": open_ones.count(), "rows": [_call(call) for call in lately[:MOST]]}


def late_orders(line: Line, now: datetime) -> Document:
    """Open orders of the line that were due."""
    late = orders_of([line]).filter(due_at__lte=now).order_by("due_at", "number")
    return {"count": late.count(), "rows": [_late(order) for order in late[:MOST]]}


def countermeasures(line: Line) -> list[Document]:
    """What was promised on the line's boards and is not done."""
    return [_countermeasure(note) for note in open_countermeasures(line)[:MOST]]


def _call(call: Call) -> Document:
    return {
        "category": call.category.name,
        "machine": call.work_center.name,
        "raised_at": call.raised_at.isoformat(),
        "state": call.state,
        "by": call.taken_by,
        "note": call.note,
        "outcome": call.outcome,
    }


def _stop(stop: Any) -> Document:
    ends_at = stop.ends_at.isoformat() if stop.ends_at else None
    place = stop.work_center
    return {"machine": place.code, "name": place.name, "from": stop.starts_at.isoformat(), "to": ends_at}


def _hold(hold: Any) -> Document:
    return {
        "hold": str(hold),
        "number": hold.pk,
        "found": hold.characteristic.name,
        "machine": hold.work_center.name,
        "order": hold.order.number if hold.order else None,
        "since": hold.opened_at.isoformat(),
    }


def _late(order: Any) -> Document:
    quantity = f"{order.quantity.normalize():f}"
    return {"number": order.number, "item": order.item.name, "quantity": quantity, "due": order.due_at.isoformat()}


def _countermeasure(note: Any) -> Document:
    due = note.due.isoformat() if note.due else None
    place = note.work_center.name if note.work_center is not None else note.line.name
    hour = note.starts_at.isoformat()
    return {"place": place, "hour": hour, "text": note.countermeasure, "owner": note.owner, "due": due}
