"""The read plan: which few requests fetch all wanted tags. Pure; built once per distinct list of tags."""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from mes.plc.drivers.datatypes import BOOL, Atomic, Structure, Symbol
from mes.plc.drivers.decode import Decoder, Field
from mes.plc.drivers.names import Leaf, TagProblem, element_path, encode_path, kind_size

READ_TAG, READ_FRAGMENT, MULTIPLE = 0x4C, 0x52, 0x0A
_MESSAGE_ROUTER = b"\x02\x20\x02\x24\x01"
_REPLY_HEAD_BYTES = 4  # service, reserved, status, size of extended status
_TYPE_BYTES = 4  # at most: structure mark and handle
_MARGIN_BYTES = 16  # stays clear of the sizes at which clients and controllers disagree about what still fits
_WORTH_BYTES = 256  # a block is read whole while it costs at most this many bytes per tag wanted from it
_GAP_BYTES = 128  # unwanted bytes between two wanted elements that are still cheaper than a second request


@dataclass(frozen=True, slots=True)
class ReadItem:
    """One read request: the path, how many elements, what the reply must look like, and what to take out of it."""

    symbol: str  # lower-case base name: the unit that is read apart when its block cannot be read whole
    path: str
    count: int
    head: bytes
    size: int
    block: bool  # True when several scalars, or a scalar inside something larger, are read as one
    fields: tuple[Field, ...]
    decoder: Decoder = field(compare=False, repr=False)
    encoded_path: bytes = field(repr=False)

    @property
    def request(self) -> bytes:
        """Read Tag for this item."""
        return bytes((READ_TAG,)) + self.encoded_path + struct.pack("<H", self.count)

    def fragment_request(self, offset: int) -> bytes:
        """Read Tag Fragmented from this byte on, for an item larger than a packet."""
        return bytes((READ_FRAGMENT,)) + self.encoded_path + struct.pack("<HI", self.count, offset)


@dataclass(frozen=True, slots=True)
class Group:
    """One request on the wire. `fragmented` groups hold one item too big for a packet."""

    items: tuple[ReadItem, ...]
    message: bytes
    fragmented: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All requests of one poll, and the tags that cannot be read at all with the reason."""

    groups: tuple[Group, ...]
    problems: dict[str, str]


def plan_reads(
    tags: Sequence[str],
    find: Callable[[str], Leaf],
    packet_bytes: int,
    *,
    apart: frozenset[str] = frozenset(),
    multiple: bool = True,
) -> Plan:
    """Plan the reads of `tags`; `find` resolves one or raises TagProblem.

    Members of one structure and elements of one array become one read where that is cheaper and fits a packet;
    symbols named in `apart` are read scalar by scalar. Without `multiple` every item is a request of its own.
    """
    problems: dict[str, str] = {}
    by_symbol: dict[str, list[Leaf]] = {}
    for tag in dict.fromkeys(tags):
        try:
            leaf = find(tag)
        except TagProblem as problem:
            problems[tag] = str(problem)
        else:
            by_symbol.setdefault(leaf.symbol.name.lower(), []).append(leaf)
    largest = packet_bytes - 2 - _REPLY_HEAD_BYTES - _TYPE_BYTES - _MARGIN_BYTES
    items: list[ReadItem] = []
    for key, leaves in by_symbol.items():
        if key in apart:
            items += _scalar_items(key, leaves)
        else:
            items += _symbol_items(key, leaves, largest)
    return Plan(tuple(pack_groups(items, packet_bytes, multiple=multiple)), problems)


def _symbol_items(key: str, leaves: list[Leaf], largest: int) -> list[ReadItem]:
    symbol = leaves[0].symbol
    if not symbol.dimensions and len({leaf.path for leaf in leaves}) == 1:
        return _scalar_items(key, leaves)
    items: list[ReadItem] = []
    for run in _runs(sorted(leaves, key=lambda leaf: (leaf.element, leaf.offset)), largest):
        first, last = run[0].element, run[-1].element
        size = (last - first + 1) * kind_size(symbol.type)
        wanted = len({leaf.path for leaf in run})
        if wanted > 1 and size <= largest and size <= _WORTH_BYTES * (wanted + 1):
            items.append(_block_item(key, symbol, first, last, run))
        else:
            items += _scalar_items(key, run)
    return items


def _runs(leaves: list[Leaf], largest: int) -> Iterable[list[Leaf]]:
    """Cut elements into runs that fit a packet and have no large gaps."""
    size = kind_size(leaves[0].symbol.type)
    run = [leaves[0]]
    for leaf in leaves[1:]:
        gap = (leaf.element - run[-1].element - 1) * size
        if gap > _GAP_BYTES or (leaf.element - run[0].element + 1) * size > largest:
            yield run
            run = []
        run.append(leaf)
    yield run


def _block_item(key: str, symbol: Symbol, first: int, last: int, run: list[Leaf]) -> ReadItem:
    size = kind_size(symbol.type)
    fields = tuple(Field(leaf.tag, (leaf.element - first) * size + leaf.offset, leaf.type, leaf.bit) for leaf in run)
    path, count = element_path(symbol, first), last - first + 1
    return _item(key, path, count, symbol.type, count * size, True, fields)


def _scalar_items(key: str, leaves: list[Leaf]) -> list[ReadItem]:
    """One item per scalar; several bits of one word share their word."""
    by_path: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        by_path.setdefault(leaf.path, []).append(leaf)
    items = []
    for path, same in by_path.items():
        kind = same[0].path_type
        fields = tuple(Field(leaf.tag, 0, kind, None if kind is BOOL else leaf.bit) for leaf in same)
        items.append(_item(key, path, 1, kind, kind.size, False, fields))
    return items


def _item(
    key: str, path: str, count: int, kind: Atomic | Structure, size: int, block: bool, fields: tuple[Field, ...]
) -> ReadItem:
    return ReadItem(key, path, count, kind.head, size, block, fields, Decoder(fields), encode_path(path))


def pack_groups(items: Sequence[ReadItem], packet_bytes: int, *, multiple: bool = True) -> list[Group]:
    """Pack items into as few requests as fit, request and reply both; oversized items travel in fragments."""
    room = packet_bytes - 2 - _MARGIN_BYTES
    groups: list[Group] = []
    current: list[ReadItem] = []
    asked = answered = 8
    for item in items:
        ask, answer = len(item.request) + 2, _REPLY_HEAD_BYTES + _TYPE_BYTES + item.size + 3
        if answer > room:
            groups.append(Group((item,), item.fragment_request(0), fragmented=True))
            continue
        if current and (not multiple or asked + ask > room or answered + answer > room):
            groups.append(_group(current))
            current, asked, answered = [], 8, 8
        current.append(item)
        asked, answered = asked + ask, answered + answer
    if current:
        groups.append(_group(current))
    return groups


def _group(items: list[ReadItem]) -> Group:
    if len(items) == 1:
        return Group((items[0],), items[0].request)
    requests = [item.request for item in items]
    at, offsets = 2 + 2 * len(requests), b""
    for request in requests:
        offsets += struct.pack("<H", at)
        at += len(request)
    head = bytes((MULTIPLE,)) + _MESSAGE_ROUTER + struct.pack("<H", len(requests))
    return Group(tuple(items), head + offsets + b"".join(requests))
