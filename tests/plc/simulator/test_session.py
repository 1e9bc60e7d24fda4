"""Sessions and packets of EtherNet/IP, byte by byte."""

import struct

from mes.plc.simulator.server import ControllerServer
from tests.plc.simulator.wire import Wire, read_tag


def test_a_session_is_registered_with_the_body_echoed_and_a_handle(server: ControllerServer) -> None:
    with Wire(server, register=False) as wire:
        wire.send(0x65, b"\x01\x00\x00\x00")
        raw = wire.receive()
    assert raw[:4] == b"\x65\x00\x04\x00"
    assert raw[4:8] != b"\0\0\0\0"
    assert raw[8:12] == b"\0\0\0\0"
    assert raw[12:20] == b"12345678"
    assert raw[24:] == b"\x01\x00\x00\x00"


def test_two_lines_get_two_handles(server: ControllerServer) -> None:
    with Wire(server) as one, Wire(server) as other:
        assert one.session != other.session


def test_an_unknown_command_is_answered_with_status_1(wire: Wire) -> None:
    assert wire.command(0x1234) == (1, b"")


def test_a_strange_session_is_answered_with_status_64(wire: Wire) -> None:
    wire.session += 1
    assert wire.command(0x6F, b"\0" * 16)[0] == 0x64
    assert wire.command(0x70, b"\0" * 20)[0] == 0x64


def test_a_malformed_packet_is_answered_with_status_3(wire: Wire) -> None:
    assert wire.command(0x6F, b"\0" * 7)[0] == 3


def test_list_identity_has_its_data_where_clients_look(server: ControllerServer) -> None:
    with Wire(server, register=False) as wire:
        wire.send(0x63, b"")
        raw = wire.receive()
    assert raw[24:28] == b"\x01\x00\x0c\x00"  # one item of type 0x0C
    assert struct.unpack_from("<H", raw, 28)[0] == len(raw) - 30
    assert struct.unpack_from(">HH4s", raw, 32) == (2, server.port, b"\x7f\0\0\1")
    assert raw[48:54] == b"\x01\x00\x0e\x00\xa6\x00"  # vendor 1, type 14, product 166
    assert raw[54:56] == bytes((33, 11))
    assert raw[56:58] == b"\x60\x31"
    assert raw[58:62] == struct.pack("<I", 0x00C0FFEE)
    assert raw[62:74] == b"\x0b1756-L83E/B"
    assert raw[74:] == b"\x03"


def test_list_services_names_communications(wire: Wire) -> None:
    status, body = wire.command(0x04)
    assert status == 0
    assert body[:6] == b"\x01\x00\x00\x01\x14\x00"
    assert body[10:24] == b"Communications"


def test_requests_back_to_back_and_in_pieces_are_all_answered(connected: Wire) -> None:
    packets = []
    for name in ("Count", "Real"):
        message = read_tag(name)
        connected.sequence += 1
        head = struct.pack("<IHHHHIHHH", 0, 0, 2, 0xA1, 4, connected.connection, 0xB1, len(message) + 2, 0)
        body = head[:-2] + struct.pack("<H", connected.sequence) + message
        packets.append(struct.pack("<HHII8sI", 0x70, len(body), connected.session, 0, b"", 0) + body)
    stream = b"".join(packets)
    for start in range(0, len(stream), 7):
        connected.socket.sendall(stream[start : start + 7])
    assert connected.receive()[50:] == b"\xc4\x00" + struct.pack("<i", 1001)
    assert connected.receive()[50:] == b"\xca\x00" + struct.pack("<f", 2.5)


def test_unregistering_closes_the_line_without_an_answer(wire: Wire) -> None:
    wire.send(0x66, b"")
    assert wire.socket.recv(1) == b""
