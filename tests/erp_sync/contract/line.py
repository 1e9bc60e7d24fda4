"""A line between a connector and a real ERP that can be broken: an HTTP proxy with the faults of the simulated one."""

import contextlib
import http.client
import sys
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from erp_sync.connectors.simulated.faults import LOSE_REQUEST, Faults, Reply, before_work, cut, send

_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "accept-encoding")


class Line(ThreadingHTTPServer):
    """Hands requests on to an ERP at 127.0.0.1:`port`. `writes` says by (method, path, body) which ones change things.

    `skew_s` sets the clock of the answers' Date header wrong, which is the clock that most ERPs show.
    """

    daemon_threads = True

    def __init__(self, port: int, writes: Callable[[str, str, bytes], bool]) -> None:
        self.upstream, self.writes = port, writes
        self.faults = Faults()
        self.skew_s = 0.0
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def address(self) -> str:
        """What the connector is told."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        """Ends it and lets go who waits."""
        self.faults.clear()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    timeout = 60
    server: Line

    def do_GET(self) -> None:
        self._pass_on()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests look at both ends."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header, by the clock that may be wrong."""
        return formatdate((time.time() if timestamp is None else timestamp) + self.server.skew_s, usegmt=True)

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.server.faults.drawn(writes=self.server.writes(self.command, self.path, body))
        if kind == LOSE_REQUEST:
            cut(self)
            return
        reply = before_work(kind) or self._asked(body)
        with contextlib.suppress(OSError):
            send(self, reply, kind, self.server.faults)

    def _asked(self, body: bytes) -> Reply:
        line = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        line.request(self.command, self.path, body, headers | {"Content-Length": str(len(body))})
        found = line.getresponse()
        whole = found.read()
        line.close()
        kept = {name: value for name, value in found.getheaders() if name.lower() not in (*_HOP, "date", "server")}
        return Reply(found.status, whole, kept)
