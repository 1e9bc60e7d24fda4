"""Lots come about: received from a supplier, made by an order, split off or merged; their quantity is corrected."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from mes.materials.models import Consumption, Lot, LotCorrection, LotRule
from mes.materials.refusals import MAX_WHY, LotRefused, positive, shown, words
from mes.materials.stock import draw, locked, refuse_unless_free, settle_status, tell, today_at
from mes.plant.models import Line, Site, WorkCenter
from mes.production.models import Item, Run, WorkOrder

MAX_NAME = 120
MAX_NUMBER = 60


def lot_receive(
    *,
    item: Item,
    number: str,
    quantity: Decimal,
    site: Site,
    supplier: str,
    supplier_lot: str,
    expires_on: date | None,
    actor: str,
    at: datetime,
    key: UUID,
    at_line: Line | None = None,
    is_serial: bool = False,
) -> Lot:
    """A lot from a supplier lies in the store, or at a line. The same `key` again returns the first; LotRefused else.

    `number` and `quantity` are already read by `mes.production.typed`. An expired lot can be received: it is shown so.
    """
    fields = {
        "site": site,
        "at_line": at_line,
        "supplier": words(supplier, MAX_NAME, "supplier"),
        "supplier_lot": words(supplier_lot, MAX_NUMBER, "supplier_lot"),
        "expires_on": expires_on,
        "is_serial": is_serial,
    }
    return _create("lot_receive", item, number, quantity, fields, actor, at, key)


def lot_produce(
    *,
    item: Item,
    quantity: Decimal,
    work_center: WorkCenter,
    actor: str,
    at: datetime,
    key: UUID,
    number: str = "",
    order: WorkOrder | None = None,
    run: Run | None = None,
    expires_on: date | None = None,
    is_serial: bool = False,
) -> Lot:
    """A lot made on a machine, for an order where there is one. The same `key` again returns the first.

    Without a number it is the order's with the next three digits (WO-17-003). Without a last day it keeps as long as
    the rule of the item says, or for ever. What the order consumed until it is completed is possibly in it.
    """
    line = work_center.line
    with transaction.atomic():
        if order is not None:
            WorkOrder.objects.select_for_update(no_key=True).get(pk=order.pk)
            if order.item_id != item.pk:
                raise LotRefused(
                    _("%(order)s makes %(item)s: the lot must be of it.")
                    % {"order": order.number, "item": order.item.code},
                    "item",
                )
        known = Lot.objects.select_related("item").filter(key=key).first()
        if known is None and not number:
            number = _next_number(order)
        site = line.area.site
        fields: dict[str, Any] = {
            "site": site,
            "line": line,
            "at_line": line,
            "work_center": work_center,
            "order": order,
            "run": run,
            "expires_on": expires_on or _keeps_until(item, site, at),
            "is_serial": is_serial,
        }
        return _create("lot_produce", item, number or (known.number if known else ""), quantity, fields, actor, at, key)


def lot_split(*, lot: Lot, quantity: Decimal, number: str, actor: str, at: datetime, key: UUID) -> Lot:
    """A part of the lot becomes a lot of its own, with all the lot was made of. The same `key` again returns it."""
    quantity = positive(quantity)
    with transaction.atomic():
        fresh = locked(lot)
        known = Lot.objects.select_related("item").filter(key=key).first()
        if known is None:
            refuse_unless_free(fresh, at, expired_because="split")
        part = _create("lot_split", fresh.item, number, quantity, _like(fresh), actor, at, key)
        if known is None:
            _move_into(part, [(fresh, quantity)], Consumption.Kind.SPLIT, actor, at, key)
        return part


def lot_merge(*, lots: Sequence[Lot], number: str, actor: str, at: datetime, key: UUID) -> Lot:
    """What is left of the lots becomes one lot; it expires with the first of them. All are of one item and place."""
    with transaction.atomic():
        fresh = [locked(lot) for lot in sorted(lots, key=lambda lot: lot.pk)]
        known = Lot.objects.select_related("item").filter(key=key).first()
        if known is not None:
            return known
        if len({(one.item_id, one.at_line_id, one.site_id) for one in fresh}) != 1 or len(fresh) < 2:
            raise LotRefused(_("Choose two or more lots of one item that lie in one place."))
        for one in fresh:
            refuse_unless_free(one, at, expired_because="merge")
        parts = [(one, one.on_hand) for one in fresh]
        fields = _like(min(fresh, key=lambda one: one.expires_on or date.max))
        total = sum((part for _lot, part in parts), Decimal(0))
        merged = _create("lot_merge", fresh[0].item, number, total, fields, actor, at, key)
        _move_into(merged, parts, Consumption.Kind.MERGED, actor, at, key)
        return merged


def lot_correct(*, lot: Lot, change: Decimal, why: str, actor: str, at: datetime, key: UUID) -> bool:
    """The lot has so much more (or, negative, less) than was thought. True if this call stored it.

    LotRefused without a reason, and where less would be left than nothing: what was used or shipped stays true.
    """
    why = words(why, MAX_WHY, "why", needed=_("Say why the quantity changes, e.g. counted again, spilled."))
    positive(abs(change))
    with transaction.atomic():
        fresh = locked(lot)
        if LotCorrection.objects.filter(key=key).exists():
            return False
        if fresh.on_hand + change < 0:
            raise LotRefused(
                _("Lot %(lot)s has only %(left)s %(unit)s left: at most that can be taken off.")
                % {"lot": fresh.number, "left": shown(fresh.on_hand), "unit": fresh.unit},
                "quantity",
            )
        if fresh.is_serial and fresh.quantity + change > 1:
            raise LotRefused(_("%(lot)s is a serial: it is one piece or none.") % {"lot": fresh.number}, "quantity")
        LotCorrection.objects.create(lot=fresh, change=change, why=why, at=at, actor=actor, key=key)
        before = fresh.quantity
        fresh.quantity += change
        Lot.objects.filter(pk=fresh.pk).update(quantity=F("quantity") + change)
        settle_status(fresh)
        tell(fresh, "lot_correct", actor, at, {"before": before, "after": fresh.quantity, "why": why})
        return True


def lot_move(*, lot: Lot, to_line: Line | None, actor: str, at: datetime) -> bool:
    """The lot now lies at a line of its site, or (None) in the store. True if it lay elsewhere before."""
    with transaction.atomic():
        fresh = locked(lot)
        if to_line is not None and to_line.area.site_id != fresh.site_id:
            raise LotRefused(_("Line %(line)s is on another site: ship the lot there.") % {"line": to_line.code})
        if fresh.at_line_id == (to_line.pk if to_line else None):
            return False
        before = fresh.at_line.code if fresh.at_line else "store"
        Lot.objects.filter(pk=fresh.pk).update(at_line=to_line)
        after = to_line.code if to_line else "store"
        tell(fresh, "lot_move", actor, at, {"before": before, "after": after, "why": "moved"})
        return True


def _create(
    action: str, item: Item, number: str, quantity: Decimal, fields: dict[str, Any], actor: str, at: datetime, key: UUID
) -> Lot:
    """The lot, new or the one this key made before; LotRefused for a number that is taken, or other content."""
    quantity = positive(quantity)
    number = words(number, MAX_NUMBER, "number", needed=_("The lot needs a number: scan or type it."))
    if fields.get("is_serial") and quantity != 1:
        raise LotRefused(_("A serial is one piece: enter the quantity 1."), "quantity")
    try:
        with transaction.atomic():
            lot = Lot(item=item, number=number, quantity=quantity, unit=item.unit, at=at, actor=actor, key=key)
            for name, value in fields.items():
                setattr(lot, name, value)
            lot.save(force_insert=True)
            told = {name: str(value) if value else None for name, value in fields.items()}
            tell(lot, action, actor, at, {"before": None, "after": {**told, "quantity": quantity}, "why": action})
            return lot
    except IntegrityError:
        known = Lot.objects.select_related("item").filter(key=key).first()
    if known is None:
        raise LotRefused(
            _("There is a lot %(lot)s of %(item)s already: give this one another number.")
            % {"lot": number, "item": item.code},
            "number",
        )
    if (known.item_id, known.number) != (item.pk, number):
        raise LotRefused(_("This form was sent before for lot %(lot)s: open it again.") % {"lot": known.number})
    return known


def _like(lot: Lot) -> dict[str, Any]:
    """What a part has of the lot it came from; its order is not copied, for it is reached through that lot."""
    names = ("site", "line", "at_line", "work_center", "supplier", "supplier_lot", "expires_on")
    return {name: getattr(lot, name) for name in names}


def _move_into(lot: Lot, parts: Sequence[tuple[Lot, Decimal]], kind: str, actor: str, at: datetime, key: UUID) -> None:
    for source, quantity in parts:
        draw(source, "consumed", quantity)
        Consumption.objects.create(
            lot=source, into=lot, line=source.at_line, kind=kind, quantity=quantity, at=at, actor=actor,
            key=uuid5(key, str(source.pk)),
        )  # fmt: skip


def _next_number(order: WorkOrder | None) -> str:
    """The order's row is locked, so two lots at once do not get one number."""
    if order is None:
        raise LotRefused(_("The lot needs a number: no order runs that could give it one."), "number")
    taken = set(Lot.objects.filter(item=order.item_id, number__startswith=f"{order.number}-").values_list("number"))
    nth = len(taken) + 1
    while (f"{order.number}-{nth:03d}",) in taken:
        nth += 1
    return f"{order.number}-{nth:03d}"


def _keeps_until(item: Item, site: Site, at: datetime) -> date | None:
    rule = LotRule.objects.filter(item=item).first()
    if rule is None or rule.shelf_life_days is None:
        return None
    return today_at(Lot(site=site), at) + timedelta(days=rule.shelf_life_days)
