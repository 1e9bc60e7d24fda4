"""The data types a controller's tags have: plain ones with their CIP code and structures with their layout."""

from dataclasses import dataclass, field

STRUCTURE_CODE = 0x02A0  # first word of a structure's read reply; the structure handle follows


@dataclass(frozen=True, slots=True)
class Atomic:
    """A plain type: CIP code, size in bytes and its `struct` letter (little-endian)."""

    name: str
    code: int
    size: int
    letter: str

    @property
    def head(self) -> bytes:
        """The bytes with which a read reply of this type begins."""
        return self.code.to_bytes(2, "little")


BOOL = Atomic("BOOL", 0xC1, 1, "B")
DWORD = Atomic("DWORD", 0xD3, 4, "I")
DINT = Atomic("DINT", 0xC4, 4, "i")
REAL = Atomic("REAL", 0xCA, 4, "f")
_ATOMICS = (
    BOOL,
    DWORD,
    DINT,
    REAL,
    Atomic("SINT", 0xC2, 1, "b"),
    Atomic("INT", 0xC3, 2, "h"),
    Atomic("LINT", 0xC5, 8, "q"),
    Atomic("USINT", 0xC6, 1, "B"),
    Atomic("UINT", 0xC7, 2, "H"),
    Atomic("UDINT", 0xC8, 4, "I"),
    Atomic("ULINT", 0xC9, 8, "Q"),
    Atomic("LREAL", 0xCB, 8, "d"),
    Atomic("BYTE", 0xD1, 1, "B"),
    Atomic("WORD", 0xD2, 2, "H"),
    Atomic("LWORD", 0xD4, 8, "Q"),
)
ATOMIC_BY_NAME = {atomic.name: atomic for atomic in _ATOMICS}
ATOMIC_BY_CODE = {atomic.code: atomic for atomic in _ATOMICS}
BIT_ADDRESSABLE = frozenset(a.name for a in _ATOMICS if a.letter not in "fd" and a is not BOOL)


@dataclass(frozen=True, slots=True)
class Structure:
    """A UDT or predefined structure. `members` is keyed by lower-case name: Logix names ignore case."""

    name: str
    handle: int
    size: int
    members: dict[str, "Member"] = field(hash=False)
    string_capacity: int | None = None  # characters a STRING-like type can hold; None = no string

    @property
    def head(self) -> bytes:
        """The bytes with which a read reply of this structure begins."""
        return STRUCTURE_CODE.to_bytes(2, "little") + self.handle.to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a structure; `length` 0 = not an array, `bit` only for BOOLs inside a hidden host byte."""

    name: str
    type: Atomic | Structure
    offset: int
    length: int = 0
    bit: int | None = None


@dataclass(frozen=True, slots=True)
class Symbol:
    """A tag as the controller lists it; program tags carry their `Program:Name.` prefix."""

    name: str
    type: Atomic | Structure
    dimensions: tuple[int, ...] = ()
