"""A served virtual controller in which every tag has another value, so that swapped answers cannot hide."""

from collections.abc import Iterator

import pytest

from mes.plc.simulator.memory import NO_ACCESS, READ_ONLY
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import TagSpec, UdtType, VirtualController
from tests.plc.simulator.wire import Wire

MOTOR = UdtType("Motor", [("Hours", "INT"), ("On", "BOOL"), ("Tripped", "BOOL"), ("Amps", "REAL")])
LINE = UdtType(
    "Line",
    [
        ("Good", "DINT"),
        ("Scrap", "DINT"),
        ("State", "INT"),
        ("Running", "BOOL"),
        ("OrderId", "STRING"),
        ("Speed", "REAL"),
        ("Drive", "Motor"),
        ("Alarms", "BOOL", 64),
        ("Hourly", "DINT", 5),
        ("Audit", "LINT"),
        ("Drives", "Motor", 2),
    ],
)
LINE_VALUE = {
    "Good": 111,
    "Scrap": 222,
    "State": 6,
    "Running": True,
    "OrderId": "WO-4711",
    "Speed": 1.5,
    "Drive": {"Hours": 901, "On": True, "Amps": 4.25},
    "Alarms": [True, False, True] + [False] * 60 + [True],
    "Hourly": [11, 12, 13, 14, 15],
    "Audit": 1 << 40,
    "Drives": [{"Hours": 902}, {"Hours": 903, "Tripped": True}],
}


@pytest.fixture
def controller() -> VirtualController:
    return VirtualController(
        udts=[MOTOR, LINE],
        tags=[
            TagSpec("Line_1", "Line", (), LINE_VALUE),
            TagSpec("Count", "DINT", (), 1001),
            TagSpec("Small", "SINT", (), -12),
            TagSpec("Middle", "INT", (), -3003),
            TagSpec("Wide", "LINT", (), 5 << 40),
            TagSpec("Real", "REAL", (), 2.5),
            TagSpec("Double", "LREAL", (), 6.125),
            TagSpec("Flag", "BOOL", (), True),
            TagSpec("NoFlag", "BOOL", (), False),
            TagSpec("test", "STRING", (), "test"),
            TagSpec("Row", "DINT", (2500,), list(range(2500))),
            TagSpec("Grid", "INT", (3, 4), list(range(300, 312))),
            TagSpec("Bits", "BOOL", (96,), [n % 3 == 0 for n in range(96)]),
            TagSpec("Lines", "Line", (3,), [{"Good": 71}, {"Good": 72}, {"Good": 73}]),
            TagSpec("Fixed", "DINT", (), 55, READ_ONLY),
            TagSpec("Secret", "DINT", (), 66, NO_ACCESS),
        ],
        programs={"Main": [TagSpec("Count", "DINT", (), 77), TagSpec("Line_P", "Line", (), {"Good": 78})]},
    )


@pytest.fixture
def server(controller: VirtualController) -> Iterator[ControllerServer]:
    with ControllerServer(controller) as server:
        yield server


@pytest.fixture
def wire(server: ControllerServer) -> Iterator[Wire]:
    with Wire(server) as wire:
        yield wire


@pytest.fixture
def connected(wire: Wire) -> Wire:
    assert wire.forward_open()[2] == 0
    return wire
