"""Browsing: the symbol list (service 0x55 on class 0x6B) and the template object (class 0x6C)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from . import templates
from .attributes import attribute_list
from .cip import (
    ATTRIBUTE_UNSUPPORTED,
    PARTIAL,
    PATH_SEGMENT_ERROR,
    PATH_UNKNOWN,
    SERVICE_UNSUPPORTED,
    SUCCESS,
    CipError,
    Request,
    Segment,
    reply,
    unpack,
)
from .memory import Scope, Tag
from .tags import VirtualController

GET_ATTRIBUTE_LIST, READ_TEMPLATE, GET_INSTANCE_ATTRIBUTES = 0x03, 0x4C, 0x55
PROGRAM_TYPE, TASK_TYPE, MAP_TYPE = 0x1068, 0x1070, 0x1069
BASE_TAG = 1 << 26
REPLY_HEADER = 4


@dataclass(frozen=True, slots=True)
class Symbol:
    """One row of the symbol list."""

    instance_id: int
    name: str
    type_word: int
    element_size: int
    dims: tuple[int, int, int]
    access: int

    def attribute(self, number: int) -> bytes:
        """The bytes of one attribute; CipError 14 when a symbol has no such attribute."""
        name = self.name.encode("latin-1")
        known = {
            1: struct.pack("<H", len(name)) + name,
            2: struct.pack("<H", self.type_word),
            3: struct.pack("<I", 0x1000 + self.instance_id),
            5: struct.pack("<I", 0x2000 + self.instance_id),
            6: struct.pack("<I", BASE_TAG),
            7: struct.pack("<H", self.element_size & 0xFFFF),
            8: struct.pack("<III", *self.dims),
            10: bytes((self.access,)),
        }
        if number not in known:
            raise CipError(ATTRIBUTE_UNSUPPORTED)
        return known[number]


def symbols(controller: VirtualController, scope: Scope) -> list[Symbol]:
    """All rows of one scope by ascending instance; controller scope also lists programs, a task and module maps."""
    rows = [_tag_symbol(controller, tag) for tag in scope.tags.values()]
    if not scope.name:
        last = max((row.instance_id for row in rows), default=0)
        extra = [(s.name, PROGRAM_TYPE) for s in controller.scopes.values() if s.name]
        extra += [("Task:MainTask", TASK_TYPE), ("Map:Local", MAP_TYPE), ("__DEFVAL_0000A100", 0x00C4)]
        rows += [Symbol(last + 5 * n, name, word, 4, (0, 0, 0), 0) for n, (name, word) in enumerate(extra, start=1)]
    return sorted(rows, key=lambda row: row.instance_id)


def _tag_symbol(controller: VirtualController, tag: Tag) -> Symbol:
    word = templates.type_word(tag.type, controller.template_ids, len(tag.dims))
    padded = (*tag.dims, 0, 0, 0)
    return Symbol(tag.instance_id, tag.name, word, tag.type.size, (padded[0], padded[1], padded[2]), tag.access)


def list_symbols(controller: VirtualController, request: Request, segments: list[Segment], limit: int) -> bytes:
    """One page of the symbol list: each row its id and the attributes in the order asked; status 6 says more follow."""
    scope = controller.scopes[""]
    if segments[0][0] == "symbol":
        found = controller.scopes.get(str(segments[0][1]).lower())
        if found is None:
            raise CipError(PATH_SEGMENT_ERROR)
        scope, segments = found, segments[1:]
    start = next((int(value) for kind, value in segments if kind == "instance"), 0)
    count = unpack("<H", request.data)[0]
    asked = unpack(f"<{count}H", request.data, 2)
    page = bytearray()
    for row in symbols(controller, scope):
        if row.instance_id < start:
            continue
        record = struct.pack("<I", row.instance_id) + b"".join(row.attribute(number) for number in asked)
        if REPLY_HEADER + len(page) + len(record) > limit:
            return reply(request.service, PARTIAL, bytes(page))
        page += record
    return reply(request.service, SUCCESS, bytes(page))


def template_service(controller: VirtualController, request: Request, instance: int, limit: int) -> bytes:
    """Attributes of a template (0x03) or a piece of its definition (0x4C with offset and length)."""
    udt = controller.structure_by_template(instance)
    if udt is None:
        raise CipError(PATH_UNKNOWN)
    ids = controller.template_ids
    if request.service == GET_ATTRIBUTE_LIST:
        return attribute_list(request, lambda number: templates.attribute(udt, number, ids))
    if request.service != READ_TEMPLATE:
        raise CipError(SERVICE_UNSUPPORTED)
    offset, length = unpack("<IH", request.data)
    whole = templates.definition(udt, ids).ljust(templates.definition_words(udt, ids) * 4, b"\0")
    wanted = whole[offset : offset + length]
    room = limit - REPLY_HEADER
    if len(wanted) > room:
        return reply(request.service, PARTIAL, wanted[: room - room % 4])
    return reply(request.service, SUCCESS, wanted)
