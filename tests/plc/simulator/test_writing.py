"""Write Tag, Write Tag Fragmented and Read-Modify-Write."""

import struct

import pytest

from mes.plc.simulator.tags import VirtualController
from tests.plc.simulator.wire import Wire, read_tag, symbol


def write(path: tuple[str | int, ...], kind: bytes, count: int, data: bytes) -> bytes:
    return b"\x4d" + symbol(*path) + kind + struct.pack("<H", count) + data


def test_a_number_is_written(connected: Wire, controller: VirtualController) -> None:
    assert connected.connected(write(("Count",), b"\xc4\x00", 1, struct.pack("<i", -5))) == b"\xcd\0\0\0"
    assert controller["Count"] == -5


def test_the_request_that_is_there_twice_writes_once(connected: Wire, controller: VirtualController) -> None:
    """pycomm3's single write carries the whole service a second time behind the data."""
    once = write(("Count",), b"\xc4\x00", 1, b"\x44\x33\x22\x11")
    assert connected.connected(once + b"\x01\x00" + once) == b"\xcd\0\0\0"
    assert controller["Count"] == 0x11223344


def test_a_bool_member_is_written_without_its_neighbours(connected: Wire, controller: VirtualController) -> None:
    assert connected.connected(write(("Line_1", "Drive", "Tripped"), b"\xc1\x00", 1, b"\xff"))[2] == 0
    assert controller["Line_1.Drive"] == {"Hours": 901, "On": True, "Tripped": True, "Amps": 4.25}
    assert connected.connected(write(("Line_1", "Drive", "On"), b"\xc1\x00", 1, b"\x00"))[2] == 0
    assert controller["Line_1.Drive"] == {"Hours": 901, "On": False, "Tripped": True, "Amps": 4.25}


def test_a_string_is_written_as_a_structure(connected: Wire, controller: VirtualController) -> None:
    data = struct.pack("<I", 3) + b"abc".ljust(84, b"\0")
    assert connected.connected(write(("test",), b"\xa0\x02\xce\x0f", 1, data))[2] == 0
    assert controller["test"] == "abc"


def test_array_elements_are_written_from_the_index_on(connected: Wire, controller: VirtualController) -> None:
    assert connected.connected(write(("Grid", 2, 2), b"\xc3\x00", 2, struct.pack("<hh", 77, 78)))[2] == 0
    assert controller["Grid"] == [*range(300, 310), 77, 78]


def test_a_large_array_is_written_in_fragments(connected: Wire, controller: VirtualController) -> None:
    raw = struct.pack("<2500i", *range(5000, 7500))
    for start in range(0, len(raw), 2000):
        head = b"\x53" + symbol("Row") + b"\xc4\x00" + struct.pack("<HI", 2500, start)
        assert connected.connected(head + raw[start : start + 2000])[2] == 0
    assert controller["Row"] == list(range(5000, 7500))


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (write(("Count",), b"\xca\x00", 1, b"\0\0\0\0"), b"\xff\x01\x07\x21"),
        (write(("test",), b"\xa0\x02\xcf\x0f", 1, b"\0" * 88), b"\xff\x01\x07\x21"),
        (write(("Count",), b"\xc4\x00", 2, b"\0" * 8), b"\xff\x01\x05\x21"),
        (write(("Grid", 2, 3), b"\xc3\x00", 2, b"\0" * 4), b"\xff\x01\x05\x21"),
        (write(("Count",), b"\xc4\x00", 1, b"\0\0"), b"\x13\x00"),
        (write(("Fixed",), b"\xc4\x00", 1, b"\0\0\0\0"), b"\x0f\x00"),
        (write(("Secret",), b"\xc4\x00", 1, b"\0\0\0\0"), b"\x0f\x00"),
    ],
)
def test_a_bad_write_changes_nothing(
    connected: Wire, controller: VirtualController, request_bytes: bytes, status: bytes
) -> None:
    before = {name: bytes(tag.data) for name, tag in controller.scopes[""].tags.items()}
    assert connected.connected(request_bytes)[2:] == status
    assert {name: bytes(tag.data) for name, tag in controller.scopes[""].tags.items()} == before


def test_read_modify_write_sets_and_clears_single_bits(connected: Wire, controller: VirtualController) -> None:
    controller["Count"] = 0b1010
    masks = struct.pack("<HI", 4, 0b0101) + struct.pack("<Q", 0xFFFF_FFFF_FFFF_FFF7)  # 8 AND bytes, as pycomm3 sends
    assert connected.connected(b"\x4e" + symbol("Count") + masks) == b"\xce\0\0\0"
    assert controller["Count"] == 0b0111


def test_a_bit_of_a_bool_array_is_set_in_its_word(connected: Wire, controller: VirtualController) -> None:
    before = controller["Bits"]
    masks = struct.pack("<HI", 4, 1 << 8) + b"\xff" * 4
    assert connected.connected(b"\x4e" + symbol("Bits", 1) + masks)[2] == 0
    assert controller["Bits"] == [*before[:40], True, *before[41:]]


def test_a_read_only_tag_can_be_read(connected: Wire) -> None:
    assert connected.connected(read_tag("Fixed"))[6:] == struct.pack("<i", 55)
