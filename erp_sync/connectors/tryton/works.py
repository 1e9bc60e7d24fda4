"""The operations of an order: started with it, and finished with the time that was really worked before its end."""

from datetime import timedelta
from decimal import Decimal

from erp_sync.connectors.tryton.books import Book
from erp_sync.connectors.tryton.press import Push
from erp_sync.connectors.tryton.values import said_duration

LABOR = "labor"


def works_start(push: Push, book: Book) -> Book:
    """Starts the operations on which nobody worked yet."""
    idle = [work.id for work in book.works if not any(state != "cancelled" for _, state, _ in work.cycles)]
    if not idle:
        return book
    push.press("production.work", "start", idle, lambda: not _idle(push.read(book.id)))
    return push.read(book.id)


def works_finish(push: Push, book: Book, what: str) -> Book:
    """Ends all operations. Each gets the machine's time of the order, or the first one the people's (`what`)."""
    book = works_start(push, book)
    actuals = push.message.cumulative
    for place, work in enumerate(book.works):
        running = [cycle_id for cycle_id, state, _ in work.cycles if state == "running"]
        if not running:
            continue
        total = Decimal(actuals.run_s + actuals.setup_s)
        if what == LABOR:
            total = Decimal(actuals.labor_s if place == 0 else 0)
        worked = sum((duration for _, state, duration in work.cycles if state == "done"), Decimal(0))
        left = max(total - worked, Decimal(0))
        for cycle_id in running:
            duration = said_duration(timedelta(seconds=float(left)))
            push.session.model("production.work.cycle", "write", [cycle_id], {"duration": duration})
            left = Decimal(0)
    busy = _busy(book)
    if busy:
        push.press("production.work", "stop", busy, lambda: not _busy(push.read(book.id)))
        book = push.read(book.id)
    return book


def _idle(book: Book) -> bool:
    return any(not any(state != "cancelled" for _, state, _ in work.cycles) for work in book.works)


def _busy(book: Book) -> list[int]:
    return [work.id for work in book.works if any(state == "running" for _, state, _ in work.cycles)]
