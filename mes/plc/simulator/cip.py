"""CIP message-router requests and replies: paths (EPATH), status codes and their bytes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

SUCCESS = 0x00
CONNECTION_FAILURE = 0x01
PATH_SEGMENT_ERROR = 0x04
PATH_UNKNOWN = 0x05
PARTIAL = 0x06
SERVICE_UNSUPPORTED = 0x08
ACCESS_DENIED = 0x0F
REPLY_TOO_LARGE = 0x11
NOT_ENOUGH_DATA = 0x13
ATTRIBUTE_UNSUPPORTED = 0x14
EMBEDDED_ERROR = 0x1E
GENERAL_ERROR = 0xFF
BEYOND_END, TYPE_MISMATCH = 0x2105, 0x2107  # extended status of 0xFF
OUT_OF_CONNECTIONS, CONNECTION_IN_USE, NO_SUCH_CONNECTION = 0x0113, 0x0100, 0x0107  # extended status of 0x01

SegmentKind: TypeAlias = Literal["class", "instance", "attribute", "element", "symbol"]
Segment: TypeAlias = tuple[SegmentKind, "int | str"]

_LOGICAL: dict[int, SegmentKind] = {0x20: "class", 0x24: "instance", 0x28: "element", 0x30: "attribute"}


class CipError(Exception):
    """A request that is answered with a status other than success."""

    def __init__(self, status: int, *extended: int) -> None:
        super().__init__(f"CIP status {status:02X}")
        self.status = status
        self.extended = extended


@dataclass(frozen=True, slots=True)
class Request:
    """A message-router request: service, raw path, its segments, and data."""

    service: int
    path: bytes
    data: bytes

    def segments(self) -> list[Segment]:
        """The path taken apart. Raises CipError 04 when it cannot be."""
        return parse_epath(self.path)


def parse_request(message: bytes) -> Request:
    """Split service, path and data; CipError 13 when the message ends too early."""
    if len(message) < 2 or len(message) < 2 + 2 * message[1]:
        raise CipError(NOT_ENOUGH_DATA)
    end = 2 + 2 * message[1]
    return Request(message[0], bytes(message[2:end]), bytes(message[end:]))


def reply(service: int, status: int = SUCCESS, data: bytes = b"", extended: Sequence[int] = ()) -> bytes:
    """Message-router reply: service with the top bit, a zero, status, count of extended words, these, data."""
    words = b"".join(word.to_bytes(2, "little") for word in extended)
    return bytes((service | 0x80, 0, status, len(extended))) + words + data


def parse_epath(path: bytes) -> list[Segment]:
    """Symbols, class/instance/attribute and element segments of a padded EPATH, in order."""
    segments: list[Segment] = []
    at = 0
    try:
        while at < len(path):
            kind = path[at]
            if kind == 0x91:
                length = path[at + 1]
                segments.append(("symbol", path[at + 2 : at + 2 + length].decode("latin-1")))
                at += 2 + length + length % 2
            elif kind & 0xFC in _LOGICAL:
                width = (1, 2, 4, 4)[kind & 0x03]  # format 2 is 32 bits; pycomm3 says 3 for it
                start = at + (1 if width == 1 else 2)
                segments.append((_LOGICAL[kind & 0xFC], int.from_bytes(path[start : start + width], "little")))
                at = start + width
            else:
                raise CipError(PATH_SEGMENT_ERROR)
    except IndexError as error:
        raise CipError(PATH_SEGMENT_ERROR) from error
    if at > len(path):
        raise CipError(PATH_SEGMENT_ERROR)
    return segments


def unpack(layout: str, data: bytes, at: int = 0) -> tuple[int, ...]:
    """Numbers from a request's data; CipError 13 when it is too short."""
    try:
        return struct.unpack_from(layout, data, at)
    except struct.error as error:
        raise CipError(NOT_ENOUGH_DATA) from error
