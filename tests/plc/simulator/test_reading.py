"""Read Tag and Read Tag Fragmented: types, values and errors as bytes."""

import struct

import pytest

from mes.plc.simulator.tags import VirtualController
from tests.plc.simulator.wire import Wire, read_tag, symbol


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Small", b"\xc2\x00\xf4"),
        ("Middle", b"\xc3\x00" + struct.pack("<h", -3003)),
        ("Count", b"\xc4\x00\xe9\x03\x00\x00"),
        ("Wide", b"\xc5\x00" + struct.pack("<q", 5 << 40)),
        ("Real", b"\xca\x00\x00\x00\x20\x40"),
        ("Double", b"\xcb\x00" + struct.pack("<d", 6.125)),
        ("Flag", b"\xc1\x00\xff"),
        ("NoFlag", b"\xc1\x00\x00"),
    ],
)
def test_every_atomic_type_comes_with_its_code(connected: Wire, name: str, answer: bytes) -> None:
    assert connected.connected(read_tag(name)) == b"\xcc\x00\x00\x00" + answer


def test_a_string_comes_with_the_handle_that_real_controllers_send(connected: Wire) -> None:
    # Start of the reply of a real controller (firmware 35) to a read of a STRING that holds "test".
    start = bytes.fromhex("CC 00 00 00 A0 02 CE 0F 04 00 00 00 74 65 73 74")
    reply = connected.connected(read_tag("test"))
    assert reply[:16] == start
    assert len(reply) == 4 + 4 + 88


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (("Line_1", "Good"), b"\xc4\x00\x6f\x00\x00\x00"),
        (("Line_1", "Scrap"), b"\xc4\x00\xde\x00\x00\x00"),
        (("Line_1", "Running"), b"\xc1\x00\xff"),
        (("Line_1", "Drive", "Tripped"), b"\xc1\x00\x00"),
        (("Line_1", "Drive", "Hours"), b"\xc3\x00" + struct.pack("<h", 901)),
        (("Line_1", "Drives", 1, "Hours"), b"\xc3\x00" + struct.pack("<h", 903)),
        (("Line_1", "Drives", 1, "Tripped"), b"\xc1\x00\xff"),
        (("Line_1", "Hourly", 3), b"\xc4\x00\x0e\x00\x00\x00"),
        (("Line_1", "Alarms", 0), b"\xd3\x00\x05\x00\x00\x00"),
        (("Line_1", "Alarms", 1), b"\xd3\x00\x00\x00\x00\x80"),
        (("Grid", 1, 2), b"\xc3\x00" + struct.pack("<h", 306)),
        (("Row", 200), b"\xc4\x00\xc8\x00\x00\x00"),
        (("Lines", 2, "Good"), b"\xc4\x00\x49\x00\x00\x00"),
        (("Program:Main", "Count"), b"\xc4\x00\x4d\x00\x00\x00"),
        (("Program:Main", "Line_P", "Good"), b"\xc4\x00\x4e\x00\x00\x00"),
        (("PROGRAM:MAIN", "COUNT"), b"\xc4\x00\x4d\x00\x00\x00"),
        (("line_1", "GOOD"), b"\xc4\x00\x6f\x00\x00\x00"),
    ],
)
def test_members_elements_and_program_tags_are_read_by_path(
    connected: Wire, path: tuple[str | int, ...], answer: bytes
) -> None:
    assert connected.connected(read_tag(*path)) == b"\xcc\x00\x00\x00" + answer


@pytest.mark.parametrize("width", [1, 2, 4])
def test_a_tag_is_read_by_its_instance_too(connected: Wire, controller: VirtualController, width: int) -> None:
    number = controller.scopes[""].tags["line_1" if width == 1 else "row"].instance_id
    form = {1: b"\x24", 2: b"\x25\x00", 4: b"\x26\x00"}[width]
    path = b"\x20\x6b" + form + number.to_bytes(width, "little")
    reply = connected.connected(b"\x4c" + bytes((len(path) // 2,)) + path + b"\x01\x00")
    assert reply[4:] == (
        connected.connected(read_tag("Line_1"))[4:] if width == 1 else b"\xc4\x00" + struct.pack("<i", 0)
    )


def test_several_elements_come_from_the_index_on(connected: Wire) -> None:
    reply = connected.connected(read_tag("Grid", 1, 3, count=3))
    assert reply[4:] == b"\xc3\x00" + struct.pack("<hhh", 307, 308, 309)


def test_a_large_array_is_read_in_fragments_without_gap_or_overlap(wire: Wire) -> None:
    wire.forward_open(large=False, size=502)
    collected, status = b"", 6
    while status == 6:
        request = b"\x52" + symbol("Row") + struct.pack("<HI", 2500, len(collected))
        reply = wire.connected(request)
        status = reply[2]
        assert reply[4:6] == b"\xc4\x00"
        assert status == 0 or len(reply) == 6 + 488
        collected += reply[6:]
    assert struct.unpack("<2500i", collected) == tuple(range(2500))


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (read_tag("Nothing"), b"\x04\x00"),
        (read_tag("Line_1", "Nothing"), b"\x04\x00"),
        (read_tag("Program:No", "Count"), b"\x04\x00"),
        (b"\x4c\x03\x20\x6b\x25\x00\xff\xef\x01\x00", b"\x05\x00"),
        (read_tag("Grid", 3, 0), b"\xff\x01\x05\x21"),
        (read_tag("Grid", count=13), b"\xff\x01\x05\x21"),
        (read_tag("Count", count=0), b"\xff\x01\x05\x21"),
        (read_tag("Secret"), b"\x0f\x00"),
        (b"\x4c" + symbol("Count"), b"\x13\x00"),
        (b"\x4c\x09\x91", b"\x13\x00"),
        (b"\x4c\x01\x99\x00\x01\x00", b"\x04\x00"),
        (b"\x77" + symbol("Count"), b"\x08\x00"),
        (b"\x0e\x03\x20\x99\x24\x01\x30\x01", b"\x05\x00"),
    ],
)
def test_a_bad_read_is_answered_with_its_status(connected: Wire, request_bytes: bytes, status: bytes) -> None:
    reply = connected.connected(request_bytes)
    assert reply[0] == request_bytes[0] | 0x80
    assert reply[2:] == status


def test_reads_work_without_a_connection_directly_and_through_a_route(wire: Wire) -> None:
    assert wire.unconnected(read_tag("Count"))[6:] == struct.pack("<i", 1001)
    assert wire.routed(read_tag("Count"))[6:] == struct.pack("<i", 1001)


def test_0x52_is_a_fragment_on_a_tag_and_a_route_on_the_connection_manager(wire: Wire) -> None:
    fragment = b"\x52" + symbol("Middle") + struct.pack("<HI", 1, 0)
    assert wire.unconnected(fragment) == b"\xd2\x00\x00\x00\xc3\x00" + struct.pack("<h", -3003)
    assert wire.routed(fragment) == b"\xd2\x00\x00\x00\xc3\x00" + struct.pack("<h", -3003)


def test_a_missing_tag_comes_back_when_the_fault_goes(connected: Wire, controller: VirtualController) -> None:
    assert connected.connected(read_tag("Count"))[2] == 0
    controller.faults.miss_tag("COUNT")
    assert connected.connected(read_tag("Count"))[2] == 4
    assert connected.connected(read_tag("Real"))[2] == 0
    controller.faults.clear()
    assert connected.connected(read_tag("Count"))[6:] == struct.pack("<i", 1001)
