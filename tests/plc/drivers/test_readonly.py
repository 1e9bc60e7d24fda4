"""Nothing that could change a controller leaves: every frame of every client is looked through before it is sent."""

import struct

import pycomm3
import pytest

from mes.plc.drivers.pycomm3_link import LogixLink, make_link
from mes.plc.drivers.readonly import WriteRefused, refuse_unless_read
from mes.plc.drivers.wire import Wire
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import VirtualController

TAG = b"\x03\x91\x04Good"


def connected(message: bytes) -> bytes:
    return struct.pack("<HH", 0x70, 22 + len(message)) + bytes(42) + message


def unconnected(message: bytes) -> bytes:
    return struct.pack("<HH", 0x6F, 16 + len(message)) + bytes(36) + message


def multiple(*messages: bytes) -> bytes:
    at, offsets = 2 + 2 * len(messages), b""
    for message in messages:
        offsets += struct.pack("<H", at)
        at += len(message)
    return b"\x0a\x02\x20\x02\x24\x01" + struct.pack("<H", len(messages)) + offsets + b"".join(messages)


def wrapped(message: bytes) -> bytes:
    return b"\x52\x02\x20\x06\x24\x01\x0a\x05" + struct.pack("<H", len(message)) + message


def pccc(command: int, function: int) -> bytes:
    return b"\x4b\x02\x20\x67\x24\x01\x07" + bytes(6) + bytes((command, 0, 1, 0, function, 2, 7, 0x89, 0, 0))


READ = b"\x4c" + TAG + b"\x01\x00"
WRITE = b"\x4d" + TAG + b"\xc4\x00\x01\x00\x05\x00\x00\x00"
READ_MODIFY_WRITE = b"\x4e" + TAG + b"\x04\x00" + bytes(8)


@pytest.mark.parametrize(
    "frame",
    [
        connected(READ),
        connected(b"\x52" + TAG + b"\x01\x00\x00\x00\x00\x00"),
        connected(b"\x55\x02\x20\x6b\x24\x00\x01\x00\x01\x00"),
        connected(multiple(READ, READ)),
        connected(pccc(0x0F, 0xA2)),
        connected(pccc(0x06, 0x03)),
        unconnected(wrapped(b"\x01\x02\x20\x01\x24\x01")),
        unconnected(b"\x54\x02\x20\x06\x24\x01" + bytes(40)),
        unconnected(b"\x4e\x02\x20\x06\x24\x01" + bytes(12)),
        struct.pack("<HH", 0x65, 4) + bytes(24),
    ],
)
def test_reads_and_session_handling_may_leave(frame: bytes) -> None:
    refuse_unless_read(frame)


@pytest.mark.parametrize(
    "frame",
    [
        connected(WRITE),
        connected(READ_MODIFY_WRITE),
        connected(b"\x53" + TAG + bytes(16)),
        connected(b"\x10\x02\x20\x01\x24\x01"),
        connected(b"\x04\x02\x20\x8b\x24\x01" + bytes(14)),
        connected(b"\x05\x02\x20\x01\x24\x01"),
        connected(multiple(READ, WRITE)),
        connected(multiple(READ_MODIFY_WRITE)),
        connected(multiple(multiple(WRITE))),
        connected(multiple()),
        connected(pccc(0x0F, 0xAA)),
        connected(pccc(0x0F, 0xAB)),
        connected(pccc(0x06, 0x02)),
        unconnected(wrapped(WRITE)),
        unconnected(WRITE),
        unconnected(READ_MODIFY_WRITE),
        unconnected(wrapped(wrapped(WRITE))),
        connected(b"\x4b\x02\x20\x68\x24\x01" + bytes(20)),
        connected(b""),
        struct.pack("<HH", 0x6F, 0) + bytes(20),
        struct.pack("<HH", 0x99, 0) + bytes(20),
        b"",
    ],
)
def test_everything_else_is_refused_before_a_byte_is_sent(frame: bytes) -> None:
    with pytest.raises(WriteRefused):
        refuse_unless_read(frame)


def test_none_of_pycomm3s_ways_to_write_gets_through(server: ControllerServer, controller: VirtualController) -> None:
    link = make_link(LogixLink, server.path, Wire(1.0))
    link._init_args["init_tags"] = True
    assert link.open()
    with pytest.raises(WriteRefused):
        link.write("Good", 5)
    with pytest.raises(WriteRefused):
        link.write(("Good", 5), ("Scrap", 6))
    with pytest.raises(WriteRefused):
        link.set_plc_time(0)
    with pytest.raises(WriteRefused):
        link.generic_message(
            service=0x4D, class_code=0x6B, instance=1, request_data=b"\xc4\x00\x01\x00\x05\x00\x00\x00"
        )
    with pytest.raises(WriteRefused):
        pycomm3.LogixDriver.write.__wrapped__(link, "Good", 5)  # type: ignore[attr-defined]
    with pytest.raises(WriteRefused):
        pycomm3.LogixDriver.write.__wrapped__(link, ("Good", 5), ("Scrap", 6))  # type: ignore[attr-defined]
    assert (controller["Good"], controller["Scrap"]) == (11, 22)
    assert link.read("Good").value == 11
    link.close()
