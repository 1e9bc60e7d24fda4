"""Multiple Service Packet: offsets, inner statuses and the size of the whole reply."""

import struct

from tests.plc.simulator.wire import Wire, read_tag, symbol


def packet(*requests: bytes) -> bytes:
    at, offsets = 2 + 2 * len(requests), []
    for request in requests:
        offsets.append(at)
        at += len(request)
    head = struct.pack(f"<H{len(requests)}H", len(requests), *offsets)
    return b"\x0a\x02\x20\x02\x24\x01" + head + b"".join(requests)


def replies(reply: bytes) -> list[bytes]:
    count = struct.unpack_from("<H", reply, 4)[0]
    offsets = struct.unpack_from(f"<{count}H", reply, 6)
    ends = [*offsets[1:], len(reply) - 4]
    return [reply[4 + start : 4 + end] for start, end in zip(offsets, ends, strict=True)]


def test_each_request_gets_its_own_answer_in_order(connected: Wire) -> None:
    reply = connected.connected(packet(read_tag("Count"), read_tag("Flag"), read_tag("Program:Main", "Count")))
    assert reply[:4] == b"\x8a\0\0\0"
    assert replies(reply) == [
        b"\xcc\0\0\0\xc4\x00\xe9\x03\x00\x00",
        b"\xcc\0\0\0\xc1\x00\xff",
        b"\xcc\0\0\0\xc4\x00\x4d\x00\x00\x00",
    ]


def test_one_bad_request_marks_the_packet_and_leaves_the_others_good(connected: Wire) -> None:
    reply = connected.connected(packet(read_tag("Nothing"), read_tag("Count"), read_tag("Grid", 9)))
    assert reply[2] == 0x1E
    assert replies(reply) == [b"\xcc\0\x04\0", b"\xcc\0\0\0\xc4\x00\xe9\x03\x00\x00", b"\xcc\0\xff\x01\x05\x21"]


def test_what_does_not_fit_is_answered_with_11_and_the_rest_still_comes(wire: Wire) -> None:
    wire.forward_open(large=False, size=500)
    reply = wire.connected(packet(read_tag("Count"), read_tag("Row", count=200), read_tag("Middle")))
    assert reply[2] == 0x1E
    assert len(reply) <= 498
    inner = replies(reply)
    assert inner[0][4:] == b"\xc4\x00\xe9\x03\x00\x00"
    assert inner[1] == b"\xcc\0\x11\0"
    assert inner[2][4:] == b"\xc3\x00" + struct.pack("<h", -3003)


def test_an_inner_fragment_takes_the_room_that_is_left(wire: Wire) -> None:
    wire.forward_open(large=False, size=500)
    fragment = b"\x52" + symbol("Row") + struct.pack("<HI", 2500, 400)
    inner = replies(wire.connected(packet(read_tag("Count"), fragment)))
    assert inner[0][2] == 0
    assert inner[1][2] == 6
    assert inner[1][6:14] == struct.pack("<ii", 100, 101)


def test_many_small_requests_never_overflow_the_reply(wire: Wire) -> None:
    wire.forward_open(large=False, size=200)
    reply = wire.connected(packet(*[read_tag("Wide")] * 20))
    assert len(reply) <= 198
    statuses = [inner[2] for inner in replies(reply)]
    assert statuses[0] == 0
    assert statuses[-1] == 0x11
    assert len(statuses) == 20


def test_a_broken_packet_is_answered_with_13(connected: Wire) -> None:
    assert connected.connected(b"\x0a\x02\x20\x02\x24\x01\x05\x00")[2] == 0x13
