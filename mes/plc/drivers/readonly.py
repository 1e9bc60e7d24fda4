"""The last gate before the wire: only frames that read leave; anything else raises before a byte is sent."""

import struct

from mes.plc.drivers.port import PlcError

_SESSION_COMMANDS = frozenset({0x04, 0x63, 0x64, 0x65, 0x66})
_GET_ALL, _GET_LIST, _MULTIPLE, _GET_ONE = 0x01, 0x03, 0x0A, 0x0E
_READ_TAG, _READ_FRAGMENT, _LIST_TAGS, _PCCC = 0x4C, 0x52, 0x55, 0x4B
_READING = frozenset({_GET_ALL, _GET_LIST, _GET_ONE, _READ_TAG, _READ_FRAGMENT, _LIST_TAGS})
_CONNECTION_MANAGER = b"\x02\x20\x06\x24\x01"
_CONNECTION_SERVICES = frozenset({0x4E, 0x54, 0x5B})  # Forward Close, Forward Open, Large Forward Open
_UNCONNECTED_SEND = 0x52  # the same number as Read Tag Fragmented: the path tells them apart
_SYMBOLIC, _SYMBOL_CLASS = b"\x91", b"\x20\x6b"
_PCCC_PATH = b"\x02\x20\x67\x24\x01"
_PCCC_READ_FUNCTIONS = frozenset({0xA1, 0xA2})  # protected typed logical read with two or three address fields


class WriteRefused(PlcError):
    """A frame that could change something in the controller was about to be sent; it was not."""


def refuse_unless_read(frame: bytes) -> None:
    """Raise WriteRefused unless the whole frame is session handling or a read.

    Looks into Unconnected Send, Multiple Service and PCCC requests; what cannot be understood is refused as well.
    """
    command = int.from_bytes(frame[:2], "little")
    if command in _SESSION_COMMANDS:
        return
    try:
        if command == 0x70 and _reads(frame[46:]):
            return
        if command == 0x6F and _reads_unconnected(frame[40:]):
            return
    except (IndexError, struct.error):
        pass
    raise WriteRefused("A request that is not a read was refused: Millwright only reads from controllers.")


def _reads_unconnected(message: bytes) -> bool:
    service = message[0]
    if message[1:6] != _CONNECTION_MANAGER:
        return _reads(message)
    if service in _CONNECTION_SERVICES:
        return True
    if service != _UNCONNECTED_SEND:
        return False
    (length,) = struct.unpack_from("<H", message, 8)
    return _reads(message[10 : 10 + length])


def _reads(message: bytes) -> bool:
    service = message[0]
    if service in _READING:
        return service != _READ_FRAGMENT or message[2:3] == _SYMBOLIC or message[2:4] == _SYMBOL_CLASS
    if service == _MULTIPLE:
        body = message[2 + 2 * message[1] :]
        (count,) = struct.unpack_from("<H", body)
        offsets = struct.unpack_from(f"<{count}H", body, 2)
        return count > 0 and all(body[at] in _READING for at in offsets)
    if service == _PCCC and message[1:6] == _PCCC_PATH:
        at = 6 + message[6]
        return (message[at] == 0x0F and message[at + 4] in _PCCC_READ_FUNCTIONS) or (
            message[at] == 0x06 and message[at + 4] == 0x03
        )
    return False
