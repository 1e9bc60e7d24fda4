"""Pressing Tryton's buttons so that a repeat is harmless, and the small facts about a push that several steps need."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from erp_sync.connectors.tryton.books import OPEN, Book, Move, books
from erp_sync.connectors.tryton.catalog import Catalog, Product
from erp_sync.connectors.tryton.session import AskedBack, Session
from erp_sync.connectors.tryton.values import Row, Unit, converted, nested
from erp_sync.connectors.tryton.wanted import ByLot, Wanted, lacking
from erp_sync.errors import ConflictError, RejectedError, TransientError
from erp_sync.messages import OperationsResponse

NOTHING: frozenset[str] = frozenset()
MOST_STEPS = 8  # of one state machine; more means that somebody works against us


@dataclass(frozen=True, slots=True)
class Push:
    """One confirmation on its way: what it says, what it wants booked, and how to reach Tryton."""

    session: Session
    catalog: Catalog
    message: OperationsResponse
    wanted: Wanted

    def read(self, order_id: int) -> Book:
        """The order as it is now. ConflictError if it is gone."""
        found = books(self.session, self.catalog, [order_id])
        if not found:
            raise ConflictError(f"Tryton no longer has the order {self.message.order.number or order_id}.")
        return found[0]

    def lacking(self, product: Product, wanted: Mapping[str, Decimal], booked: Mapping[str, Decimal]) -> ByLot:
        """What is missing by lot, as far as the message's unit can say it: in the product's unit, without noughts."""
        unit = self.wanted.units[product.code]
        found = {
            lot: converted(unit.rounded(converted(quantity, product.unit, unit)), unit, product.unit)
            for lot, quantity in lacking(wanted, booked).items()
        }
        return {lot: quantity for lot, quantity in found.items() if quantity}

    def press(
        self, model: str, button: str, ids: list[int], reached: Callable[[], bool], taken_back: frozenset[str] = NOTHING
    ) -> None:
        """Presses a button. Series 8 refuses what is already so and 7 says nothing: the state tells, never the text."""
        try:
            self._press(model, button, ids, taken_back)
        except RejectedError:
            with suppress(RejectedError, ConflictError):
                if reached():
                    return
            raise

    def press_order(self, book: Book, button: str, state: str) -> Book:
        """Presses a button of the order that leads to `state`; the order as it is then, wherever it stands."""
        self.press("production", button, [book.id], lambda: self.read(book.id).state == state, _taken_back(book))
        return self.read(book.id)

    def _press(self, model: str, button: str, ids: list[int], taken_back: frozenset[str]) -> None:
        for _ in range(MOST_STEPS):
            try:
                self.session.model(model, button, ids)
                return
            except AskedBack as asked:
                if not self._may_accept(asked, taken_back):
                    raise
                self.session.accept(asked.name)
        raise TransientError("Tryton asked back again and again.")

    def _may_accept(self, asked: AskedBack, taken_back: frozenset[str]) -> bool:
        """A planner said yes. Or it is no question: less was used than planned, before the order's end; or a product
        stands where the bill has none because it was taken back there."""
        if self.message.accept_warning or (not self.message.final and asked.name.endswith("under_tolerance")):
            return True
        return asked.name.endswith("unexpected_product") and any(f"[{code}]" in asked.said for code in taken_back)


@dataclass(frozen=True, slots=True)
class Line:
    """A move that is to be: so much of a product, in the product's unit, with a lot or not."""

    product: Product
    quantity: Decimal
    lot_id: int | None
    waste: bool = False

    def values(self, book: Book, unit: Unit, *, is_input: bool, waste_id: int, day: Row | None) -> Row:
        """What Tryton wants to know to make the move."""
        stock = nested(book.row, "warehouse")["storage_location"]
        place = book.row["location"]
        found: Row = {
            "product": self.product.id,
            "quantity": float(unit.rounded(converted(self.quantity, self.product.unit, unit))),
            "unit": unit.id,
            "lot": self.lot_id,
            "company": book.row["company"],
            "from_location": stock if is_input else place,
            "to_location": place if is_input else waste_id if self.waste else stock,
        }
        if not is_input and not self.waste:  # Tryton works the price out when the order ends, but wants a first one
            found |= {
                "unit_price": {"__class__": "Decimal", "decimal": "0"},
                "currency": nested(book.row, "company")["currency"],
            }
        if day is not None:
            found["effective_date"] = day
        return found


def same(lines: Iterable[Line], moves: Iterable[Move]) -> bool:
    """Whether the moves that stand open are just those that are to be."""
    wanted = sorted((line.product.id, line.lot_id or 0, line.waste, line.quantity) for line in lines)
    standing = sorted((move.product.id, move.lot_id or 0, move.is_waste, move.in_base) for move in moves)
    return len(wanted) == len(standing) and all(
        one[:3] == other[:3] and abs(one[3] - other[3]) < Decimal("0.000001")
        for one, other in zip(wanted, standing, strict=True)
    )


def open_moves(book: Book, codes: Iterable[str], *, is_input: bool) -> list[Move]:
    """Moves of some products that are not done: the ERP's plan, or what a push that broke off has left."""
    asked = set(codes)
    return [
        move for move in book.moves if move.state in OPEN and move.is_input == is_input and move.product.code in asked
    ]


def _taken_back(book: Book) -> frozenset[str]:
    """Codes of what went the other way as a correction: the product as an input, materials as outputs."""
    used = {move.product.code for move in book.moves if move.is_input}
    return frozenset(
        move.product.code
        for move in book.moves
        if (move.product.id == book.product.id) == move.is_input and move.product.code in used
    )


def stamps(book: Book, moves: Iterable[Move] = ()) -> dict[str, Any]:
    """The context with which Tryton refuses to write over what somebody else changed since it was read."""
    known = {f"production,{book.id}": book.row["_timestamp"]}
    known |= {f"stock.move,{move.id}": move.stamp for move in moves}
    return {"_timestamp": known}
