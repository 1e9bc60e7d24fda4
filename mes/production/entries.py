"""Entries about an order's quantity: pieces counted by people, and parts reported as finished. Never overwritten."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from mes.production.lifecycle import BEGUN
from mes.production.models import ManualCount, Operation, OrderPart, WorkOrder
from mes.production.order_rows import order_locked, tell, words_of
from mes.production.refusals import OrderRefused
from mes.production.routing_models import CountSource

ZERO = Decimal(0)


def count_enter(
    *, operation: Operation, good: Decimal, scrap: Decimal, note: str = "", actor: str, at: datetime, key: UUID
) -> ManualCount:
    """Pieces of an operation that people count. Below zero it is a correction and needs a note; the sum stays above -1.

    The same `key` again changes nothing. Raises OrderRefused where a machine or the operation before counts, for an
    order that was not started or is over, and for a correction of more than was entered.
    """
    if good == 0 and scrap == 0:
        raise OrderRefused(_("Enter how many pieces: good, scrap, or both."), "good")
    words = words_of(note, "note", needed=good < 0 or scrap < 0)
    with transaction.atomic():
        order = order_locked(operation.order)
        known = ManualCount.objects.filter(key=key).first()
        if known is not None:
            if (known.operation_id, known.good, known.scrap) != (operation.pk, good, scrap):
                raise OrderRefused(_("This form was sent before with other numbers: open the page again."))
            return known
        _check_may_count(order, operation)
        total_good, total_scrap = counted(operation)
        if total_good + good < 0 or total_scrap + scrap < 0:
            about = {"good": f"{total_good.normalize():f}", "scrap": f"{total_scrap.normalize():f}"}
            said = _("Only %(good)s good and %(scrap)s scrap were entered: take back at most that many.")
            raise OrderRefused(said % about, "good")
        entry = ManualCount.objects.create(
            operation=operation, good=good, scrap=scrap, note=words, at=at, by=actor, key=key
        )
        data = {"operation": str(operation), "good": good, "scrap": scrap, "why": words, "key": key}
        tell(order, "count_enter", actor, at, data)
        return entry


def counted(operation: Operation) -> tuple[Decimal, Decimal]:
    """Good and scrap that people entered for the operation, corrections included."""
    sums = ManualCount.objects.filter(operation=operation).aggregate(good=Sum("good"), scrap=Sum("scrap"))
    return sums["good"] or ZERO, sums["scrap"] or ZERO


def manual_sums(order_ids: Sequence[int]) -> dict[Operation, tuple[Decimal, Decimal]]:
    """Good and scrap that people entered, of every operation of these orders with entries."""
    if not order_ids:
        return {}
    sums = Operation.objects.filter(order__in=order_ids, manual_counts__isnull=False)
    sums = sums.annotate(entered_good=Sum("manual_counts__good"), entered_scrap=Sum("manual_counts__scrap"))
    return {step: (step.entered_good, step.entered_scrap) for step in sums}


def part_report(
    *, order: WorkOrder, quantity: Decimal, good: Decimal, note: str = "", actor: str, at: datetime, key: UUID
) -> OrderPart:
    """So many of the good pieces are finished and leave, while the order goes on. Below zero: a correction with a note.

    `good` is what was made so far: no more than that is reported, no less than nothing. The same `key` again: once.
    """
    if quantity == 0:
        raise OrderRefused(_("Enter how many pieces are finished."), "quantity")
    words = words_of(note, "note", needed=quantity < 0)
    with transaction.atomic():
        fresh = order_locked(order)
        known = OrderPart.objects.filter(key=key).first()
        if known is not None:
            if (known.order_id, known.quantity) != (fresh.pk, quantity):
                raise OrderRefused(_("This form was sent before with another number: open the page again."))
            return known
        if fresh.status not in BEGUN:
            raise OrderRefused(_("%(number)s does not run: report its parts while it does.") % {"number": fresh.number})
        before = reported([fresh])[fresh.pk]
        if before + quantity < 0 or (quantity > 0 and before + quantity > good):
            about = {"good": f"{good.normalize():f}", "before": f"{before.normalize():f}"}
            said = _("%(good)s are made and %(before)s are reported already: report at most the rest.")
            raise OrderRefused(said % about, "quantity")
        part = OrderPart.objects.create(order=fresh, quantity=quantity, note=words, at=at, by=actor, key=key)
        tell(
            fresh, "part_report", actor, at, {"part": quantity, "reported": before + quantity, "why": words, "key": key}
        )
        return part


def reported(orders: Iterable[WorkOrder]) -> dict[int, Decimal]:
    """What was reported as finished of each order (by id)."""
    found = {order.pk: ZERO for order in orders}
    sums = OrderPart.objects.filter(order__in=found).values_list("order").annotate(q=Sum("quantity")).order_by()
    return found | dict(sums)


def _check_may_count(order: WorkOrder, operation: Operation) -> None:
    if operation.count_source != CountSource.MANUAL:
        about = {"operation": operation, "source": operation.get_count_source_display().lower()}
        said = _("%(operation)s is not counted by hand (%(source)s): correct its counts on the Counts page.")
        raise OrderRefused(said % about)
    if order.status not in BEGUN:
        raise OrderRefused(_("%(number)s does not run: start it before you count.") % {"number": order.number})
