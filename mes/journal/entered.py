"""When a person entered what is done now: an entry that could not be sent comes later than it was made."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

_entered_at: ContextVar[datetime | None] = ContextVar("entered_at", default=None)


@contextmanager
def entered(at: datetime | None) -> Iterator[None]:
    """While it lasts, journal entries say in their data that the person's device took them `at` (by its own clock)."""
    before = _entered_at.set(at)
    try:
        yield
    finally:
        _entered_at.reset(before)


def entered_at() -> datetime | None:
    """The device's time of what is being done, None where nobody told it."""
    return _entered_at.get()
