"""The virtual SLC 500 / MicroLogix: data files instead of tags, by address (N7:0, T4:1.ACC, B3:0/5)."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .identity import Identity
from .memory import PathError
from .tags import VirtualController

# letter -> (PCCC file type, bytes per element)
FILE_TYPES: dict[str, tuple[int, int]] = {
    "O": (0x82, 2),
    "I": (0x83, 2),
    "S": (0x84, 2),
    "B": (0x85, 2),
    "T": (0x86, 6),
    "C": (0x87, 6),
    "R": (0x88, 6),
    "N": (0x89, 2),
    "F": (0x8A, 4),
    "ST": (0x8D, 84),
    "A": (0x8E, 2),
    "L": (0x91, 4),
}
# The files every SLC has, with so many elements.
DEFAULT_FILES = {"O0": 8, "I1": 8, "S2": 64, "B3": 16, "T4": 8, "C5": 8, "R6": 4, "N7": 64, "F8": 16}
# Words of a machine's integer file, in order; counters wrap at 32768 there.
MACHINE_WORDS = ("Heartbeat", "Epoch", "Good", "Scrap", "Total", "State", "ReasonCode", "Speed")
_CONTROL_BITS = {"EN": 15, "TT": 14, "DN": 13, "CU": 15, "CD": 14, "OV": 12, "UN": 11}
_WORDS = {"PRE": 1, "ACC": 2}
_ADDRESS = re.compile(r"(ST|[OISBTCRNFAL])(\d+)(?::(\d+)(?:\.(\w+)|/(\d+))?)?", re.IGNORECASE)


@dataclass(slots=True)
class DataFile:
    """One data file: its letter and its bytes."""

    letter: str
    data: bytearray

    @property
    def type_code(self) -> int:
        """PCCC file type."""
        return FILE_TYPES[self.letter][0]

    @property
    def step(self) -> int:
        """Bytes per element."""
        return FILE_TYPES[self.letter][1]


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address. `element` None is the whole file; `word` counts words in the element."""

    letter: str
    number: int
    element: int | None
    word: int | None = None
    bit: int | None = None


def parse_address(text: str) -> Address:
    """Take `N7:0`, `B3:1/4`, `T4:0.ACC` or `N7` apart. Raises PathError when it is none of these."""
    match = _ADDRESS.fullmatch(text.strip())
    if match is None:
        raise PathError(f"'{text}' is not an address like N7:0, B3:0/5, T4:0.ACC or ST9:0")
    letter, number, element, part, bit = match.groups()
    where = None if element is None else int(element)
    name = (part or "").upper()
    if name in _WORDS:
        return Address(letter.upper(), int(number), where, _WORDS[name])
    if name in _CONTROL_BITS:
        return Address(letter.upper(), int(number), where, 0, _CONTROL_BITS[name])
    if name:
        raise PathError(f"'{text}': .{name} is neither a word nor a bit of an element")
    return Address(letter.upper(), int(number), where, None, None if bit is None else int(bit))


class SlcController(VirtualController):
    """Memory and identity of one SLC 5/05 or MicroLogix; a machine writes its state into an integer file."""

    kind = "slc"

    def __init__(
        self,
        files: Mapping[str, Sequence[Any]] | None = None,
        *,
        identity: Identity | None = None,
        processor: str = "5/05",
        name: str = "SLC",
        utc_s: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(
            identity or Identity("1747-L552/C", major=13, minor=1, product_code=90), name=name, utc_s=utc_s
        )
        self.processor = processor
        self.files: dict[int, DataFile] = {}
        for file, length in DEFAULT_FILES.items():
            self.add_file(file, length)
        for file, values in (files or {}).items():
            self.add_file(file, max(len(values), DEFAULT_FILES.get(file.upper(), 0)))
            for position, value in enumerate(values):
                self[f"{file}:{position}"] = value

    def add_file(self, file: str, length: int) -> None:
        """Make a data file of so many elements, empty; one with the same number is replaced."""
        address = parse_address(file)
        step = FILE_TYPES[address.letter][1]
        self.files[address.number] = DataFile(address.letter, bytearray(step * length))

    def _find(self, path: str) -> tuple[Address, DataFile, int]:
        address = parse_address(path)
        file = self.files.get(address.number)
        if file is None or file.letter != address.letter:
            raise PathError(f"{path}: there is no such file in controller {self.name}")
        offset = (address.element or 0) * file.step + 2 * (address.word or 0)
        if offset >= len(file.data):
            raise PathError(f"{path}: the file ends before")
        return address, file, offset

    def __getitem__(self, path: str) -> Any:
        with self.lock:
            address, file, offset = self._find(path)
            if address.bit is not None:
                return bool(struct.unpack_from("<H", file.data, offset)[0] >> address.bit & 1)
            if address.element is None:
                count = len(file.data) // file.step
                return [self[f"{path}:{n}"] for n in range(count)]
            return _decode(file.letter, file.data, offset)

    def __setitem__(self, path: str, value: Any) -> None:
        with self.lock:
            address, file, offset = self._find(path)
            if isinstance(value, Mapping):
                words = [int(value.get(name, self[f"{path}:{n}"])) for n, name in enumerate(MACHINE_WORDS)]
                for position, word in enumerate(words):
                    struct.pack_into("<H", file.data, 2 * position, word & (0x7FFF if position < 2 else 0xFFFF))
            elif address.bit is not None:
                old = struct.unpack_from("<H", file.data, offset)[0]
                mask = 1 << address.bit
                struct.pack_into("<H", file.data, offset, old | mask if value else old & ~mask)
            else:
                raw = _encode(file.letter, value)
                file.data[offset : offset + len(raw)] = raw


def _decode(letter: str, data: bytearray, offset: int) -> Any:
    if letter == "F":
        return struct.unpack_from("<f", data, offset)[0]
    if letter == "L":
        return struct.unpack_from("<i", data, offset)[0]
    if letter == "ST":
        length = struct.unpack_from("<H", data, offset)[0]
        return _swap(bytes(data[offset + 2 : offset + 84]))[:length].decode("latin-1")
    if letter == "A":
        return _swap(bytes(data[offset : offset + 2])).decode("latin-1")
    return struct.unpack_from("<h", data, offset)[0]


def _encode(letter: str, value: Any) -> bytes:
    if letter == "F":
        return struct.pack("<f", value)
    if letter == "L":
        return struct.pack("<I", int(value) & 0xFFFF_FFFF)
    if letter == "ST":
        raw = str(value).encode("latin-1", "replace")[:82]
        return struct.pack("<H", len(raw)) + _swap(raw.ljust(82, b"\0"))
    if letter == "A":
        return _swap(str(value).encode("latin-1", "replace")[:2].ljust(2))
    return struct.pack("<H", int(value) & 0xFFFF)


def _swap(raw: bytes) -> bytes:
    """Text lies in 16-bit words with its bytes exchanged."""
    swapped = bytearray(raw)
    swapped[0::2], swapped[1::2] = swapped[1::2], swapped[0::2]
    return bytes(swapped)
