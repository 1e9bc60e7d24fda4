"""EtherNet/IP encapsulation: the 24-byte header, session and identity replies, and the common packet format."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from .identity import Identity

NOP, LIST_SERVICES, LIST_IDENTITY, LIST_INTERFACES = 0x00, 0x04, 0x63, 0x64
REGISTER_SESSION, UNREGISTER_SESSION = 0x65, 0x66
SEND_RR_DATA, SEND_UNIT_DATA = 0x6F, 0x70
STATUS_OK, STATUS_UNSUPPORTED, STATUS_BAD_DATA, STATUS_BAD_SESSION = 0x00, 0x01, 0x03, 0x64

HEADER = struct.Struct("<HHII8sI")
HEADER_SIZE = 24
NO_CONTEXT = b"\0" * 8
ADDRESS_NULL, ADDRESS_CONNECTED = 0x0000, 0x00A1
DATA_UNCONNECTED, DATA_CONNECTED = 0x00B2, 0x00B1


@dataclass(frozen=True, slots=True)
class Frame:
    """One encapsulation packet."""

    command: int
    session: int
    status: int
    context: bytes
    body: bytes

    def to_bytes(self) -> bytes:
        """The packet as it goes over the line."""
        return HEADER.pack(self.command, len(self.body), self.session, self.status, self.context, 0) + self.body


def take_frame(buffer: bytearray) -> Frame | None:
    """Cut the first whole packet off the buffer, by its length field; None while it is not complete."""
    if len(buffer) < HEADER_SIZE:
        return None
    command, length, session, status, context, _ = HEADER.unpack_from(buffer)
    end = HEADER_SIZE + length
    if len(buffer) < end:
        return None
    body = bytes(buffer[HEADER_SIZE:end])
    del buffer[:end]
    return Frame(command, session, status, context, body)


def answer(request: Frame, body: bytes = b"", *, status: int = STATUS_OK, session: int | None = None) -> Frame:
    """A reply that echoes command and sender context."""
    return Frame(request.command, request.session if session is None else session, status, request.context, body)


def identity_item(identity: Identity, keyswitch: str, port: int) -> bytes:
    """ListIdentity body: one item 0x0C with protocol version, socket address (big-endian), identity and state."""
    address = struct.pack(">HH4s8s", socket.AF_INET, port, socket.inet_aton("127.0.0.1"), b"\0" * 8)
    item = struct.pack("<H", 1) + address + identity.all_attributes(keyswitch) + b"\x03"
    return struct.pack("<HHH", 1, 0x0C, len(item)) + item


def services_item() -> bytes:
    """ListServices body: CIP over TCP and UDP class 0/1 are known."""
    item = struct.pack("<HH16s", 1, 0x0120, b"Communications\0\0")
    return struct.pack("<HHH", 1, 0x0100, len(item)) + item


def unconnected_message(body: bytes) -> bytes | None:
    """The CIP message in a SendRRData body, or None when its items are not (null address, unconnected data)."""
    items = _items(body)
    if items is None or len(items) != 2 or items[0][0] != ADDRESS_NULL or items[1][0] != DATA_UNCONNECTED:
        return None
    return items[1][1]


def connected_message(body: bytes) -> tuple[int, int, bytes] | None:
    """(connection id, sequence, CIP message) of a SendUnitData body, or None when it is malformed."""
    items = _items(body)
    if items is None or len(items) != 2 or items[0][0] != ADDRESS_CONNECTED or items[1][0] != DATA_CONNECTED:
        return None
    if len(items[0][1]) != 4 or len(items[1][1]) < 2:
        return None
    data = items[1][1]
    return int.from_bytes(items[0][1], "little"), int.from_bytes(data[:2], "little"), data[2:]


def unconnected_body(message: bytes) -> bytes:
    """SendRRData body around a CIP reply; clients read it at fixed offsets, so there are exactly two items."""
    return struct.pack("<IHHHHHH", 0, 0, 2, ADDRESS_NULL, 0, DATA_UNCONNECTED, len(message)) + message


def connected_body(connection_id: int, sequence: int, message: bytes) -> bytes:
    """SendUnitData body around a CIP reply with the client's T->O id and the sequence of the request."""
    head = struct.pack("<IHHHHIHH", 0, 0, 2, ADDRESS_CONNECTED, 4, connection_id, DATA_CONNECTED, len(message) + 2)
    return head + struct.pack("<H", sequence) + message


def _items(body: bytes) -> list[tuple[int, bytes]] | None:
    if len(body) < 8:
        return None
    count = int.from_bytes(body[6:8], "little")
    items, at = [], 8
    for _ in range(count):
        if len(body) < at + 4:
            return None
        kind, length = struct.unpack_from("<HH", body, at)
        if len(body) < at + 4 + length:
            return None
        items.append((kind, body[at + 4 : at + 4 + length]))
        at += 4 + length
    return items
