"""Units, products and lots of a Tryton by the codes people use, each asked for once per connector."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from erp_sync.connectors.tryton.session import Session
from erp_sync.connectors.tryton.values import Row, Unit, unit_of
from erp_sync.errors import MappingMissing

PRODUCT_FIELDS = ["code", "rec_name", "default_uom", "lot_required", "lot_sequence"]
UNIT_FIELDS = ["symbol", "name", "category", "factor", "rate", "digits"]


@dataclass(frozen=True, slots=True)
class Product:
    """A product. `lot_at` are the kinds of places to or from which it only moves with a lot."""

    id: int
    code: str
    unit: Unit
    lot_at: frozenset[str]
    numbers_lots: bool


def code_of(row: Row) -> str:
    """What people call a product: its code, or its name where it has none."""
    return str(row.get("code") or row.get("rec_name") or row["id"])


class Catalog:
    """Look-ups. What was found stays as long as the connector does."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._units: dict[int, Unit] = {}
        self._products: dict[str, Product] = {}
        self._by_id: dict[int, Product] = {}
        self._lots: dict[tuple[int, str], int] = {}

    def unit(self, unit_id: int) -> Unit:
        """A unit by its id."""
        if unit_id not in self._units:
            rows = self._session.rows("product.uom", [], UNIT_FIELDS, context={"active_test": False})
            self._units = {row["id"]: unit_of(row) for row in rows}
        return self._units[unit_id]

    def unit_called(self, symbol: str, beside: Unit) -> Unit:
        """A unit by its symbol or name; of several, one that measures what `beside` does. MappingMissing if none."""
        self.unit(beside.id)
        called = [unit for unit in self._units.values() if symbol in (unit.symbol, unit.name)]
        if not called:
            raise MappingMissing(f"Tryton has no unit {symbol}: map it to one that it has.", kind="unit", code=symbol)
        return next((unit for unit in called if unit.category == beside.category), called[0])

    def product(self, code: str) -> Product:
        """A product by its code. MappingMissing if there is none."""
        if code not in self._products:
            self.products([code])
        if code not in self._products:
            raise MappingMissing(
                f"Tryton has no product {code}: map the item to one that it has.", kind="item", code=code
            )
        return self._products[code]

    def products(self, codes: Iterable[str]) -> list[Product]:
        """The products with these codes; unknown ones are left out."""
        asked = list(codes)
        lacking = [code for code in asked if code not in self._products]
        if lacking:
            domain = ["OR", ["code", "in", lacking], ["rec_name", "in", lacking]]
            for row in self._session.rows("product.product", domain, PRODUCT_FIELDS):
                self._products.setdefault(code_of(row), self.product_in(row))
        return [self._products[code] for code in asked if code in self._products]

    def products_with(self, ids: Iterable[int]) -> Mapping[int, Product]:
        """Products by id, at least these; also those that are no longer in use."""
        lacking = sorted(set(ids) - self._by_id.keys())
        if lacking:
            domain = [["id", "in", lacking]]
            for row in self._session.rows("product.product", domain, PRODUCT_FIELDS, context={"active_test": False}):
                self.product_in(row)
        return self._by_id

    def product_in(self, row: Row) -> Product:
        """The product in a row of product.product that was read with `PRODUCT_FIELDS`."""
        found = Product(
            row["id"],
            code_of(row),
            self.unit(row["default_uom"]),
            frozenset(row.get("lot_required") or ()),
            bool(row.get("lot_sequence")),
        )
        self._by_id[found.id] = found
        return found

    def lot(self, product: Product, number: str) -> int | None:
        """The lot with this number; of several (Tryton accepts that) the first made, so that all find the same."""
        known = self._lots.get((product.id, number))
        if known is None:
            domain = [["product", "=", product.id], ["number", "=", number]]
            rows = self._session.rows("stock.lot", domain, ["number"], order=[["id", "ASC"]], limit=1)
            if rows:
                known = self._lots[product.id, number] = int(rows[0]["id"])
        return known

    def lot_or_new(self, product: Product, number: str) -> int:
        """The lot with this number, made if there is none yet. An empty number is given by Tryton's own sequence."""
        found = self.lot(product, number) if number else None
        if found is not None:
            return found
        values: Row = {"product": product.id}
        if number:
            values["number"] = number
        made: list[int] = self._session.model("stock.lot", "create", [values])
        return made[0]
