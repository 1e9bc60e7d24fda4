"""Forward Open large and small, Forward Close, and what a connection does with sequences and strange ids."""

import struct

import pytest

from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import VirtualController
from tests.plc.simulator.wire import Wire, read_tag

CLOSE = b"\x4e\x02\x20\x06\x24\x01"


def close_request(serial: int = 0x1234, originator: int = 9) -> bytes:
    return CLOSE + struct.pack("<BBHHI", 10, 5, serial, 0x1009, originator) + b"\x03\x00\x01\x00\x20\x02\x24\x01"


@pytest.mark.parametrize(("large", "service"), [(True, 0xDB), (False, 0xD4)])
def test_forward_open_answers_our_id_their_id_the_triad_and_the_rates(wire: Wire, large: bool, service: int) -> None:
    reply = wire.forward_open(large=large, size=4000 if large else 500)
    assert reply[:4] == bytes((service, 0, 0, 0))
    ours, theirs, serial, vendor, originator, rate_in, rate_out, zero = struct.unpack("<IIHHIIIH", reply[4:])
    assert ours not in (0, 0x11223344)
    assert (theirs, serial, vendor, originator) == (0x11223344, 0x1234, 0x1009, 9)
    assert (rate_in, rate_out, zero) == (2113537, 2113537, 0)


def test_connected_answers_carry_their_id_the_sequence_and_no_context(connected: Wire) -> None:
    raw = connected.connected_packet(read_tag("Count"), sequence=0x4321)
    assert raw[12:20] == b"\0" * 8
    assert raw[30:36] == b"\x02\x00\xa1\x00\x04\x00"
    assert raw[36:40] == b"\x44\x33\x22\x11"
    assert raw[40:42] == b"\xb1\x00"
    assert raw[44:46] == b"\x21\x43"
    assert raw[46:50] == b"\xcc\x00\x00\x00"
    assert raw[50:] == b"\xc4\x00\xe9\x03\x00\x00"


def test_the_same_sequence_again_gets_the_first_answer_again(connected: Wire, controller: VirtualController) -> None:
    first = connected.connected_packet(read_tag("Count"), sequence=7)
    controller["Count"] = 2002
    assert connected.connected_packet(read_tag("Count"), sequence=7) == first
    assert connected.connected_packet(read_tag("Count"), sequence=8)[52:] == struct.pack("<i", 2002)


def test_a_message_on_a_strange_connection_is_not_answered(connected: Wire, server: ControllerServer) -> None:
    message = read_tag("Count")
    body = struct.pack("<IHHHHIHHH", 0, 0, 2, 0xA1, 4, 0xDEAD, 0xB1, len(message) + 2, 1)
    connected.send(0x70, body + message)
    answer = connected.connected_packet(read_tag("Real"), sequence=2)
    assert answer[44:46] == b"\x02\x00"  # the first thing that comes belongs to the second request
    assert server.counts["unknown connection"] == 1


def test_forward_close_frees_the_connection_by_its_triad(connected: Wire, server: ControllerServer) -> None:
    assert server.open_connections == 1
    assert connected.unconnected(close_request()) == b"\xce\0\0\0" + struct.pack("<HHIBB", 0x1234, 0x1009, 9, 0, 0)
    assert server.open_connections == 0


def test_closing_what_is_not_open_is_refused_with_0107(connected: Wire) -> None:
    reply = connected.unconnected(close_request(serial=0x9999))
    assert reply[:6] == b"\xce\x00\x01\x01\x07\x01"


def test_opening_the_same_triad_twice_is_refused_with_0100(connected: Wire) -> None:
    assert connected.forward_open()[:6] == b"\xdb\x00\x01\x01\x00\x01"


def test_out_of_connections_is_refused_so_many_times(wire: Wire, controller: VirtualController) -> None:
    controller.faults.refuse_forward_open(times=2)
    for large in (True, False):
        reply = wire.forward_open(large=large)
        assert reply[2:6] == b"\x01\x01\x13\x01"
        assert reply[6:14] == struct.pack("<HHI", 0x1234, 0x1009, 9)
    assert wire.forward_open(large=False, size=500)[2] == 0


def test_a_controller_without_large_connections_says_so(wire: Wire, controller: VirtualController) -> None:
    controller.faults.refuse_large_forward_open()
    assert wire.forward_open(large=True)[:4] == b"\xdb\x00\x08\x00"
    assert wire.forward_open(large=False, size=500)[2] == 0


def test_connections_are_limited_over_all_lines(server: ControllerServer, controller: VirtualController) -> None:
    controller.faults.limit_connections(1)
    with Wire(server) as one, Wire(server) as other:
        assert one.forward_open(serial=1)[2] == 0
        assert other.forward_open(serial=2)[2:6] == b"\x01\x01\x13\x01"
        one.unconnected(close_request(serial=1))
        assert other.forward_open(serial=2)[2] == 0


@pytest.mark.parametrize(("keep", "left"), [(False, 0), (True, 1)])
def test_a_broken_line_frees_its_connection_unless_orphans_are_kept(
    server: ControllerServer, controller: VirtualController, keep: bool, left: int
) -> None:
    controller.faults.limit_connections(5, keep_orphans=keep)
    with Wire(server) as wire:
        wire.forward_open()
        wire.send(0x66, b"")
        assert wire.socket.recv(1) == b""
    assert server.settled() == 0
    assert server.open_connections == left


def test_replies_never_exceed_the_connection_size_less_the_sequence(wire: Wire) -> None:
    wire.forward_open(large=False, size=502)
    reply = wire.connected(read_tag("Row", count=2500))
    assert reply[:4] == b"\xcc\x00\x06\x00"
    assert len(reply) - 6 == 488  # 500 bytes less header 4 and type 2 are 494; the multiple of 8 below is 488
    assert reply[6:14] == struct.pack("<ii", 0, 1)
