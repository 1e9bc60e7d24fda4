"""What an order has made: good pieces by lot, scrap into a waste location, and what went back, while the order runs.

Tryton plans one output for the whole order. A confirmation shrinks it to what is still to come, adds moves for what was
made, and does just those. All of it is one write, so a push that broke off leaves moves that either are not there or
stand open; those are recognised and done, or replaced.
"""

from decimal import Decimal
from functools import partial

from erp_sync.connectors.tryton.books import DONE, OPEN, Book, Move
from erp_sync.connectors.tryton.press import MOST_STEPS, Line, Push, open_moves, same, stamps
from erp_sync.connectors.tryton.values import Row, converted, nested
from erp_sync.errors import ConflictError, RejectedError


def outputs_book(push: Push, book: Book, day: Row | None) -> Book:
    """Posts the outputs that are missing, while the order stays `running`; the book as it is then."""
    book = _scrap_taken_back(push, book)
    ours = {book.product.code, *push.wanted.consumed}
    for _ in range(MOST_STEPS):
        lines = _lines(push, book)
        standing = open_moves(book, ours, is_input=False)
        planned, rest = _planned(push, book, standing)
        extra = [move for move in standing if move is not planned]
        if not same(lines, extra) or (planned is not None and planned.quantity != rest):
            _write(push, book, lines, extra, planned, rest, day)
        elif lines:
            ids = [move.id for move in extra]
            push.press("stock.move", "do", ids, partial(_all_done, push, book.id, ids))
        else:
            return book
        book = push.read(book.id)
    raise ConflictError(f"The order {book.name} is changed in Tryton while it is booked on: look at it there.")


def waste_of(book: Book) -> int:
    """Where scrap goes. RejectedError where the warehouse has no such place."""
    places = nested(book.row, "warehouse").get("waste_locations") or []
    if not places:
        raise RejectedError(
            "Tryton's warehouse has no waste location, so scrap cannot be booked: add one to the warehouse, then retry."
        )
    return int(places[0])


def _lines(push: Push, book: Book) -> list[Line]:
    found: list[Line] = []
    for lot, quantity in push.lacking(book.product, push.wanted.good, book.good()).items():
        if quantity > 0:
            found.append(Line(book.product, quantity, _lot(push, book, lot, "storage")))
    for lot, quantity in push.lacking(book.product, push.wanted.scrap, book.scrap()).items():
        if quantity > 0:
            found.append(Line(book.product, quantity, _lot(push, book, lot, "lost_found"), waste=True))
    booked = book.consumed()
    for item, wanted in push.wanted.consumed.items():
        product = push.catalog.product(item)
        for lot, quantity in push.lacking(product, wanted, booked.get(item, {})).items():
            if quantity < 0:
                found += [Line(product, share, lot_id) for lot_id, share in _returned(push, book, item, lot, -quantity)]
    return found


def _returned(push: Push, book: Book, item: str, lot: str, quantity: Decimal) -> list[tuple[int | None, Decimal]]:
    """The lots in which something goes back to stock: the one that is named, or those that nobody names."""
    product = push.catalog.product(item)
    if lot:
        return [(push.catalog.lot(product, lot), quantity)]
    found: list[tuple[int | None, Decimal]] = []
    for other, booked in sorted(book.consumed().get(item, {}).items(), key=lambda pair: -pair[1]):
        share = min(quantity, booked)
        if share > 0 and (not other or other not in push.wanted.consumed[item]):
            found.append((push.catalog.lot(product, other) if other else None, share))
            quantity -= share
    return found


def _lot(push: Push, book: Book, number: str, place: str) -> int | None:
    """The lot to book on. Where none is named and Tryton wants one: one that the order has already, or a new one."""
    product = book.product
    if number:
        return push.catalog.lot_or_new(product, number)
    if not product.lot_at & {"production", place}:
        return None
    named = [lot for lot in push.wanted.good if lot]
    if place == "lost_found" and named:
        return push.catalog.lot_or_new(product, named[0])
    for move in book.moves:
        mine = not move.is_input and move.product.id == product.id and move.state != "cancelled"
        if mine and move.lot_id and move.lot not in named:
            return move.lot_id
    if not product.numbers_lots:
        raise RejectedError(
            f"Tryton wants a lot for {product.code}, and the confirmation names none: give the order a lot, then retry."
        )
    return push.catalog.lot_or_new(product, "")


def _planned(push: Push, book: Book, standing: list[Move]) -> tuple[Move | None, Decimal]:
    """The output that Tryton planned, and what should be left of it, in its unit. Nothing at the end of the order."""
    ordered = converted(Decimal(str(book.row["quantity"] or 0)), book.unit, book.product.unit)
    rest = max(ordered - push.wanted.good_total, Decimal(0))
    candidates = [move for move in standing if move.product.id == book.product.id and not move.is_waste]
    if push.message.final or not rest or not candidates:
        return None, Decimal(0)
    planned = candidates[0]
    return planned, planned.unit.rounded(converted(rest, book.product.unit, planned.unit))


def _write(
    push: Push, book: Book, lines: list[Line], extra: list[Move], planned: Move | None, rest: Decimal, day: Row | None
) -> None:
    waste = waste_of(book) if any(line.waste for line in lines) else 0
    unit_of = push.wanted.units
    made = [line.values(book, unit_of[line.product.code], is_input=False, waste_id=waste, day=day) for line in lines]
    change: list[list[object]] = []
    if extra:
        change.append(["delete", [move.id for move in extra]])
    if planned is not None and planned.quantity != rest:
        change.append(["write", [planned.id], {"quantity": float(rest)}])
    if made:
        change.append(["create", made])
    touched = [*extra, planned] if planned is not None else extra
    push.session.model("production", "write", [book.id], {"outputs": change}, **stamps(book, touched))


def _all_done(push: Push, order_id: int, ids: list[int]) -> bool:
    states = {move.id: move.state for move in push.read(order_id).moves}
    return all(states.get(move_id) == DONE for move_id in ids)


def _scrap_taken_back(push: Push, book: Book) -> Book:
    """Scrap that was too much goes from the waste location back into production, with the scrap's move as origin."""
    missing = push.lacking(book.product, push.wanted.scrap, book.scrap())
    too_much = {lot: -quantity for lot, quantity in missing.items() if quantity < 0}
    left = [move.id for move in book.back if move.state in OPEN]
    if left:
        push.session.model("stock.move", "delete", left)  # of a push that broke off
    if not too_much:
        return push.read(book.id) if left else book
    values: list[Row] = []
    for lot, quantity in too_much.items():
        for move in book.moves:
            if (
                move.is_waste
                and move.state == DONE
                and (move.lot == lot or (not lot and move.lot not in push.wanted.scrap))
            ):
                share = min(quantity, move.in_base)
                if share > 0:
                    values.append(_back(push, book, move, share))
                    quantity -= share
    made = push.session.model("stock.move", "create", values)
    push.press("stock.move", "do", made, lambda: _all_done_back(push, book.id))
    return push.read(book.id)


def _all_done_back(push: Push, order_id: int) -> bool:
    return all(move.state == DONE for move in push.read(order_id).back)


def _back(push: Push, book: Book, move: Move, share: Decimal) -> Row:
    unit = push.wanted.units[book.product.code]
    return {
        "product": move.product.id,
        "quantity": float(unit.rounded(converted(share, move.product.unit, unit))),
        "unit": unit.id,
        "lot": move.lot_id,
        "company": book.row["company"],
        "from_location": waste_of(book),
        "to_location": book.row["location"],
        "origin": f"stock.move,{move.id}",
    }
