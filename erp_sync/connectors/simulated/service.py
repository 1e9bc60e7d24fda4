"""The simulated ERP as a process: `python -m erp_sync.connectors.simulated.service --port N --file PATH`."""

import argparse
import contextlib
import hmac
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import IPPROTO_TCP, TCP_NODELAY
from typing import Any
from urllib.parse import parse_qs, urlsplit

from erp_sync.connectors.simulated.faults import LOSE_REQUEST, Faults, Reply, before_work, cut, send
from erp_sync.connectors.simulated.seed import seed
from erp_sync.connectors.simulated.store import Refused, Row, Store

VERSION = "Simulated ERP 1"
TOKEN_VARIABLE = "SIMULATED_ERP_TOKEN"  # noqa: S105 - the name of a variable
_BODY_BYTES = 20_000_000
Work = Callable[["SimulatedService", re.Match[str], Row, Row], Any]


class SimulatedService(ThreadingHTTPServer):
    """The ERP on 127.0.0.1. `skew_s` moves its clock; `faults` break its line. Port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: str, token: str, port: int = 0) -> None:
        self.skew_s = 0.0
        self.token = token
        self.faults = Faults()
        self.store = Store(path, lambda: int((time.time() + self.skew_s) * 1_000_000))
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def address(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> "SimulatedService":
        """Serves in a thread of its own."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Ends serving and gives port and file back."""
        self.faults.clear()
        self.shutdown()
        self.server_close()
        self.store.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece
    timeout = 60
    server: SimulatedService

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, True)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the callers keep their own record."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header is by the ERP's clock."""
        return formatdate((time.time() if timestamp is None else timestamp) + self.server.skew_s, usegmt=True)

    def _answer(self) -> None:
        service, path = self.server, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, _BODY_BYTES))
        writes = self.command == "PUT"
        kind = "" if path.path.startswith("/desk/") else service.faults.drawn(writes=writes)
        if kind == LOSE_REQUEST:
            cut(self)
            return
        reply = before_work(kind) or self._worked(path.path, path.query, body)
        with contextlib.suppress(OSError):
            send(self, reply, kind, service.faults)

    def _worked(self, path: str, query: str, body: bytes) -> Reply:
        given = self.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.server.token}".encode()):
            return _json(401, {"error": "login", "message": "Name and token are unknown."})
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        for method, pattern, work in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == self.command:
                try:
                    return _json(200, work(self.server, found, asked, json.loads(body) if body else {}))
                except Refused as problem:
                    return _json(problem.status, {"error": problem.code, "message": str(problem)})
                except (KeyError, TypeError, ValueError, ArithmeticError) as problem:
                    return _json(400, {"error": "unreadable", "message": f"This is not understood: {problem!r}."})
        return _json(404, {"error": "path", "message": "There is nothing here."})


def _version(service: SimulatedService, found: re.Match[str], asked: Row, said: Row) -> Row:
    return {"version": VERSION, "time": time.time() + service.skew_s}


def _orders(service: SimulatedService, found: re.Match[str], asked: Row, said: Row) -> list[Row]:
    after = (int(asked.get("after", -1)), int(asked.get("after_key", -1)))
    return service.store.changed(int(asked.get("since", 0)), after, min(int(asked.get("limit", 200)), 1000))


def _confirm(service: SimulatedService, found: re.Match[str], asked: Row, said: Row) -> Row:
    return service.store.confirm(int(found[1]), found[2], said)


def _desk(service: SimulatedService, found: re.Match[str], asked: Row, said: Row) -> Any:
    """What people do in the ERP, and whoever tests: new orders, changes, the clock, broken lines."""
    what = found[1]
    if what == "make":
        return service.store.make(said["orders"], said.get("modified"))
    if what == "change":
        return service.store.change(said["key"], said["changes"])
    if what == "delete":
        return service.store.delete(said["key"])
    if what == "fact":
        return service.store.fact_set(said["kind"], said["key"], said["body"])
    if what == "clock":
        service.skew_s = float(said["skew_s"])
        return None
    if what == "fault":
        return service.faults.next(said["kind"], said.get("times", 1), writes_only=said.get("writes_only", False))
    if what == "chaos":
        return service.faults.chaos(said["seed"], said["odds"])
    if what == "calm":
        return service.faults.clear()
    raise Refused(404, "path", "There is nothing here.")


ROUTES: tuple[tuple[str, str, Work], ...] = (
    ("GET", r"/version", _version),
    ("GET", r"/orders", _orders),
    ("GET", r"/orders/open", lambda service, found, asked, said: service.store.open_keys()),
    ("GET", r"/orders/(\d{1,18})", lambda service, found, asked, said: service.store.order(int(found[1]))),
    ("PUT", r"/orders/(\d{1,18})/confirmations/([0-9a-f-]{36})", _confirm),
    ("POST", r"/booked", lambda service, found, asked, said: service.store.booked(said["keys"])),
    ("GET", r"/facts/([a-z-]+)", lambda service, found, asked, said: service.store.facts(found[1])),
    ("POST", r"/desk/([a-z]+)", _desk),
)


def _json(status: int, body: Any) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


def main() -> None:
    """Serves until SIGTERM or SIGINT. The token comes from the environment, so that no list of processes shows it."""
    parser = argparse.ArgumentParser(description="A simulated ERP for demos. It keeps no real company's data.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", required=True, help="SQLite file of its data; made if it is not there")
    parser.add_argument("--seed", action="store_true", help="orders of the demo plant, if it has none yet")
    wanted = parser.parse_args()
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        parser.error(f"set {TOKEN_VARIABLE} to the token that callers must know")
    service = SimulatedService(wanted.file, token, wanted.port)
    if wanted.seed:
        seed(service.store, time.time())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=service.shutdown).start())
    service.serve_forever(poll_interval=0.2)
    service.server_close()
    service.store.close()


if __name__ == "__main__":
    main()
