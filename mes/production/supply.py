"""Materials and tools are said: what an order needs, what is in stock, which tool is away."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from mes.journal.snapshot import difference, snapshot
from mes.journal.write import record
from mes.plant.models import Site
from mes.production.models import Item, OrderMaterial, StockLevel, Tool, WorkOrder
from mes.production.order_rows import order_locked, tell, words_of
from mes.production.refusals import OrderRefused


class MaterialGiven(NamedTuple):
    """One material of an order; exactly one of the quantities, above 0, in the material's unit."""

    item: Item
    per_piece: Decimal | None = None
    total: Decimal | None = None


def stock_say(
    *,
    item: Item,
    site: Site,
    on_hand: Decimal,
    as_of: datetime,
    source: str,
    actor: str,
    at: datetime,
    expected_quantity: Decimal | None = None,
    expected_at: datetime | None = None,
) -> bool:
    """Says what is in stock at a site as of an instant. True if this call did it; older words do nothing.

    The same said again, only later, is kept but not journalled: an ERP says it every few minutes of every item.
    """
    fields: dict[str, Any] = {"on_hand": on_hand, "as_of": as_of, "source": source[:20]}
    fields |= {"expected_quantity": expected_quantity, "expected_at": expected_at}
    with transaction.atomic():
        level, made = StockLevel.objects.select_for_update().get_or_create(item=item, site=site, defaults=fields)
        before = None if made else snapshot(level)
        newer = made or bool(StockLevel.objects.filter(pk=level.pk, as_of__lt=as_of).update(**fields))
        if newer:
            level.refresh_from_db()
            after = snapshot(level)
            if before is None or before | {"as_of": after["as_of"]} != after:
                data: dict[str, Any] = {"before": before, "after": after}
                code = f"{item.code} at {site.code}"
                record(actor=actor, at=at, action="stock_say", kind="stock", code=code, data=data)
        return newer


def materials_set(*, order: WorkOrder, materials: Sequence[MaterialGiven], actor: str, at: datetime) -> bool:
    """The order needs these materials and no others. True if that changed something."""
    for given in materials:
        if (given.per_piece is None) == (given.total is None) or (given.per_piece or given.total or 0) <= 0:
            said = _("Material %(item)s needs one quantity above 0: per piece, or in total.")
            raise OrderRefused(said % {"item": given.item.code}, "materials")
    with transaction.atomic():
        fresh = order_locked(order)
        before = _plain(fresh.materials.select_related("item"))
        rows = [OrderMaterial(order=fresh, **given._asdict()) for given in materials]
        after = _plain(rows)
        if before != after:
            fresh.materials.all().delete()
            OrderMaterial.objects.bulk_create(rows)
            data = {"before": {"materials": before}, "after": {"materials": after}}
            tell(fresh, "materials_set", actor, at, data)
        return before != after


def tool_say(*, tool: Tool, state: str, note: str = "", actor: str, at: datetime) -> bool:
    """The tool is here and fit for use, or it is away (`note` says where or why). True if that changed something."""
    if state not in Tool.State.values:
        raise OrderRefused(_("A tool is ok or away: choose one of them."), "state")
    words = words_of(note, "note", needed=False)
    with transaction.atomic():
        fresh = Tool.objects.select_for_update().get(pk=tool.pk)
        before = snapshot(fresh)
        fresh.state, fresh.note = state, words
        old, new = difference(before, snapshot(fresh))
        if new:
            fresh.save(update_fields=["state", "note"])
            record(
                actor=actor, at=at, action="tool_say", kind="tool", code=fresh.code, data={"before": old, "after": new}
            )
        return bool(new)


def _plain(materials: Iterable[OrderMaterial]) -> list[dict[str, Any]]:
    """Materials as the journal keeps them, by item."""
    rows = [{"item": one.item.code, "per_piece": one.per_piece, "total": one.total} for one in materials]
    return sorted(rows, key=lambda row: str(row["item"]))
