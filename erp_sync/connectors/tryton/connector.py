"""The connector to Tryton: keeps the protocol, the work is done by the modules beside it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from erp_sync.connector import Exchange, Settings
from erp_sync.connectors.tryton.books import books
from erp_sync.connectors.tryton.catalog import Catalog
from erp_sync.connectors.tryton.changes import orders_changed
from erp_sync.connectors.tryton.master import master_of
from erp_sync.connectors.tryton.orders import OPEN_STATES, STATES, booked_of, request_of
from erp_sync.connectors.tryton.push import push
from erp_sync.connectors.tryton.session import Session
from erp_sync.connectors.tryton.stock import stock_of
from erp_sync.connectors.tryton.works import LABOR
from erp_sync.errors import RejectedError
from erp_sync.messages import (
    Booked,
    Capability,
    Health,
    MasterKind,
    OperationsRequest,
    OperationsResponse,
    Page,
    PushResult,
    StockStatement,
)
from erp_sync.transport.client import HttpDoor

AT_ONCE = 200  # orders whose parts are read in one question


class Tryton:
    """Tryton 7.0 (LTS) and 8.x over JSON-RPC.

    Options: `database` and `user`; `time_zone` where the company in Tryton has none (its dates are days); `work_time`
    is `run` (operations get the machines' time, the default) or `labor` (people's time). Secret: `password`.
    """

    kind = "tryton"

    def __init__(self, settings: Settings, door: HttpDoor | None = None) -> None:
        self._door = door or HttpDoor(settings)
        self._session = Session(settings, self._door)
        self._catalog = Catalog(self._session)
        self._time_zone = str(settings.options.get("time_zone") or "")
        self._work_time = str(settings.options.get("work_time") or "run")

    def check(self, now: datetime) -> Health:
        """Reaches Tryton, logs in, and asks for one order. The clock is the one in the header of its answers."""
        major, minor = self._session.series()
        if (major, minor) < (7, 0):
            raise RejectedError(f"Tryton {self._session.version} is too old: 7.0 or newer is needed.")
        self._session.rows("production", [], ["number"], limit=1)
        theirs = self._session.server_time
        skew_s = None if theirs is None else (theirs - now).total_seconds()
        return Health(self._session.version, skew_s, {"series": f"{major}.{minor}"})

    def capabilities(self) -> frozenset[Capability]:
        """All but downtime, which Tryton has no place for, and one of both times: operations keep only one."""
        other = Capability.MACHINE_TIME if self._work_time == LABOR else Capability.LABOR
        return frozenset(Capability) - {Capability.DOWNTIME, other}

    def pull_orders(self, cursor: str, *, overlap_s: int = 300, limit: int = 200) -> Page:
        """See the protocol and `changes`."""
        return orders_changed(self._session, self._catalog, cursor, overlap_s, limit, self._time_zone)

    def list_open_keys(self) -> Iterator[tuple[str, str]]:
        """Orders that are not over. The version tells when anything of the order changed last."""
        after = 0
        while True:
            domain = [["state", "in", list(OPEN_STATES)], ["id", ">", after]]
            ids = [
                row["id"]
                for row in self._session.rows("production", domain, ["number"], order=[["id", "ASC"]], limit=AT_ONCE)
            ]
            if not ids:
                return
            for book in books(self._session, self._catalog, ids):
                yield str(book.id), book.version
            after = ids[-1]

    def get_order(self, key: str) -> OperationsRequest | None:
        """One order. RejectedError for one without product, of which nothing can be said."""
        if not key.isdecimal():
            return None
        found = books(self._session, self._catalog, [int(key)])
        if found:
            return request_of(found[0], self._time_zone)
        if self._session.rows("production", [["id", "=", int(key)]], ["number"]):
            raise RejectedError(f"Order {key} of Tryton has no product.")
        return None

    def pull_stock(self, items: Sequence[str]) -> Iterator[StockStatement]:
        """See `stock`."""
        return stock_of(self._session, self._catalog, items)

    def pull_master(self, kind: MasterKind) -> Iterator[Mapping[str, Any]]:
        """See `master`."""
        return master_of(self._session, self._catalog, kind)

    def push_response(self, message: OperationsResponse) -> PushResult:
        """See `push`."""
        return push(self._session, self._catalog, message, self._work_time)

    def totals(self, keys: Sequence[str]) -> Mapping[str, Booked]:
        """What is booked on some orders, in the units of `orders.booked_of`; none in a state nobody here knows."""
        ids = [int(key) for key in keys if key.isdecimal()]
        found: dict[str, Booked] = {}
        for start in range(0, len(ids), AT_ONCE):
            for book in books(self._session, self._catalog, ids[start : start + AT_ONCE]):
                if book.state in STATES:
                    found[str(book.id)] = booked_of(book)
        return found

    def exchange(self) -> Exchange:
        """What went out and came back since this was asked last, masked."""
        return self._door.exchange()

    def close(self) -> None:
        """Logs out and gives the connection back."""
        self._session.close()
