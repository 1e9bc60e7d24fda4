"""Completing an order and reporting parts of it, judged by what was counted. The counts are read here, one floor up."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from mes.production.entries import part_report
from mes.production.models import OrderPart, WorkOrder
from mes.production.orders import order_complete
from mes.tracking.order_counts import made_of


def order_finish(
    *, order: WorkOrder, actor: str, at: datetime, short: str = "", note: str = "", seen_version: int | None = None
) -> bool:
    """Completes the order with the good pieces counted so far; see `order_complete`. True if this call did it."""
    with transaction.atomic():
        good = made_of([order])[order.pk].good
        return order_complete(
            order=order, actor=actor, at=at, good=good, short=short, note=note, seen_version=seen_version
        )


def order_part(
    *, order: WorkOrder, quantity: Decimal, note: str = "", actor: str, at: datetime, key: UUID
) -> OrderPart:
    """Reports good pieces as finished while the order goes on; see `part_report`."""
    with transaction.atomic():
        good = made_of([order])[order.pk].good
        return part_report(order=order, quantity=quantity, good=good, note=note, actor=actor, at=at, key=key)
