"""A connector over a drop folder: files of orders are taken in once, each confirmation goes out as one file, once."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from erp_sync.connector import Settings
from erp_sync.connectors.drop.folder import DropFolder
from erp_sync.connectors.drop.ledger import Ledger
from erp_sync.connectors.drop.reading import Reading
from erp_sync.errors import ConflictError, RejectedError, TransientError
from erp_sync.messages import (
    Booked,
    Capability,
    Health,
    MasterKind,
    OperationsRequest,
    OperationsResponse,
    Outcome,
    Page,
    PushResult,
    RequestState,
    StockStatement,
    Unreadable,
)
from erp_sync.transport.folder import folder_of
from erp_sync.wire import content_hash, plain, request_from

SETTLE_S = 2.0
OVER = (RequestState.COMPLETED, RequestState.CLOSED, RequestState.CANCELLED)


class DropConnector:
    """Base of those connectors. The cursor is a byte of `work/orders.jsonl`, which is in the order of arrival.

    That file can be made anew: move what is in `done` back to `in`. `work/sent.jsonl` cannot: without it confirmations
    may be written again. A file counts by the SHA-256 of its content: the same one again changes nothing.
    """

    kind = ""
    suffix = ""
    takes_good_rows = True  # of a file with bad ones

    def __init__(self, settings: Settings) -> None:
        settle_s = float(settings.options.get("settle_s", SETTLE_S))
        self._folder = DropFolder(folder_of(settings.address, settings.folders), settle_s)
        self._orders = Ledger(self._folder.root / "work" / "orders.jsonl")
        self._sent = Ledger(self._folder.root / "work" / "sent.jsonl")
        self._seen: dict[str, dict[str, Any]] = {}  # what the ledgers say, each read once and then from where it ended
        self._seen_to = self._events_to = 0
        self._events: set[str] = set()
        self._newest: dict[str, int] = {}

    def read(self, data: bytes) -> Reading:
        """What a file says. Never raises."""
        raise NotImplementedError

    def write(self, message: OperationsResponse, order: OperationsRequest) -> bytes:
        """The file of a confirmation."""
        raise NotImplementedError

    def check(self, now: datetime) -> Health:
        """Makes the folders and writes into them. A folder has no clock of its own."""
        self._folder.prepare()
        try:
            self._folder.draft("check", b"")
        except OSError as error:
            raise TransientError(f"The folder cannot be written ({error.strerror}): let Millwright write it.") from None
        return Health("files")

    def capabilities(self) -> frozenset[Capability]:
        """Orders in, confirmations out. A folder neither tells what was deleted nor what was booked."""
        return frozenset(
            {
                Capability.PULL_ORDERS,
                Capability.GET_ORDER,
                Capability.PUSH,
                Capability.PUSH_CUMULATIVE,
                Capability.PARTIAL,
                Capability.CONSUMPTION,
                Capability.LOTS,
                Capability.LABOR,
                Capability.MACHINE_TIME,
                Capability.DOWNTIME,
            }
        )

    def pull_orders(self, cursor: str, *, overlap_s: int = 300, limit: int = 200) -> Page:
        """Takes new files in, then gives what came since the cursor. Nothing can come late, so there is no overlap."""
        self._folder.prepare()
        with self._orders.held():
            self._take_in()
            end = self._orders.size
        start = int(cursor) if cursor.isdecimal() else 0
        reached = start if start <= end else 0
        found: dict[str, OperationsRequest] = {}
        bad: list[Unreadable] = []
        for reached, row in islice(self._orders.rows(start, end), limit):  # noqa: B007 (where it ended is used below)
            if "request" in row:
                found[row["key"]] = _known(row)
            elif "problem" in row:
                bad.append(Unreadable(row["key"], row["problem"]))
        return Page(tuple(found.values()), str(reached), reached < end, tuple(bad))

    def learn(self, digest: str, name: str, requests: Callable[[], Sequence[OperationsRequest]]) -> None:
        """Takes orders in that came by another way than the folder. Said twice (by `digest`), happens once."""
        self._folder.prepare()
        with self._orders.held():
            if digest not in self._digests():
                reading = Reading(requests=list(requests()))
                self._orders.append([*self._lines(reading, "", name), {"file": digest, "name": name}])

    def list_open_keys(self) -> Iterator[tuple[str, str]]:
        """What the files said last: an order that is deleted without a word stays."""
        for key, request in [(key, _known(row)) for key, row in self._all().items()]:
            if request.state not in OVER:
                yield key, request.ref.version

    def get_order(self, key: str) -> OperationsRequest | None:
        """An order as the files said it last."""
        row = self._all().get(key)
        return None if row is None else _known(row)

    def pull_stock(self, items: Sequence[str]) -> Iterator[StockStatement]:
        """Nothing: files carry orders."""
        return iter(())

    def pull_master(self, kind: MasterKind) -> Iterator[Mapping[str, Any]]:
        """Nothing: files carry orders."""
        return iter(())

    def totals(self, keys: Sequence[str]) -> Mapping[str, Booked]:
        """Nothing: what became of a file is not told."""
        return {}

    def push_response(self, message: OperationsResponse) -> PushResult:
        """Writes `out/<event id>.<suffix>`, once, also when the process dies or the ERP took the file away."""
        self._folder.prepare()
        name = f"{message.event_id}{self.suffix}"
        with self._sent.held():
            self._look_at_sent()
            if str(message.event_id) in self._events:
                fresh = self._folder.publish(name)
                return PushResult(Outcome.APPLIED if fresh else Outcome.ALREADY_APPLIED, name)
            if self._newest.get(message.order.key, 0) > message.sequence:
                return PushResult(Outcome.ALREADY_APPLIED)
            content = self.write(message, self._takes(message))
            self._folder.draft(name, content)
            self._sent.append([{"event": str(message.event_id), "key": message.order.key, "seq": message.sequence}])
            self._folder.publish(name)
        return PushResult(Outcome.APPLIED, name)

    def close(self) -> None:
        """Nothing is held."""

    def _takes(self, message: OperationsResponse) -> OperationsRequest:
        order = self.get_order(message.order.key)
        if order is None:
            raise ConflictError(f"No file of the ERP names the order {message.order.key}.")
        if order.state == RequestState.CANCELLED:
            raise ConflictError(f"The ERP cancelled the order {message.order.key}.", said=order.erp_state)
        if message.order.version and message.order.version != order.ref.version:
            raise ConflictError(f"A newer file of the ERP changed the order {message.order.key}.")
        if message.cumulative.good.value < 0 or message.cumulative.scrap.value < 0:
            raise RejectedError("Totals below zero cannot be written.")
        return order

    def _look_at_sent(self) -> None:
        for at, row in self._sent.rows(self._events_to):
            self._events_to = at
            self._events.add(row["event"])
            self._newest[row["key"]] = max(self._newest.get(row["key"], 0), row["seq"])

    def _all(self) -> Mapping[str, dict[str, Any]]:
        """What the files said last of each order, also those that came just now."""
        self._folder.prepare()
        with self._orders.held():
            self._take_in()
            for at, row in self._orders.rows(self._seen_to):
                self._seen_to = at
                if "request" in row:
                    self._seen[row["key"]] = row
        return self._seen

    def _take_in(self) -> None:
        files = list(self._folder.arrived(time.time()))
        seen = self._digests() if files else set()
        for file in files:
            data = self._folder.content(file)
            digest = hashlib.sha256(data).hexdigest()
            reading = self.read(data)
            report = self._report(reading, file.name)
            if digest not in seen:
                self._orders.append([*self._lines(reading, report, file.name), {"file": digest, "name": file.name}])
                seen.add(digest)
            self._folder.put_away(file, digest, report)

    def _digests(self) -> set[str]:
        return {row["file"] for _at, row in self._orders.rows() if "file" in row}

    def _lines(self, reading: Reading, report: str, name: str) -> list[dict[str, Any]]:
        if reading.refused or (reading.bad and not self.takes_good_rows):
            return [{"key": "", "problem": f"The file {name} was refused: {report.splitlines()[0]}"[:1000]}]
        found: list[dict[str, Any]] = [
            {"key": request.ref.key, "request": plain(request)} for request in reading.requests
        ]
        return found + [{"key": bad.key, "problem": f"{name}, line {bad.line}: {bad.problem}"} for bad in reading.bad]

    def _report(self, reading: Reading, name: str) -> str:
        """What stands beside a refused file; empty for one that is taken."""
        if reading.refused:
            return reading.refused
        if not reading.bad or (self.takes_good_rows and reading.requests):
            return ""
        first = f"{len(reading.bad)} of {len(reading.bad) + len(reading.requests)} orders cannot be read."
        return "\n".join([first, *(f"line {bad.line}: {bad.problem}" for bad in reading.bad)])


def _known(row: Mapping[str, Any]) -> OperationsRequest:
    """The order of a line; its version is what it says, as files name none that could be trusted to change."""
    request = request_from(row["request"])
    return replace(request, ref=replace(request.ref, version=content_hash(request)[:16]))
