"""Data file addresses of SLC 500 and MicroLogix (N7:0, B3:1/5, T4:2.ACC, ...) and which reads fetch them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mes.plc.drivers.datatypes import ATOMIC_BY_NAME, DINT, REAL, Atomic
from mes.plc.drivers.decode import Field
from mes.plc.drivers.names import TagProblem

INT = ATOMIC_BY_NAME["INT"]
STRING_BYTES, STRING_CHARACTERS = 84, 82
_LARGEST_READ_BYTES = 200  # the commands carry at most 236 bytes; some processors take less
_GAP_BYTES = 40


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of data file: its PCCC code, bytes per element and the plain type of its words (None: text)."""

    letter: str
    code: int
    size: int
    word: Atomic | None
    default_file: int | None = None


_TYPES = {
    t.letter: t
    for t in (
        FileType("N", 0x89, 2, INT),
        FileType("B", 0x85, 2, INT),
        FileType("S", 0x84, 2, INT, 2),
        FileType("F", 0x8A, 4, REAL),
        FileType("L", 0x91, 4, DINT),
        FileType("T", 0x86, 6, INT),
        FileType("C", 0x87, 6, INT),
        FileType("R", 0x88, 6, INT),
        FileType("ST", 0x8D, STRING_BYTES, None),
        FileType("O", 0x82, 2, INT, 0),
        FileType("I", 0x83, 2, INT, 1),
    )
}
# word and bit of the named parts of timers, counters and control elements
_PARTS: dict[str, dict[str, tuple[int, int | None]]] = {
    "T": {"PRE": (1, None), "ACC": (2, None), "EN": (0, 15), "TT": (0, 14), "DN": (0, 13)},
    "C": {
        "PRE": (1, None),
        "ACC": (2, None),
        "CU": (0, 15),
        "CD": (0, 14),
        "DN": (0, 13),
        "OV": (0, 12),
        "UN": (0, 11),
    },
    "R": {"LEN": (1, None), "POS": (2, None), "EN": (0, 15), "DN": (0, 13), "ER": (0, 11)},
}
_ADDRESS = re.compile(
    r"^(?P<letter>ST|[NBSFLTCROI])(?P<file>\d{1,3})?"
    r"(?::(?P<element>\d{1,5}))?(?:\.(?P<word>\d{1,3}))?(?:[./](?P<part>[A-Z]{2,3}))?(?:/(?P<bit>\d{1,4}))?$",
    re.IGNORECASE,
)
_HOW = "write it like N7:0, B3:1/5, F8:2, L10:0, T4:0.ACC, C5:1/DN, ST9:0 or S:4"


@dataclass(frozen=True, slots=True)
class SlcAddress:
    """Where one value lies: file, element, word within the element, and bit."""

    tag: str
    type: FileType
    file: int
    element: int
    word: int
    bit: int | None

    @property
    def slot(self) -> int:
        """For inputs and outputs the word is part of the address, for all others it lies in the element."""
        return self.word if self.type.letter in "IO" else 0


@dataclass(frozen=True, slots=True)
class SlcRead:
    """One protected typed logical read: `count` elements from `element` on, and what to take out of them."""

    type: FileType
    file: int
    element: int
    slot: int
    count: int
    fields: tuple[Field, ...]
    texts: tuple[tuple[str, int], ...]  # (tag, offset) of strings

    @property
    def size(self) -> int:
        """Bytes the reply must have."""
        return self.count * self.type.size

    @property
    def tags(self) -> list[str]:
        """All tags this read serves."""
        return [f.tag for f in self.fields] + [tag for tag, _offset in self.texts]

    @property
    def command(self) -> bytes:
        """Function A2 with its three address fields; a number above 254 takes FF and two bytes."""
        head = bytes((0xA2, self.size)) + _number(self.file) + bytes((self.type.code,))
        return head + _number(self.element) + _number(self.slot)


def _number(number: int) -> bytes:
    return bytes((number,)) if number < 255 else b"\xff" + number.to_bytes(2, "little")


def parse_address(tag: str) -> SlcAddress:
    """Take an address apart. Raises TagProblem with the remedy."""
    match = _ADDRESS.match(tag.strip())
    if match is None:
        raise TagProblem(f"'{tag}' is no data file address; {_HOW}.")
    kind = _TYPES[match["letter"].upper()]
    file = int(match["file"]) if match["file"] else kind.default_file
    if file is None or file > 255:
        raise TagProblem(f"'{tag}' names no data file from 0 to 255; {_HOW}.")
    bit = int(match["bit"]) if match["bit"] else None
    element, word = match["element"], int(match["word"] or 0)
    if element is None:
        if kind.letter != "B" or bit is None:
            raise TagProblem(f"'{tag}' names no element; {_HOW}.")
        return SlcAddress(tag, kind, file, bit // 16, 0, bit % 16)  # B3/37 is bit 5 of word 2
    if match["part"]:
        part = _PARTS.get(kind.letter, {}).get(match["part"].upper())
        if part is None or bit is not None or match["word"]:
            raise TagProblem(f"'{tag}': a {kind.letter} file has no part {match['part'].upper()}; {_HOW}.")
        return SlcAddress(tag, kind, file, int(element), *part)
    _check(tag, kind, word, bit)
    return SlcAddress(tag, kind, file, int(element), word, bit)


def _check(tag: str, kind: FileType, word: int, bit: int | None) -> None:
    words = 3 if kind.letter in "TCR" else 256 if kind.letter in "IO" else 1
    if word >= words:
        raise TagProblem(f"'{tag}': an element of a {kind.letter} file has no word {word}.")
    if bit is not None and (kind.word in (None, REAL) or bit >= 8 * (kind.word.size if kind.word else 0)):
        raise TagProblem(f"'{tag}': an element of a {kind.letter} file has no bit {bit}.")


def plan_slc(tags: Sequence[str], apart: frozenset[str] = frozenset()) -> tuple[list[SlcRead], dict[str, str]]:
    """Few reads for many addresses: neighbours in one file come together, those in `apart` alone."""
    problems: dict[str, str] = {}
    by_file: dict[tuple[str, int, int], list[SlcAddress]] = {}
    for tag in dict.fromkeys(tags):
        try:
            address = parse_address(tag)
        except TagProblem as problem:
            problems[tag] = str(problem)
        else:
            by_file.setdefault((address.type.letter, address.file, address.slot), []).append(address)
    reads: list[SlcRead] = []
    for addresses in by_file.values():
        together = sorted((a for a in addresses if a.tag not in apart), key=lambda a: a.element)
        reads += [_read(run) for run in _runs(together)]
        reads += [_read([a]) for a in addresses if a.tag in apart]
    return reads, problems


def _runs(addresses: list[SlcAddress]) -> list[list[SlcAddress]]:
    runs: list[list[SlcAddress]] = []
    for address in addresses:
        size = address.type.size
        if runs:
            first, last = runs[-1][0].element, runs[-1][-1].element
            fits = (address.element - first + 1) * size <= _LARGEST_READ_BYTES
            if fits and (address.element - last - 1) * size <= _GAP_BYTES:
                runs[-1].append(address)
                continue
        runs.append([address])
    return runs


def _read(run: list[SlcAddress]) -> SlcRead:
    kind, first = run[0].type, run[0].element
    fields, texts = [], []
    for address in run:
        offset = (address.element - first) * kind.size
        if kind.word is None:
            texts.append((address.tag, offset))
        else:
            inner = 0 if kind.letter in "IO" else 2 * address.word
            fields.append(Field(address.tag, offset + inner, kind.word, address.bit))
    return SlcRead(kind, run[0].file, first, run[0].slot, run[-1].element - first + 1, tuple(fields), tuple(texts))


def slc_text(data: bytes) -> tuple[int, bytes]:
    """Length and characters of a string element: a word with the length, then words with their bytes swapped."""
    swapped = bytearray(data[2:STRING_BYTES])
    swapped[0::2], swapped[1::2] = swapped[1::2], swapped[0::2]
    length = int.from_bytes(data[:2], "little")
    return length, bytes(swapped[:length])
