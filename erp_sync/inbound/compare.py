"""Somebody closed a running order in the ERP by hand: equal totals close it here too, others a planner settles."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from erp_sync.connector import ErpConnector
from erp_sync.inbound.apply import actor_of
from erp_sync.inbound.changes import Action, Aspect, Verdict
from erp_sync.inbound.differences import difference_open
from erp_sync.inbound.texts import storable
from erp_sync.inbound.units import to_erp
from erp_sync.messages import Booked, Capability
from erp_sync.models import ErpConnection, ErpLink
from mes.plant.changes import ShiftLocked
from mes.production.lifecycle import BEGUN
from mes.production.models import WorkOrder
from mes.production.orders import order_complete
from mes.production.refusals import OrderRefused
from mes.tracking.order_counts import made_of


def closed_compare(connection: ErpConnection, erp: ErpConnector, keys: Sequence[str], now: datetime) -> None:
    """Compares those of the orders that are over in the ERP and were begun here.

    Equal (good and scrap, in the ERP's unit): the order is completed here. Different, or where the ERP does not tell
    its totals: a difference is opened, the order goes on.
    """
    askable = [key for key in keys if key == storable(key)]
    links = ErpLink.objects.filter(connection=connection, key__in=askable, order__status__in=BEGUN)
    begun = {link.key: link for link in links.select_related("connection", "order__item", "order__line__area__site")}
    begun = {key: link for key, link in begun.items() if link.request.get("state") in ("completed", "closed")}
    if not begun:
        return
    told = erp.totals(list(begun)) if Capability.TOTALS in erp.capabilities() else {}
    for key, link in begun.items():
        with transaction.atomic():
            _compare(link, told.get(key), now)


def _compare(link: ErpLink, booked: Booked | None, now: datetime) -> None:
    order: WorkOrder = link.order  # type: ignore[assignment]  # (the caller's query: every one has an order)
    made = made_of([order])[order.pk]
    good, scrap = to_erp(link, made.good), to_erp(link, made.scrap)
    if booked is not None and (booked.good, booked.scrap or Decimal(0)) == (good, scrap) and _complete(link, made, now):
        ErpLink.objects.filter(pk=link.pk).update(
            applied=link.request, badge=ErpLink.Badge.IN_SYNC, said=_("Closed in the ERP with equal totals.")
        )
        return
    there = _("unknown") if booked is None or booked.good is None else f"{booked.good.normalize():f}"
    words = {"erp": there, "mes": f"{good.normalize():f}", "unit": link.erp_unit}
    said = _("Closed in the ERP with %(erp)s %(unit)s, but %(mes)s %(unit)s are made here and the order runs.") % words
    verdict = Verdict(
        Aspect.STATE, Action.CONFLICT, f"{order.get_status_display()}, {good}", f"{link.erp_state}, {there}"
    )
    difference_open(link, verdict, now)
    ErpLink.objects.filter(pk=link.pk).update(badge=ErpLink.Badge.CONFLICT, said=said[:500])


def _complete(link: ErpLink, made: Any, now: datetime) -> bool:
    """Whether the order could be completed: a hold or a shift that is locked keeps it, and a planner decides."""
    order: WorkOrder = link.order  # type: ignore[assignment]
    try:
        return order_complete(
            order=order,
            actor=actor_of(link.connection),
            at=now,
            good=made.good,
            short=WorkOrder.Short.NOT_NEEDED,
            note=_("Closed in the ERP."),
        )
    except (OrderRefused, ShiftLocked):
        return False
