"""Scrap that a person enters: pieces the machine counted as good and that are not. Corrections are entries too."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Sum

from mes.journal.write import record
from mes.plant.changes import changed, refuse_if_locked
from mes.plant.models import Shift, WorkCenter
from mes.plant.shift_of import shift_at
from mes.production.models import WorkOrder
from mes.tracking.models import CountFlag, CountHour

KIND = "work-center"
_COUNTED = (CountFlag.Kind.GAP, CountFlag.Kind.MANUAL)


class ScrapRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


def scrap_enter(
    *, work_center: WorkCenter, quantity: int, order: WorkOrder | None, actor: str, at: datetime, key: UUID
) -> CountFlag:
    """Moves `quantity` pieces from good to scrap at `at`: total and PLC counters stay as they are (R28).

    Stored as two manual counts, scrap +q and good -q. The same `key` again changes nothing. Raises ScrapRefused for
    more pieces than were counted as good for the order (without one: in the shift) on this machine, ShiftLocked in a
    locked shift.
    """
    if quantity < 1:
        raise ScrapRefused("The number of scrap pieces is 0: enter a whole number from 1.")
    with transaction.atomic():
        WorkCenter.objects.select_for_update(no_key=True).get(pk=work_center.pk)
        entered = CountFlag.objects.filter(key=key).first()
        if entered:
            return _same(entered, work_center, quantity)
        refuse_if_locked(work_center, at, at)
        shift = shift_at(work_center, at)
        good = good_on(work_center, order, shift)
        if quantity > good:
            where = f"for {order.number} on {work_center.code}" if order else f"on {work_center.code} in this shift"
            raise ScrapRefused(f"Only {good} good pieces were counted {where}: enter at most that many as scrap.")
        flag = _store(work_center, shift, order, quantity, actor, at, key, "")
        changed([(work_center.pk, at, at)], why="scrap_enter")
        data = {"from": at, "to": at, "quantity": quantity, "order": order.number if order else None, "key": key}
        record(actor=actor, at=at, action="scrap_enter", kind=KIND, code=work_center.code, data=data)
        return flag


def scrap_undo(*, key: UUID, actor: str, at: datetime) -> bool:
    """Takes an entry back by its exact opposite, at the time of the entry. True if this call did it."""
    with transaction.atomic():
        entered = (
            CountFlag.objects.select_related("work_center", "order", "shift").filter(key=key, role="scrap").first()
        )
        if entered is None or entered.quantity <= 0:
            raise ScrapRefused("This scrap entry does not exist: look at the last entries again.")
        WorkCenter.objects.select_for_update(no_key=True).get(pk=entered.work_center_id)
        undo_key = undo_key_of(key)
        if CountFlag.objects.filter(key=undo_key).exists():
            return False
        refuse_if_locked(entered.work_center, entered.to_at, entered.to_at)
        quantity = -int(entered.quantity)
        place, order, shift = entered.work_center, entered.order, entered.shift
        _store(place, shift, order, quantity, actor, entered.to_at, undo_key, "Taken back")
        changed([(place.pk, entered.to_at, entered.to_at)], why="scrap_undo")
        data: dict[str, Any] = {"from": entered.to_at, "to": entered.to_at, "quantity": quantity}
        data |= {"order": order.number if order else None, "key": key}
        record(actor=actor, at=at, action="scrap_undo", kind=KIND, code=place.code, data=data)
        return True


def good_on(work_center: WorkCenter, order: WorkOrder | None, shift: Shift | None) -> int:
    """Good pieces of the order on the machine, corrections included; without one those of the shift without order."""
    hours = CountHour.objects.filter(work_center=work_center, order=order)
    flags = CountFlag.objects.filter(work_center=work_center, order=order, role="good", kind__in=_COUNTED)
    if order is None:
        hours, flags = hours.filter(shift=shift), flags.filter(shift=shift)
    counted = hours.aggregate(n=Sum("good_sum"))["n"] or 0
    return counted + int(flags.aggregate(n=Sum("quantity"))["n"] or 0)


def last_scrap(work_center: WorkCenter, since: datetime) -> CountFlag | None:
    """The latest entry since an instant that was not taken back."""
    entries = CountFlag.objects.filter(
        work_center=work_center, kind=CountFlag.Kind.MANUAL, role="scrap", to_at__gte=since, quantity__gt=0
    )
    for entry in entries.order_by("-to_at", "-pk")[:20]:
        if entry.key and not CountFlag.objects.filter(key=undo_key_of(entry.key)).exists():
            return entry
    return None


def undo_key_of(key: UUID) -> UUID:
    """The key under which the opposite of an entry is stored: derived, so that a second undo meets the constraint."""
    return uuid5(key, "undo")


def _same(entered: CountFlag, work_center: WorkCenter, quantity: int) -> CountFlag:
    if entered.work_center_id != work_center.pk or entered.quantity != quantity:
        raise ScrapRefused("This form was sent before with another number: open the page again and enter the rest.")
    return entered


def _store(
    work_center: WorkCenter,
    shift: Shift | None,
    order: WorkOrder | None,
    quantity: int,
    actor: str,
    at: datetime,
    key: UUID,
    detail: str,
) -> CountFlag:
    common: dict[str, Any] = {
        "work_center": work_center,
        "kind": CountFlag.Kind.MANUAL,
        "from_at": at,
        "to_at": at,
        "shift": shift,
        "order": order,
        "item_id": order.item_id if order else None,
        "actor": actor,
        "detail": detail,
    }
    scrap = CountFlag.objects.create(role="scrap", quantity=Decimal(quantity), key=key, **common)
    CountFlag.objects.create(role="good", quantity=Decimal(-quantity), key=uuid5(key, "good"), **common)
    return scrap
