"""The connector to the simulated ERP: a whole one, for demos and for trying everything that stands above connectors."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from erp_sync.connector import Exchange, Settings
from erp_sync.connectors.simulated.words import STATES, booked_of, confirmation_of, problem_of, request_of
from erp_sync.errors import AuthError, RejectedError
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
    Quantity,
    StockStatement,
    Unreadable,
)
from erp_sync.transport.client import Answer, HttpDoor

_START = (-1, -1)


class SimulatedErp:
    """Secret: `token`. The cursor is `<time>` where all was read, else `<time>,<key>` (microseconds by its clock)."""

    kind = "simulated"

    def __init__(self, settings: Settings) -> None:
        self._door = HttpDoor(settings)
        self._token = settings.secrets.get("token", "")

    def check(self, now: datetime) -> Health:
        """Reaches it and reads version and clock."""
        said = self._ask("/version")
        if not isinstance(said, dict) or not {"version", "time"} <= said.keys():
            raise RejectedError("There is no simulated ERP at this address.")
        return Health(str(said["version"]), float(said["time"]) - now.timestamp())

    def capabilities(self) -> frozenset[Capability]:
        """Everything but taking components off stock by itself."""
        return frozenset(Capability) - {Capability.BACKFLUSH}

    def pull_orders(self, cursor: str, *, overlap_s: int = 300, limit: int = 200) -> Page:
        """See the protocol. Pages are told apart by (time, key): an order that changes meanwhile moves to the end."""
        since, after = _from(cursor, overlap_s)
        query = {"since": since, "after": after[0], "after_key": after[1], "limit": limit}
        rows = self._ask("/orders", query)
        requests, unreadable = [], []
        for row in rows:
            try:
                requests.append(request_of(row))
            except ValueError as problem:
                unreadable.append(Unreadable(str(row["key"]), str(problem)))
        more = len(rows) == limit
        if not rows:
            return Page((), str(after[0]) if after != _START else cursor, more=False)
        last = rows[-1]
        reached = f"{last['modified']},{last['key']}" if more else str(last["modified"])
        return Page(tuple(requests), reached, more, tuple(unreadable))

    def list_open_keys(self) -> Iterator[tuple[str, str]]:
        """All at once."""
        for key, version in self._ask("/orders/open"):
            yield str(key), str(version)

    def get_order(self, key: str) -> OperationsRequest | None:
        """One order. RejectedError for one that makes no sense."""
        answer = self._send("GET", f"/orders/{quote(key, safe='')}")
        if answer.status == 404:
            return None
        try:
            return request_of(_good(answer))
        except ValueError as problem:
            raise RejectedError(str(problem)) from None

    def pull_stock(self, items: Sequence[str]) -> Iterator[StockStatement]:
        """On hand by item, and lot where it has some."""
        for row in self._ask("/facts/stock"):
            if not items or row["item"] in items:
                yield StockStatement(
                    row["item"], row["site"], Quantity(Decimal(row["on_hand"]), row["unit"]), row.get("lot", "")
                )

    def pull_master(self, kind: MasterKind) -> Iterator[Mapping[str, Any]]:
        """As it was entered there."""
        yield from self._ask(f"/facts/{kind.value}")

    def push_response(self, message: OperationsResponse) -> PushResult:
        """Books the totals under the message's own id, which the ERP takes once."""
        path = f"/orders/{quote(message.order.key, safe='')}/confirmations/{message.event_id}"
        said = _good(self._send("PUT", path, confirmation_of(message)))
        outcome = Outcome.APPLIED if said["outcome"] == "booked" else Outcome.ALREADY_APPLIED
        return PushResult(outcome, said["document"], str(said["version"]), said["state"])

    def totals(self, keys: Sequence[str]) -> Mapping[str, Booked]:
        """What is booked."""
        wanted = [int(key) for key in keys if key.isdecimal()]
        found = _good(self._send("POST", "/booked", {"keys": wanted}))
        return {key: booked_of(row) for key, row in found.items() if row["state"] in STATES}

    def exchange(self) -> Exchange:
        """What went out and came back since this was asked last, masked."""
        return self._door.exchange()

    def close(self) -> None:
        """Gives the line back."""
        self._door.close()

    def _ask(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        return _good(self._door.get(path, query, self._login()))

    def _send(self, method: str, path: str, body: Any = None) -> Answer:
        if method == "GET":
            return self._door.get(path, None, self._login())
        return self._door.send_json(method, path, body, self._login())

    def _login(self) -> dict[str, str]:
        if not self._token:
            raise AuthError("The connection lacks its token: enter it among the connection's secrets.")
        return {"Authorization": f"Bearer {self._token}"}


def _good(answer: Answer) -> Any:
    said = answer.json()
    if answer.status >= 300:
        raise problem_of(said)
    return said


def _from(cursor: str, overlap_s: int) -> tuple[int, tuple[int, int]]:
    reached, _, key = cursor.partition(",")
    if key:  # within a row of pages: just behind the last one
        return 0, (int(reached), int(key))
    return (max(int(reached) - overlap_s * 1_000_000, 0) if reached else 0), _START
