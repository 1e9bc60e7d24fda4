"""What Tryton has on hand of items and lots, and what it expects to come."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from erp_sync.connectors.tryton.books import OPEN
from erp_sync.connectors.tryton.catalog import PRODUCT_FIELDS, Catalog, Product, code_of
from erp_sync.connectors.tryton.session import Session
from erp_sync.connectors.tryton.values import Row, converted, day, number
from erp_sync.messages import Quantity, StockStatement

AT_ONCE = 500


def stock_of(session: Session, catalog: Catalog, items: Sequence[str]) -> Iterator[StockStatement]:
    """On hand and expected, per warehouse: a statement for the item as a whole (no lot), and one for each of its lots.

    Only items that stand in a warehouse or are expected there; items asked for by name are always told.
    """
    domain: list[Any] = [["template.type", "=", "goods"]]
    if items:
        domain.append(["OR", ["code", "in", list(items)], ["rec_name", "in", list(items)]])
    for place in session.rows("stock.location", [["type", "=", "warehouse"]], ["code", "name", "storage_location"]):
        site = str(place["code"] or place["name"])
        counting = {"locations": [place["storage_location"]]}
        rows = session.rows(
            "product.product", domain, [*PRODUCT_FIELDS, "quantity"], context=counting, order=[["id", "ASC"]]
        )
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            yield from _told(session, catalog, part, site, place["id"], counting, named=bool(items))


def _told(
    session: Session,
    catalog: Catalog,
    rows: list[Row],
    site: str,
    warehouse: int,
    counting: dict[str, Any],
    *,
    named: bool,
) -> Iterator[StockStatement]:
    products = {row["id"]: catalog.product_in(row) for row in rows}
    expected = _expected(session, catalog, products, warehouse)
    lots = defaultdict(list)
    lot_domain = [["product", "in", list(products)]]
    for lot in session.rows("stock.lot", lot_domain, ["number", "product", "quantity"], context=counting):
        lots[lot["product"]].append(lot)
    as_of = session.server_time
    for row in rows:
        product = products[row["id"]]
        coming, when = expected.get(product.id, (None, None))
        unit = product.unit.symbol
        if named or row["quantity"] or coming:
            come = None if coming is None else Quantity(coming, unit)
            yield StockStatement(code_of(row), site, Quantity(number(row["quantity"]), unit), "", come, when, as_of)
        for lot in lots[product.id]:
            if lot["quantity"]:
                on_hand = Quantity(number(lot["quantity"]), unit)
                yield StockStatement(code_of(row), site, on_hand, str(lot["number"]), as_of=as_of)


def _expected(
    session: Session, catalog: Catalog, products: dict[int, Product], warehouse: int
) -> dict[int, tuple[Decimal, datetime | None]]:
    """Per product what is planned to come in from suppliers and production, and the first day of it (noon, UTC)."""
    domain = [
        ["product", "in", list(products)],
        ["state", "in", list(OPEN)],
        ["from_location.type", "in", ["supplier", "production"]],
        ["to_location", "child_of", [warehouse], "parent"],
    ]
    found: dict[int, tuple[Decimal, datetime | None]] = {}
    fields = ["product", "quantity", "unit", "planned_date"]
    for row in session.rows("stock.move", domain, fields):
        product = products[row["product"]]
        quantity = converted(number(row["quantity"]), catalog.unit(row["unit"]), product.unit)
        before, first = found.get(product.id, (Decimal(0), None))
        on = day(row["planned_date"])
        at = None if on is None else datetime.combine(on, time(12), UTC)
        found[product.id] = (before + quantity, min((when for when in (first, at) if when), default=None))
    return found
