"""Lots leave the plant for a customer, or the entry is taken back by a counter-entry."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.materials.models import Lot, Shipment
from mes.materials.refusals import LotRefused, positive, words
from mes.materials.stock import draw, locked, refuse_unless_free, tell

MAX_CUSTOMER = 120
MAX_ORDER = 60


def lot_ship(
    *, lot: Lot, quantity: Decimal, customer: str, customer_order: str, actor: str, at: datetime, key: UUID
) -> Shipment:
    """So much of the lot went to the customer. The same `key` again returns the first entry.

    LotRefused for a lot on hold, blocked or expired, for more than is left, and without a customer.
    """
    quantity = positive(quantity)
    customer = words(customer, MAX_CUSTOMER, "customer", needed=_("Say to which customer it went."))
    customer_order = words(customer_order, MAX_ORDER, "customer_order")
    try:
        with transaction.atomic():
            fresh = locked(lot)
            known = Shipment.objects.filter(key=key).first()
            if known is not None:
                if (known.lot_id, known.quantity) != (fresh.pk, quantity):
                    raise LotRefused(_("This form was sent before with other content: open the page again."))
                return known
            refuse_unless_free(fresh, at)
            draw(fresh, "shipped", quantity)
            entry = Shipment.objects.create(
                lot=fresh, quantity=quantity, customer=customer, customer_order=customer_order, at=at, actor=actor,
                key=key,
            )  # fmt: skip
            data = {"before": fresh.on_hand + quantity, "after": fresh.on_hand, "quantity": quantity}
            tell(fresh, "lot_ship", actor, at, {**data, "customer": customer, "why": customer_order or "shipped"})
            return entry
    except IntegrityError as error:
        raise LotRefused(_("This form was sent before for another lot: open the page again.")) from error


def lot_ship_undo(*, shipment: Shipment, why: str, actor: str, at: datetime, key: UUID) -> bool:
    """Takes a shipment back by a counter-entry; the quantity is on hand again. True if this call did it."""
    why = words(why, 200, "why", needed=_("Say why it is taken back, e.g. wrong lot, returned."))
    with transaction.atomic():
        fresh = locked(shipment.lot)
        entry = Shipment.objects.get(pk=shipment.pk)
        if entry.undone:
            return False
        if entry.undoes_id is not None:
            raise LotRefused(_("This entry cannot be taken back: enter what is right instead."))
        Shipment.objects.filter(pk=entry.pk).update(undone=True)
        draw(fresh, "shipped", -entry.quantity)
        Shipment.objects.create(
            lot=fresh, quantity=-entry.quantity, customer=entry.customer, customer_order=entry.customer_order,
            undoes=entry, at=at, actor=actor, key=key,
        )  # fmt: skip
        data = {"before": fresh.on_hand - entry.quantity, "after": fresh.on_hand, "customer": entry.customer}
        tell(fresh, "lot_ship_undo", actor, at, {**data, "why": why})
        return True
