"""What the floor does to an order: it is started, paused, resumed, completed, cancelled. One journal entry each."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from mes.plant.changes import changed as past_changed
from mes.plant.changes import refuse_if_locked
from mes.plant.models import WorkCenter
from mes.production.blocks import blocks_of, plain
from mes.production.changes import requests_end
from mes.production.lifecycle import is_there
from mes.production.models import Operation, Run, WorkOrder
from mes.production.operations import operation_for
from mes.production.order_rows import (
    check_not_held,
    check_step,
    check_version,
    end_runs,
    line_locked,
    open_runs,
    order_locked,
    runs_end,
    stored,
    tell,
    words_of,
)
from mes.production.refusals import OrderRefused
from mes.production.setups import setups_begin
from mes.production.tolerance import limits_of, verdict

Status = WorkOrder.Status


class Seen(NamedTuple):
    """What a page showed when somebody chose an order to start: its version, and what ran there ("" for nothing)."""

    version: int
    running: str


def order_start(
    *,
    order: WorkOrder,
    work_center: WorkCenter,
    actor: str,
    at: datetime,
    seen: Seen | None = None,
    seen_version: int | None = None,
    despite: str = "",
    action: str = "order_start",
) -> list[Run]:
    """The order runs from `at` on the work center, or on all of its line where orders run on the line.

    An order with operations runs the first one that is open and belongs on the machine, and only there. What ran there
    before is ended at `at` and is paused unless it runs elsewhere. Returns the open runs; said twice nothing changes.
    Raises OrderRefused for an order of another line, a finished or held one, one that is blocked (`despite` passes over
    blocks that are not firm, in words that are kept), an `at` before the start of what runs, or where the place is no
    longer as it was `seen` (a page sent again later must not start things anew).
    """
    with transaction.atomic():
        line = line_locked(work_center.line_id)
        fresh = order_locked(order)
        _check_line(fresh, work_center)
        check_step(fresh, "start")
        running = {run.work_center_id: run for run in open_runs(line)}
        here = running.get(work_center.pk)
        operation = here.operation if here and here.order_id == fresh.pk else operation_for(fresh, work_center)
        places = _places(line, work_center, operation)
        missing = [place for place in places if _order_on(running.get(place.pk)) != fresh.pk]
        if missing:
            _check_as_seen(seen, fresh, here)
            check_version(fresh, seen_version)
            passed = _check_blocks(fresh, work_center, despite, at)
            refuse_if_locked(work_center, at, at)
            displaced = end_runs([running[place.pk] for place in missing if place.pk in running], actor, at)
            setups_begin(_runs_begin(fresh, missing, operation, actor, at))
            numbers = _displaced_pause(displaced, fresh, actor, at)
            fields = {"status": Status.RUNNING, "started_at": fresh.started_at or at}
            stored(fresh, **fields, pause_reason="", pause_note="")
            past_changed([(place.pk, at, at) for place in missing], why=action)
            data: dict[str, Any] = {"work_centers": [place.code for place in missing], "ended": numbers} | passed
            if operation is not None:
                data["operation"] = str(operation)
            tell(fresh, action, actor, at, data)
        return list(open_runs(places))


def order_pause(
    *, order: WorkOrder, reason: str, note: str = "", actor: str, at: datetime, seen_version: int | None = None
) -> bool:
    """The order's runs end at `at` and it waits, for a reason of `WorkOrder.Pause`. True if this call did it.

    "Something else" needs a note. Raises OrderRefused for an order that does not run.
    """
    if reason not in WorkOrder.Pause.values:
        raise OrderRefused(_("Choose why the order is paused."), "reason")
    words = words_of(note, "note", needed=reason == WorkOrder.Pause.OTHER)
    with transaction.atomic():
        line_locked(order.line_id)
        fresh = order_locked(order)
        if is_there("pause", fresh.status):
            return False
        check_step(fresh, "pause")
        check_version(fresh, seen_version)
        ended = runs_end(fresh, "order_pause", actor, at)
        stored(fresh, status=Status.PAUSED, pause_reason=reason, pause_note=words)
        tell(fresh, "order_pause", actor, at, {"reason": reason, "why": words, "work_centers": ended})
        return True


def order_resume(
    *, order: WorkOrder, actor: str, at: datetime, work_center: WorkCenter | None = None, despite: str = ""
) -> list[Run]:
    """A paused order runs again on the machine given, or on those where it ran last. Returns the open runs.

    Said twice it changes nothing. Raises OrderRefused where another order runs there meanwhile: then a person at the
    machine decides, with `order_start`.
    """
    with transaction.atomic():
        line = line_locked(order.line_id)
        fresh = order_locked(order)
        if is_there("resume", fresh.status):
            return list(open_runs(line).filter(order=fresh))
        check_step(fresh, "resume")
        for place in [work_center] if work_center else _ran_last(fresh, line):
            other = open_runs([place]).exclude(order=fresh).first()
            if other is not None:
                said = _("%(other)s runs on %(machine)s now: start %(number)s at its station.")
                words = {"other": other.order.number, "machine": place.code, "number": fresh.number}
                raise OrderRefused(said % words)
            order_start(order=fresh, work_center=place, actor=actor, at=at, despite=despite, action="order_resume")
        return list(open_runs(line).filter(order=fresh))


def order_complete(
    *,
    order: WorkOrder,
    actor: str,
    at: datetime,
    good: Decimal | None = None,
    short: str = "",
    note: str = "",
    seen_version: int | None = None,
) -> bool:
    """The order is finished: its runs end at `at`. True if this call did it, False if it was completed already.

    `good` is what was made of it (pieces; None: nobody counted). Less than its tolerance needs a reason of
    `WorkOrder.Short`, "something else" a note too. More is kept as it is. A held order is not completed.
    """
    with transaction.atomic():
        line_locked(order.line_id)
        fresh = order_locked(order)
        if is_there("complete", fresh.status):
            return False
        check_step(fresh, "complete")
        check_version(fresh, seen_version)
        check_not_held(fresh)
        data = _judged(fresh, good, short, note)
        ended = runs_end(fresh, "order_complete", actor, at)
        Operation.objects.filter(order=fresh, done_at=None).update(done_at=at, done_by=actor)
        requests_end(fresh, at)
        said = {"short_reason": data.get("short", ""), "short_note": data.get("why", "")}
        stored(fresh, status=Status.COMPLETED, completed_at=at, pause_reason="", pause_note="", **said)
        tell(fresh, "order_complete", actor, at, {"before": fresh.status, "work_centers": ended} | data)
        return True


def order_cancel(*, order: WorkOrder, actor: str, at: datetime, why: str = "", seen_version: int | None = None) -> bool:
    """The order will not be made (any more): its runs end at `at`. True if this call did it."""
    words = words_of(why, "why", needed=False)
    with transaction.atomic():
        line_locked(order.line_id)
        fresh = order_locked(order)
        if is_there("cancel", fresh.status):
            return False
        check_step(fresh, "cancel")
        check_version(fresh, seen_version)
        ended = runs_end(fresh, "order_cancel", actor, at)
        requests_end(fresh, at)
        stored(fresh, status=Status.CANCELLED, completed_at=at)
        data = {"before": fresh.status, "why": words, "work_centers": ended}
        tell(fresh, "order_cancel", actor, at, data)
        return True


def _judged(order: WorkOrder, good: Decimal | None, short: str, note: str) -> dict[str, Any]:
    """What the journal keeps of the quantity. Raises OrderRefused where too little was made and nobody says why."""
    if good is None:
        return {}
    limits = limits_of(
        order.quantity,
        under_percent=(order.under_percent, order.item.under_percent),
        over_percent=(order.over_percent, order.item.over_percent),
    )
    found = verdict(good, limits)
    data: dict[str, Any] = {"good": good, "verdict": found}
    if found != "short":
        return data
    if short not in WorkOrder.Short.values:
        words = {"good": plain(good), "all": plain(order.quantity), "unit": order.item.unit, "number": order.number}
        said = _("Only %(good)s of %(all)s %(unit)s of %(number)s are made: say why it is complete.")
        raise OrderRefused(said % words, "short")
    return data | {"short": short, "why": words_of(note, "note", needed=short == WorkOrder.Short.OTHER)}


def _check_blocks(order: WorkOrder, work_center: WorkCenter, despite: str, at: datetime) -> dict[str, Any]:
    """What was passed over, for the journal. Raises OrderRefused where something blocks and nobody may pass over it."""
    check_not_held(order)
    blocks = blocks_of([order], at, work_center=work_center)[order.pk]
    if not blocks:
        return {}
    texts = [block.text for block in blocks]
    if not despite:
        said = _("%(number)s cannot start: %(blocks)s.") % {"number": order.number, "blocks": "; ".join(texts)}
        raise OrderRefused(said, "despite")
    return {"despite": texts, "why": words_of(despite, "despite")}


def _places(line: list[WorkCenter], work_center: WorkCenter, operation: Operation | None) -> list[WorkCenter]:
    """The machines a start concerns: one for an operation, else as the line says."""
    if operation is None and work_center.line.orders_run_on == "line":
        return line
    return [place for place in line if place.pk == work_center.pk]


def _check_line(order: WorkOrder, work_center: WorkCenter) -> None:
    if order.line_id != work_center.line_id:
        said = _(
            "%(number)s is planned for line %(line)s, but %(machine)s belongs to %(other)s: "
            "choose an order of this line."
        )
        words = {"number": order.number, "line": order.line.code, "machine": work_center.code}
        raise OrderRefused(said % (words | {"other": work_center.line.code}))


def _check_as_seen(seen: Seen | None, order: WorkOrder, running: Run | None) -> None:
    if seen is None:
        return
    now = running.order.number if running else ""
    if seen.running != now:
        said = _("Meanwhile %(now)s runs here instead of %(seen)s: choose again.")
        raise OrderRefused(said % {"now": now or _("no order"), "seen": seen.running or _("none")})
    check_version(order, seen.version)


def _order_on(run: Run | None) -> int | None:
    return run.order_id if run else None


def _runs_begin(
    order: WorkOrder, places: Iterable[WorkCenter], operation: Operation | None, actor: str, at: datetime
) -> list[Run]:
    return Run.objects.bulk_create(
        Run(work_center=place, order=order, operation=operation, item=order.item, starts_at=at, started_by=actor)
        for place in places
    )


def _displaced_pause(displaced: set[int], by: WorkOrder, actor: str, at: datetime) -> list[str]:
    """Orders that were pushed off their last machine are paused; the numbers of all that were pushed off somewhere."""
    orders = WorkOrder.objects.filter(pk__in=displaced).select_related("item", "line").order_by("number")
    still = set(Run.objects.filter(order__in=displaced, ends_at=None).values_list("order", flat=True))
    for order in orders:
        if order.pk not in still and order.status == Status.RUNNING:
            stored(order, status=Status.PAUSED, pause_reason=WorkOrder.Pause.OTHER_ORDER, pause_note=by.number)
            data = {"reason": WorkOrder.Pause.OTHER_ORDER.value, "why": by.number, "work_centers": []}
            tell(order, "order_pause", actor, at, data)
    return [order.number for order in orders]


def _ran_last(order: WorkOrder, line: list[WorkCenter]) -> list[WorkCenter]:
    """The machines whose runs of the order ended last; with operations, without those that are done."""
    runs = Run.objects.filter(order=order, work_center__in=line).exclude(operation__done_at__isnull=False)
    last = runs.order_by("-ends_at").values_list("ends_at", flat=True).first()
    ids = set(runs.filter(ends_at=last).values_list("work_center", flat=True)) if last else set()
    if not ids:
        said = _("%(number)s has no machine to go on at: start it at a station.")
        raise OrderRefused(said % {"number": order.number})
    return [place for place in line if place.pk in ids]
