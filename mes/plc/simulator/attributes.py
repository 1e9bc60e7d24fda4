"""Attribute services that all objects share: Get Attribute List, Get Attribute Single and Get Attributes All."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeAlias

from .cip import ATTRIBUTE_UNSUPPORTED, CipError, Request, reply, unpack

GET_ALL, GET_LIST, SET_LIST, GET_SINGLE = 0x01, 0x03, 0x04, 0x0E
PARTLY_FAILED = 0x0A  # attribute list error: the reply is good, but one of its attributes is not

AttributeReader: TypeAlias = "Callable[[int], bytes | None]"


def attribute_list(request: Request, attribute: AttributeReader) -> bytes:
    """Answer Get Attribute List: count, then number, status and value of each; unknown ones carry status 14."""
    count = unpack("<H", request.data)[0]
    answer = bytearray(struct.pack("<H", count))
    status = 0
    for number in unpack(f"<{count}H", request.data, 2):
        value = attribute(number)
        if value is None:
            status = PARTLY_FAILED
            answer += struct.pack("<HH", number, ATTRIBUTE_UNSUPPORTED)
        else:
            answer += struct.pack("<HH", number, 0) + value
    return reply(request.service, status, bytes(answer))


def attribute_single(request: Request, number: int | None, attribute: AttributeReader) -> bytes:
    """Answer Get Attribute Single; CipError 14 when the object has no such attribute."""
    value = attribute(number) if number is not None else None
    if value is None:
        raise CipError(ATTRIBUTE_UNSUPPORTED)
    return reply(request.service, 0, value)
