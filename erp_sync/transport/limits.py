"""Limits of an exchange with an ERP: time for all of it, size after unpacking; and the line that keeps them."""

import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore

from erp_sync.errors import AddressError, TransientError
from erp_sync.transport.guard import Resolve, checked_ips


@dataclass(frozen=True, slots=True)
class Limits:
    """`total_s` is for a whole exchange, so that a byte a second ends too; `body_bytes` is after unpacking."""

    connect_s: float = 5
    read_s: float = 30
    total_s: float = 30
    body_bytes: int = 20_000_000


def limits_of(options: Mapping[str, Any]) -> Limits:
    """The usual limits, or a connection's own time for an exchange (option `time_out_s`, at most 120)."""
    try:
        time_out_s = min(max(float(options.get("time_out_s") or 30), 0.05), 120.0)
    except (TypeError, ValueError):
        raise AddressError("The connection's time_out_s is no number of seconds.") from None
    return Limits(connect_s=min(5.0, time_out_s), read_s=time_out_s, total_s=time_out_s)


class Deadline(threading.local):
    """When the exchange of this thread must be over, by the monotonic clock."""

    ends: float = 0

    def left(self, wanted_s: float | None) -> float:
        """Seconds for the next step; httpcore.ReadTimeout when there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if wanted_s is None else min(left, wanted_s)


class GuardedLine(httpcore.NetworkBackend):
    """Connects only to the address that was checked, at that very moment: no second look-up can lead elsewhere."""

    def __init__(self, deadline: Deadline, *, demo: bool, resolve: Resolve | None = None) -> None:
        self._plain = httpcore.SyncBackend()
        self._deadline, self._demo, self._resolve = deadline, demo, resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A line to a checked IP, the first that takes it; TLS is still spoken with the name."""
        *others, last = checked_ips(host, port, demo=self._demo, resolve=self._resolve)
        for ip in others:
            try:
                return self._line(ip, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # a server may have an address that leads nowhere from here, IPv6 most often
        return self._line(last, port, timeout, local_address, socket_options)

    def _line(self, ip: str, port: int, timeout: float | None, *more: Any) -> httpcore.NetworkStream:
        return _TimedLine(self._plain.connect_tcp(ip, port, self._deadline.left(timeout), *more), self._deadline)


class _TimedLine(httpcore.NetworkStream):
    """A line on which every step has no more time than the exchange has left."""

    def __init__(self, line: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._line, self._deadline = line, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._line.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._line.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._line.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        line = self._line.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedLine(line, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._line.get_extra_info(info)


def unpacked(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """The whole body. TransientError where it is cut, wrongly packed, or larger than `limit` bytes: seen in time."""
    if encoding in ("", "identity"):
        return _within(iter(chunks), limit)
    if encoding not in ("gzip", "x-gzip"):
        raise TransientError(f"The ERP's answer is packed as '{encoding}', which was not asked for.")
    packed = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        body = _within(_pieces(chunks, packed.decompress, packed), limit)
    except zlib.error:
        raise TransientError("The ERP's answer is damaged: it cannot be unpacked.") from None
    if not packed.eof:
        raise TransientError("The ERP's answer ended too early.")
    return body


def _pieces(chunks: Iterable[bytes], unpack: Callable[[bytes, int], bytes], packed: Any) -> Iterator[bytes]:
    for chunk in chunks:
        rest = chunk
        while rest and not packed.eof:
            yield unpack(rest, 1 << 16)  # never more at once than this, however well it is packed
            rest = packed.unconsumed_tail


def _within(pieces: Iterator[bytes], limit: int) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit:
            raise TransientError(f"The ERP's answer is larger than {limit // 1_000_000} MB: it was not read.")
    return bytes(body)
