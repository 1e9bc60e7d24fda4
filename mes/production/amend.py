"""An order is changed by whoever it came from: quantity, dates, priority, and before its start also item and line."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mes.production.lifecycle import OVER
from mes.production.models import WorkOrder
from mes.production.operations import operations_from_routings
from mes.production.order_rows import order_locked, stored, tell, words_of
from mes.production.refusals import OrderRefused

ANY_TIME = ("quantity", "due_at", "priority")
BEFORE_START = ("item", "line")


def order_amend(*, order: WorkOrder, changes: Mapping[str, Any], why: str, actor: str, at: datetime) -> bool:
    """The order has these values from now on (`ANY_TIME`, `BEFORE_START`). True if that changed something.

    The one who calls may decide without asking the floor; who may not uses `change_ask`. With another item or line the
    order takes that routing's operations and loses its machine. Raises OrderRefused for an order that is over, for
    another item or line after its start, and for a quantity of 0.
    """
    strange = set(changes) - set(ANY_TIME) - set(BEFORE_START)
    if strange:
        raise ValueError(f"An order's {', '.join(sorted(strange))} cannot be amended.")
    words = words_of(why, "why")
    with transaction.atomic():
        fresh = order_locked(order)
        after = {name: value for name, value in changes.items() if getattr(fresh, name) != value}
        if not after:
            return False
        _check(fresh, after)
        before = {name: getattr(fresh, name) for name in after}
        moved = {"dispatched_to": None} if "line" in after else {}
        stored(fresh, **after, **moved)
        if after.keys() & set(BEFORE_START):
            fresh.operations.all().delete()
            operations_from_routings([WorkOrder.objects.select_related("item", "line").get(pk=fresh.pk)])
        tell(fresh, "order_amend", actor, at, {"before": before, "after": after, "why": words})
    order.refresh_from_db()
    return True


def _check(order: WorkOrder, after: Mapping[str, Any]) -> None:
    if order.status in OVER:
        state = order.get_status_display().lower()
        said = _("%(number)s is %(state)s: it stays as it is.")
        raise OrderRefused(said % {"number": order.number, "state": state})
    if order.started_at is not None and after.keys() & set(BEFORE_START):
        said = _("%(number)s was started: its item and line stay. Complete it, and make another order for the rest.")
        raise OrderRefused(said % {"number": order.number})
    if "quantity" in after and after["quantity"] <= 0:
        said = _("%(number)s needs a quantity above 0: cancel it if it is not to be made.")
        raise OrderRefused(said % {"number": order.number}, "quantity")
