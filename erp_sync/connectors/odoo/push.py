"""Brings a manufacturing order of Odoo to the totals of a message: state first, absolute quantities, then the end.

Every step may be done again: `qty_producing` and component quantities are absolute, scrap carries the message's id in
its origin and is looked for before it is made and validated only while it is a draft (Odoo posts it twice otherwise).
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from erp_sync.connectors.odoo.orders import KIND, Book, books, code_of, number, version_of
from erp_sync.connectors.odoo.session import Row, Session
from erp_sync.errors import ConflictError, RejectedError, WarningError
from erp_sync.messages import MaterialActual, MaterialUse, OperationsResponse, Outcome, PushResult

ORIGIN = "MES:"


def push(session: Session, message: OperationsResponse) -> PushResult:
    """Applies the totals of a message. Safe to repeat; see the protocol for what is raised."""
    book = _book(session, message.order.key)
    row = book.row
    if row["state"] == "cancel":
        raise ConflictError(f"{row['name']} is cancelled in Odoo.")
    good, scrap = message.cumulative.good.value, message.cumulative.scrap.value
    if row["state"] == "done":
        if (number(row["qty_produced"]), book.scrap) == (good, scrap):
            return PushResult(Outcome.ALREADY_APPLIED, str(row["name"]), version_of(row), "done")
        raise ConflictError(f"{row['name']} is done in Odoo with other quantities.")
    if row["state"] == "draft":
        raise ConflictError(f"{row['name']} is a draft in Odoo: confirm it there first.")
    if message.order.version and message.order.version != version_of(row):
        raise ConflictError(f"{row['name']} was changed in Odoo since it was read.")
    if book.scrap > scrap:
        raise RejectedError(f"Odoo has {book.scrap} scrap of {row['name']} posted and takes nothing back.")
    changed = _good(session, row, good, message)
    changed |= _consumed(session, book, message)
    changed |= _scrap(session, book, scrap, message)
    if message.final:
        _finish(session, row, message)
        changed = True
    now = _book(session, message.order.key).row
    outcome = Outcome.APPLIED if changed else Outcome.ALREADY_APPLIED
    return PushResult(outcome, str(now["name"]), version_of(now), str(now["state"]))


def _book(session: Session, key: str) -> Book:
    found = books(session, [["id", "=", int(key)]]) if key.isdecimal() else []
    if not found:
        raise ConflictError(f"Order {key} is no longer in Odoo.")
    return found[0]


def _good(session: Session, row: Row, good: Decimal, message: OperationsResponse) -> bool:
    """Writes the quantity being produced, with its lot; Odoo then reckons the components anew."""
    lots = [used.lot for used in message.cumulative.materials if used.use == MaterialUse.PRODUCED and used.lot]
    values: Row = {}
    if number(row["qty_producing"]) != good:
        values["qty_producing"] = float(good)
    if lots:
        values["lot_producing_id" if session.major < 19 else "lot_producing_ids"] = _lots_field(session, row, lots)
    if not values:
        return False
    session.write(KIND, [row["id"]], values)
    if "qty_producing" in values:
        session.call(KIND, "set_qty_producing", [row["id"]])
    return "qty_producing" in values


def _lots_field(session: Session, row: Row, lots: list[str]) -> Any:
    """One lot up to 18; several from 19 on (by its documentation)."""
    product = row["product_id"][0]
    if session.major < 19:
        if len(set(lots)) > 1:
            raise RejectedError(f"{row['name']} can have one lot in this Odoo: it is split there first.")
        return _lot(session, product, lots[0])
    return [[6, 0, [_lot(session, product, lot) for lot in dict.fromkeys(lots)]]]


def _lot(session: Session, product: int, name: str) -> int:
    """The lot of that name; made where there is none (names are unique per product, so a repeat finds it)."""
    found = session.read("stock.lot", [["name", "=", name], ["product_id", "=", product]], ["id"], limit=1)
    return int(found[0]["id"]) if found else session.create("stock.lot", {"name": name, "product_id": product})


def _consumed(session: Session, book: Book, message: OperationsResponse) -> bool:
    """Sets the components that the message names to their totals; those it does not name are left to Odoo."""
    wanted: dict[str, list[MaterialActual]] = defaultdict(list)
    for used in message.cumulative.materials:
        if used.use == MaterialUse.CONSUMED:
            wanted[used.item].append(used)
    raws = {code_of(raw["product_id"]): raw for raw in book.raws if raw["state"] not in ("done", "cancel")}
    changed = False
    for item, lines in wanted.items():
        raw = raws.get(item)
        if raw is None:
            raise RejectedError(f"{book.row['name']} needs no {item} in Odoo: add the component there.")
        changed |= _component(session, raw, lines)
    return changed


def _component(session: Session, raw: Row, lines: list[MaterialActual]) -> bool:
    """One component: a quantity, or per lot a line of its own (writing the sum would lose the lots)."""
    total = sum((line.quantity.value for line in lines), Decimal(0))
    if not any(line.lot for line in lines):
        if number(raw["quantity"]) == total and raw["picked"]:
            return False
        session.write("stock.move", [raw["id"]], {"quantity": float(total), "picked": True})
        return True
    fields = ["lot_id", "quantity", "picked"]
    there = session.read("stock.move.line", [["move_id", "=", raw["id"]]], fields)
    product, changed = raw["product_id"][0], False
    free = list(there)
    for line in lines:
        lot = _lot(session, product, line.lot)
        row = next((one for one in free if one["lot_id"] and one["lot_id"][0] == lot), free[0] if free else None)
        values = {"lot_id": lot, "quantity": float(line.quantity.value), "picked": True}
        if row is None:
            session.create("stock.move.line", {"move_id": raw["id"], "product_id": product} | values)
            changed = True
            continue
        free.remove(row)
        if not (row["lot_id"] and row["lot_id"][0] == lot and number(row["quantity"]) == line.quantity.value):
            session.write("stock.move.line", [row["id"]], values)
            changed = True
    if not raw["picked"]:
        session.write("stock.move", [raw["id"]], {"picked": True})
        changed = True
    for row in free:
        if number(row["quantity"]):
            session.write("stock.move.line", [row["id"]], {"quantity": 0.0})
            changed = True
    return changed


def _scrap(session: Session, book: Book, scrap: Decimal, message: OperationsResponse) -> bool:
    """Posts the difference to the scrap that is posted; drafts of a push that broke off are finished first."""
    row, booked = book.row, book.scrap
    mine = [["production_id", "=", row["id"]], ["product_id", "=", row["product_id"][0]]]
    rows = session.read("stock.scrap", mine, ["scrap_qty", "state", "origin"])
    changed = False
    for one in rows:
        if one["state"] == "draft" and str(one["origin"] or "").startswith(ORIGIN):
            session.call("stock.scrap", "action_validate", [one["id"]])
            booked += number(one["scrap_qty"])
            changed = True
    if scrap < booked:
        raise RejectedError(f"Odoo has {booked} scrap of {row['name']} posted and takes nothing back.")
    if scrap > booked:
        values = {
            "product_id": row["product_id"][0],
            "scrap_qty": float(scrap - booked),
            "product_uom_id": row["product_uom_id"][0],
            "production_id": row["id"],
            "origin": f"{ORIGIN}{message.event_id}",
        }
        session.call("stock.scrap", "action_validate", [session.create("stock.scrap", values)])
        changed = True
    return changed


def _finish(session: Session, row: Row, message: OperationsResponse) -> None:
    """Marks the order done without a backorder. Odoo answers with a wizard instead of an error when it asks back."""
    context: dict[str, Any] = {"skip_backorder": True}
    if message.accept_warning:
        context["skip_consumption"] = True
    answer = session.call(KIND, "button_mark_done", [row["id"]], context=context)
    [now] = session.read(KIND, [["id", "=", row["id"]]], ["state"])
    if now["state"] == "done":
        return
    asked = str(answer.get("display_name") or answer.get("name") or "") if isinstance(answer, dict) else ""
    if asked:
        raise WarningError(f"Odoo asks back before it finishes {row['name']}.", said=asked)
    raise RejectedError(f"Odoo did not finish {row['name']}: it is '{now['state']}' there.")
