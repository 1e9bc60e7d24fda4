"""The template object (class 0x6C): how a client learns the members of a structure."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from .datatypes import DataType, Member, Structure

# Clients ask for words*4-21 (pycomm3) or about words*4-23 (pylogix) bytes, so the size in words must leave that much.
DEFINITION_SURPLUS = 23


TemplateIds = Mapping[str, int]  # structure name -> template instance


def type_word(data_type: DataType, ids: TemplateIds, dims: int = 0) -> int:
    """The 16-bit symbol type: bit 15 structure, bits 14-13 dimensions, low 12 bits template or low byte type code."""
    word = dims << 13
    if isinstance(data_type, Structure):
        return word | 0x8000 | ids[data_type.name]
    return word | data_type.code


def _member_info(member: Member, ids: TemplateIds) -> bytes:
    info = member.bit if member.bit is not None else member.length
    return struct.pack("<HHI", info, type_word(member.type, ids, 1 if member.length else 0), member.offset)


def definition(udt: Structure, ids: TemplateIds) -> bytes:
    """Member records, then `Name;nEAEA...` and the member names, each ended by a zero, padded to whole words."""
    records = b"".join(_member_info(m, ids) for m in udt.members)
    marks = b"EA" * len(udt.members)  # pylogix reads two bytes per member after ";n"
    names = b"".join(m.name.encode() + b"\0" for m in udt.members)
    body = records + udt.name.encode() + b";n" + marks + b"\0" + names
    return body + b"\0" * (-len(body) % 4)


def definition_words(udt: Structure, ids: TemplateIds) -> int:
    """Object definition size in 32-bit words, as attribute 4 says it."""
    return (len(definition(udt, ids)) + DEFINITION_SURPLUS + 3) // 4


def attribute(udt: Structure, number: int, ids: TemplateIds) -> bytes | None:
    """One attribute of the template instance, or None when it has no such attribute."""
    if number == 1:
        return struct.pack("<H", udt.handle)
    if number == 2:
        return struct.pack("<H", len(udt.members))
    if number == 3:
        return struct.pack("<H", 0)
    if number == 4:
        return struct.pack("<I", definition_words(udt, ids))
    if number == 5:
        return struct.pack("<I", udt.size)
    return None
