"""A bare EtherNet/IP client for tests of the virtual controller: bytes in, bytes out, nothing interpreted for us."""

import socket
import struct
from types import TracebackType

from mes.plc.simulator.server import ControllerServer


class Wire:
    """One TCP line with a session and, after `forward_open`, a connection."""

    def __init__(self, server: ControllerServer, *, register: bool = True) -> None:
        self.socket = socket.create_connection((server.host, server.port), 5)
        self.session = 0
        self.context = b"12345678"
        self.connection = 0
        self.sequence = 0
        if register:
            status, _ = self.command(0x65, b"\x01\x00\x00\x00")
            assert status == 0

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.socket.close()

    def send(self, command: int, body: bytes) -> None:
        head = struct.pack("<HHII8sI", command, len(body), self.session, 0, self.context, 0)
        self.socket.sendall(head + body)

    def receive(self) -> bytes:
        """One whole packet, header and body."""
        raw = self.exactly(24)
        return raw + self.exactly(struct.unpack_from("<H", raw, 2)[0])

    def exactly(self, size: int) -> bytes:
        raw = b""
        while len(raw) < size:
            piece = self.socket.recv(size - len(raw))
            if not piece:
                raise ConnectionError("the line was closed")
            raw += piece
        return raw

    def command(self, command: int, body: bytes = b"") -> tuple[int, bytes]:
        """Send a packet; status and body of the answer. Takes over the session handle."""
        self.send(command, body)
        raw = self.receive()
        assert struct.unpack_from("<H", raw)[0] == command
        self.session = struct.unpack_from("<I", raw, 4)[0] if command == 0x65 else self.session
        return struct.unpack_from("<I", raw, 8)[0], raw[24:]

    def unconnected(self, message: bytes) -> bytes:
        """A CIP message in SendRRData; the CIP reply."""
        items = struct.pack("<IHHHHHH", 0, 5, 2, 0, 0, 0xB2, len(message))
        status, body = self.command(0x6F, items + message)
        assert status == 0
        return body[16:]

    def routed(self, message: bytes) -> bytes:
        """The same through Unconnected Send to backplane slot 0."""
        pad = b"\0" * (len(message) % 2)
        wrapped = b"\x52\x02\x20\x06\x24\x01\x0a\x05" + struct.pack("<H", len(message)) + message + pad
        return self.unconnected(wrapped + b"\x01\x00\x01\x00")

    def forward_open(self, *, size: int = 4000, large: bool = True, serial: int = 0x1234, originator: int = 9) -> bytes:
        """Open a connection; the CIP reply."""
        service = 0x5B if large else 0x54
        params = struct.pack("<I", 0x42000000 | size) if large else struct.pack("<H", 0x4200 | size)
        data = struct.pack("<BBIIHHIB3x", 10, 5, 0, 0x11223344, serial, 0x1009, originator, 7)
        data += struct.pack("<I", 2113537) + params + struct.pack("<I", 2113537) + params + b"\xa3\x03"
        reply = self.unconnected(bytes((service,)) + b"\x02\x20\x06\x24\x01" + data + b"\x01\x00\x20\x02\x24\x01")
        if reply[2] == 0:
            self.connection = struct.unpack_from("<I", reply, 4)[0]
        return reply

    def connected_packet(self, message: bytes, *, sequence: int | None = None, connection: int | None = None) -> bytes:
        """A CIP message on the connection; the whole answering packet."""
        self.sequence = self.sequence + 1 if sequence is None else sequence
        number = self.connection if connection is None else connection
        body = struct.pack("<IHHHHIHHH", 0, 0, 2, 0xA1, 4, number, 0xB1, len(message) + 2, self.sequence)
        self.send(0x70, body + message)
        return self.receive()

    def connected(self, message: bytes) -> bytes:
        """A CIP message on the connection; the CIP reply."""
        return self.connected_packet(message)[46:]


def symbol(*names: str | int) -> bytes:
    """Length and bytes of a path of names and small indexes."""
    path = b""
    for name in names:
        if isinstance(name, int):
            path += bytes((0x28, name))
        else:
            raw = name.encode()
            path += bytes((0x91, len(raw))) + raw + b"\0" * (len(raw) % 2)
    return bytes((len(path) // 2,)) + path


def read_tag(*names: str | int, count: int = 1) -> bytes:
    """A Read Tag request."""
    return b"\x4c" + symbol(*names) + struct.pack("<H", count)
