"""Faults on the wire: each is switched while the controller serves, strikes as often as said, and goes again."""

import socket
import struct
import time

import pytest

from mes.plc.simulator.faults import REPLY_FAULTS
from mes.plc.simulator.server import ControllerServer, SimulatorHost
from mes.plc.simulator.tags import TagSpec, VirtualController
from tests.plc.simulator.wire import Wire, read_tag

GOOD = b"\xcc\0\0\0\xc4\x00\xe9\x03\x00\x00"


def test_a_refused_session_has_a_status_and_no_handle(server: ControllerServer, controller: VirtualController) -> None:
    controller.faults.refuse_session(times=1)
    with Wire(server, register=False) as wire:
        status, _ = wire.command(0x65, b"\x01\x00\x00\x00")
        assert (status, wire.session) == (1, 0)
        status, _ = wire.command(0x65, b"\x01\x00\x00\x00")
        assert status == 0
        assert wire.session


def test_a_silent_controller_answers_again_after_its_count(connected: Wire, controller: VirtualController) -> None:
    controller.faults.on_reply("silent", times=1)
    connected.send(0x6F, struct.pack("<IHHHHHH", 0, 5, 2, 0, 0, 0xB2, 6) + b"\x01\x02\x20\x01\x24\x01")
    assert connected.connected(read_tag("Count")) == GOOD  # the first request got nothing, the second its answer


def test_a_hung_controller_accepts_and_says_nothing_at_all(
    server: ControllerServer, controller: VirtualController
) -> None:
    controller.faults.on_reply("silent", times=None, every_command=True)
    with Wire(server, register=False) as wire:
        wire.socket.settimeout(0.2)
        wire.send(0x65, b"\x01\x00\x00\x00")
        with pytest.raises(TimeoutError):
            wire.receive()
        controller.faults.clear()
        wire.socket.settimeout(5)
        assert wire.command(0x65, b"\x01\x00\x00\x00")[0] == 0


def test_a_late_answer_comes_after_the_delay_and_the_next_ones_keep_their_order(
    connected: Wire, controller: VirtualController
) -> None:
    controller.faults.delay(0.3, times=1)
    started = time.monotonic()
    for name, sequence in (("Count", 51), ("Real", 52)):
        message = read_tag(name)
        body = struct.pack("<IHHHHIHHH", 0, 0, 2, 0xA1, 4, connected.connection, 0xB1, len(message) + 2, sequence)
        connected.send(0x70, body + message)
    first, second = connected.receive(), connected.receive()
    assert time.monotonic() - started >= 0.3
    assert (first[44:46], second[44:46]) == (b"\x33\x00", b"\x34\x00")
    assert first[46:] == GOOD


def test_a_reset_line_ends_with_rst(connected: Wire, controller: VirtualController) -> None:
    controller.faults.on_reply("reset")
    with pytest.raises(ConnectionResetError):
        connected.connected(read_tag("Count"))


def test_half_a_reply_is_followed_by_the_end_of_the_line(connected: Wire, controller: VirtualController) -> None:
    whole = len(connected.connected_packet(read_tag("Count")))
    controller.faults.on_reply("half_reply")
    message = read_tag("Count")
    body = struct.pack("<IHHHHIHHH", 0, 0, 2, 0xA1, 4, connected.connection, 0xB1, len(message) + 2, 99)
    connected.send(0x70, body + message)
    got = b""
    while piece := connected.socket.recv(1000):
        got += piece
    assert len(got) == whole // 2


def test_garbage_is_no_packet(connected: Wire, controller: VirtualController) -> None:
    controller.faults.on_reply("garbage")
    connected.send(0x63, b"")
    assert connected.receive()[:1] == b"\x63"  # identity is no data command and stays whole
    connected.send(0x6F, b"\0" * 16)
    assert connected.exactly(6) == b"\xa5\x5a\xde\xad\xbe\xef"


def test_a_wrong_length_promises_more_than_comes(connected: Wire, controller: VirtualController) -> None:
    controller.faults.on_reply("wrong_length")
    connected.send(0x6F, struct.pack("<IHHHHHH", 0, 5, 2, 0, 0, 0xB2, 6) + b"\x01\x02\x20\x01\x24\x01")
    head = connected.exactly(24)
    connected.socket.settimeout(0.2)
    promised = struct.unpack_from("<H", head, 2)[0]
    with pytest.raises(TimeoutError):
        connected.exactly(promised)
    connected.socket.settimeout(5)
    assert connected.connected(read_tag("Count")) == GOOD


def test_an_encapsulation_status_comes_without_data(connected: Wire, controller: VirtualController) -> None:
    controller.faults.on_reply("encapsulation_status", times=2)
    for _ in range(2):
        raw = connected.connected_packet(read_tag("Count"))
        assert raw[2:4] == b"\0\0"
        assert raw[8:12] == b"\x03\0\0\0"
    assert connected.connected(read_tag("Count")) == GOOD


def test_a_duplicate_comes_twice(connected: Wire, controller: VirtualController) -> None:
    controller.faults.on_reply("duplicate")
    first = connected.connected_packet(read_tag("Count"))
    assert connected.receive() == first


def test_a_fault_can_let_some_replies_pass(connected: Wire, controller: VirtualController) -> None:
    controller.faults.on_reply("encapsulation_status", times=1, skip=2)
    statuses = [connected.connected_packet(read_tag("Count"))[8] for _ in range(4)]
    assert statuses == [0, 0, 3, 0]


def test_an_unknown_reply_fault_is_named_with_those_there_are(controller: VirtualController) -> None:
    with pytest.raises(ValueError, match="no reply fault 'odd'") as refused:
        controller.faults.on_reply("odd")
    assert all(name in str(refused.value) for name in REPLY_FAULTS)


def test_a_closed_port_refuses_and_comes_back_as_the_same(server: ControllerServer) -> None:
    with Wire(server) as wire:
        server.close_port()
        with pytest.raises(OSError, match=r"reset|closed"):
            wire.receive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), 2)
    server.open_port()
    with Wire(server) as wire:
        assert wire.unconnected(read_tag("Count")) == GOOD


def test_a_black_hole_neither_refuses_nor_accepts(server: ControllerServer) -> None:
    server.black_hole()
    with pytest.raises(TimeoutError):
        socket.create_connection((server.host, server.port), 0.3)
    server.open_port()
    with Wire(server) as wire:
        assert wire.unconnected(read_tag("Count")) == GOOD


def test_all_lines_can_be_reset_while_the_port_stays(connected: Wire, server: ControllerServer) -> None:
    assert server.reset_lines() == 1
    with pytest.raises(OSError, match=r"reset|closed"):
        connected.receive()
    with Wire(server) as wire:
        assert wire.unconnected(read_tag("Count")) == GOOD


def test_one_host_serves_many_controllers_each_with_its_own_values_and_faults() -> None:
    with SimulatorHost() as host:
        made = [VirtualController(tags=[TagSpec("Own", "DINT", (), 5000 + n)]) for n in range(25)]
        servers = [ControllerServer(controller, on=host).start() for controller in made]
        made[3].faults.on_reply("encapsulation_status", times=None)
        for n, server in enumerate(servers):
            with Wire(server) as wire:
                if n == 3:
                    continue
                assert wire.unconnected(read_tag("Own"))[6:] == struct.pack("<i", 5000 + n)
        servers[7].stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((servers[7].host, servers[7].port), 2)
        with Wire(servers[8]) as wire:
            assert wire.unconnected(read_tag("Own"))[6:] == struct.pack("<i", 5008)


def test_a_server_asked_for_its_host_before_the_start_says_so() -> None:
    with pytest.raises(RuntimeError, match="call start"):
        _ = ControllerServer(VirtualController()).counts
