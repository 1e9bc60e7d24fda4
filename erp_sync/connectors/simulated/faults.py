"""Faults of the line to a simulated ERP, switched while it runs: what real networks and servers do to callers."""

import gzip
import random
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

LOSE_REQUEST = "lose-request"  # the line breaks before the ERP has read anything
LOSE_RESPONSE = "lose-response"  # the ERP has done it, the answer is lost
REFUSE = "401"
BUSY = "429"
BROKEN = "503"
SILENT = "silent"  # the ERP has done it and says nothing until the caller gives up
TRUNCATED = "truncated"
PACKED = "gzip"
WRONGLY_PACKED = "wrong-gzip"  # says gzip and is not
NO_JSON = "no-json"
ELSEWHERE = "redirect"
KINDS = (
    LOSE_REQUEST,
    LOSE_RESPONSE,
    REFUSE,
    BUSY,
    BROKEN,
    SILENT,
    TRUNCATED,
    PACKED,
    WRONGLY_PACKED,
    NO_JSON,
    ELSEWHERE,
)
RETRY_AFTER_S = 7


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it goes out."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Faults:
    """Which requests go wrong, and how. Reads can be left out, so that a fault meets a writing one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: deque[str] = deque()
        self._writes_only = False
        self._dice: random.Random | None = None
        self._odds: dict[str, float] = {}
        self.done: list[str] = []
        self._gone = threading.Event()

    def next(self, kind: str, times: int = 1, *, writes_only: bool = False) -> None:
        """The next `times` requests (that write) go wrong in this way."""
        if kind not in KINDS:
            raise ValueError(f"There is no fault '{kind}': one of {', '.join(KINDS)}.")
        with self._lock:
            self._writes_only = writes_only
            self._next.extend([kind] * times)

    def chaos(self, seed: int, odds: dict[str, float]) -> None:
        """From now on writing requests go wrong by chance; the same seed gives the same row of chances."""
        with self._lock:
            self._writes_only = True
            self._dice, self._odds = random.Random(seed), dict(odds)  # noqa: S311 - a repeatable row, no secrecy

    def clear(self) -> None:
        """Everything goes well again; who is kept waiting is let go."""
        with self._lock:
            self._next.clear()
            self._dice, self._odds = None, {}
            gone, self._gone = self._gone, threading.Event()
        gone.set()

    def drawn(self, *, writes: bool) -> str:
        """The fault of the request that comes now; empty for none."""
        with self._lock:
            if self._writes_only and not writes:
                return ""
            kind = self._next.popleft() if self._next else self._by_chance()
            if kind:
                self.done.append(kind)
            return kind

    def wait(self) -> None:
        """Holds a request until the faults are cleared, or 60 s."""
        self._gone.wait(60)

    def _by_chance(self) -> str:
        if self._dice is None:
            return ""
        drawn = self._dice.random()
        for kind, odds in self._odds.items():
            drawn -= odds
            if drawn < 0:
                return kind
        return ""


def before_work(kind: str) -> Reply | None:
    """The answer of a fault that keeps the ERP from seeing the request; None if it does see it."""
    plain = {"Content-Type": "text/plain"}
    if kind == REFUSE:
        return Reply(401, b"Who are you?", plain)
    if kind == BUSY:
        return Reply(429, b"Too many questions at once.", plain | {"Retry-After": str(RETRY_AFTER_S)})
    if kind == BROKEN:
        return Reply(503, b"<html>The server is being restarted.</html>", {"Content-Type": "text/html"})
    if kind == ELSEWHERE:
        return Reply(302, b"", {"Location": "http://169.254.169.254/latest/meta-data/"})
    return None


def send(handler: BaseHTTPRequestHandler, reply: Reply, kind: str, faults: Faults) -> None:
    """Sends an answer, as the fault wants it: cut, packed, wrong or not at all."""
    if kind in (LOSE_REQUEST, LOSE_RESPONSE):
        cut(handler)
        return
    if kind == SILENT:
        faults.wait()
        cut(handler)
        return
    body, headers = reply.body, dict(reply.headers)
    if kind == PACKED:
        body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
    if kind == WRONGLY_PACKED:
        headers["Content-Encoding"] = "gzip"
    if kind == NO_JSON:
        body, headers["Content-Type"] = b"<html>Log in to the guest network</html>", "text/html"
    handler.send_response(reply.status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2] if kind == TRUNCATED else body)
    handler.wfile.flush()
    if kind == TRUNCATED:
        cut(handler)


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Breaks the line, without a word."""
    handler.close_connection = True
    linger = struct.pack("ii", 1, 0)
    try:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        handler.connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the caller was quicker
