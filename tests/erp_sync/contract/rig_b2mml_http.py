"""An ERP that speaks B2MML over HTTP, on the bench: one address gives the schedule, another takes performances."""

import contextlib
import sys
import threading
from decimal import Decimal
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from time import time
from typing import Any

from erp_sync.connector import ErpConnector, Settings
from erp_sync.connectors.b2mml import B2mml
from erp_sync.connectors.simulated.faults import LOSE_REQUEST, Faults, Reply, before_work, cut, send
from tests.erp_sync.contract.rig import Books
from tests.erp_sync.contract.rig_b2mml import ODD, books_of, performance_of, request_xml, schedule_xml
from tests.erp_sync.contract.suite import WRONG_SECRET

_TOKEN = "token-of-the-b2mml-erp"


class B2mmlService(ThreadingHTTPServer):
    """The ERP. Of each order it books the totals with the highest sequence, each event once, as the standard wishes."""

    daemon_threads = True

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, str]] = {}
        self.blocked: set[str] = set()
        self.events: set[str] = set()
        self.booked: dict[str, tuple[int, Books]] = {}
        self.faults = Faults()
        self.lock = threading.Lock()
        self.skew_s = 0.0
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def schedule(self) -> bytes:
        """All orders, as they stand."""
        with self.lock:
            return schedule_xml("".join(request_xml(key, **said) for key, said in self.orders.items()), 1).encode()

    def take(self, message: bytes) -> Reply:
        """Books a performance, or says why not."""
        said = performance_of(message)
        with self.lock:
            if said.event_id in self.events or self.booked.get(said.key, (0,))[0] > said.sequence:
                return _told(409, "duplicate")
            if said.key not in self.orders or self.orders[said.key]["state"] == "Cancelled":
                return _told(409, "This order takes nothing.")
            if said.key in self.blocked:
                return _told(422, "The order is locked by the costing run.")
            books = books_of(said.response)
            self.events.add(said.event_id)
            self.booked[said.key] = said.sequence, books
            self.orders[said.key]["state"] = "Completed" if books.over else "Running"
            return _told(200, "Accepted")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    timeout = 60
    server: B2mmlService

    def do_GET(self) -> None:
        self._answer(b"", writes=False)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)), writes=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests look at both ends."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header, by the clock that may be wrong."""
        return formatdate((time() if timestamp is None else timestamp) + self.server.skew_s, usegmt=True)

    def _answer(self, body: bytes, *, writes: bool) -> None:
        kind = self.server.faults.drawn(writes=writes)
        if kind == LOSE_REQUEST:
            cut(self)
            return
        reply = before_work(kind) or self._done(body)
        with contextlib.suppress(OSError):
            send(self, reply, kind, self.server.faults)

    def _done(self, body: bytes) -> Reply:
        if self.headers.get("Authorization") != f"Bearer {_TOKEN}":
            return _told(401, "Who are you?")
        if (self.command, self.path) == ("GET", "/mes/schedule"):
            return Reply(200, self.server.schedule(), {"Content-Type": "application/xml"})
        if (self.command, self.path) == ("POST", "/mes/performance"):
            return self.server.take(body)
        return _told(404, "Nothing is here.")


class B2mmlHttpRig:
    """Enters and reads at the service itself, in this process; the connector comes over HTTP."""

    unit = "PCE"
    component = ("PREFORM-05", "PCE")

    def __init__(self) -> None:
        self.service = B2mmlService()
        self.faults = self.service.faults
        self._numbers = count(1)

    def close(self) -> None:
        self.faults.clear()
        self.service.shutdown()
        self.service.server_close()

    def connect(self, *, wrong_secret: bool = False, time_out_s: float = 30) -> ErpConnector:
        address = f"http://127.0.0.1:{self.service.server_address[1]}/mes"
        secrets = {"token": WRONG_SECRET if wrong_secret else _TOKEN}
        return B2mml(Settings("XML", address, {"time_out_s": time_out_s}, secrets, demo=True))

    def make(self, quantity: int = 100) -> str:
        return self._entered(quantity=str(quantity))

    def make_at_once(self, count: int) -> list[str]:
        return [self.make() for _order in range(count)]

    def make_late(self) -> str:
        return self.make()

    def make_odd(self, what: str) -> str:
        return self._entered(**ODD[what])

    def change(self, key: str, quantity: int) -> None:
        self.service.orders[key]["quantity"] = str(quantity)

    def delete(self, key: str) -> None:
        with self.service.lock:
            del self.service.orders[key]

    def cancel(self, key: str) -> None:
        self.service.orders[key]["state"] = "Cancelled"

    def block(self, key: str) -> None:
        self.service.blocked.add(key)

    def skew(self, seconds: int) -> None:
        self.service.skew_s = seconds

    def books(self, key: str) -> Books:
        return self.service.booked.get(key, (0, Books(Decimal(0), Decimal(0))))[1]

    def _entered(self, **said: str) -> str:
        key = f"MO-{next(self._numbers)}"
        with self.service.lock:
            self.service.orders[key] = {"state": "Released"} | said
        return key


def _told(status: int, words: str) -> Reply:
    return Reply(status, words.encode(), {"Content-Type": "text/plain"})
