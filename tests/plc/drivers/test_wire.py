"""Frames on a socket pair: only the whole reply to our own request comes through, everything else ends the wire."""

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from mes.plc.drivers.port import PlcTransportError
from mes.plc.drivers.wire import Wire

TO_ID = b"\x01\x02\x03\x04"
SESSION = 0x55


def unit_request(sequence: int) -> bytes:
    message = b"\x4c\x02\x91\x02Ab\x01\x00"
    body = struct.pack("<IHHHHIHHH", 0, 10, 2, 0xA1, 4, 0x99, 0xB1, len(message) + 2, sequence) + message
    return struct.pack("<HHII8sI", 0x70, len(body), SESSION, 0, b"context!", 0) + body


def unit_reply(
    sequence: int,
    data: bytes = b"\xcc\0\0\0\xc4\0\x05\0\0\0",
    to_id: bytes = TO_ID,
    status: int = 0,
    session: int = SESSION,
) -> bytes:
    body = struct.pack("<IHHHH4sHHH", 0, 0, 2, 0xA1, 4, to_id, 0xB1, len(data) + 2, sequence) + data
    return struct.pack("<HHII8sI", 0x70, len(body), session, status, bytes(8), 0) + body


def other_request(context: bytes) -> bytes:
    return struct.pack("<HHII8sI", 0x63, 0, 0, 0, context, 0)


Pair = tuple[Wire, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    wire = Wire(0.3)
    wire.adopt(ours)
    wire.to_id = TO_ID
    yield wire, theirs
    wire.close()
    theirs.close()


def test_a_reply_cut_into_single_bytes_is_put_together(pair: Pair) -> None:
    wire, peer = pair
    wire.send(unit_request(7))
    reply = unit_reply(7)
    threading.Thread(target=lambda: [peer.sendall(reply[i : i + 1]) for i in range(len(reply))]).start()
    assert wire.receive() == reply


def test_two_replies_in_one_segment_are_kept_apart(pair: Pair) -> None:
    wire, peer = pair
    first, second = unit_reply(1, b"\xcc\0\0\0\xc3\0\x01\0"), unit_reply(2, b"\xcc\0\0\0\xc3\0\x02\0")
    wire.send(unit_request(1))
    peer.sendall(first + second)
    assert wire.receive() == first
    wire.send(unit_request(2))
    assert wire.receive() == second


@pytest.mark.parametrize(
    "stranger",
    [unit_reply(6), unit_reply(7, to_id=b"else"), struct.pack("<HHII8sI", 0x63, 0, 0, 0, bytes(8), 0)],
    ids=["other sequence", "other connection", "other command"],
)
def test_a_reply_to_something_else_is_thrown_away_and_counted(pair: Pair, stranger: bytes) -> None:
    wire, peer = pair
    wire.send(unit_request(7))
    peer.sendall(stranger + unit_reply(7))
    assert wire.receive() == unit_reply(7)
    assert wire.discarded == 1


def test_a_reply_with_another_sender_context_is_thrown_away(pair: Pair) -> None:
    wire, peer = pair
    wire.send(other_request(b"mine 002"))
    peer.sendall(other_request(b"mine 001") + other_request(b"mine 002"))
    assert wire.receive() == other_request(b"mine 002")
    assert wire.discarded == 1


@pytest.mark.parametrize(
    "damaged",
    [
        unit_reply(7, status=0x64),
        unit_reply(7, session=SESSION + 1),
        unit_reply(7)[:42] + b"\x03\x00" + unit_reply(7)[44:],
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x70\x00\xff\xff" + bytes(20),
        struct.pack("<HHII8sI", 0x70, 0, SESSION, 3, bytes(8), 0),
    ],
    ids=[
        "encapsulation status",
        "other session",
        "lengths contradict",
        "not EtherNet/IP",
        "impossible length",
        "empty",
    ],
)
def test_a_damaged_reply_ends_the_wire_for_good(pair: Pair, damaged: bytes) -> None:
    wire, peer = pair
    wire.send(unit_request(7))
    peer.sendall(damaged)
    with pytest.raises(PlcTransportError):
        wire.receive()
    assert wire.dead
    with pytest.raises(PlcTransportError):
        wire.send(unit_request(8))


def test_after_a_time_out_the_late_reply_finds_nobody(pair: Pair) -> None:
    wire, peer = pair
    wire.send(unit_request(7))
    with pytest.raises(PlcTransportError, match="did not answer"):
        wire.receive()
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        peer.sendall(unit_reply(7))
    with pytest.raises(PlcTransportError):
        wire.receive()


def test_one_deadline_covers_a_reply_that_drips(pair: Pair) -> None:
    wire, peer = pair
    wire.send(unit_request(7))
    stop = threading.Event()

    def drip() -> None:
        reply = unit_reply(7)
        for at in range(len(reply)):
            if stop.wait(0.05):
                return
            try:
                peer.sendall(reply[at : at + 1])
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    with pytest.raises(PlcTransportError, match="did not answer"):
        wire.receive()
    took_s = time.monotonic() - began
    stop.set()
    thread.join()
    assert took_s < 2.0  # 56 bytes at 20 a second would be 2.8 s


def test_the_end_of_the_line_in_a_reply_is_an_error_at_once(pair: Pair) -> None:
    wire, peer = pair
    wire.timeout_s = 30.0
    wire.send(unit_request(7))
    peer.sendall(unit_reply(7)[:30])
    peer.shutdown(socket.SHUT_WR)
    with pytest.raises(PlcTransportError, match="middle of a reply"):
        wire.receive()


def test_a_reply_nobody_asked_for_is_an_error(pair: Pair) -> None:
    wire, peer = pair
    peer.sendall(unit_reply(7))
    with pytest.raises(PlcTransportError):
        wire.receive()
    assert wire.dead
