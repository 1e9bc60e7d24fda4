"""What the simulated ERP remembers: one SQLite file of its own, for it stands for a system of somebody else's."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
OVER = ("Made", "Closed", "Cancelled")
TAKES = ("Released", "In work", "Made")  # confirmations; to "Made" only corrections
_TABLES = """
CREATE TABLE IF NOT EXISTS orders (key INTEGER PRIMARY KEY AUTOINCREMENT, modified INTEGER NOT NULL,
    version INTEGER NOT NULL, open INTEGER NOT NULL, body TEXT NOT NULL, booked TEXT NOT NULL DEFAULT '{}',
    sequence INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS orders_modified ON orders (modified, key);
CREATE TABLE IF NOT EXISTS documents (number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT UNIQUE NOT NULL,
    key INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS facts (kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key));
"""


class Refused(Exception):
    """The ERP does not do it. `status` is the one of HTTP, `code` is for machines, the text for people."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


class Store:
    """The ERP's own record. `clock_us` gives its time in microseconds; every change takes it as the row's time.

    The version of an order rises when a planner changes it, not with confirmations: whoever sends two of them before he
    reads again has not missed anything.
    """

    def __init__(self, path: str, clock_us: Callable[[], int]) -> None:
        self._clock_us = clock_us
        self._lock = threading.RLock()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._base.executescript(_TABLES)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=OFF")  # a simulation may forget its last second, not an order's half

    def close(self) -> None:
        """Gives the file back."""
        with self._lock:
            self._base.close()

    def make(self, orders: Sequence[Row], modified: int | None = None) -> list[int]:
        """New orders, all with one time of change; `modified` makes rows as of then (written late)."""
        at = modified if modified is not None else self._clock_us()
        with self._writing():
            return [self._insert(order, at) for order in orders]

    def change(self, key: int, changes: Row) -> None:
        """A planner changes an order; Refused (404) if there is none."""
        with self._writing():
            body, _booked, _sequence, version = self._order(key)
            body |= changes
            self._write(key, body, version + 1)

    def delete(self, key: int) -> None:
        """Nothing is left of it, no trace either."""
        with self._writing():
            self._base.execute("DELETE FROM orders WHERE key = ?", (key,))

    def changed(self, since: int, after: tuple[int, int], limit: int) -> list[Row]:
        """Orders in the order of (time of change, key) that lie at `since` or later, and behind `after`."""
        with self._lock:
            rows = self._base.execute(
                "SELECT key, modified, version, body FROM orders WHERE modified >= ? AND (modified, key) > (?, ?)"
                " ORDER BY modified, key LIMIT ?",
                (since, *after, limit),
            ).fetchall()
        return [_shown(*row) for row in rows]

    def order(self, key: int) -> Row:
        """One order; Refused (404)."""
        with self._lock:
            row = self._base.execute("SELECT key, modified, version, body FROM orders WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise Refused(404, "unknown", f"There is no order {key}.")
        return _shown(*row)

    def open_keys(self) -> list[tuple[int, int]]:
        """Key and version of all orders that are not over."""
        with self._lock:
            return self._base.execute("SELECT key, version FROM orders WHERE open = 1 ORDER BY key").fetchall()

    def confirm(self, key: int, event: str, said: Row) -> Row:
        """Books totals on an order, once for each event; see `service` for what is refused."""
        with self._writing():
            known = self._base.execute("SELECT number FROM documents WHERE event = ?", (event,)).fetchone()
            body, booked, sequence, version = self._order(key)
            if known:
                return {"document": f"C-{known[0]}", "outcome": "known", "version": version, "state": body["state"]}
            if said["sequence"] <= sequence:
                return {"document": "", "outcome": "older", "version": version, "state": body["state"]}
            _judge(body, said, version)
            number = self._base.execute(
                "INSERT INTO documents (event, key, body) VALUES (?, ?, ?)", (event, key, json.dumps(said))
            ).lastrowid
            body["state"] = "Made" if said["final"] else ("In work" if body["state"] == "Released" else body["state"])
            booked = {name: said[name] for name in ("good", "scrap", "rework", "consumed", "lots")}
            self._write(key, body, version, booked, said["sequence"])
            return {"document": f"C-{number}", "outcome": "booked", "version": version, "state": body["state"]}

    def booked(self, keys: Sequence[int]) -> dict[str, Row]:
        """What is booked on some orders; those it does not have are left out."""
        found: dict[str, Row] = {}
        with self._lock:
            for key in keys:
                row = self._base.execute("SELECT body, booked FROM orders WHERE key = ?", (key,)).fetchone()
                if row:
                    body, booked = json.loads(row[0]), json.loads(row[1])
                    found[str(key)] = {"state": body["state"], **_NOTHING, **booked}
        return found

    def fact_set(self, kind: str, key: str, body: Row) -> None:
        """Master data or stock, by kind and key."""
        with self._writing():
            self._base.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (kind, key, json.dumps(body)))

    def facts(self, kind: str) -> list[Row]:
        """All of a kind."""
        with self._lock:
            rows = self._base.execute("SELECT body FROM facts WHERE kind = ? ORDER BY key", (kind,)).fetchall()
        return [json.loads(row[0]) for row in rows]

    def count(self) -> int:
        """How many orders there are."""
        with self._lock:
            return int(self._base.execute("SELECT count(*) FROM orders").fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def _insert(self, order: Row, at: int) -> int:
        body = {**_EMPTY, **order}
        open_now = body["state"] not in OVER
        key = self._base.execute(
            "INSERT INTO orders (modified, version, open, body) VALUES (?, 1, ?, ?)", (at, open_now, json.dumps(body))
        ).lastrowid
        return int(key or 0)

    def _order(self, key: int) -> tuple[Row, Row, int, int]:
        row = self._base.execute("SELECT body, booked, sequence, version FROM orders WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise Refused(404, "unknown", f"There is no order {key}.")
        return json.loads(row[0]), json.loads(row[1]), row[2], row[3]

    def _write(self, key: int, body: Row, version: int, booked: Row | None = None, sequence: int | None = None) -> None:
        self._base.execute(
            "UPDATE orders SET modified = ?, version = ?, open = ?, body = ?, booked = coalesce(?, booked),"
            " sequence = coalesce(?, sequence) WHERE key = ?",
            (
                *(self._clock_us(), version, body["state"] not in OVER, json.dumps(body)),
                *(None if booked is None else json.dumps(booked), sequence, key),
            ),
        )


_NOTHING: Row = {"good": "0", "scrap": "0", "rework": "0", "consumed": {}, "lots": []}
_EMPTY: Row = {
    **{"number": "", "state": "Released", "item": "", "quantity": "0", "unit": "PCE", "line": "", "priority": None},
    **{"start": None, "due": None, "customer": "", "operations": [], "components": [], "blocked": ""},
}


def _judge(body: Row, said: Row, version: int) -> None:
    """Refuses what a careful ERP refuses."""
    if body["blocked"]:
        raise Refused(422, "refused", body["blocked"])
    if body["state"] not in TAKES:
        raise Refused(409, "state", f"The order is {body['state'].lower()}: nothing can be confirmed on it.")
    if said["version"] and int(said["version"]) != version:
        raise Refused(409, "changed", "The order was changed meanwhile.")
    if said["unit"] != body["unit"]:
        raise Refused(422, "unit", f"The order is in {body['unit']}, not in {said['unit']}.")
    known = {part["item"] for part in body["components"]}
    for item in said["consumed"]:
        if item not in known:
            raise Refused(422, "component", f"{item} is no component of the order.")
    if Decimal(said["good"]) > Decimal(body["quantity"]) * 2 and not said["accept_warning"]:
        raise Refused(409, "question", "That is more than twice the ordered quantity. Is it right?")


def _shown(key: int, modified: int, version: int, body: str) -> Row:
    return {"key": key, "modified": modified, "version": version, **json.loads(body)}
