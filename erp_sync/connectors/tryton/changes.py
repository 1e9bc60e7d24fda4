"""What changed in Tryton since the last look, by its own clock, in pages that lose no row however long they take.

A run looks at everything changed since the newest change of the last run, less the overlap (a transaction is dated by
its start and may be committed later). Rows are paged by id, which never moves; the newest change known when the run
began is where the next run goes on. Edited lines and started operations do not touch the order's own date in Tryton,
so moves and operations are asked as well.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from erp_sync.connectors.tryton.books import ORDER_FIELDS, books_of
from erp_sync.connectors.tryton.catalog import Catalog
from erp_sync.connectors.tryton.orders import request_of
from erp_sync.connectors.tryton.session import Session
from erp_sync.connectors.tryton.values import Row, said_moment, stamp
from erp_sync.errors import ErpError, RejectedError
from erp_sync.messages import Page, Unreadable

CHANGE_FIELDS = ["write_date", "create_date"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """`newest` is where the next run goes on; `since` and `after` (an id) tell where a run stands that goes on."""

    newest: str = ""
    since: str = ""
    after: int = 0
    going_on: bool = False

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """A cursor that `text` said. RejectedError for one that is not ours."""
        newest, *rest = text.split("|")
        try:
            if newest:
                _moment(newest)
            return cls(newest, rest[0], int(rest[1]), going_on=True) if rest else cls(newest)
        except (ValueError, IndexError) as error:
            raise RejectedError(
                f"The stored cursor {text!r} is none of Tryton's: start the pull from the beginning."
            ) from error

    def text(self) -> str:
        """As it is stored."""
        return f"{self.newest}|{self.since}|{self.after}" if self.going_on else self.newest


def orders_changed(session: Session, catalog: Catalog, cursor: str, overlap_s: int, limit: int, time_zone: str) -> Page:
    """Orders that changed since the cursor. An order without product or quantity is unreadable, the others are not."""
    at = Cursor.read(cursor)
    if not at.going_on:
        at = _begun(session, at, overlap_s)
    domain: list[Any] = [["id", ">", at.after]]
    if at.since:
        domain.append(["OR", changed_since(at.since), ["id", "in", _with_changed_parts(session, at.since)]])
    rows = session.rows("production", domain, ORDER_FIELDS, order=[["id", "ASC"]], limit=limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    requests, unreadable = [], []
    books = {book.id: book for book in books_of(session, catalog, rows)}
    for row in rows:
        book = books.get(row["id"])
        name = row.get("number") or f"({row['id']})"
        try:
            if book is None:
                raise RejectedError(f"Order {name} of Tryton has no product or no unit.")
            requests.append(request_of(book, time_zone))
        except ErpError as error:
            unreadable.append(Unreadable(str(row["id"]), str(error)))
    following = Cursor(at.newest, at.since, rows[-1]["id"], going_on=True) if more else Cursor(at.newest)
    return Page(tuple(requests), following.text(), more, tuple(unreadable))


def changed_since(since: str) -> list[Any]:
    """A filter for rows written, or made and never written, at or after an instant of Tryton's clock."""
    at = said_moment(_moment(since))
    return ["OR", ["write_date", ">=", at], [["write_date", "=", None], ["create_date", ">=", at]]]


def _begun(session: Session, at: Cursor, overlap_s: int) -> Cursor:
    since = ""
    if at.newest:
        since = (_moment(at.newest) - timedelta(seconds=overlap_s)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    known = [at.newest]
    for name in CHANGE_FIELDS:
        last = session.rows("production", [[name, "!=", None]], CHANGE_FIELDS, order=[[name, "DESC"]], limit=1)
        known += [stamp(row) for row in last]
    return Cursor(max(known), since, 0, going_on=True)


def _with_changed_parts(session: Session, since: str) -> list[int]:
    """Orders whose materials or operations changed."""
    moves = [changed_since(since), ["OR", ["production_input", "!=", None], ["production_output", "!=", None]]]
    found: set[int] = set()
    for row in session.rows("stock.move", moves, ["production_input", "production_output"]):
        found.add(row["production_input"] or row["production_output"])
    rows: list[Row] = session.rows("production.work", changed_since(since), ["production"])
    return sorted(found | {row["production"] for row in rows})


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
