"""What every action on a lot shares: the locked row, what it may give, how it is drawn from, the journal entry."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.materials.models import Lot
from mes.materials.refusals import LotRefused, shown

KIND = "lot"
Status = Lot.Status


def locked(lot: Lot) -> Lot:
    """The lot as it is now, locked until the transaction ends."""
    rows = Lot.objects.select_for_update(no_key=True, of=("self",)).select_related("item", "site", "line", "at_line")
    return rows.get(pk=lot.pk)


def today_at(lot: Lot, at: datetime) -> date:
    """The date of an instant at the lot's site."""
    return at.astimezone(ZoneInfo(lot.site.time_zone)).date()


def refuse_unless_free(lot: Lot, at: datetime, expired_because: str = "") -> None:
    """LotRefused for a lot on hold, blocked, used up, or past its last day unless somebody says why it may be used."""
    if lot.status in (Status.HELD, Status.BLOCKED):
        hold = lot.holds.filter(released_at=None).order_by("-blocks", "opened_at").first()
        because = hold.why if hold else ""
        state = _("blocked") if lot.status == Status.BLOCKED else _("on hold")
        raise LotRefused(
            _("Lot %(lot)s is %(state)s: %(because)s. Take another lot, or ask quality to release it.")
            % {"lot": lot.number, "state": state, "because": because.rstrip(".")}
        )
    if lot.on_hand <= 0:
        raise LotRefused(_("Lot %(lot)s is used up: nothing is left of it. Take another lot.") % {"lot": lot.number})
    if lot.expired(today_at(lot, at)) and not expired_because:
        raise LotRefused(
            _("Lot %(lot)s expired on %(day)s. Take another lot, or ask quality whether it may still be used.")
            % {"lot": lot.number, "day": lot.expires_on}
        )


def draw(lot: Lot, column: str, quantity: Decimal) -> None:
    """Takes so much from the lot into `consumed` or `shipped`, or gives it back (negative). The row is locked.

    LotRefused where there is not so much left; the database refuses it as well.
    """
    if quantity > lot.on_hand:
        raise LotRefused(
            _("Lot %(lot)s has %(left)s %(unit)s left, not %(asked)s. Enter less, or scan a second lot for the rest.")
            % {"lot": lot.number, "left": shown(lot.on_hand), "unit": lot.unit, "asked": shown(quantity)},
            "quantity",
        )
    setattr(lot, column, getattr(lot, column) + quantity)
    Lot.objects.filter(pk=lot.pk).update(**{column: F(column) + quantity})
    settle_status(lot)


def settle_status(lot: Lot) -> None:
    """A free lot of which nothing is left is used up, and the other way round. Holds are not touched."""
    if lot.status not in (Status.FREE, Status.CONSUMED):
        return
    status = Status.FREE if lot.on_hand > 0 else Status.CONSUMED
    if status != lot.status:
        lot.status = status
        Lot.objects.filter(pk=lot.pk).update(status=status)


def tell(lot: Lot, action: str, actor: str, at: datetime, data: dict[str, Any]) -> None:
    """One journal entry about the lot; numbers are unique per item, so the item stands in it."""
    about = {"item": lot.item.code, "line": lot.line.code if lot.line else None}
    record(actor=actor, at=at, action=action, kind=KIND, code=lot.number, data={**about, **data})
