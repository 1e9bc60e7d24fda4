"""Reading and writing tags over CIP: services 0x4C, 0x52, 0x4D, 0x53 and 0x4E on a symbol."""

from __future__ import annotations

import struct

from .cip import (
    ACCESS_DENIED,
    BEYOND_END,
    GENERAL_ERROR,
    NOT_ENOUGH_DATA,
    PARTIAL,
    PATH_SEGMENT_ERROR,
    PATH_UNKNOWN,
    SERVICE_UNSUPPORTED,
    SUCCESS,
    TYPE_MISMATCH,
    CipError,
    Request,
    Segment,
    reply,
    unpack,
)
from .datatypes import ATOMIC, Structure
from .memory import NO_ACCESS, READ_ONLY, IndexBeyondError, PathError, PathPart, Place, Scope, Tag, follow
from .tags import VirtualController

READ, READ_FRAGMENT, WRITE, WRITE_FRAGMENT, READ_MODIFY_WRITE = 0x4C, 0x52, 0x4D, 0x53, 0x4E
SYMBOL_CLASS = 0x6B
STRUCTURE_MARK = 0x02A0
REPLY_HEADER = 4
CACHE_LIMIT = 20_000


class TagServices:
    """Answers tag services for one controller; keeps resolved paths until the controller's structure changes."""

    def __init__(self, controller: VirtualController) -> None:
        self.controller = controller
        self._places: dict[bytes, Place] = {}
        self._generation = -1

    def handle(self, request: Request, limit: int) -> bytes:
        """Answer one request with at most `limit` bytes of reply; raises CipError for the bad ones."""
        place = self._place(request)
        if place.tag.access == NO_ACCESS:
            raise CipError(ACCESS_DENIED)
        if request.service in (READ, READ_FRAGMENT):
            return _read(request, place, limit)
        if place.tag.access == READ_ONLY:
            raise CipError(ACCESS_DENIED)
        if request.service in (WRITE, WRITE_FRAGMENT):
            return _write(request, place)
        if request.service == READ_MODIFY_WRITE:
            return _modify(request, place)
        raise CipError(SERVICE_UNSUPPORTED)

    def _place(self, request: Request) -> Place:
        if self._generation != self.controller.generation or len(self._places) > CACHE_LIMIT:
            self._places.clear()
            self._generation = self.controller.generation
        place = self._places.get(request.path)
        if place is None:
            place = self._places[request.path] = resolve(self.controller, request.segments())
        if self.controller.faults.is_missing(place.tag.name):
            raise CipError(PATH_SEGMENT_ERROR)
        return place


def resolve(controller: VirtualController, segments: list[Segment]) -> Place:
    """The place that a wire path names, by symbol or by instance of class 0x6B, in controller or program scope."""
    scope = controller.scopes[""]
    if segments and segments[0][0] == "symbol" and str(segments[0][1]).lower().startswith("program:"):
        found = controller.scopes.get(str(segments[0][1]).lower())
        if found is None:
            raise CipError(PATH_SEGMENT_ERROR)
        scope, segments = found, segments[1:]
    tag, rest = _root(scope, segments)
    if any(kind not in ("symbol", "element") for kind, _ in rest):
        raise CipError(PATH_SEGMENT_ERROR)
    parts: list[PathPart] = [value for _, value in rest]
    try:
        return follow(tag, parts)
    except IndexBeyondError as error:
        raise CipError(GENERAL_ERROR, BEYOND_END) from error
    except PathError as error:
        raise CipError(PATH_SEGMENT_ERROR) from error


def _root(scope: Scope, segments: list[Segment]) -> tuple[Tag, list[Segment]]:
    if segments and segments[0][0] == "symbol":
        tag = scope.tags.get(str(segments[0][1]).lower())
        if tag is None:
            raise CipError(PATH_SEGMENT_ERROR)
        return tag, segments[1:]
    if len(segments) > 1 and segments[0] == ("class", SYMBOL_CLASS) and segments[1][0] == "instance":
        tag = scope.by_id(int(segments[1][1]))
        if tag is None:
            raise CipError(PATH_UNKNOWN)
        return tag, segments[2:]
    raise CipError(PATH_UNKNOWN)


def _type_bytes(place: Place) -> bytes:
    if isinstance(place.type, Structure):
        return struct.pack("<HH", STRUCTURE_MARK, place.type.handle)
    return struct.pack("<H", place.type.code)


def _is_bool(place: Place) -> bool:
    return place.type is ATOMIC["BOOL"]


def _content(place: Place, count: int) -> bytes:
    if _is_bool(place):
        on = place.tag.data[place.offset] >> (place.bit or 0) & 1
        return b"\xff" if on else b"\x00"
    return bytes(place.tag.data[place.offset : place.offset + place.type.size * count])


def _read(request: Request, place: Place, limit: int) -> bytes:
    """Type and data; with status 6 and a whole number of words when it does not fit into one reply."""
    if request.service == READ_FRAGMENT:
        count, offset = unpack("<HI", request.data)
    else:
        count, offset = unpack("<H", request.data)[0], 0
    if count < 1 or count > place.count:
        raise CipError(GENERAL_ERROR, BEYOND_END)
    kind = _type_bytes(place)
    content = _content(place, count)
    if offset > len(content):
        raise CipError(GENERAL_ERROR, BEYOND_END)
    room = limit - REPLY_HEADER - len(kind)
    rest = content[offset:]
    if len(rest) <= room:
        return reply(request.service, SUCCESS, kind + rest)
    step = 4 if isinstance(place.type, Structure) else 8
    return reply(request.service, PARTIAL, kind + rest[: max(room - room % step, 0)])


def _write(request: Request, place: Place) -> bytes:
    """Store the data; bytes beyond what the count needs are ignored (pycomm3 sends its request twice in one)."""
    kind = _type_bytes(place)
    at = 4 if request.data[:2] == b"\xa0\x02" else 2
    if request.data[:at] != kind:
        raise CipError(GENERAL_ERROR, TYPE_MISMATCH)
    fragment = request.service == WRITE_FRAGMENT
    count, offset = unpack("<HI", request.data, at) if fragment else (unpack("<H", request.data, at)[0], 0)
    content = request.data[at + (6 if fragment else 2) :]
    total = place.type.size * count
    if count < 1 or count > place.count or offset > total:
        raise CipError(GENERAL_ERROR, BEYOND_END)
    if fragment:
        content = content[: total - offset]
    elif len(content) < total:
        raise CipError(NOT_ENOUGH_DATA)
    else:
        content = content[:total]
    if _is_bool(place):
        _set_bool(place, content[0] != 0)
    else:
        start = place.offset + offset
        place.tag.data[start : start + len(content)] = content
    return reply(request.service)


def _set_bool(place: Place, on: bool) -> None:
    mask = 1 << (place.bit or 0)
    old = place.tag.data[place.offset]
    place.tag.data[place.offset] = old | mask if on else old & ~mask


def _modify(request: Request, place: Place) -> bytes:
    """Read-modify-write: OR then AND masks of `size` bytes; pycomm3 sends 8 AND bytes whatever the size."""
    size = unpack("<H", request.data)[0]
    or_mask = request.data[2 : 2 + size]
    and_mask = request.data[2 + size : 2 + 2 * size]
    if len(and_mask) < size or size == 0:
        raise CipError(NOT_ENOUGH_DATA)
    if isinstance(place.type, Structure) or size != place.type.size:
        raise CipError(GENERAL_ERROR, TYPE_MISMATCH)
    data = place.tag.data
    for i in range(size):
        data[place.offset + i] = (data[place.offset + i] | or_mask[i]) & and_mask[i]
    return reply(request.service)
