"""Tag names: what a written name means in a controller's tag list, and how it travels in a request."""

import difflib
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mes.plc.drivers.datatypes import BIT_ADDRESSABLE, BOOL, DWORD, Atomic, Member, Structure, Symbol

_PART = re.compile(r"^(?P<name>[^\[\].]+)(?:\[(?P<index>\d+(?:,\d+){0,2})\])?$")
_PROGRAM = "program:"


class TagProblem(Exception):
    """Why one tag cannot be read; the text is a sentence for the person who typed the name."""


@dataclass(frozen=True, slots=True)
class Part:
    """One step of a tag name: `Counts[3]` is Part("Counts", (3,))."""

    name: str
    index: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TagName:
    """A name taken apart: base (with its program), further parts, and a bit number at the end if there is one."""

    base: Part
    parts: tuple[Part, ...]
    bit: int | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where one scalar lies: in which element of which symbol, at which byte, of which type, at which bit.

    `path` and `path_type` say how to read it alone: the name to ask for and the type the reply must have.
    """

    tag: str
    symbol: Symbol
    element: int
    offset: int
    type: Atomic | Structure
    bit: int | None
    path: str
    path_type: Atomic | Structure


def parse_tag(tag: str) -> TagName:
    """Take a name apart. Raises TagProblem when it is not a tag name at all."""
    text = tag.strip()
    prefix = ""
    if text.lower().startswith(_PROGRAM):
        prefix, _, text = text.partition(".")
        prefix += "."
    words = text.split(".")
    bit = int(words.pop()) if len(words) > 1 and words[-1].isdecimal() else None
    parts = [_part(word, tag) for word in words]
    return TagName(Part(prefix + parts[0].name, parts[0].index), tuple(parts[1:]), bit)


def _part(word: str, tag: str) -> Part:
    match = _PART.match(word.replace(" ", ""))
    if match is None:
        raise TagProblem(f"'{tag}' is not a tag name; write it like Line.Good, Counts[3], Flags.5 or Program:Main.Tag.")
    index = match["index"]
    return Part(match["name"], tuple(int(number) for number in index.split(",")) if index else ())


def encode_path(path: str) -> bytes:
    """The request path of a name as symbolic segments, with its length in words in front."""
    name = parse_tag(path)
    encoded = b""
    program, dot, base = name.base.name.rpartition(".") if name.base.name.lower().startswith(_PROGRAM) else ("", "", "")
    steps = [Part(program, ()), Part(base, name.base.index)] if dot else [name.base]
    for step in (*steps, *name.parts):
        text = step.name.encode("utf-8")
        encoded += bytes((0x91, len(text))) + text + b"\x00" * (len(text) % 2)
        for index in step.index:
            if index < 0x100:
                encoded += bytes((0x28, index))
            elif index < 0x10000:
                encoded += struct.pack("<HH", 0x29, index)
            else:
                encoded += struct.pack("<HI", 0x2A, index)
    return bytes((len(encoded) // 2,)) + encoded


def resolve(tag: str, lookup: Callable[[str], Symbol | None], known: Callable[[], Iterable[str]] = tuple) -> Leaf:
    """Find the scalar a name means. `lookup` takes a base name, in any case. Raises TagProblem with a remedy."""
    name = parse_tag(tag)
    symbol = lookup(name.base.name)
    if symbol is None:
        raise TagProblem(_no_such(f"The controller has no tag named '{name.base.name}'", name.base.name, known()))
    bool_array = symbol.type is DWORD and bool(symbol.dimensions)
    element, bit = _element(tag, name.base.index, symbol.dimensions, bool_array)
    path = symbol.name + _index_text(element, symbol.dimensions)
    kind: Atomic | Structure = symbol.type
    offset = 0
    for part in name.parts:
        if bit is not None or isinstance(kind, Atomic):
            raise TagProblem(f"'{tag}': '{path}' is a {kind.name} and has no members.")
        member = kind.members.get(part.name.lower())
        if member is None:
            names = (m.name for m in kind.members.values())
            raise TagProblem(_no_such(f"'{path}' ({kind.name}) has no member named '{part.name}'", part.name, names))
        step, bit = _member_element(tag, part, member)
        kind, offset = member.type, offset + member.offset + step * kind_size(member.type)
        path = f"{path}.{member.name}" + (f"[{step}]" if member.length else "")
    return _leaf(tag, name, symbol, element, offset, kind, bit, path)


def resolve_unlisted(tag: str, kind_of: Callable[[str], Atomic | Structure]) -> Leaf:
    """The scalar a name means in a controller without a tag list; `kind_of` finds a type by reading it once."""
    bit = parse_tag(tag).bit
    path = tag.strip() if bit is None else tag.strip().rpartition(".")[0]
    kind = kind_of(path)
    if kind is DWORD and path.endswith("]"):
        raise TagProblem(f"'{tag}' is part of a BOOL array; without a tag list its size is unknown, so it is not read.")
    if bit is not None and (kind.name not in BIT_ADDRESSABLE or bit >= kind.size * 8):
        raise TagProblem(f"'{tag}': '{path}' is a {kind.name} and has no bit {bit}.")
    return Leaf(tag, Symbol(path, kind), 0, 0, kind, bit, path, kind)


def kind_size(kind: Atomic | Structure) -> int:
    """Bytes one element of this type takes."""
    return kind.size


def _leaf(
    tag: str,
    name: TagName,
    symbol: Symbol,
    element: int,
    offset: int,
    kind: Atomic | Structure,
    bit: int | None,
    path: str,
) -> Leaf:
    path_type = kind
    if isinstance(kind, Structure):
        if name.bit is not None:
            raise TagProblem(f"'{tag}': '{path}' is a structure ({kind.name}) and has no bits.")
        if kind.string_capacity is None:
            names = ", ".join([m.name for m in kind.members.values()][:5])
            raise TagProblem(f"'{tag}' is a structure ({kind.name}); name one of its members, for example {names}.")
    elif name.bit is not None:
        if bit is not None or kind.name not in BIT_ADDRESSABLE:
            raise TagProblem(f"'{tag}': '{path}' is a {'BOOL' if bit is not None else kind.name} and has no bits.")
        if name.bit >= kind.size * 8:
            raise TagProblem(f"'{tag}': '{path}' is a {kind.name} with bits 0 to {kind.size * 8 - 1}.")
        bit = name.bit
    return Leaf(tag, symbol, element, offset, kind, bit, path, path_type)


def _element(tag: str, index: tuple[int, ...], dimensions: tuple[int, ...], bool_array: bool) -> tuple[int, int | None]:
    """Linear element number and, for BOOL arrays (kept in DWORDs), the bit within the DWORD."""
    if not dimensions:
        if index:
            raise TagProblem(f"'{tag}': this tag is not an array; leave out the index.")
        return 0, None
    limits = (dimensions[0] * 32,) if bool_array else dimensions
    if len(index) != len(limits):
        example = ",".join("0" for _ in limits)
        raise TagProblem(
            f"'{tag}' is an array with {len(limits)} dimension(s); name one element, for example [{example}]."
        )
    linear = 0
    for number, limit in zip(index, limits, strict=True):
        if number >= limit:
            raise TagProblem(f"'{tag}': index {number} is beyond the end; the array has elements 0 to {limit - 1}.")
        linear = linear * limit + number
    return (linear // 32, linear % 32) if bool_array else (linear, None)


def _member_element(tag: str, part: Part, member: Member) -> tuple[int, int | None]:
    if member.type is BOOL and member.bit is not None:
        if part.index:
            raise TagProblem(f"'{tag}': '{member.name}' is a BOOL; leave out the index.")
        return 0, member.bit
    dimensions = (member.length,) if member.length else ()
    return _element(tag, part.index, dimensions, member.type is DWORD and bool(member.length))


def _index_text(element: int, dimensions: tuple[int, ...]) -> str:
    if not dimensions:
        return ""
    numbers: list[int] = []
    for limit in reversed(dimensions):
        element, number = divmod(element, limit)
        numbers.insert(0, number)
    return f"[{','.join(map(str, numbers))}]"


def element_path(symbol: Symbol, element: int) -> str:
    """The name of one element of a symbol, or of the symbol itself when it is no array."""
    return symbol.name + _index_text(element, symbol.dimensions)


def _no_such(sentence: str, wanted: str, known: Iterable[str]) -> str:
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(wanted.lower(), by_lower, n=1, cutoff=0.6)
    hint = f"; did you mean '{by_lower[close[0]]}'?" if close else "; check the spelling and the program it is in."
    return sentence + hint
