"""The local spool: polls that cannot be stored now wait on disk (SQLite WAL), in order, and survive a kill -9."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from mes.plc.engine_poll import Poll, poll_from_json, poll_to_json

_ROW_OVERHEAD_BYTES = 64  # what SQLite needs beside the body, roughly
_ALARM_SHARE = 0.8
_FREED_SHARE = 0.05  # a full spool frees this much at once, so that dropping is rare work
_SCHEMA = """
CREATE TABLE IF NOT EXISTS poll (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS quarantine (
    id INTEGER PRIMARY KEY, reason TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class SpoolError(Exception):
    """The spool could not be read or written; the message says why. Nothing of the call has happened."""


class Spool:
    """A queue of polls on disk with a size limit.

    Rows come out in the order they went in, so polls of one controller keep their order. One process per file; inside
    it every method may be called from any thread. `max_bytes` limits the stored polls; when it is reached the oldest
    are dropped and counted.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        if max_bytes <= 0:
            raise ValueError("A spool needs a size limit above 0 bytes.")
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self.set_aside: Path | None = None  # where a damaged spool file was moved to
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = self._opened()
        except sqlite3.DatabaseError:
            self.set_aside = _move_aside(path)
            self._db = self._opened()
        self._bytes, self._rows = self._db.execute("SELECT coalesce(sum(bytes), 0), count(*) FROM poll").fetchone()

    def append(self, polls: Iterable[Poll]) -> None:
        """Store polls in order, all or none. Raises SpoolError (disk full, file gone)."""
        rows = []
        for poll in polls:
            body = poll_to_json(poll)
            rows.append((poll.at.isoformat(), len(body.encode()) + _ROW_OVERHEAD_BYTES, body))
        if not rows:
            return
        with self._lock, self._transaction():
            self._db.executemany("INSERT INTO poll (at, bytes, body) VALUES (?, ?, ?)", rows)
            stored, count = self._bytes + sum(row[1] for row in rows), self._rows + len(rows)
            if stored > self._max_bytes:
                freed, dropped = self._drop_oldest(stored - int(self._max_bytes * (1 - _FREED_SHARE)))
                stored, count = stored - freed, count - dropped
            self._bytes, self._rows = stored, count

    def peek(self, limit: int) -> list[tuple[int, Poll]]:
        """The oldest polls with their row ids, at most `limit`. Rows that cannot be read go to the quarantine."""
        with self._lock:
            polls: list[tuple[int, Poll]] = []
            poison: list[tuple[int, str]] = []
            with self._asked():
                rows = self._db.execute("SELECT id, body FROM poll ORDER BY id LIMIT ?", (limit,)).fetchall()
            for row_id, body in rows:
                try:
                    polls.append((row_id, poll_from_json(body)))
                except ValueError as wrong:
                    poison.append((row_id, str(wrong)))
            if poison:
                with self._transaction():
                    for row_id, reason in poison:
                        self._to_quarantine(row_id, reason)
            return polls

    def delete_through(self, row_id: int) -> None:
        """Forget all polls up to and including this row; call it after their storing was committed."""
        with self._lock, self._transaction():
            freed, count = self._db.execute(
                "SELECT coalesce(sum(bytes), 0), count(*) FROM poll WHERE id <= ?", (row_id,)
            ).fetchone()
            self._db.execute("DELETE FROM poll WHERE id <= ?", (row_id,))
            self._bytes, self._rows = self._bytes - freed, self._rows - count

    def quarantine(self, row_id: int, reason: str) -> None:
        """Put one row aside that the database refuses, so that it does not hold up the others."""
        with self._lock, self._transaction():
            self._to_quarantine(row_id, reason)

    def quarantined(self) -> list[tuple[int, str, str]]:
        """Rows put aside: row id, reason, stored text."""
        with self._lock, self._asked():
            return self._db.execute("SELECT id, reason, body FROM quarantine ORDER BY id").fetchall()

    def __len__(self) -> int:
        return self._rows

    @property
    def oldest_at(self) -> datetime | None:
        """Time of the oldest poll waiting; None when nothing waits."""
        with self._lock, self._asked():
            row = self._db.execute("SELECT at FROM poll ORDER BY id LIMIT 1").fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    @property
    def stored_bytes(self) -> int:
        """Size of what waits, as counted against the limit."""
        return self._bytes

    @property
    def dropped(self) -> int:
        """How many polls were dropped because the spool was full, since the file was made."""
        with self._lock, self._asked():
            row = self._db.execute("SELECT value FROM counter WHERE name = 'dropped'").fetchone()
        return row[0] if row else 0

    @property
    def alarm(self) -> bool:
        """True above 80 % of the limit: somebody should look before polls are lost."""
        return self._bytes > _ALARM_SHARE * self._max_bytes

    def close(self) -> None:
        """Close the file; what waits stays on disk."""
        with self._lock:
            self._db.close()

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.executescript(_SCHEMA)
            db.execute("SELECT count(*) FROM poll").fetchone()
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _drop_oldest(self, wanted_bytes: int) -> tuple[int, int]:
        """Delete from the oldest on until so many bytes are free; returns bytes and rows dropped."""
        freed = dropped = last = 0
        for row_id, size in self._db.execute("SELECT id, bytes FROM poll ORDER BY id"):
            if freed >= wanted_bytes:
                break
            freed, dropped, last = freed + size, dropped + 1, row_id
        self._db.execute("DELETE FROM poll WHERE id <= ?", (last,))
        self._db.execute(
            "INSERT INTO counter VALUES ('dropped', ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (dropped,),
        )
        return freed, dropped

    def _to_quarantine(self, row_id: int, reason: str) -> None:
        row = self._db.execute("SELECT bytes, body FROM poll WHERE id = ?", (row_id,)).fetchone()
        if row is None:
            return
        self._db.execute("INSERT INTO quarantine VALUES (?, ?, ?)", (row_id, reason, row[1]))
        self._db.execute("DELETE FROM poll WHERE id = ?", (row_id,))
        self._bytes, self._rows = self._bytes - row[0], self._rows - 1

    @contextlib.contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise SpoolError(f"The spool {self._path} cannot be used: {error}.") from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, in the file and in our own counts."""
        before = self._bytes, self._rows
        with self._asked():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._bytes, self._rows = before
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _move_aside(path: Path) -> Path:
    """Rename a damaged file (and its WAL) out of the way; nothing is deleted."""
    number = 1
    while (target := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(target)
    for suffix in ("-wal", "-shm"):
        side = path.with_name(path.name + suffix)
        if side.exists():
            side.rename(target.with_name(target.name + suffix))
    return target
