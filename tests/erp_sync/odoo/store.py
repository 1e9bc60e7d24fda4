"""Rows of the fake Odoo: create, write, search_read with the domains that a connector asks, and Odoo's [id, name]."""

from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
MANY2ONE = {
    "product_id": "product.product",
    "product_tmpl_id": "product.product",
    "uom_id": "uom.uom",
    "product_uom_id": "uom.uom",
    "product_uom": "uom.uom",
    "workcenter_id": "mrp.workcenter",
    "production_id": "mrp.production",
    "raw_material_production_id": "mrp.production",
    "workorder_id": "mrp.workorder",
    "lot_producing_id": "stock.lot",
    "lot_id": "stock.lot",
    "loss_id": "mrp.workcenter.productivity.loss",
    "move_id": "stock.move",
    "lot_stock_id": "stock.location",
    "location_id": "stock.location",
    "company_id": "res.company",
    "user_id": "res.users",
}


class OdooError(Exception):
    """What Odoo answers as an error: the name of its exception and its words."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = f"odoo.exceptions.{name}", message


class Store:
    """Tables by model. `clock` gives the time that is written, in whole seconds as RPC shows it."""

    def __init__(self, clock: Callable[[], str]) -> None:
        self.tables: dict[str, dict[int, Row]] = {}
        self._clock = clock

    def table(self, model: str) -> dict[int, Row]:
        """The rows of a model by id."""
        return self.tables.setdefault(model, {})

    def create(self, model: str, values: Row) -> int:
        """A new row; its id."""
        rows = self.table(model)
        new = max(rows, default=0) + 1
        rows[new] = {"id": new, "write_date": self._clock(), **values}
        return new

    def write(self, model: str, ids: list[int], values: Row) -> None:
        """Changes rows."""
        for one in ids:
            self.row(model, one).update(values, write_date=self._clock())

    def row(self, model: str, one: int) -> Row:
        """A row; MissingError where there is none."""
        try:
            return self.table(model)[one]
        except KeyError:
            raise OdooError("MissingError", "Record does not exist or has been deleted.") from None

    def search(self, model: str, domain: list[Any]) -> list[Row]:
        """Rows of a domain: terms are ANDed, '|' and '&' stand before their two."""
        return [row for row in self.table(model).values() if self._holds(model, row, list(domain))]

    def search_read(
        self, model: str, domain: list[Any], fields: list[str], order: str = "id", limit: int | None = None
    ) -> list[Row]:
        """Rows as RPC shows them."""
        found = self.search(model, domain)
        for name in reversed([part.strip().split(" ")[0] for part in (order or "id").split(",")]):
            found.sort(key=lambda row: row[name])
        return [self.shown(row, fields) for row in (found[:limit] if limit else found)]

    def shown(self, row: Row, fields: list[str]) -> Row:
        """A row with the fields asked for; a missing one is false, a link is [id, name]."""
        return {"id": row["id"]} | {name: self._value(name, row.get(name, False)) for name in fields}

    def name(self, model: str, one: int) -> str:
        """What Odoo shows of a record."""
        row = self.table(model).get(one, {})
        if model == "product.product":
            return f"[{row['default_code']}] {row['name']}"
        return str(row.get("name", one))

    def _value(self, name: str, value: Any) -> Any:
        model = MANY2ONE.get(name)
        return [value, self.name(model, value)] if model and value else value

    def _holds(self, model: str, row: Row, domain: list[Any]) -> bool:
        results = []
        while domain:
            results.append(self._term(model, row, domain))
        return all(results)

    def _term(self, model: str, row: Row, domain: list[Any]) -> bool:
        term = domain.pop(0)
        if term in ("|", "&"):
            first, second = self._term(model, row, domain), self._term(model, row, domain)
            return first or second if term == "|" else first and second
        name, operator, wanted = term
        has: Any = row
        *path, last = name.split(".")
        for part in path:
            has = self.table(MANY2ONE[part]).get(has.get(part, 0), {})
        has = has.get(last, False)
        return {
            "=": lambda: has == wanted,
            ">=": lambda: has >= wanted,
            ">": lambda: has > wanted or (name == "write_date" and has >= wanted),  # the row has more than its seconds
            "in": lambda: has in wanted,
            "not in": lambda: has not in wanted,
        }[operator]()
