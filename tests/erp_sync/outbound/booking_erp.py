"""An ERP that books what it is told, by totals, and that can fail on the way there or back, or die with the caller."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest

from erp_sync import connectors
from erp_sync.connector import Settings
from erp_sync.errors import ErpError
from erp_sync.messages import Booked, MaterialUse, OperationsResponse, Outcome, PushResult, RequestState
from tests.erp_sync.memory_erp import MemoryErp


class Killed(BaseException):
    """The process is gone: nothing of the caller runs any more."""


@dataclass
class Book:
    """What the ERP has of an order."""

    sequence: int = 0
    good: Decimal = Decimal(0)
    scrap: Decimal = Decimal(0)
    consumed: tuple[tuple[str, Decimal], ...] = ()
    lots: frozenset[str] = frozenset()
    final: bool = False


class BookingErp(MemoryErp):
    """Totals by order; an older sequence changes nothing. `before` and `after` run around each booking."""

    def __init__(self) -> None:
        """Nothing booked."""
        super().__init__()
        self.books: dict[str, Book] = {}
        self.taken: list[tuple[str, int]] = []
        self.pushed: list[OperationsResponse] = []
        self.before: Callable[[OperationsResponse], None] = lambda message: None
        self.after: Callable[[OperationsResponse], None] = lambda message: None

    def push_response(self, message: OperationsResponse) -> PushResult:
        """Books the totals, unless a newer message was booked."""
        self.pushed.append(message)
        self.before(message)
        book = self.books.setdefault(message.order.key, Book())
        outcome = Outcome.ALREADY_APPLIED
        if message.sequence > book.sequence:
            outcome = Outcome.APPLIED
            total = message.cumulative
            used = [row for row in total.materials if row.use is MaterialUse.CONSUMED]
            book.consumed = tuple((row.item, row.quantity.value) for row in used)
            made = [row for row in total.materials if row.use is MaterialUse.PRODUCED]
            book.lots = frozenset(row.lot for row in made if row.lot)
            book.sequence, book.good, book.scrap = message.sequence, total.good.value, total.scrap.value
            book.final = message.final
            self.taken.append((message.order.key, message.sequence))
        self.after(message)
        return PushResult(outcome, f"DOC-{message.order.key}-{message.sequence}", f"v{message.sequence}", "running")

    def totals(self, keys: Sequence[str]) -> Mapping[str, Booked]:
        """What is booked of each order it knows."""
        self._up()
        return {
            key: Booked(
                RequestState.RUNNING,
                "running",
                self.books.get(key, Book()).good,
                self.books.get(key, Book()).scrap,
                dict(self.books.get(key, Book()).consumed),
                self.books.get(key, Book()).lots,
            )
            for key in keys
            if key in self.orders
        }


def failing(error: ErpError | Killed, times: int = 1) -> Callable[[OperationsResponse], None]:
    """Raises the error the first so many times."""
    left = [error] * times

    def fail(message: OperationsResponse) -> None:
        if left:
            raise left.pop()

    return fail


_ERPS: dict[str, BookingErp] = {}


def opened_by(settings: Settings) -> BookingErp:
    """The ERP at an address of a test."""
    return _ERPS[settings.address]


def booking_erp(monkeypatch: pytest.MonkeyPatch, address: str = "books") -> BookingErp:
    """A fresh ERP, and the kind `booking` among the known connectors for the length of a test."""
    kind = connectors.Kind("booking", "Books totals", f"{__name__}:opened_by", "only for tests")
    monkeypatch.setitem(connectors.KINDS, "booking", kind)
    monkeypatch.setitem(_ERPS, address, BookingErp())
    return _ERPS[address]
