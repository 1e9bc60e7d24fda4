"""A confirmation into Tryton: read what is booked, post what is missing, read again. A repeat finds nothing missing."""

from datetime import date

from erp_sync.connectors.tryton.books import Book, books, plan_of
from erp_sync.connectors.tryton.catalog import Catalog
from erp_sync.connectors.tryton.inputs import inputs_book
from erp_sync.connectors.tryton.outputs import outputs_book
from erp_sync.connectors.tryton.press import Push
from erp_sync.connectors.tryton.session import Session
from erp_sync.connectors.tryton.values import Row
from erp_sync.connectors.tryton.wanted import wanted_of
from erp_sync.connectors.tryton.works import works_finish, works_start
from erp_sync.errors import ConflictError, TransientError
from erp_sync.messages import OperationsResponse, Outcome, PushResult

REMEMBERED = "Millwright"  # the attachment of an order that says which confirmation was booked last


def push(session: Session, catalog: Catalog, message: OperationsResponse, work_time: str) -> PushResult:
    """Brings the order to the message's totals. Safe to repeat, and an older message does nothing.

    ConflictError where the order is gone, changed since its version was read, or stands where nothing can be booked.
    """
    first = _order(session, catalog, message)
    sending = Push(session, catalog, message, wanted_of(message.cumulative, first.product, catalog))
    if first.state == "done":
        return _compared(sending, first)
    _refuse_unfit(first, message)
    if not _is_next(session, first, message.sequence):
        return _result(Outcome.ALREADY_APPLIED, first)
    day = _day(message.posting_date)
    book = inputs_book(sending, first, day)
    book = works_start(sending, book)
    book = outputs_book(sending, book, day)
    if message.final:
        book = _finished(sending, book, work_time)
    if _missing(sending, book):
        raise TransientError(f"Not all of the confirmation stands in Tryton's order {book.name} yet.")
    return _result(Outcome.ALREADY_APPLIED if book is first else Outcome.APPLIED, book)


def _order(session: Session, catalog: Catalog, message: OperationsResponse) -> Book:
    key, name = message.order.key, message.order.number or message.order.key
    found = books(session, catalog, [int(key)]) if key.isdecimal() else []
    if not found:
        raise ConflictError(f"Tryton no longer has the order {name}.")
    return found[0]


def _refuse_unfit(book: Book, message: OperationsResponse) -> None:
    if book.state in ("request", "draft", "cancelled"):
        raise ConflictError(f"The order {book.name} is {book.state} in Tryton: nothing can be booked on it.")
    read = message.order.version.partition(" ")[0]
    if read and read != plan_of(book.row):
        raise ConflictError(f"Product, quantity or unit of the order {book.name} were changed in Tryton meanwhile.")


def _is_next(session: Session, book: Book, sequence: int) -> bool:
    """Whether no later confirmation was begun. That this one is begun is noted before anything is booked."""
    resource = [["resource", "=", f"production,{book.id}"], ["name", "=", REMEMBERED]]
    notes = session.rows("ir.attachment", resource, ["description"], order=[["id", "ASC"]])
    last = max((int(note["description"]) for note in notes if str(note["description"]).isdecimal()), default=None)
    if last is not None and last > sequence:
        return False
    if last != sequence:
        _note(session, book, sequence, notes)
    return True


def _note(session: Session, book: Book, sequence: int, notes: list[Row]) -> None:
    if notes:
        session.model("ir.attachment", "write", [notes[0]["id"]], {"description": str(sequence)})
    else:
        values = {"resource": f"production,{book.id}", "name": REMEMBERED, "type": "link", "description": str(sequence)}
        session.model("ir.attachment", "create", [values])


def _finished(sending: Push, book: Book, work_time: str) -> Book:
    """Ends the order; Tryton wants its operations ended first. 8.x calls the button `do`, 7.0 calls it `done`."""
    book = works_finish(sending, book, work_time)
    return sending.press_order(book, "do" if sending.session.series() >= (8, 0) else "done", "done")


def _compared(sending: Push, book: Book) -> PushResult:
    """An order that is over takes nothing more: fine if it has the same totals, else a planner decides."""
    missing = _missing(sending, book)
    if missing:
        raise ConflictError(f"The order {book.name} is done in Tryton, with other totals: {'; '.join(missing)}.")
    return _result(Outcome.ALREADY_APPLIED, book)


def _missing(sending: Push, book: Book) -> list[str]:
    """What Tryton lacks of the confirmation, in words; a minus says that it has too much."""
    wanted, booked, own = sending.wanted, book.consumed(), book.product
    by_name = {
        "good": sending.lacking(own, wanted.good, book.good()),
        "scrap": sending.lacking(own, wanted.scrap, book.scrap()),
    }
    for item, used in wanted.consumed.items():
        by_name[item] = sending.lacking(sending.catalog.product(item), used, booked.get(item, {}))
    return [
        f"{name} {lot} {quantity.normalize():f}".replace("  ", " ")
        for name, lots in by_name.items()
        for lot, quantity in lots.items()
    ]


def _result(outcome: Outcome, book: Book) -> PushResult:
    return PushResult(outcome, document=book.name, version=book.version, erp_state=book.state)


def _day(posting_date: str) -> Row | None:
    if not posting_date:
        return None
    said = date.fromisoformat(posting_date)
    return {"__class__": "date", "year": said.year, "month": said.month, "day": said.day}
