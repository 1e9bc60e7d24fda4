"""The virtual SLC: PCCC frames byte by byte, and its files by address."""

import struct
from collections.abc import Iterator

import pytest

from mes.plc.simulator.memory import PathError
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.slc import SlcController
from tests.plc.simulator.wire import Wire

EXECUTE = b"\x4b\x02\x20\x67\x24\x01"
REQUESTOR = b"\x07\x09\x10\x09\x10\x19\x71"


@pytest.fixture
def slc() -> SlcController:
    files = {"N7": [701, -702, 703], "F8": [8.25], "ST9": ["hello"], "B3": [0b1010], "L10": [100_000], "A11": ["xy"]}
    controller = SlcController(files)
    controller["T4:1.PRE"], controller["T4:1.ACC"], controller["T4:1.DN"] = 410, 411, True
    controller["C5:0.ACC"] = -500
    return controller


@pytest.fixture
def line(slc: SlcController) -> Iterator[Wire]:
    with ControllerServer(slc) as server, Wire(server) as wire:
        assert wire.forward_open(large=False, size=500)[2] == 0
        yield wire


def pccc(line: Wire, command: bytes) -> bytes:
    """Execute a command (CMD, STS, TNS 0x1234, FNC, ...); its reply from CMD on."""
    reply = line.connected(EXECUTE + REQUESTOR + command)
    assert reply[:4] == b"\xcb\0\0\0"
    assert reply[4:11] == REQUESTOR
    return reply[11:]


def read(line: Wire, *address: int) -> bytes:
    return pccc(line, b"\x0f\0\x34\x12\xa2" + bytes(address))


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ((2, 7, 0x89, 1, 0), struct.pack("<h", -702)),
        ((6, 7, 0x89, 0, 0), struct.pack("<hhh", 701, -702, 703)),
        ((4, 8, 0x8A, 0, 0), struct.pack("<f", 8.25)),
        ((2, 3, 0x85, 0, 0), b"\x0a\0"),
        ((6, 4, 0x86, 1, 0), struct.pack("<Hhh", 1 << 13, 410, 411)),
        ((2, 4, 0x86, 1, 2), struct.pack("<h", 411)),
        ((2, 5, 0x87, 0, 2), struct.pack("<h", -500)),
        ((4, 10, 0x91, 0, 0), struct.pack("<i", 100_000)),
        ((8, 9, 0x8D, 0, 0), b"\x05\0ehll\0o"),
        ((2, 11, 0x8E, 0, 0), b"yx"),
        ((2, 0xFF, 7, 0, 0x89, 0xFF, 2, 0, 0), struct.pack("<h", 703)),
    ],
)
def test_files_are_read_by_type_number_element_and_word(line: Wire, address: tuple[int, ...], data: bytes) -> None:
    assert read(line, *address) == b"\x4f\0\x34\x12" + data


@pytest.mark.parametrize(
    "address",
    [(2, 77, 0x89, 0, 0), (2, 7, 0x8A, 0, 0), (2, 7, 0x89, 200, 0), (0, 7, 0x89, 0, 0), (250, 7, 0x89, 0, 0), (2, 7)],
)
def test_a_bad_address_is_answered_with_status_10(line: Wire, address: tuple[int, ...]) -> None:
    assert read(line, *address) == b"\x4f\x10\x34\x12"


def test_a_masked_write_touches_the_masked_bits_alone(line: Wire, slc: SlcController) -> None:
    reply = pccc(line, b"\x0f\0\x34\x12\xab" + bytes((2, 3, 0x85, 0, 0)) + b"\x05\0" + b"\x0d\0")
    assert reply == b"\x4f\0\x34\x12"
    assert slc["B3:0"] == 0b1111  # bits 0 and 2 written as 1, bits 1 and 3 kept
    assert pccc(line, b"\x0f\0\x34\x12\xaa" + bytes((4, 7, 0x89, 0, 0)) + struct.pack("<hh", 5, 6))[1] == 0
    assert slc["N7"][:3] == [5, 6, 703]


def test_the_processor_type_has_eleven_characters_from_offset_5(line: Wire) -> None:
    reply = pccc(line, b"\x06\0\x34\x12\x03")
    assert reply[:4] == b"\x46\0\x34\x12"
    assert reply[9:20] == b"5/05       "


def test_unknown_commands_and_objects_are_refused(line: Wire) -> None:
    assert pccc(line, b"\x0f\0\x34\x12\x77")[:2] == b"\x4f\x10"
    assert pccc(line, b"\x01\0\x34\x12\x00")[:2] == b"\x41\x10"
    assert line.connected(b"\x4c\x02\x20\x67\x24\x01")[2] == 8
    assert line.connected(b"\x01\x02\x20\x64\x24\x01")[2] == 5
    assert line.unconnected(b"\x01\x02\x20\x01\x24\x01")[-11:] == b"1747-L552/C"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("N7:60", -5),
        ("F8:1", 2.5),
        ("ST9:0", "odd"),
        ("B3:5/15", True),
        ("T4:0.TT", True),
        ("C5:7.PRE", 9),
        ("n7:1", 3),
    ],
)
def test_addresses_are_set_and_got(slc: SlcController, path: str, value: object) -> None:
    assert slc[path] != value
    slc[path] = value
    assert slc[path] == value


@pytest.mark.parametrize("path", ["N99:0", "F7:0", "N7:9999", "Good", "T4:0.XX", "Q1:0"])
def test_addresses_to_nowhere_are_refused(slc: SlcController, path: str) -> None:
    with pytest.raises(PathError):
        _ = slc[path]
