"""Identity, project name, wall clock and the program-change object."""

import struct

import pytest

from mes.plc.simulator.program_changes import change_signature, new_serial, shift_clock, turn_keyswitch
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import VirtualController
from tests.plc.simulator.wire import Wire


def test_identity_all_attributes(wire: Wire) -> None:
    expected = struct.pack("<HHHBB2sI", 1, 14, 166, 33, 11, b"\x60\x31", 0x00C0FFEE) + b"\x0b1756-L83E/B"
    assert wire.routed(b"\x01\x02\x20\x01\x24\x01") == b"\x81\0\0\0" + expected


def test_single_attributes(wire: Wire) -> None:
    assert wire.routed(b"\x0e\x03\x20\x01\x24\x01\x30\x06") == b"\x8e\0\0\0" + struct.pack("<I", 0x00C0FFEE)
    assert wire.routed(b"\x0e\x03\x20\x01\x24\x01\x30\x63")[2:] == b"\x14\x00"


@pytest.mark.parametrize(
    ("position", "status", "running"),
    [
        ("REMOTE RUN", b"\x60\x31", True),
        ("RUN", b"\x60\x10", True),
        ("PROG", b"\x70\x20", False),
        ("REMOTE PROG", b"\x70\x31", False),
    ],
)
def test_the_keyswitch_shows_in_the_status(
    wire: Wire, controller: VirtualController, position: str, status: bytes, running: bool
) -> None:
    turn_keyswitch(controller, position)
    assert wire.routed(b"\x0e\x03\x20\x01\x24\x01\x30\x05")[4:] == status
    assert controller.running is running


def test_an_unknown_keyswitch_position_is_refused(controller: VirtualController) -> None:
    with pytest.raises(ValueError, match="no keyswitch position 'OFF'"):
        turn_keyswitch(controller, "OFF")


def test_another_processor_has_another_serial(wire: Wire, controller: VirtualController) -> None:
    new_serial(controller, 0xABCD)
    assert wire.routed(b"\x0e\x03\x20\x01\x24\x01\x30\x06")[4:] == struct.pack("<I", 0xABCD)


def test_the_project_name(connected: Wire) -> None:
    assert connected.connected(b"\x01\x02\x20\x64\x24\x01") == b"\x81\0\0\0\x0e\0Millwright_Sim"


def test_the_wall_clock_tells_microseconds_with_its_offset() -> None:
    controller = VirtualController(utc_s=lambda: 1_800_000_000.25)
    with ControllerServer(controller) as server, Wire(server) as wire:
        ask = b"\x03\x02\x20\x8b\x24\x01\x01\x00\x0b\x00"
        head = b"\x83\0\0\0" + struct.pack("<HHH", 1, 11, 0)
        assert wire.unconnected(ask) == head + struct.pack("<Q", 1_800_000_000_250_000)
        shift_clock(controller, -90.0)
        assert wire.unconnected(ask) == head + struct.pack("<Q", 1_799_999_910_250_000)
        set_it = b"\x04\x02\x20\x8b\x24\x01" + struct.pack("<HHQ", 1, 6, 1_500_000_000_000_000)
        assert wire.unconnected(set_it) == b"\x84\0\0\0" + struct.pack("<HHH", 1, 6, 0)
        assert wire.unconnected(ask) == head + struct.pack("<Q", 1_500_000_000_000_000)


def test_the_program_change_object_tells_five_numbers_that_move_with_a_change(
    connected: Wire, controller: VirtualController
) -> None:
    ask = b"\x03\x02\x20\xac\x24\x01" + struct.pack("<6H", 5, 1, 2, 3, 4, 10)

    def numbers() -> tuple[int, ...]:
        reply = connected.connected(ask)
        assert reply[:6] == b"\x83\0\0\0\x05\0"
        assert len(reply) == 6 + 5 * 4 + 2 + 2 + 4 + 4 + 4
        values = struct.unpack("<HHHHHHHHIHHIHHI", reply[6:])
        assert values[0::3] == (1, 2, 3, 4, 10)
        assert values[1::3] == (0, 0, 0, 0, 0)
        return values[2::3]

    before = numbers()
    assert numbers() == before
    change_signature(controller)
    after = numbers()
    assert after[0] == before[0]
    assert all(new != old for new, old in zip(after[1:], before[1:], strict=True))


def test_an_unknown_attribute_in_a_list_is_marked(connected: Wire) -> None:
    reply = connected.connected(b"\x03\x02\x20\xac\x24\x01" + struct.pack("<3H", 2, 1, 77))
    assert reply == b"\x83\0\x0a\0" + struct.pack("<HHHHHH", 2, 1, 0, 5, 77, 0x14)
