"""Tryton's production orders as operations requests. Pure but for what was read."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from erp_sync.connectors.tryton.books import OPEN, Book
from erp_sync.connectors.tryton.values import Unit, day, nested, number
from erp_sync.errors import RejectedError
from erp_sync.messages import (
    Booked,
    ExternalRef,
    MaterialRequirement,
    MaterialUse,
    OperationsRequest,
    Quantity,
    RequestState,
    SegmentRequirement,
)

STATES: Mapping[str, RequestState] = {
    "request": RequestState.PLANNED,
    "draft": RequestState.PLANNED,
    "waiting": RequestState.RELEASED,
    "assigned": RequestState.RELEASED,
    "running": RequestState.RUNNING,
    "done": RequestState.CLOSED,  # Tryton takes nothing more on it
    "cancelled": RequestState.CANCELLED,
}
OPEN_STATES = ("request", "draft", "waiting", "assigned", "running")
END_OF_DAY = time(23, 59)


def request_of(book: Book, time_zone: str) -> OperationsRequest:
    """An order. Tryton plans by days: an order starts with its first one and is due at 23:59 of its last.

    Materials are told until something of them is booked; after that Tryton only knows what was used.
    """
    row = book.row
    zone = _zone(time_zone or str(nested(row, "company").get("timezone") or ""))
    return OperationsRequest(
        ref=ExternalRef("production", str(book.id), str(row.get("number") or ""), book.version),
        state=state_of(book),
        erp_state=book.state,
        item=book.product.code,
        quantity=Quantity(number(row["quantity"]), book.unit.symbol),
        work_center=str(nested(row, "work_center").get("name") or ""),
        starts_at=_at(day(row.get("planned_start_date")), time(0), zone),
        due_at=_at(day(row.get("planned_date")), END_OF_DAY, zone),
        customer=str(row.get("reference") or ""),
        segments=_segments(book),
        materials=_materials(book),
        modified_at=book.version.partition(" ")[2],
    )


def state_of(book: Book) -> RequestState:
    """Where the order stands. One that waits for another input after it began, runs. RejectedError for a new word."""
    found = STATES.get(book.state)
    if found is None:
        raise RejectedError(f"Order {book.name} of Tryton is {book.state}: nobody here knows what that means.")
    return RequestState.RUNNING if found is RequestState.RELEASED and book.begun else found


def booked_of(book: Book) -> Booked:
    """What is booked: good and scrap in the order's unit, what was used in the unit of the order's lines."""
    own = book.product.unit
    ratio = own.base / book.unit.base
    good, scrap = book.good(), book.scrap()
    units: dict[str, tuple[Unit, Unit]] = {}
    for move in book.moves:
        if move.is_input:
            units.setdefault(move.product.code, (move.unit, move.product.unit))
    consumed = {}
    for item, lots in book.consumed().items():
        unit, base = units[item]
        consumed[item] = unit.rounded(sum(lots.values(), number(0)) * base.base / unit.base)
    return Booked(
        state=state_of(book),
        erp_state=book.state,
        good=book.unit.rounded(sum(good.values(), number(0)) * ratio),
        scrap=book.unit.rounded(sum(scrap.values(), number(0)) * ratio),
        consumed=consumed,
        lots=frozenset(lot for lot, quantity in good.items() if lot and quantity),
    )


def _segments(book: Book) -> tuple[SegmentRequirement, ...]:
    """Operations in their order, known by their names: their ids change when a planner opens the order again."""
    if book.works:
        named = [(work.operation, work.work_center) for work in book.works]
    else:
        steps = sorted(
            nested(book.row, "routing").get("steps.") or (), key=lambda step: (step["sequence"] or 0, step["id"])
        )
        named = [(str(nested(step, "operation").get("name") or ""), "") for step in steps]
    return tuple(
        SegmentRequirement(10 * place, operation, operation, work_center)
        for place, (operation, work_center) in enumerate(named, start=1)
    )


def _materials(book: Book) -> tuple[MaterialRequirement, ...]:
    if book.begun:
        return ()
    return tuple(
        MaterialRequirement(
            MaterialUse.CONSUMED if move.is_input else MaterialUse.PRODUCED,
            move.product.code,
            Quantity(move.quantity, move.unit.symbol),
            lot=move.lot,
            line_key=str(move.id),
        )
        for move in book.moves
        if move.state in OPEN and not move.is_waste
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _at(on: date | None, clock: time, zone: ZoneInfo) -> datetime | None:
    return None if on is None else datetime.combine(on, clock, zone).astimezone(UTC)
