"""Master data of Tryton: items, units, work centers, bills, routings and people, as plain values."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from erp_sync.connectors.tryton.catalog import UNIT_FIELDS, Catalog, code_of
from erp_sync.connectors.tryton.session import Session
from erp_sync.connectors.tryton.values import Row, nested, number, unit_of
from erp_sync.messages import MasterKind

Record = Mapping[str, Any]


def master_of(session: Session, catalog: Catalog, kind: MasterKind) -> Iterator[Record]:
    """Records of a kind. Quantities are texts without loss; `active` is missing where Tryton has no such word."""
    return _READERS[kind](session, catalog)


def _items(session: Session, catalog: Catalog) -> Iterator[Record]:
    fields = ["code", "rec_name", "template.name", "default_uom", "producible", "lot_required", "active"]
    for row in session.rows("product.product", [["template.type", "=", "goods"]], fields, order=[["id", "ASC"]]):
        yield {
            "key": code_of(row),
            "name": str(nested(row, "template").get("name") or code_of(row)),
            "unit": catalog.unit(row["default_uom"]).symbol,
            "made": bool(row["producible"]),
            "lots": bool(row.get("lot_required")),
            "active": bool(row["active"]),
        }


def _units(session: Session, _catalog: Catalog) -> Iterator[Record]:
    for row in session.rows("product.uom", [], [*UNIT_FIELDS, "category.name"], order=[["id", "ASC"]]):
        unit = unit_of(row)
        yield {
            "key": unit.symbol,
            "name": unit.name,
            "category": str(nested(row, "category").get("name") or ""),
            "factor": _text(unit.base),
            "digits": unit.digits,
        }


def _work_centers(session: Session, _catalog: Catalog) -> Iterator[Record]:
    fields = ["name", "parent.name", "category.name"]
    for row in session.rows("production.work.center", [], fields, order=[["id", "ASC"]]):
        yield {
            "key": row["name"],
            "name": row["name"],
            "parent": str(nested(row, "parent").get("name") or ""),
            "category": str(nested(row, "category").get("name") or ""),
        }


def _bills(session: Session, catalog: Catalog) -> Iterator[Record]:
    fields = ["product.code", "product.rec_name", "quantity", "unit", "bom"]
    parts = {name: _by_bill(session, catalog, f"production.bom.{name}", fields) for name in ("output", "input")}
    for row in session.rows("production.bom", [], ["name"], order=[["id", "ASC"]]):
        made = parts["output"].get(row["id"], [])
        yield {
            "key": str(row["id"]),
            "name": row["name"],
            "item": made[0]["item"] if made else "",
            "outputs": made,
            "lines": parts["input"].get(row["id"], []),
        }


def _by_bill(session: Session, catalog: Catalog, model: str, fields: list[str]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in session.rows(model, [], fields, order=[["id", "ASC"]]):
        unit = catalog.unit(row["unit"]).symbol if row["unit"] else ""
        line = {"item": code_of(nested(row, "product")), "quantity": _text(number(row["quantity"])), "unit": unit}
        found.setdefault(row["bom"], []).append(line)
    return found


def _routings(session: Session, _catalog: Catalog) -> Iterator[Record]:
    fields = ["name", "steps.sequence", "steps.operation.name"]
    for row in session.rows("production.routing", [], fields, order=[["id", "ASC"]]):
        steps = sorted(row.get("steps.") or (), key=lambda step: (step["sequence"] or 0, step["id"]))
        yield {
            "key": str(row["id"]),
            "name": row["name"],
            "segments": [
                {"sequence": 10 * place, "code": str(nested(step, "operation").get("name") or "")}
                for place, step in enumerate(steps, start=1)
            ],
        }


def _people(session: Session, _catalog: Catalog) -> Iterator[Record]:
    fields = ["party.code", "party.name", "end_date"]
    for row in session.rows("company.employee", [], fields, order=[["id", "ASC"]]):
        party = nested(row, "party")
        yield {
            "key": str(party.get("code") or row["id"]),
            "name": str(party.get("name") or ""),
            "active": row["end_date"] is None,
        }


def _text(value: Any) -> str:
    return f"{value.normalize():f}" if value else "0"


_READERS: Mapping[MasterKind, Callable[[Session, Catalog], Iterator[Record]]] = {
    MasterKind.ITEM: _items,
    MasterKind.UNIT: _units,
    MasterKind.WORK_CENTER: _work_centers,
    MasterKind.BILL: _bills,
    MasterKind.ROUTING: _routings,
    MasterKind.PERSON: _people,
}
