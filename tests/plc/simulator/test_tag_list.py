"""The symbol list: service 0x55 with paging, scopes, and attributes in the order asked."""

import struct
from itertools import pairwise

import pytest

from mes.plc.simulator.tags import TagSpec, VirtualController
from tests.plc.simulator.wire import Wire


def list_request(start: int, attributes: tuple[int, ...], program: str = "") -> bytes:
    path = b""
    if program:
        raw = program.encode()
        path = bytes((0x91, len(raw))) + raw + b"\0" * (len(raw) % 2)
    if start <= 0xFF:
        path += b"\x20\x6b\x24" + bytes((start,))
    elif start <= 0xFFFF:
        path += b"\x20\x6b\x25\x00" + struct.pack("<H", start)
    else:
        path += b"\x20\x6b\x26\x00" + struct.pack("<I", start)
    asked = struct.pack(f"<H{len(attributes)}H", len(attributes), *attributes)
    return b"\x55" + bytes((len(path) // 2,)) + path + asked


def page(reply: bytes) -> list[tuple[int, str, int]]:
    """(instance, name, type) of a page asked with attributes 1 and 2."""
    rows, at = [], 4
    while at < len(reply):
        number, length = struct.unpack_from("<IH", reply, at)
        name = reply[at + 6 : at + 6 + length].decode()
        rows.append((number, name, struct.unpack_from("<H", reply, at + 6 + length)[0]))
        at += 8 + length
    return rows


def test_types_are_words_with_structure_dimension_and_code(connected: Wire) -> None:
    reply = connected.connected(list_request(0, (1, 2)))
    assert reply[:4] == b"\xd5\x00\x00\x00"
    types = {name: word for _, name, word in page(reply)}
    assert types["Small"] == 0x00C2
    assert types["Count"] == 0x00C4
    assert types["Flag"] == 0x00C1
    assert types["Row"] == 0x20C4
    assert types["Grid"] == 0x40C3
    assert types["Bits"] == 0x20D3  # BOOL arrays are DWORD arrays
    assert types["test"] == 0x8FCE
    assert types["Line_1"] & 0xF000 == 0x8000
    assert types["Lines"] == types["Line_1"] | 0x2000
    assert types["Program:Main"] == 0x1068


def test_the_list_holds_things_that_are_no_tags(connected: Wire) -> None:
    names = [name for _, name, _ in page(connected.connected(list_request(0, (1, 2))))]
    for prefix in ("Program:", "Task:", "Map:", "__"):
        assert any(name.startswith(prefix) for name in names)


def test_instances_ascend_with_gaps_and_pass_255(connected: Wire) -> None:
    numbers = [number for number, _, _ in page(connected.connected(list_request(0, (1, 2))))]
    assert numbers == sorted(set(numbers))
    assert numbers[0] <= 255 < numbers[-1] <= 65535
    assert any(b - a > 1 for a, b in pairwise(numbers))


def test_attributes_come_in_the_order_asked(connected: Wire, controller: VirtualController) -> None:
    grid = controller.scopes[""].tags["grid"].instance_id
    reply = connected.connected(list_request(grid, (2, 7, 8, 1)))
    head = struct.pack("<IHHIIIH", grid, 0x40C3, 2, 3, 4, 0, 4) + b"Grid"
    assert reply[4 : 4 + len(head)] == head


def test_bool_arrays_have_their_words_as_dimension(connected: Wire, controller: VirtualController) -> None:
    bits = controller.scopes[""].tags["bits"].instance_id
    assert connected.connected(list_request(bits, (8,)))[4:20] == struct.pack("<IIII", bits, 3, 0, 0)


@pytest.mark.parametrize(("name", "access"), [("count", 0), ("fixed", 2), ("secret", 3)])
def test_external_access_is_attribute_10(
    connected: Wire, controller: VirtualController, name: str, access: int
) -> None:
    number = controller.scopes[""].tags[name].instance_id
    reply = connected.connected(list_request(number, (6, 10)))
    assert reply[4:13] == struct.pack("<IIB", number, 1 << 26, access)


def test_program_tags_are_listed_in_their_scope_alone(connected: Wire) -> None:
    rows = page(connected.connected(list_request(0, (1, 2), "Program:Main")))
    assert [(name, word & 0xF000) for _, name, word in rows] == [("Count", 0), ("Line_P", 0x8000)]
    assert connected.connected(list_request(0, (1, 2), "Program:Nope"))[2] == 4


def test_pages_follow_each_other_without_loss(wire: Wire, controller: VirtualController) -> None:
    for number in range(120):
        controller.add_tag(TagSpec(f"Extra_tag_with_a_long_name_{number}", "DINT"))
    wire.forward_open(large=False, size=500)
    names, start, status, pages = [], 0, 6, 0
    while status == 6:
        reply = wire.connected(list_request(start, (1, 2)))
        assert len(reply) <= 498
        status, pages = reply[2], pages + 1
        names += [name for _, name, _ in page(reply)]
        start = page(reply)[-1][0] + 1
    assert pages > 8
    assert names.count("Extra_tag_with_a_long_name_119") == 1
    assert len(names) == len(set(names)) == 16 + 120 + 4


def test_wide_ids_pass_65535() -> None:
    specs = [TagSpec(f"T{n}", "DINT") for n in range(10)]
    controller = VirtualController(tags=specs, wide_ids=True)
    assert controller.scopes[""].tags["t9"].instance_id > 65535


def test_a_bad_attribute_is_answered_with_14(connected: Wire) -> None:
    assert connected.connected(list_request(0, (1, 99)))[2:] == b"\x14\x00"
