"""The template object: what clients learn about structures, and how members lie in memory."""

import struct

import pytest

from mes.plc.simulator.datatypes import Structure, string_type
from mes.plc.simulator.tags import VirtualController
from tests.plc.simulator.wire import Wire


def attributes(wire: Wire, template: int, *numbers: int) -> bytes:
    path = b"\x20\x6c\x25\x00" + struct.pack("<H", template)
    return wire.connected(b"\x03\x03" + path + struct.pack(f"<H{len(numbers)}H", len(numbers), *numbers))


def definition(wire: Wire, template: int, offset: int, length: int) -> bytes:
    path = b"\x20\x6c\x25\x00" + struct.pack("<H", template)
    return wire.connected(b"\x4c\x03" + path + struct.pack("<IH", offset, length))


def test_the_built_in_string_is_template_fce_with_its_known_layout(connected: Wire) -> None:
    reply = attributes(connected, 0xFCE, 4, 5, 2, 1)
    words = struct.unpack_from("<I", reply, 10)[0]
    assert reply[:10] == b"\x83\0\0\0" + struct.pack("<HHH", 4, 4, 0)
    assert reply[14:] == struct.pack("<HHIHHHHHH", 5, 0, 88, 2, 0, 2, 1, 0, 0x0FCE)
    data = definition(connected, 0xFCE, 0, words * 4 - 21)[4:]
    assert data[:16] == struct.pack("<HHIHHI", 0, 0xC4, 0, 82, 0x20C2, 4)
    assert data[16:].startswith(b"ASCIISTRING82;n")
    assert data[16:].split(b"\0")[1:3] == [b"LEN", b"DATA"]


def test_bool_members_share_a_hidden_byte(connected: Wire, controller: VirtualController) -> None:
    number = controller.template_ids["Motor"]
    data = definition(connected, number, 0, 200)[4:]
    # Hours INT at 0; hidden SINT at 2 with On as bit 0 and Tripped as bit 1; Amps REAL at 4.
    assert data[:40] == struct.pack("<HHIHHIHHIHHIHHI", 0, 0xC3, 0, 0, 0xC2, 2, 0, 0xC1, 2, 1, 0xC1, 2, 0, 0xCA, 4)
    names = data[40:].split(b"\0")
    assert names[0].startswith(b"Motor;n")
    assert names[1] == b"Hours"
    assert names[2].startswith(b"ZZZZZZZZZZ")
    assert names[3:6] == [b"On", b"Tripped", b"Amps"]


def test_the_definition_size_leaves_what_clients_subtract(connected: Wire, controller: VirtualController) -> None:
    for name, number in controller.template_ids.items():
        words = struct.unpack_from("<I", attributes(connected, number, 4), 10)[0]
        data = definition(connected, number, 0, words * 4 - 23)
        assert data[2] == 0, name
        assert len(data) - 4 == words * 4 - 23
        structure = controller.structure_by_template(number)
        assert isinstance(structure, Structure)
        last = structure.members[-1].name.encode() + b"\0"
        assert last in data


def test_a_large_definition_is_read_in_pieces(wire: Wire, controller: VirtualController) -> None:
    wire.forward_open(large=False, size=100)
    number = controller.template_ids["Line"]
    collected = b""
    while True:
        reply = definition(wire, number, len(collected), 330)
        collected += reply[4:]
        if reply[2] == 0:
            break
        assert reply[2] == 6
        if len(collected) >= 330:
            break
    whole = controller.structure_by_template(number)
    assert whole is not None
    assert collected[: 12 * 8][:8] == struct.pack("<HHI", 0, 0xC4, 0)
    assert b"Line;n" in collected


def test_an_unknown_template_is_answered_with_05(connected: Wire) -> None:
    assert attributes(connected, 0x999, 1)[2] == 5


@pytest.mark.parametrize(
    ("members", "offsets", "size"),
    [
        ([("A", "SINT"), ("B", "DINT")], [0, 4], 8),
        ([("A", "BOOL"), ("B", "INT"), ("C", "BOOL")], [0, 0, 2, 4, 4], 8),
        ([(f"B{n}", "BOOL") for n in range(9)], [0] * 9 + [1, 1], 4),
        ([("A", "DINT"), ("B", "LINT"), ("C", "SINT")], [0, 8, 16], 24),
        ([("A", "SINT"), ("B", "SINT", 3), ("C", "SINT")], [0, 4, 7], 8),
        ([("A", "INT"), ("Flags", "BOOL", 40), ("C", "INT")], [0, 4, 12], 16),
        ([("A", "SINT"), ("S", "STRING"), ("B", "SINT")], [0, 4, 92], 96),
    ],
)
def test_members_lie_at_their_natural_places(members: list, offsets: list[int], size: int) -> None:
    laid = Structure.of("T", members)
    assert [member.offset for member in laid.members] == offsets
    assert laid.size == size


def test_the_handle_follows_the_layout() -> None:
    one = Structure.of("T", [("A", "DINT"), ("B", "DINT")])
    same = Structure.of("T", [("A", "DINT"), ("B", "DINT")])
    other = Structure.of("T", [("B", "DINT"), ("A", "DINT")])
    assert one.handle == same.handle != other.handle
    assert string_type().handle == 0x0FCE
