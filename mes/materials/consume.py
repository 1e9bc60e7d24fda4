"""Material goes into an order or a lot; a mistake is taken back by a counter-entry. Nothing is taken twice."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from mes.materials.genealogy import Direction, reached
from mes.materials.models import Consumption, Lot
from mes.materials.refusals import MAX_WHY, LotRefused, positive, shown, words
from mes.materials.stock import draw, locked, refuse_unless_free, tell
from mes.plant.models import WorkCenter
from mes.production.models import OrderMaterial, Run, WorkOrder
from mes.production.queries import open_run

_GENEALOGY_LOCK = 0x4C4F54  # two consumptions at once could close a circle that neither of them sees


def lot_consume(
    *,
    lot: Lot,
    quantity: Decimal,
    actor: str,
    at: datetime,
    key: UUID,
    work_center: WorkCenter | None = None,
    order: WorkOrder | None = None,
    into: Lot | None = None,
    expired_because: str = "",
) -> Consumption:
    """So much of the lot goes into `into`, else into the order, else into what runs on the work center.

    The same `key` again changes nothing and returns the first entry. LotRefused for a lot on hold, blocked, used up or
    past its last day (unless `expired_because` says why; the caller has asked whether the person may), for more than is
    left, and for a circle: a lot must not go into what it was made of. `quantity` in the lot's unit.
    """
    quantity = positive(quantity)
    because = words(expired_because, MAX_WHY, "why")
    try:
        with transaction.atomic():
            fresh = locked(lot)
            known = Consumption.objects.select_related("lot", "order").filter(key=key).first()
            if known is not None:
                return _same(known, fresh, quantity)
            run = _run(work_center, order, into, at)
            target = order or (run.order if run else None)
            if into is None and target is None:
                raise LotRefused(
                    _("No order runs here, so there is nothing to use %(lot)s for: start an order first.")
                    % {"lot": fresh.number}
                )
            refuse_unless_free(fresh, at, because)
            _refuse_wrong_material(fresh, target)
            _refuse_circle(fresh, into, target)
            draw(fresh, "consumed", quantity)
            used = Consumption.objects.create(
                lot=fresh,
                into=into,
                order=target,
                run=run,
                work_center=work_center,
                line_id=_line_id(work_center, target, into),
                quantity=quantity,
                why=because,
                at=at,
                actor=actor,
                key=key,
            )
            tell(fresh, "lot_consume", actor, at, {"before": fresh.on_hand + quantity, **_entry(used)})
            return used
    except IntegrityError as error:
        raise LotRefused(_("This form was sent before for another lot: open the page again.")) from error


def lot_consume_undo(*, consumption: Consumption, why: str, actor: str, at: datetime, key: UUID) -> bool:
    """Takes a consumption back by a counter-entry; the quantity is on hand again. True if this call did it.

    A split or merge is not undone here: its lot exists. A counter-entry cannot be undone itself: consume anew.
    """
    why = words(why, MAX_WHY, "why", needed=_("Say why it is taken back, e.g. wrong lot scanned."))
    with transaction.atomic():
        fresh = locked(consumption.lot)
        entry = Consumption.objects.select_related("order", "into", "work_center").get(pk=consumption.pk)
        if entry.undone:
            return False
        if entry.undoes_id is not None or entry.kind != Consumption.Kind.USED:
            raise LotRefused(_("This entry cannot be taken back: enter what is right instead."))
        Consumption.objects.filter(pk=entry.pk).update(undone=True)
        draw(fresh, "consumed", -entry.quantity)
        counter = Consumption.objects.create(
            lot=fresh,
            into=entry.into,
            order=entry.order,
            run_id=entry.run_id,
            work_center=entry.work_center,
            line_id=entry.line_id,
            quantity=-entry.quantity,
            undoes=entry,
            why=why,
            at=at,
            actor=actor,
            key=key,
        )
        tell(fresh, "lot_consume_undo", actor, at, {"before": fresh.on_hand - entry.quantity, **_entry(counter)})
        return True


def _run(work_center: WorkCenter | None, order: WorkOrder | None, into: Lot | None, at: datetime) -> Run | None:
    if work_center is None or into is not None:
        return None
    if order is None:
        return open_run(work_center)
    runs = Run.objects.filter(work_center=work_center, order=order, starts_at__lte=at)
    return runs.select_related("order").order_by("-starts_at").first()


def _line_id(work_center: WorkCenter | None, order: WorkOrder | None, into: Lot | None) -> int | None:
    if work_center is not None:
        return work_center.line_id
    if order is not None:
        return order.line_id
    return into.line_id if into is not None else None


def _refuse_wrong_material(lot: Lot, order: WorkOrder | None) -> None:
    """Where the order says what it needs, nothing else goes in; where nobody said it, anything may."""
    needed = sorted(OrderMaterial.objects.filter(order=order).values_list("item__code", flat=True)) if order else []
    if needed and lot.item.code not in needed:
        raise LotRefused(
            _("%(order)s does not need %(item)s (lot %(lot)s): it needs %(needed)s.")
            % {
                "order": order.number if order else "",
                "item": lot.item.code,
                "lot": lot.number,
                "needed": ", ".join(needed[:5]),
            }
        )


def _refuse_circle(lot: Lot, into: Lot | None, order: WorkOrder | None) -> None:
    """A received lot was made of nothing here, so only made lots can close a circle."""
    if into is not None and into.line_id is None and into.order_id is None:
        raise LotRefused(
            _("Lot %(into)s was received, not made here: nothing can go into it. Choose a lot that was made.")
            % {"into": into.number}
        )
    if lot.order_id is None and not lot.made_of.exists():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_GENEALOGY_LOCK])
    made_of = reached(lot.pk, Direction.UP)
    circle = into.pk in made_of if into is not None else False
    if into is None and order is not None:
        circle = Lot.objects.filter(pk__in=made_of, order=order).exists()
    if circle:
        target = into.number if into is not None else order.number if order is not None else ""
        raise LotRefused(
            _("%(lot)s was made with %(target)s, so it cannot go into it: scan the material, not the product.")
            % {"lot": lot.number, "target": target}
        )


def _entry(entry: Consumption) -> dict[str, object]:
    return {
        "after": entry.lot.on_hand,
        "quantity": entry.quantity,
        "order": entry.order.number if entry.order else None,
        "into": entry.into.number if entry.into else None,
        "work_center": entry.work_center.code if entry.work_center else None,
        "why": entry.why or "used",
    }


def _same(known: Consumption, lot: Lot, quantity: Decimal) -> Consumption:
    if (known.lot_id, known.quantity) != (lot.pk, quantity):
        raise LotRefused(
            _("This form was sent before with %(quantity)s of %(lot)s: open the page again and enter it anew.")
            % {"quantity": shown(known.quantity), "lot": known.lot.number}
        )
    return known
