"""From the bytes of a reply to values: compiled once per read, exact types, nothing guessed."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from mes.plc.drivers.datatypes import BOOL, Atomic, Structure
from mes.plc.drivers.port import Quality, Scalar, TagValue

_GOOD, _BAD, _UNCERTAIN = Quality.GOOD, Quality.BAD, Quality.UNCERTAIN


@dataclass(frozen=True, slots=True)
class Field:
    """One wanted scalar inside a block of reply data."""

    tag: str
    offset: int
    type: Atomic | Structure
    bit: int | None


@dataclass(frozen=True, slots=True)
class _Output:
    tag: str
    slot: int
    kind: str  # "int", "bit", "bool", "float" or "string"
    detail: int  # bit number or string capacity


class Decoder:
    """Takes all fields out of a block with as few `struct` calls as possible."""

    def __init__(self, fields: Sequence[Field]) -> None:
        wanted = sorted({(f.offset, _letter(f)) for f in fields})
        self._layouts: list[struct.Struct] = []
        slots: dict[tuple[int, str], int] = {}
        while wanted:  # overlapping fields (a word and another view of it) go into a further layout
            pattern, at, later = "<", 0, []
            for offset, letter in wanted:
                if offset < at:
                    later.append((offset, letter))
                    continue
                pattern += f"{offset - at}x{letter}" if offset > at else letter
                at = offset + struct.calcsize("<" + letter)
                slots[(offset, letter)] = len(slots)
            self._layouts.append(struct.Struct(pattern))
            wanted = later
        self.needed_bytes = max(layout.size for layout in self._layouts)
        self._outputs = [_output(f, slots[(f.offset, _letter(f))]) for f in fields]

    def decode(self, data: bytes, into: dict[str, TagValue]) -> None:
        """Decode a block of at least `needed_bytes` bytes."""
        raw: tuple[Scalar | bytes, ...] = self._layouts[0].unpack_from(data)
        for layout in self._layouts[1:]:
            raw += layout.unpack_from(data)
        for output in self._outputs:
            value = raw[output.slot]
            kind = output.kind
            if kind == "int":
                into[output.tag] = TagValue(value, _GOOD)  # type: ignore[arg-type]
            elif kind == "bit":
                into[output.tag] = TagValue(bool(value >> output.detail & 1), _GOOD)  # type: ignore[operator]
            elif kind == "bool":
                into[output.tag] = TagValue(bool(value), _GOOD)
            elif kind == "float":
                into[output.tag] = real_value(value)  # type: ignore[arg-type]
            else:
                into[output.tag] = string_value(value, output.detail)  # type: ignore[arg-type]


def real_value(value: float) -> TagValue:
    """A REAL as it is; NaN and infinity become "uncertain" without a value, never a number."""
    if math.isfinite(value):
        return TagValue(value, _GOOD)
    what = "not a number (NaN)" if math.isnan(value) else "infinite"
    return TagValue(None, _UNCERTAIN, f"The controller's value is {what}; check the calculation in its program.")


def string_value(data: bytes, capacity: int) -> TagValue:
    """A Logix string: 4-byte length, then characters."""
    length = int.from_bytes(data[:4], "little", signed=True)
    if not 0 <= length <= capacity:
        return TagValue(None, _BAD, f"The string's length field says {length}, but it can hold only {capacity}.")
    return text_value(data[4 : 4 + length])


def text_value(raw: bytes) -> TagValue:
    """Characters as text: UTF-8 where it is valid, else Latin-1; NULs are left out and make it uncertain."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if "\x00" in text:
        return TagValue(text.replace("\x00", ""), _UNCERTAIN, "The string contains NUL characters; they were left out.")
    return TagValue(text, _GOOD)


def _letter(field: Field) -> str:
    if isinstance(field.type, Structure):
        return f"{4 + (field.type.string_capacity or 0)}s"
    if field.type is BOOL:
        return "B"
    return field.type.letter


def _output(field: Field, slot: int) -> _Output:
    if isinstance(field.type, Structure):
        return _Output(field.tag, slot, "string", field.type.string_capacity or 0)
    if field.bit is not None:
        return _Output(field.tag, slot, "bit", field.bit)
    if field.type is BOOL:
        return _Output(field.tag, slot, "bool", 0)
    return _Output(field.tag, slot, "float" if field.type.letter in "fd" else "int", 0)
