"""The connection manager (class 6, instance 1): Forward Open small and large, Forward Close, Unconnected Send."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass, field

from .cip import (
    CONNECTION_FAILURE,
    CONNECTION_IN_USE,
    NO_SUCH_CONNECTION,
    NOT_ENOUGH_DATA,
    OUT_OF_CONNECTIONS,
    SERVICE_UNSUPPORTED,
    SUCCESS,
    CipError,
    Request,
    reply,
    unpack,
)
from .faults import Faults

MANAGER_PATH = b"\x20\x06\x24\x01"
FORWARD_OPEN, LARGE_FORWARD_OPEN, FORWARD_CLOSE, UNCONNECTED_SEND = 0x54, 0x5B, 0x4E, 0x52
SMALL_SIZE_BITS, LARGE_SIZE_BITS = 0x01FF, 0xFFFF
Triad = tuple[int, int, int]  # connection serial, vendor, originator serial


@dataclass(slots=True)
class Connection:
    """One class 3 connection. `limit` is the most bytes of a CIP reply on it (size less the sequence)."""

    to_target: int
    to_originator: int
    triad: Triad
    limit: int
    timeout_s: float
    last_sequence: int | None = None
    last_reply: bytes = b""
    expires_s: float | None = None  # set when its TCP line broke and orphans are kept


@dataclass(slots=True)
class ConnectionTable:
    """All connections of one controller, over all TCP lines."""

    faults: Faults
    open: dict[int, Connection] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(0x80410000, 0x11))

    def forward_open(self, request: Request, now_s: float) -> tuple[bytes, Connection]:
        """Open a connection and answer. Raises CipError for a refusal, see `refusal` for its data."""
        large = request.service == LARGE_FORWARD_OPEN
        if large and self.faults.refuses_large:
            raise CipError(SERVICE_UNSUPPORTED)
        layout = "<BBIIHHIB3xIIIIBB" if large else "<BBIIHHIB3xIHIHBB"
        values = unpack(layout, request.data)
        _, _, _, to_originator, serial, vendor, originator, multiplier, rpi_in, _, rpi_out, params_out, _, _ = values
        triad = (serial, vendor, originator)
        self._forget_expired(now_s)
        if any(c.triad == triad for c in self.open.values()):
            raise CipError(CONNECTION_FAILURE, CONNECTION_IN_USE)
        most = self.faults.max_connections
        if not self.faults.takes_forward_open() or (most is not None and len(self.open) >= most):
            raise CipError(CONNECTION_FAILURE, OUT_OF_CONNECTIONS)
        size = params_out & (LARGE_SIZE_BITS if large else SMALL_SIZE_BITS)
        timeout_s = rpi_in / 1e6 * (4 << multiplier)
        connection = Connection(next(self._ids), to_originator, triad, max(size - 2, 8), timeout_s)
        self.open[connection.to_target] = connection
        data = struct.pack("<IIHHIIIBB", connection.to_target, to_originator, *triad, rpi_in, rpi_out, 0, 0)
        return reply(request.service, SUCCESS, data), connection

    def forward_close(self, request: Request) -> tuple[bytes, Connection]:
        """Close the connection with the request's triad. Raises CipError 01/0107 when there is none."""
        triad = unpack("<HHI", request.data, 2)
        found = next((c for c in self.open.values() if c.triad == triad), None)
        if found is None:
            raise CipError(CONNECTION_FAILURE, NO_SUCH_CONNECTION)
        del self.open[found.to_target]
        return reply(request.service, SUCCESS, struct.pack("<HHIBB", *triad, 0, 0)), found

    def line_broken(self, connection: Connection, now_s: float) -> None:
        """The TCP line of a connection is gone: free it, or keep it until its time-out as some modules do."""
        if self.faults.keeps_orphans:
            connection.expires_s = now_s + connection.timeout_s
        else:
            self.open.pop(connection.to_target, None)

    def _forget_expired(self, now_s: float) -> None:
        for number in [n for n, c in self.open.items() if c.expires_s is not None and c.expires_s <= now_s]:
            del self.open[number]


def refusal(request: Request, error: CipError) -> bytes:
    """The reply to a refused Forward Open or Close: status, extended status, then the triad."""
    at = 10 if request.service in (FORWARD_OPEN, LARGE_FORWARD_OPEN) else 2
    triad = request.data[at : at + 8]
    data = triad.ljust(8, b"\0") + b"\0\0" if error.status == CONNECTION_FAILURE else b""
    return reply(request.service, error.status, data, error.extended)


def unwrap(request: Request) -> bytes:
    """The message inside an Unconnected Send; the route behind it is not looked at, there is only this controller."""
    _, _, length = unpack("<BBH", request.data)
    if len(request.data) < 4 + length:
        raise CipError(NOT_ENOUGH_DATA)
    return request.data[4 : 4 + length]
