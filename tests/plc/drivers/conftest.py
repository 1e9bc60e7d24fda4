"""A served virtual controller with a different value in every tag, and drivers that are closed after the test."""

from collections.abc import Callable, Iterator

import pytest

from mes.plc.drivers import PlcDriver, make_driver
from mes.plc.drivers.tagtable import _tables
from mes.plc.engine_poll import ControllerSpec
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import TagSpec, UdtType, VirtualController

LINE = UdtType(
    "MES_Line",
    [
        ("Heartbeat", "DINT"),
        ("Good", "DINT"),
        ("Scrap", "DINT"),
        ("Running", "BOOL"),
        ("Stopped", "BOOL"),
        ("Speed", "REAL"),
        ("OrderId", "STRING"),
        ("Audit", "LINT"),
        ("Counts", "DINT", 5),
        ("Alarms", "BOOL", 40),
    ],
)
VALUES = {
    "Heartbeat": 7,
    "Good": 111,
    "Scrap": 222,
    "Running": True,
    "Stopped": False,
    "Speed": 2.5,
    "OrderId": "PO-4711",
    "Audit": 2**40 + 3,
    "Counts": [501, 502, 503, 504, 505],
}
#: What a read must return, and nothing else.
TRUE = {
    "Good": 11,
    "Scrap": 22,
    "Weight": 33.5,
    "FILL_1.Good": 111,
    "FILL_1.Scrap": 222,
    "FILL_1.Running": True,
    "FILL_1.Speed": 2.5,
    "FILL_1.OrderId": "PO-4711",
    "FILL_1.Counts[3]": 504,
    "Readings[4]": 1004,
    "Readings[9]": 1009,
    "Program:Main.Count": 77,
}


def line_controller() -> VirtualController:
    """A controller whose tags all hold different values."""
    controller = VirtualController(
        udts=[LINE],
        tags=[
            TagSpec("Good", "DINT", value=11),
            TagSpec("Scrap", "DINT", value=22),
            TagSpec("Weight", "REAL", value=33.5),
            TagSpec("FILL_1", "MES_Line", value=VALUES),
            TagSpec("Readings", "DINT", (100,), list(range(1000, 1100))),
            TagSpec("Grid", "INT", (3, 4), list(range(300, 312))),
            TagSpec("Flags", "DINT", value=0b1010),
            TagSpec("Alarms", "BOOL", (70,)),
            TagSpec("Name", "STRING", value="Füller 1"),
            TagSpec("Lines", "MES_Line", (6,)),
        ],
        programs={"Main": [TagSpec("Count", "DINT", value=77), TagSpec("Line", "MES_Line")]},
    )
    controller["Alarms[69]"] = True
    controller["FILL_1.Alarms[33]"] = True
    controller["Program:Main.Line.Good"] = 78
    for number in range(6):
        controller[f"Lines[{number}].Good"] = 900 + number
    return controller


@pytest.fixture(autouse=True)
def no_tag_list_is_known_beforehand() -> None:
    """Ports come again: the tag list of an earlier test's controller must not be taken for this one's."""
    _tables.clear()


@pytest.fixture
def controller() -> VirtualController:
    return line_controller()


@pytest.fixture
def server(controller: VirtualController) -> Iterator[ControllerServer]:
    server = ControllerServer(controller).start()
    yield server
    server.stop()


Connect = Callable[..., PlcDriver]


@pytest.fixture
def kind() -> str:
    """The adapter under test; modules that try both override it."""
    return "pycomm3-logix"


@pytest.fixture
def connect(server: ControllerServer, kind: str) -> Iterator[Connect]:
    """Makes drivers for the served controller, opened unless told otherwise."""
    made: list[PlcDriver] = []

    def connect(*, timeout_s: float = 1.0, opened: bool = True) -> PlcDriver:
        driver = make_driver(ControllerSpec("C1", kind, server.path, 1.0, timeout_s, ()))
        made.append(driver)
        if opened:
            driver.open()
        return driver

    yield connect
    for driver in made:
        driver.close()
