"""One TCP line to a virtual controller: packets in, packets out, with the faults that are switched on."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Protocol

from . import encapsulation as eip
from .cip import CipError, parse_request, reply
from .connections import (
    FORWARD_CLOSE,
    FORWARD_OPEN,
    LARGE_FORWARD_OPEN,
    MANAGER_PATH,
    UNCONNECTED_SEND,
    Connection,
    ConnectionTable,
    refusal,
    unwrap,
)
from .faults import Faults
from .identity import Identity

UNCONNECTED_LIMIT = 504  # most bytes of an unconnected CIP reply


class Router(Protocol):
    """What answers CIP messages: the Logix or the PCCC side of a controller."""

    def handle(self, message: bytes, limit: int) -> bytes:
        """The reply to one message, at most `limit` bytes."""


class Station(Protocol):
    """What a line needs of its server."""

    faults: Faults
    connections: ConnectionTable
    router: Router
    port: int
    lines: set[Line]

    @property
    def identity(self) -> Identity:
        """Who the controller says it is now."""

    @property
    def keyswitch(self) -> str:
        """Where its keyswitch stands now."""

    def next_session(self) -> int:
        """A session handle that no other line has."""

    def count(self, what: str) -> None:
        """Count an event for tests and for the control door."""


class Line(asyncio.Protocol):
    """State of one TCP line; nothing of it is shared with other lines except the connection table."""

    transport: asyncio.Transport

    def __init__(self, station: Station, loop: asyncio.AbstractEventLoop) -> None:
        self.station = station
        self.loop = loop
        self.buffer = bytearray()
        self.session: int | None = None
        self.connections: dict[int, Connection] = {}
        self.last_send_s = 0.0

    # -- asyncio -------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's TCP server gives nothing else
        self.transport = transport
        self.station.lines.add(self)
        self.station.count("lines")

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone; so are its connections, unless orphans are kept."""
        self.station.lines.discard(self)
        for connection in self.connections.values():
            self.station.connections.line_broken(connection, self.loop.time())

    def data_received(self, data: bytes) -> None:
        """Several requests may come back to back, or one in pieces."""
        self.buffer += data
        while not self.transport.is_closing():
            frame = eip.take_frame(self.buffer)
            if frame is None:
                return
            self._take(frame)

    # -- requests ------------------------------------------------------------------------------------------------

    def _take(self, frame: eip.Frame) -> None:
        if frame.command == eip.UNREGISTER_SESSION:
            self.transport.close()
            return
        if frame.command == eip.NOP:
            return
        answer = self._answer(frame)
        if answer is not None:
            data_command = frame.command in (eip.SEND_RR_DATA, eip.SEND_UNIT_DATA)
            self._send(answer, data_command=data_command)

    def _answer(self, frame: eip.Frame) -> eip.Frame | None:
        if frame.command == eip.SEND_UNIT_DATA:
            return self._connected(frame)
        if frame.command == eip.SEND_RR_DATA:
            return self._unconnected(frame)
        if frame.command == eip.REGISTER_SESSION:
            return self._register(frame)
        if frame.command == eip.LIST_IDENTITY:
            station = self.station
            return eip.answer(frame, eip.identity_item(station.identity, station.keyswitch, station.port))
        if frame.command == eip.LIST_SERVICES:
            return eip.answer(frame, eip.services_item())
        if frame.command == eip.LIST_INTERFACES:
            return eip.answer(frame, b"\0\0")
        return eip.answer(frame, status=eip.STATUS_UNSUPPORTED)

    def _register(self, frame: eip.Frame) -> eip.Frame:
        if len(frame.body) != 4:
            return eip.answer(frame, status=eip.STATUS_BAD_DATA)
        if not self.station.faults.takes_session():
            return eip.answer(frame, frame.body, status=eip.STATUS_UNSUPPORTED, session=0)
        self.session = self.session or self.station.next_session()
        return eip.answer(frame, frame.body, session=self.session)

    def _unconnected(self, frame: eip.Frame) -> eip.Frame:
        if frame.session != self.session:
            return eip.answer(frame, status=eip.STATUS_BAD_SESSION)
        message = eip.unconnected_message(frame.body)
        if message is None:
            return eip.answer(frame, status=eip.STATUS_BAD_DATA)
        return eip.answer(frame, eip.unconnected_body(self._explicit(message)))

    def _explicit(self, message: bytes) -> bytes:
        """An unconnected message: to the connection manager, or to any object; 0x52 means different things to each."""
        self.station.count(f"cip {message[0]:02X}" if message else "cip empty")
        if not message.startswith(MANAGER_PATH, 2):
            return self.station.router.handle(message, UNCONNECTED_LIMIT)
        try:
            request = parse_request(message)
        except CipError as error:
            return reply(message[0], error.status)
        try:
            if request.service == UNCONNECTED_SEND:
                return self._explicit(unwrap(request))
            if request.service in (FORWARD_OPEN, LARGE_FORWARD_OPEN):
                answer, connection = self.station.connections.forward_open(request, self.loop.time())
                self.connections[connection.to_target] = connection
                return answer
            if request.service == FORWARD_CLOSE:
                answer, connection = self.station.connections.forward_close(request)
                self.connections.pop(connection.to_target, None)
                return answer
        except CipError as error:
            return refusal(request, error)
        return self.station.router.handle(message, UNCONNECTED_LIMIT)

    def _connected(self, frame: eip.Frame) -> eip.Frame | None:
        """A message on a connection. Unknown connection: no answer; the same sequence again: the same answer."""
        if frame.session != self.session:
            return eip.answer(frame, status=eip.STATUS_BAD_SESSION)
        parsed = eip.connected_message(frame.body)
        if parsed is None:
            return eip.answer(frame, status=eip.STATUS_BAD_DATA)
        number, sequence, message = parsed
        connection = self.connections.get(number)
        if connection is None:
            self.station.count("unknown connection")
            return None
        if sequence != connection.last_sequence:
            self.station.count(f"cip {message[0]:02X}" if message else "cip empty")
            connection.last_reply = self.station.router.handle(message, connection.limit)
            connection.last_sequence = sequence
        body = eip.connected_body(connection.to_originator, sequence, connection.last_reply)
        # Hardware sends no sender context on connected replies; clients must match by connection and sequence.
        return eip.Frame(frame.command, frame.session, eip.STATUS_OK, eip.NO_CONTEXT, body)

    # -- replies -------------------------------------------------------------------------------------------------

    def _send(self, frame: eip.Frame, *, data_command: bool) -> None:
        faults = self.station.faults
        fault = faults.next_reply_fault(data_command=data_command)
        if fault == "silent":
            return
        now_s = self.loop.time()
        at_s = max(now_s + faults.next_delay_s(), self.last_send_s)
        if at_s <= now_s:
            self._deliver(frame, fault)
        else:
            self.last_send_s = at_s
            self.loop.call_at(at_s, self._deliver, frame, fault)

    def _deliver(self, frame: eip.Frame, fault: str | None) -> None:
        if self.transport.is_closing():
            return
        if fault is None:
            self.transport.write(frame.to_bytes())
            return
        self.station.count(f"fault {fault}")
        if fault == "reset":
            self.reset()
        elif fault == "half_reply":
            raw = frame.to_bytes()
            self.transport.write(raw[: len(raw) // 2])
            self.transport.close()
        elif fault == "garbage":
            self.transport.write(b"\xa5\x5a\xde\xad\xbe\xef" * (len(frame.to_bytes()) // 6 + 1))
        elif fault == "wrong_length":
            raw = frame.to_bytes()
            self.transport.write(raw[:2] + struct.pack("<H", len(frame.body) + 40) + raw[4:])
        elif fault == "duplicate":
            self.transport.write(frame.to_bytes() * 2)
        else:
            status = self.station.faults.encapsulation_status
            self.transport.write(eip.Frame(frame.command, frame.session, status, frame.context, b"").to_bytes())

    def reset(self) -> None:
        """Break the line with RST."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
