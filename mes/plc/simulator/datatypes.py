"""Logix data types: atomic types, user-defined structures, their layout in memory and conversion to Python values."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Atomic:
    """An elementary type: its CIP type code and its little-endian packing."""

    name: str
    code: int
    size: int
    packing: str

    @property
    def align(self) -> int:
        """Natural alignment in bytes."""
        return self.size

    def encode(self, value: Any) -> bytes:
        """Pack a number; integers wrap as they do in the controller. A list becomes the 32 bits of a DWORD."""
        if self.name == "DWORD" and isinstance(value, list | tuple):
            value = sum(1 << bit for bit, on in enumerate(value) if on)
        if self.packing in ("<f", "<d"):
            return struct.pack(self.packing, value)
        if self.name == "BOOL":
            return b"\x01" if value else b"\x00"
        whole = int(value) & ((1 << (8 * self.size)) - 1)
        return whole.to_bytes(self.size, "little")

    def decode(self, data: bytes) -> Any:
        """Unpack the value; a DWORD stays a whole number."""
        if self.name == "BOOL":
            return data[0] != 0
        return struct.unpack(self.packing, data[: self.size])[0]


ATOMIC: dict[str, Atomic] = {
    name: Atomic(name, code, size, packing)
    for name, code, size, packing in (
        ("BOOL", 0xC1, 1, "<B"),
        ("SINT", 0xC2, 1, "<b"),
        ("INT", 0xC3, 2, "<h"),
        ("DINT", 0xC4, 4, "<i"),
        ("LINT", 0xC5, 8, "<q"),
        ("USINT", 0xC6, 1, "<B"),
        ("UINT", 0xC7, 2, "<H"),
        ("UDINT", 0xC8, 4, "<I"),
        ("ULINT", 0xC9, 8, "<Q"),
        ("REAL", 0xCA, 4, "<f"),
        ("LREAL", 0xCB, 8, "<d"),
        ("DWORD", 0xD3, 4, "<I"),
    )
}


@dataclass(frozen=True, slots=True)
class Member:
    """One member as it lies in memory. `length` 0 is a single value; `bit` is set for a BOOL inside its hidden host."""

    name: str
    type: DataType
    offset: int
    length: int = 0
    bit: int | None = None
    hidden: bool = False

    @property
    def size(self) -> int:
        """Bytes this member takes in the structure."""
        return self.type.size * max(self.length, 1)


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure type. Build it with `Structure.of`; the order of the members decides layout and handle."""

    name: str
    members: tuple[Member, ...]
    size: int
    align: int
    handle: int
    is_string: bool = False
    by_name: Mapping[str, Member] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, name: str, members: Iterable[MemberSpec], known: TypeTable | None = None) -> Structure:
        """Lay out `members`, each (name, type[, length]) with the type by name or as an object.

        `known` resolves names of other structures. A wrong type name raises ValueError.
        """
        placed, size, align = _lay_out(members, known or {})
        spelled = ";".join(f"{m.name}:{m.type.name}:{m.length}:{m.bit}:{m.offset}" for m in placed)
        handle = zlib.crc32(f"{name}|{spelled}".encode()) & 0xFFFF or 1
        return cls(name, placed, size, align, handle, False, {m.name.lower(): m for m in placed})

    def encode(self, value: Any) -> bytes:
        """Pack a mapping of member values (absent members are zero), or text for a string type."""
        if self.is_string:
            return self._encode_text(value)
        data = bytearray(self.size)
        for key, item in value.items():
            member = self.by_name.get(str(key).lower())
            if member is None:
                raise KeyError(f"{self.name} has no member {key}; its members are {', '.join(self.visible_names())}.")
            put_member(data, member, item)
        return bytes(data)

    def _encode_text(self, value: Any) -> bytes:
        raw = value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")
        capacity = self.by_name["data"].length
        raw = raw[:capacity]
        return struct.pack("<I", len(raw)) + raw.ljust(self.size - 4, b"\0")

    def decode(self, data: bytes) -> Any:
        """Unpack to a dict of the visible members, or to text for a string type."""
        if self.is_string:
            length = struct.unpack_from("<I", data)[0]
            return data[4 : 4 + length].decode("latin-1")
        return {m.name: get_member(data, m) for m in self.members if not m.hidden}

    def visible_names(self) -> list[str]:
        """Names of the members a person sees."""
        return [m.name for m in self.members if not m.hidden]


DataType: TypeAlias = Atomic | Structure
TypeTable: TypeAlias = Mapping[str, DataType]
MemberSpec: TypeAlias = tuple[str, str | DataType] | tuple[str, str | DataType, int]


def put_member(data: bytearray, member: Member, value: Any) -> None:
    """Write one member's value into the bytes of its structure."""
    if member.bit is not None:
        mask = 1 << member.bit
        data[member.offset] = data[member.offset] | mask if value else data[member.offset] & ~mask
        return
    raw = encode_array(member.type, value, member.length) if member.length else member.type.encode(value)
    data[member.offset : member.offset + len(raw)] = raw


def get_member(data: bytes, member: Member) -> Any:
    """Read one member's value from the bytes of its structure."""
    if member.bit is not None:
        return bool(data[member.offset] >> member.bit & 1)
    if member.length:
        return decode_array(member.type, data[member.offset : member.offset + member.size], member.length)
    return member.type.decode(data[member.offset : member.offset + member.size])


def encode_array(data_type: DataType, values: Sequence[Any], length: int) -> bytes:
    """Pack up to `length` elements; a BOOL array (DWORD) takes a flat list of booleans. Too many raise ValueError."""
    if data_type is ATOMIC["DWORD"] and values and all(isinstance(v, bool) for v in values):
        values = [list(values[i : i + 32]) for i in range(0, len(values), 32)]
    if len(values) > length:
        raise ValueError(f"{len(values)} values do not fit into {length} elements of {data_type.name}.")
    return b"".join(data_type.encode(v) for v in values)


def decode_array(data_type: DataType, data: bytes, length: int) -> list[Any]:
    """Unpack `length` elements; a BOOL array (DWORD) comes back as a flat list of booleans."""
    step = data_type.size
    items = [data_type.decode(data[i * step : (i + 1) * step]) for i in range(length)]
    if data_type is ATOMIC["DWORD"]:
        return [bool(word >> bit & 1) for word in items for bit in range(32)]
    return items


def find_type(name: str | DataType, known: TypeTable) -> DataType:
    """Resolve a type name (not case-sensitive): atomic, STRING, or one of `known`; ValueError when there is none."""
    if not isinstance(name, str):
        return name
    wanted = name.upper()
    if wanted in ATOMIC:
        return ATOMIC[wanted]
    if wanted == "STRING":
        return string_type()
    for key, data_type in known.items():
        if key.upper() == wanted:
            return data_type
    raise ValueError(f"There is no data type {name}; use an atomic type, STRING or a structure defined before it.")


def _round_up(value: int, step: int) -> int:
    return (value + step - 1) // step * step


class _Layout:
    """Places members one after another by the controller's rules."""

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.offset = 0
        self.align = 4
        self.host_offset: int | None = None
        self.next_bit = 0

    def add_bool(self, name: str) -> None:
        """A BOOL goes into the open hidden SINT, or opens a new one."""
        if self.host_offset is None or self.next_bit == 8:
            host = f"ZZZZZZZZZZ{len(self.members):010d}"
            self.members.append(Member(host, ATOMIC["SINT"], self.offset, hidden=True))
            self.host_offset, self.next_bit = self.offset, 0
            self.offset += 1
        self.members.append(Member(name, ATOMIC["BOOL"], self.host_offset, bit=self.next_bit))
        self.next_bit += 1

    def add(self, name: str, data_type: DataType, length: int) -> None:
        """Any other member lies at its natural alignment; arrays and structures at a multiple of four."""
        self.host_offset = None
        if data_type is ATOMIC["BOOL"]:
            data_type, length = ATOMIC["DWORD"], _round_up(length, 32) // 32
        whole = length > 0 or isinstance(data_type, Structure)
        align = max(data_type.align, 4) if whole else data_type.align
        self.offset = _round_up(self.offset, align)
        member = Member(name, data_type, self.offset, length)
        self.members.append(member)
        self.offset += member.size
        self.align = max(self.align, align)


def _lay_out(members: Iterable[MemberSpec], known: TypeTable) -> tuple[tuple[Member, ...], int, int]:
    layout = _Layout()
    for spec in members:
        data_type = find_type(spec[1], known)
        length = spec[2] if len(spec) == 3 else 0
        if data_type is ATOMIC["BOOL"] and not length:
            layout.add_bool(spec[0])
        else:
            layout.add(spec[0], data_type, length)
    return tuple(layout.members), max(_round_up(layout.offset, layout.align), layout.align), layout.align


@lru_cache(maxsize=32)
def string_type(name: str = "STRING", capacity: int = 82) -> Structure:
    """The built-in STRING (template 0xFCE, handle 0x0FCE, 88 bytes), or an own string type of another capacity."""
    laid = Structure.of(name, [("LEN", "DINT"), ("DATA", "SINT", capacity)])
    builtin = name == "STRING"
    return Structure(
        "ASCIISTRING82" if builtin else name,
        laid.members,
        laid.size,
        laid.align,
        0x0FCE if builtin else laid.handle,
        True,
        laid.by_name,
    )
