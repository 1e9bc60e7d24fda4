"""Where a page of the story ends and the next begins: a mark that stays true while rows are added behind it."""

from collections.abc import Iterable
from datetime import UTC, datetime

from mes.thread.node import Event

Mark = tuple[datetime, str, int]


def mark_text(key: Mark) -> str:
    """A mark as an address carries it."""
    at, kind, row = key
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z_{kind}_{row}"


def mark_from(text: str) -> Mark | None:
    """The mark an address carries; None for an empty or an unreadable one (the story then begins at its start)."""
    at, _bar, rest = text.partition("_")
    kind, _bar, row = rest.rpartition("_")
    try:
        when = datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (when, kind, int(row)) if row.isascii() and row.isdigit() and len(row) < 19 else None


def page_of(events: Iterable[Event], after: Mark | None, size: int) -> tuple[list[Event], str]:
    """The first `size` events behind the mark, in order, and the mark of the next page ("" at the end)."""
    waiting = sorted((one for one in events if after is None or one.key > after), key=lambda one: one.key)
    page = waiting[:size]
    return page, mark_text(page[-1].key) if len(waiting) > size else ""
