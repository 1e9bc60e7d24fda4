"""Replies are checked against the plan: a type, handle or size that differs never becomes a value."""

import struct

import pytest

from mes.plc.drivers.datatypes import DINT, REAL, Member, Structure, Symbol
from mes.plc.drivers.names import resolve
from mes.plc.drivers.plan import ReadItem, plan_reads
from mes.plc.drivers.port import PlcTransportError, Quality, TagValue
from mes.plc.drivers.replies import TypeChanged, split_multiple, take_item

LINE = Structure("L", 0x1234, 8, {"good": Member("Good", DINT, 0), "speed": Member("Speed", REAL, 4)})
SYMBOLS = {"line": Symbol("Line", LINE), "good": Symbol("Good", DINT)}


def item(*tags: str) -> ReadItem:
    made = plan_reads(tags, lambda tag: resolve(tag, lambda name: SYMBOLS.get(name.lower())), 4000)
    return made.groups[0].items[0]


STRUCT_REPLY = b"\xcc\x00\x00\x00\xa0\x02\x34\x12" + struct.pack("<if", 111, 2.5)


def test_a_structure_reply_is_decoded() -> None:
    values: dict[str, TagValue] = {}
    assert take_item(item("Line.Good", "Line.Speed"), STRUCT_REPLY, values) == 0
    assert values == {"Line.Good": TagValue(111, Quality.GOOD), "Line.Speed": TagValue(2.5, Quality.GOOD)}


@pytest.mark.parametrize(
    "reply",
    [
        b"\xcc\x00\x00\x00\xa0\x02\x35\x12" + bytes(8),  # another handle: another layout
        b"\xcc\x00\x00\x00\xa0\x02\x34\x12" + bytes(4),  # too short
        b"\xcc\x00\x00\x00\xa0\x02\x34\x12" + bytes(12),  # too long
        b"\xcc\x00\x00\x00\xc4\x00" + bytes(8),  # no structure any more
        b"\xcc\x00\x00\x00",
    ],
)
def test_a_structure_reply_that_does_not_fit_the_plan_gives_no_value(reply: bytes) -> None:
    values: dict[str, TagValue] = {}
    with pytest.raises(TypeChanged):
        take_item(item("Line.Good", "Line.Speed"), reply, values)
    assert values == {}


@pytest.mark.parametrize("data", [b"\xca\x00" + bytes(4), b"\xc4\x00" + bytes(2), b"\xc4\x00" + bytes(8), b""])
def test_a_scalar_reply_of_another_type_or_size_gives_no_value(data: bytes) -> None:
    with pytest.raises(TypeChanged):
        take_item(item("Good"), b"\xcc\x00\x00\x00" + data, {})


def test_a_refused_read_is_bad_with_the_status() -> None:
    values: dict[str, TagValue] = {}
    assert take_item(item("Good"), b"\xcc\x00\x05\x00", values) == 5
    assert values["Good"].quality is Quality.BAD
    assert "0x05" in (values["Good"].error or "")


@pytest.mark.parametrize("reply", [b"\xcd\x00\x00\x00\xc4\x00" + bytes(4), b"\xcc\x00", b"", b"\xcc\x00\x01\x03\x00"])
def test_an_answer_to_another_service_or_half_an_answer_ends_the_line(reply: bytes) -> None:
    with pytest.raises(PlcTransportError):
        take_item(item("Good"), reply, {})


def multiple(count: int, offsets: list[int], rest: bytes) -> bytes:
    return b"\x8a\x00\x00\x00" + struct.pack(f"<{1 + len(offsets)}H", count, *offsets) + rest


def test_a_multiple_reply_is_split_at_its_offsets() -> None:
    assert split_multiple(multiple(2, [6, 10], b"\xcc\x00\x05\x00" + b"\xcc\x00\x00\x00\xc4\x00"), 2) == [
        b"\xcc\x00\x05\x00",
        b"\xcc\x00\x00\x00\xc4\x00",
    ]


@pytest.mark.parametrize(
    "reply",
    [
        multiple(1, [4], b"\xcc\x00\x00\x00"),
        multiple(2, [6, 6], b"\xcc\x00\x00\x00" * 2),
        multiple(2, [10, 6], b"\xcc\x00\x00\x00" * 2),
        multiple(2, [6, 400], b"\xcc\x00\x00\x00" * 2),
        multiple(2, [0, 4], b"\xcc\x00\x00\x00" * 2),
        b"\x8a\x00\x00\x00\x02",
    ],
)
def test_a_multiple_reply_that_does_not_match_the_request_ends_the_line(reply: bytes) -> None:
    with pytest.raises(PlcTransportError):
        split_multiple(reply, 2)


def test_a_refused_packet_is_a_sentence() -> None:
    assert "0x08" in str(split_multiple(b"\x8a\x00\x08\x00", 2))
