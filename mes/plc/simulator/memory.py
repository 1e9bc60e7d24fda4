"""Tag memory of a virtual controller: tags, scopes and the resolution of a path to the bytes it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .datatypes import ATOMIC, DataType, Structure, decode_array, encode_array

READ_WRITE, READ_ONLY, NO_ACCESS = 0, 2, 3

PathPart: TypeAlias = str | int  # a member name, or one array index


class PathError(LookupError):
    """A path names nothing in this controller."""


class IndexBeyondError(PathError):
    """A path names an element outside the array."""


@dataclass(slots=True)
class Tag:
    """One named piece of memory. `dims` is empty for a single value; a BOOL array has type DWORD and dims in words."""

    name: str
    type: DataType
    dims: tuple[int, ...]
    access: int
    instance_id: int
    data: bytearray

    @property
    def elements(self) -> int:
        """Number of elements (1 for a single value)."""
        total = 1
        for dim in self.dims:
            total *= dim
        return total


@dataclass(slots=True)
class Place:
    """Where a path leads: a type at an offset in a tag's bytes, with `count` elements from there to the array's end."""

    tag: Tag
    type: DataType
    offset: int
    count: int
    dims: tuple[int, ...] = ()
    bit: int | None = None

    def read(self) -> Any:
        """The value as Python sees it: number, bool, text, dict or list."""
        data = self.tag.data
        if self.bit is not None:
            return bool(data[self.offset + self.bit // 8] >> self.bit % 8 & 1)
        if self.dims:
            return decode_array(self.type, bytes(data[self.offset : self.offset + self.size]), self.count)
        return self.type.decode(bytes(data[self.offset : self.offset + self.type.size]))

    def write(self, value: Any) -> None:
        """Store a Python value. A structure given as a mapping keeps the members that are not named."""
        data = self.tag.data
        if self.bit is not None:
            at, mask = self.offset + self.bit // 8, 1 << self.bit % 8
            data[at] = data[at] | mask if value else data[at] & ~mask
            return
        if self.dims:
            raw = encode_array(self.type, value, self.count)
        elif isinstance(self.type, Structure) and not self.type.is_string:
            raw = self.type.encode({**self.read(), **value})
        else:
            raw = self.type.encode(value)
        data[self.offset : self.offset + len(raw)] = raw

    @property
    def size(self) -> int:
        """Bytes from here to the end of what the path names."""
        return self.type.size * self.count


@dataclass(slots=True)
class Scope:
    """Controller scope, or the scope of one program: tags by lower-case name and by instance id."""

    name: str
    tags: dict[str, Tag] = field(default_factory=dict)

    def by_id(self, instance_id: int) -> Tag | None:
        """The tag with this symbol instance."""
        return next((t for t in self.tags.values() if t.instance_id == instance_id), None)

    def ordered(self) -> list[Tag]:
        """Tags in ascending instance order, as the tag list service walks them."""
        return sorted(self.tags.values(), key=lambda t: t.instance_id)


def flat_index(dims: Sequence[int], indexes: Sequence[int]) -> int:
    """Row-major element number; absent trailing indexes count as 0. Raises IndexBeyondError outside the array."""
    if len(indexes) > len(dims):
        raise IndexBeyondError(f"{len(indexes)} indexes for an array of {len(dims)} dimensions")
    flat = 0
    for position, dim in enumerate(dims):
        index = indexes[position] if position < len(indexes) else 0
        if not 0 <= index < dim:
            raise IndexBeyondError(f"index {index} is outside 0..{dim - 1}")
        flat = flat * dim + index
    return flat


def _take_indexes(parts: Sequence[PathPart], start: int) -> list[int]:
    indexes: list[int] = []
    for part in parts[start:]:
        if not isinstance(part, int):
            break
        indexes.append(part)
    return indexes


def _step_into(place: Place, indexes: list[int], bools: bool) -> None:
    """Narrow an array place to the element that the indexes name; `bools` counts a BOOL array in bits, not words."""
    if not indexes:
        return
    if bools and place.type is ATOMIC["DWORD"] and len(place.dims) == 1 and len(indexes) == 1:
        if not 0 <= indexes[0] < place.count * 32:
            raise IndexBeyondError(f"index {indexes[0]} is outside 0..{place.count * 32 - 1}")
        place.type, place.count, place.dims, place.bit = ATOMIC["BOOL"], 1, (), indexes[0]
        return
    flat = flat_index(place.dims, indexes)
    place.offset += flat * place.type.size
    place.count -= flat
    place.dims = ()


def follow(tag: Tag, parts: Sequence[PathPart], *, bools: bool = False) -> Place:
    """Walk from a tag along member names and indexes. Raises PathError when a step leads nowhere.

    On the wire an index into a BOOL array counts DWORDs; with `bools` it counts single BOOLs, as people do.
    """
    place = Place(tag, tag.type, 0, tag.elements, tag.dims)
    indexes = _take_indexes(parts, 0)
    _step_into(place, indexes, bools)
    position = len(indexes)
    while position < len(parts):
        name = str(parts[position])
        position += 1
        if place.bit is not None:
            raise PathError(f"{name} follows a bit")
        if isinstance(place.type, Structure):
            member = place.type.by_name.get(name.lower())
            if member is None:
                raise PathError(f"{place.type.name} has no member {name}")
            dims = (member.length,) if member.length else ()
            place = Place(tag, member.type, place.offset + member.offset, max(member.length, 1), dims, member.bit)
            indexes = _take_indexes(parts, position)
            _step_into(place, indexes, bools)
            position += len(indexes)
        elif name.isdigit() and place.type.name not in ("REAL", "LREAL", "BOOL") and int(name) < place.type.size * 8:
            place = Place(tag, ATOMIC["BOOL"], place.offset, 1, (), int(name))
        else:
            raise PathError(f"{name} is not part of a {place.type.name}")
    return place


_PART = re.compile(r"([^.\[\]]+)((?:\[[\d,\s]+\])*)")


def parse_path(path: str) -> list[PathPart]:
    """Split `A.B[1,2].C` into names and indexes; `Program:X` stays one name. Raises PathError for a broken spelling."""
    parts = list(_spell(path))
    if not parts:
        raise PathError(f"'{path}' is not a tag path")
    return parts


def _spell(path: str) -> Iterator[PathPart]:
    for piece in path.split("."):
        match = _PART.fullmatch(piece.strip())
        if match is None:
            raise PathError(f"'{path}' is not a tag path")
        yield match.group(1)
        yield from (int(number) for number in re.findall(r"\d+", match.group(2)))
