"""What an order has used: posted in Tryton by `run`, also later, by way of `wait`, another input and `run` again.

Tryton posts all inputs of an order when it starts, and takes no further ones while it runs. Inputs of the items that
Millwright books are replaced by what was really used; the others go as Tryton planned them. Each step first reads where
the order stands, so a push that broke off anywhere is finished by the next.
"""

from decimal import Decimal
from typing import Any

from erp_sync.connectors.tryton.books import Book, Move
from erp_sync.connectors.tryton.catalog import Product
from erp_sync.connectors.tryton.press import MOST_STEPS, Line, Push, open_moves, same, stamps
from erp_sync.connectors.tryton.values import Row
from erp_sync.errors import ConflictError, RejectedError

RUNNING, ASSIGNED, WAITING = "running", "assigned", "waiting"


def inputs_book(push: Push, book: Book, day: Row | None) -> Book:
    """Brings the order to `running` with all inputs posted that the message names; the book as it is then."""
    ours = {book.product.code, *push.wanted.consumed}
    for _ in range(MOST_STEPS):
        lines = _lines(push, book)
        standing = open_moves(book, ours, is_input=True)
        fits = same(lines, standing)
        if book.state == RUNNING and not lines and not standing:
            return book
        if book.state == RUNNING or (book.state == ASSIGNED and not fits):
            book = push.press_order(book, "wait", WAITING)
        elif book.state == ASSIGNED:
            book = push.press_order(book, "run", RUNNING)
        elif book.state != WAITING:
            raise ConflictError(f"The order {book.name} is {book.state} in Tryton: nothing can be booked on it.")
        elif not fits and any(move.state != "draft" for move in standing):
            book = push.press_order(book, "wait", WAITING)  # some stock was assigned, then it was too little
        elif fits:
            book = push.press_order(book, "assign_try", ASSIGNED)
            _refuse_shortage(book)
        else:
            book = _write(push, book, lines, standing, day)
    raise ConflictError(f"The order {book.name} is changed in Tryton while it is booked on: look at it there.")


def _write(push: Push, book: Book, lines: list[Line], standing: list[Move], day: Row | None) -> Book:
    units = push.wanted.units
    made = [line.values(book, units[line.product.code], is_input=True, waste_id=0, day=day) for line in lines]
    change: list[tuple[str, list[Any]]] = [("delete", [move.id for move in standing]), ("create", made)]
    values = {"inputs": [list(part) for part in change if part[1]]}
    push.session.model("production", "write", [book.id], values, **stamps(book, standing))
    return push.read(book.id)


def _lines(push: Push, book: Book) -> list[Line]:
    """The inputs that are missing; good output that was too much is taken back as an input of the product itself."""
    found: list[Line] = []
    booked = book.consumed()
    for item, wanted in push.wanted.consumed.items():
        product = push.catalog.product(item)
        for lot, quantity in push.lacking(product, wanted, booked.get(item, {})).items():
            if quantity > 0:
                found.append(Line(product, quantity, _lot_in_stock(push, product, lot)))
    good = book.good()
    for lot, quantity in push.lacking(book.product, push.wanted.good, good).items():
        if quantity < 0:
            found += _taken_back(push, book.product, lot, -quantity, good)
    return found


def _taken_back(push: Push, product: Product, lot: str, quantity: Decimal, good: dict[str, Decimal]) -> list[Line]:
    if lot:
        return [Line(product, quantity, push.catalog.lot(product, lot))]
    found: list[Line] = []
    for other, booked in sorted(good.items(), key=lambda pair: -pair[1]):
        share = min(quantity, booked)
        if other not in push.wanted.good and share > 0:
            found.append(Line(product, share, push.catalog.lot(product, other) if other else None))
            quantity -= share
    return found


def _lot_in_stock(push: Push, product: Product, number: str) -> int | None:
    if not number:
        return None
    found = push.catalog.lot(product, number)
    if found is None:
        raise RejectedError(
            f"Tryton has no lot {number} of {product.code}: receive it there, or correct the lot here, then retry."
        )
    return found


def _refuse_shortage(book: Book) -> None:
    """Tryton says nothing when stock is short: the order still waits, and the inputs say for what."""
    if book.state != WAITING:
        return
    short = [
        f"{move.quantity.normalize():f} {move.unit.symbol} {move.product.code}"
        + (f" (lot {move.lot})" if move.lot else "")
        for move in book.moves
        if move.is_input and move.state in ("draft", "staging")
    ]
    raise RejectedError(
        f"Tryton has too little in stock for order {book.name}: {', '.join(short)}. Correct it there, then retry."
    )
