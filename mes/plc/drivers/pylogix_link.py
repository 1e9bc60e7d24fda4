"""pylogix's connection on our own wire: its requests, our whole, matched, time-limited replies and our gate."""

import itertools
import struct
from typing import Any

from pylogix import PLC
from pylogix.lgx_comm import Connection

from mes.plc.drivers.port import PlcConfigError, PlcRefused, PlcTransportError
from mes.plc.drivers.replies import message_reply, status_text
from mes.plc.drivers.wire import Wire

_LARGE_BYTES, _SMALL_BYTES = 4000, 500
MOST_REQUESTS_PER_CALL = 5000  # pylogix asks for ever when instance ids pass 65535; no honest call needs this many
_DEFAULT_PORT = 44818


class WireConnection(Connection):
    """Replaces everything in pylogix that touches a socket. Only connected messages, opened once."""

    def __init__(self, parent: Any, wire: Wire) -> None:
        super().__init__(parent)
        self.Socket.close()
        self.msg_socket.close()
        self.wire = wire
        self._contexts = itertools.count(1)
        self.requests_left = MOST_REQUESTS_PER_CALL

    def begin(self, host: str, port: int) -> None:
        """TCP, RegisterSession, Forward Open (large, then small). Raises PlcTransportError or PlcRefused."""
        self.wire.connect(host, port)
        reply = self._ask(self._build_register_session())
        status, self._session_handle = struct.unpack_from("<I", reply, 8)[0], struct.unpack_from("<I", reply, 4)[0]
        if status or not self._session_handle:
            raise PlcRefused("The controller refused the session; it may have no free connections.")
        self._registered = True
        for size in (_LARGE_BYTES, _SMALL_BYTES):
            self.ConnectionSize = size
            self._context = next(self._contexts)
            packet = self._build_forward_open_packet()
            self.wire.to_id = packet[52:56]
            reply = self._ask(packet)
            refusal, extended, data = message_reply(reply[40:], packet[40])
            if not refusal:
                self._ot_connection_id = struct.unpack_from("<I", data)[0]
                self._connected = self.SocketConnected = True
                return
        raise PlcRefused(f"The controller refused the connection. {status_text(refusal, extended)}")

    def end(self) -> None:
        """Forward Close and Unregister on a line that still works."""
        self._context = next(self._contexts)
        self._ask(self._build_forward_close_packet())
        self.wire.send(self._build_unregister_session())

    def _ask(self, packet: bytes) -> bytes:
        self.wire.send(packet)
        return self.wire.receive()

    def _connect(self, connected: bool) -> list[Any]:
        if not connected or not self._connected:
            raise PlcTransportError("The driver is not connected.")
        return [True, "Success"]

    def _close_connection(self) -> None:
        raise PlcTransportError("pylogix gave the connection up.")

    def _get_bytes(self, data: bytes, connected: bool) -> tuple[int, bytes]:
        self.requests_left -= 1
        if self.requests_left < 0:
            raise PlcTransportError("The library asked again and again without coming to an end.")
        reply = self._ask(data)
        message_reply(reply[46:], data[46])
        return reply[48], reply


def make_plc(address: str, wire: Wire) -> tuple[PLC, WireConnection, tuple[str, int]]:
    """A pylogix PLC for `host[:port][/slot]` on our wire. Raises PlcConfigError for other addresses."""
    place, _, slot = address.strip().partition("/")
    host, _, port = place.partition(":")
    if not host or not (port or "1").isdecimal() or not (slot or "0").isdecimal() or int(port or 1) > 65535:
        raise PlcConfigError(
            f"'{address}' is not an address for this driver; write an IP address, optionally with :port and /slot."
        )
    plc = PLC(host, slot=int(slot or 0), timeout=wire.timeout_s, port=int(port or _DEFAULT_PORT))
    plc.StringEncoding = "latin-1"  # keeps every byte; we decode the text ourselves
    connection = WireConnection(plc, wire)
    plc.conn = connection
    return plc, connection, (host, int(port or _DEFAULT_PORT))
