"""Manufacturing orders of Odoo as operations requests, page by page by the time they were written."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from erp_sync.connectors.odoo.session import Row, Session
from erp_sync.messages import (
    Booked,
    ExternalRef,
    MaterialRequirement,
    MaterialUse,
    OperationsRequest,
    Page,
    Quantity,
    RequestState,
    SegmentRequirement,
    Unreadable,
)

KIND = "mrp.production"
STATES = {
    "draft": RequestState.PLANNED,
    "confirmed": RequestState.RELEASED,
    "progress": RequestState.RUNNING,
    "to_close": RequestState.RUNNING,
    "done": RequestState.CLOSED,
    "cancel": RequestState.CANCELLED,
}
OPEN = ["draft", "confirmed", "progress", "to_close"]
PLANNED = ["product_id", "product_qty", "product_uom_id", "date_deadline", "priority"]
FIELDS = [
    *PLANNED,
    *("name", "state", "qty_producing", "qty_produced", "date_start", "origin", "write_date"),
]
TIME = "%Y-%m-%d %H:%M:%S"
FIRST = "1970-01-01 00:00:00"


@dataclass(slots=True)
class Book:
    """An order with its parts, as Odoo has them now. `scrap` is posted scrap of the order's own product."""

    row: Row
    works: list[Row] = field(default_factory=list)
    raws: list[Row] = field(default_factory=list)
    scrap: Decimal = Decimal(0)


def number(value: Any) -> Decimal:
    """A quantity: Odoo sends floats, whose shortest text is what was stored."""
    return Decimal(str(value or 0)).normalize() + 0


def name_of(pair: Any) -> str:
    """The name in Odoo's [id, name], '' for false."""
    return str(pair[1]) if pair else ""


def code_of(pair: Any) -> str:
    """The product's code in [id, '[CODE] Name']; the name where it has none."""
    name = name_of(pair)
    return name[1 : name.index("]")] if name.startswith("[") and "]" in name else name


def books(session: Session, domain: list[Any], *, limit: int = 0) -> list[Book]:
    """Orders of a domain by id, with work orders, components and scrap, in at most five questions."""
    found = {row["id"]: Book(row) for row in session.read(KIND, domain, FIELDS, limit=limit)}
    if not found:
        return []
    ids = list(found)
    for row in session.read(
        "mrp.workorder", [["production_id", "in", ids]], ["production_id", "name", "workcenter_id"]
    ):
        found[row["production_id"][0]].works.append(row)
    fields = [
        "raw_material_production_id",
        "product_id",
        "product_uom_qty",
        "quantity",
        "picked",
        "product_uom",
        "state",
    ]
    for row in session.read("stock.move", [["raw_material_production_id", "in", ids]], fields):
        found[row["raw_material_production_id"][0]].raws.append(row)
    _add_scrap(session, found)
    return list(found.values())


def _add_scrap(session: Session, found: dict[int, Book]) -> None:
    """Scrap as stock moves have it: what was validated twice was posted twice, whatever the scrap order says."""
    domain = [["production_id", "in", list(found)], ["state", "=", "done"]]
    whose: dict[int, Book] = {}
    for row in session.read("stock.scrap", domain, ["production_id", "product_id", "move_ids"]):
        book = found[row["production_id"][0]]
        if row["product_id"] and book.row["product_id"] and row["product_id"][0] == book.row["product_id"][0]:
            whose |= dict.fromkeys(row["move_ids"], book)
    if whose:
        for move in session.read("stock.move", [["id", "in", list(whose)], ["state", "=", "done"]], ["quantity"]):
            whose[move["id"]].scrap += number(move["quantity"])


def request_of(book: Book) -> OperationsRequest:
    """The order in our words. ValueError for one that makes no sense."""
    row = book.row
    if not row.get("product_id"):
        raise ValueError("it has no product")
    if row["state"] not in STATES:
        raise ValueError(f"its state '{row['state']}' is not known")
    quantity = Quantity(number(row["product_qty"]), name_of(row["product_uom_id"]))
    made = MaterialRequirement(MaterialUse.PRODUCED, code_of(row["product_id"]), quantity)
    used = [
        MaterialRequirement(
            MaterialUse.CONSUMED,
            code_of(raw["product_id"]),
            Quantity(number(raw["product_uom_qty"]), name_of(raw["product_uom"])),
            line_key=str(raw["id"]),
        )
        for raw in book.raws
        if raw["state"] != "cancel"
    ]
    segments = [
        SegmentRequirement(10 * place, work["name"], work["name"], name_of(work["workcenter_id"]))
        for place, work in enumerate(book.works, start=1)
    ]
    return OperationsRequest(
        ref=ExternalRef(KIND, str(row["id"]), str(row["name"] or ""), version_of(row)),
        state=STATES[row["state"]],
        erp_state=row["state"],
        item=code_of(row["product_id"]),
        quantity=quantity,
        work_center=name_of(book.works[0]["workcenter_id"]) if book.works else "",
        priority=10 if str(row.get("priority") or "0") == "1" else None,
        starts_at=_time(row["date_start"]) if row.get("date_start") else None,
        due_at=_time(row["date_deadline"]) if row.get("date_deadline") else None,
        customer=str(row.get("origin") or ""),
        segments=tuple(segments),
        materials=(made, *used),
        modified_at=str(row["write_date"]),
    )


def page_of(session: Session, cursor: str, overlap_s: int, limit: int) -> Page:
    """Orders written since the cursor, by id, so that a change while pages are read moves no order past the reader.

    Over RPC `write_date` has whole seconds where the database has more, so only `>=` is asked. The cursor is the newest
    time seen; between the pages of a pass it also says when the pass began, by Odoo's clock: after the last page what
    was written since then is read again.
    """
    start, began, newest, last = [*cursor.split("|"), "", "", ""][:4]
    if not last:
        start = _earlier(start, overlap_s) if start else FIRST
        newest, began = cursor or FIRST, _now(session)
    found = books(session, [["write_date", ">=", start], ["id", ">", int(last or 0)]], limit=limit)
    newest = max([newest, *(str(book.row["write_date"]) for book in found)])
    requests, unreadable = [], []
    for book in found:
        try:
            requests.append(request_of(book))
        except (ValueError, ArithmeticError, KeyError, TypeError) as wrong:
            said = f"Order {book.row.get('name') or book.row['id']} of Odoo cannot be read: {wrong}."
            unreadable.append(Unreadable(str(book.row["id"]), said))
    if len(found) == limit:
        going_on = "|".join([start, began, newest, str(found[-1].row["id"])])
    elif last not in ("", "0"):
        going_on = "|".join([began, _now(session), newest, "0"])
    else:
        going_on = ""
    return Page(tuple(requests), going_on or newest, more=bool(going_on), unreadable=tuple(unreadable))


def _now(session: Session) -> str:
    """Odoo's clock as of its last answer; the version is asked for where there was none."""
    at = session.server_time if session.major else None
    return at.astimezone(UTC).strftime(TIME) if at else FIRST


def _earlier(text: str, seconds: int) -> str:
    return max(FIRST, (_time(text) - timedelta(seconds=seconds)).strftime(TIME))


def version_of(row: Row) -> str:
    """Changes with what a planner changes and not with what is confirmed: Odoo's `write_date` moves with both."""
    return hashlib.sha256(json.dumps([row[name] for name in PLANNED]).encode()).hexdigest()[:16]


def booked_of(book: Book) -> Booked:
    """What Odoo has of an order: while it runs the quantity being produced, once it is done the produced one."""
    row = book.row
    done = row["state"] == "done"
    consumed: dict[str, Decimal] = defaultdict(Decimal)
    for raw in book.raws:
        if raw["state"] == "done" or (raw["picked"] and raw["state"] != "cancel"):
            consumed[code_of(raw["product_id"])] += number(raw["quantity"])
    good = number(row["qty_produced"] if done else row["qty_producing"])
    return Booked(STATES.get(row["state"], RequestState.RELEASED), row["state"], good, book.scrap, dict(consumed))


def ids_of(keys: Sequence[str] | Iterable[str]) -> list[int]:
    """Keys that can be ids of Odoo."""
    return [int(key) for key in keys if key.isdecimal()]


def _time(said: str) -> datetime:
    return datetime.strptime(f"{said} +0000", f"{TIME} %z")
