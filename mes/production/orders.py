"""What is done to an order: it is created, started, completed, cancelled. One transaction, one journal entry each."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from mes.journal.write import record
from mes.plant.changes import changed as past_changed
from mes.plant.changes import refuse_if_locked
from mes.plant.models import Line, WorkCenter
from mes.production.models import Item, Run, WorkOrder
from mes.production.refusals import OrderRefused

KIND = "work-order"
Status = WorkOrder.Status
OPEN = (Status.RELEASED, Status.RUNNING)


class Seen(NamedTuple):
    """What a page showed when somebody chose an order to start: its version, and what ran there ("" for nothing)."""

    version: int
    running: str


def order_create(
    *,
    number: str,
    item: Item,
    line: Line,
    quantity: Decimal,
    due_at: datetime | None,
    priority: int | None,
    source: str,
    actor: str,
    at: datetime,
) -> WorkOrder:
    """A new order, released. The same order said again is returned as it is; another under its number is refused.

    `number` and `quantity` are already read by `mes.production.typed`. Priority None is the default (50).
    """
    fields = {"item": item, "line": line, "quantity": quantity, "due_at": due_at}
    if priority is not None:
        fields["priority"] = priority
    try:
        with transaction.atomic():
            order = WorkOrder.objects.create(number=number, source=source, **fields)
            _tell(order, "order_create", actor, at, {"source": source})
            return order
    except IntegrityError:
        existing = WorkOrder.objects.select_related("item", "line").get(number=number)
    different = differences(existing, fields)
    if different:
        raise OrderRefused(taken_message(existing, different), "number")
    return existing


def differences(order: WorkOrder, fields: dict[str, Any]) -> list[str]:
    """What a stored order has otherwise, as texts: 'quantity is 500'. Nothing where it is the same order."""
    zone = ZoneInfo(order.line.area.site.time_zone)
    due = order.due_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if order.due_at else "not set"
    shown = {"item": order.item.code, "line": order.line.code, "due_at": due}
    return [
        f"its {name.removesuffix('_at')} is {shown.get(name, getattr(order, name))}"
        for name, value in fields.items()
        if getattr(order, name) != value
    ]


def taken_message(order: WorkOrder, different: list[str]) -> str:
    """The sentence for a number that is taken by an order with other content."""
    return f"{order.number} exists already and {', '.join(different)}: use another number, or send what is stored."


def order_start(
    *, order: WorkOrder, work_center: WorkCenter, actor: str, at: datetime, seen: Seen | None = None
) -> list[Run]:
    """The order runs from `at` on the work center, or on all of its line where orders run on the line.

    What ran there before is ended at `at` and waits again unless it runs elsewhere. Returns the open runs. Said twice
    it changes nothing. Raises OrderRefused for an order of another line, a finished one, an `at` before the start of
    what runs, or where the place is no longer as it was `seen` (a page sent again later must not start things anew).
    """
    with transaction.atomic():
        places = _locked_places(work_center)
        fresh = WorkOrder.objects.select_for_update(no_key=True).select_related("line", "item").get(pk=order.pk)
        _check_may_start(fresh, work_center)
        open_runs = {run.work_center_id: run for run in _open(places)}
        missing = [place for place in places if _order_on(open_runs.get(place.pk)) != fresh.pk]
        if missing:
            _check_as_seen(seen, fresh, open_runs.get(work_center.pk))
            refuse_if_locked(work_center, at, at)
            displaced = _end_runs([open_runs[place.pk] for place in missing if place.pk in open_runs], actor, at)
            Run.objects.bulk_create(
                Run(work_center=place, order=fresh, item=fresh.item, starts_at=at, started_by=actor)
                for place in missing
            )
            _set_waiting(displaced)
            WorkOrder.objects.filter(pk=fresh.pk).update(
                status=Status.RUNNING, started_at=fresh.started_at or at, version=F("version") + 1
            )
            past_changed([(place.pk, at, at) for place in missing], why="order_start")
            before = sorted(WorkOrder.objects.filter(pk__in=displaced).values_list("number", flat=True))
            data = {"work_centers": [place.code for place in missing], "ended": before}
            _tell(fresh, "order_start", actor, at, data)
        return list(_open(places))


def order_complete(*, order: WorkOrder, actor: str, at: datetime) -> bool:
    """The order is finished: its runs end at `at`. True if this call did it, False if it was completed already."""
    return _close(order, Status.COMPLETED, "order_complete", actor, at)


def order_cancel(*, order: WorkOrder, actor: str, at: datetime) -> bool:
    """The order will not be made (any more): its runs end at `at`. True if this call did it."""
    return _close(order, Status.CANCELLED, "order_cancel", actor, at)


def _close(order: WorkOrder, status: str, action: str, actor: str, at: datetime) -> bool:
    with transaction.atomic():
        list(WorkCenter.objects.select_for_update(no_key=True).filter(line=order.line_id).order_by("pk"))
        fresh = WorkOrder.objects.select_for_update(no_key=True).get(pk=order.pk)
        if fresh.status == status:
            return False
        if fresh.status not in OPEN:
            raise OrderRefused(f"{fresh.number} is {fresh.get_status_display().lower()}: it stays as it is.")
        if status == Status.COMPLETED and fresh.started_at is None:
            raise OrderRefused(f"{fresh.number} was never started: start it, or cancel it if it is not to be made.")
        runs = list(Run.objects.filter(order=fresh, ends_at=None).select_related("work_center__line"))
        if runs:
            refuse_if_locked(runs[0].work_center, at, at)
        _end_runs(runs, actor, at)
        past_changed([(run.work_center_id, at, at) for run in runs], why=action)
        changed = {"status": status, "version": F("version") + 1}
        WorkOrder.objects.filter(pk=fresh.pk).update(completed_at=at, **changed)
        data = {"before": fresh.status, "work_centers": sorted(run.work_center.code for run in runs)}
        _tell(fresh, action, actor, at, data)
        return True


def _locked_places(work_center: WorkCenter) -> list[WorkCenter]:
    """The machines a start concerns, locked in one order so that two starts wait for each other, never in a circle."""
    locked = WorkCenter.objects.select_for_update(no_key=True).filter(line=work_center.line_id, archived=False)
    places = list(locked.order_by("pk"))
    if work_center.line.orders_run_on == "line":
        return places
    return [place for place in places if place.pk == work_center.pk]


def _check_may_start(order: WorkOrder, work_center: WorkCenter) -> None:
    if order.line_id != work_center.line_id:
        raise OrderRefused(
            f"{order.number} is planned for line {order.line.code}, but {work_center.code} belongs to "
            f"{work_center.line.code}: choose an order of this line."
        )
    if order.status not in OPEN:
        raise OrderRefused(f"{order.number} is {order.get_status_display().lower()}: choose another order.")


def _check_as_seen(seen: Seen | None, order: WorkOrder, running: Run | None) -> None:
    if seen is None:
        return
    now = running.order.number if running else ""
    if seen.running != now:
        raise OrderRefused(
            f"Meanwhile {now or 'no order'} runs here instead of {seen.running or 'none'}: choose again."
        )
    if seen.version != order.version:
        raise OrderRefused(f"{order.number} was changed since this page was opened: look at it and choose again.")


def _open(places: list[WorkCenter]) -> QuerySet[Run]:
    return Run.objects.filter(work_center__in=places, ends_at=None).select_related("work_center", "order")


def _order_on(run: Run | None) -> int | None:
    return run.order_id if run else None


def _end_runs(runs: list[Run], actor: str, at: datetime) -> set[int]:
    """Ends the runs at `at`; the ids of their orders."""
    for run in runs:
        if run.starts_at > at:
            started = run.starts_at.isoformat(timespec="seconds")
            raise OrderRefused(f"What runs there now was started at {started}: give a later time.")
    Run.objects.filter(pk__in=[run.pk for run in runs], ends_at=None).update(ends_at=at, ended_by=actor)
    return {run.order_id for run in runs}


def _set_waiting(displaced: set[int]) -> None:
    """Orders that were pushed off their last machine wait in the queue again."""
    still = Run.objects.filter(order__in=displaced, ends_at=None).values("order")
    waiting = WorkOrder.objects.filter(pk__in=displaced, status=Status.RUNNING).exclude(pk__in=still)
    waiting.update(status=Status.RELEASED, version=F("version") + 1)


def _tell(order: WorkOrder, action: str, actor: str, at: datetime, data: dict[str, Any]) -> None:
    about = {"item": order.item.code, "line": order.line.code, "quantity": order.quantity, "due_at": order.due_at}
    record(actor=actor, at=at, action=action, kind=KIND, code=order.number, data={**about, **data})
