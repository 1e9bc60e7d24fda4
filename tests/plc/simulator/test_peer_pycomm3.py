"""The virtual controllers proven by stock pycomm3: its LogixDriver and SLCDriver as they come from the registry."""

import logging
import struct
from collections.abc import Iterator

import pytest
from pycomm3 import CommError, LogixDriver, SLCDriver

from mes.plc.simulator.program_changes import (
    download_with_exchanged_ids,
    download_with_new_ids,
    relayout_udt,
    retype_tag,
)
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.slc import SlcController
from mes.plc.simulator.tags import Identity, TagSpec, VirtualController
from tests.plc.simulator.conftest import LINE_VALUE

logging.getLogger("pycomm3").setLevel(logging.CRITICAL)

VISIBLE = [
    *("Line_1", "Count", "Small", "Middle", "Wide", "Real", "Double", "Flag", "NoFlag", "test", "Row", "Grid"),
    *("Bits", "Lines", "Fixed", "Secret", "Program:Main.Count", "Program:Main.Line_P"),
]


@pytest.fixture
def driver(server: ControllerServer) -> Iterator[LogixDriver]:
    driver = LogixDriver(server.path)
    driver.socket_timeout = 5
    assert driver.open()
    yield driver
    driver._sock.close()  # what a test did to the line may make a polite close wait


def test_it_opens_and_knows_the_controller(driver: LogixDriver) -> None:
    assert driver.info["name"] == "Millwright_Sim"
    assert driver.info["product_name"] == "1756-L83E/B"
    assert driver.info["keyswitch"] == "REMOTE RUN"
    assert driver.info["serial"] == "00c0ffee"
    assert (driver.info["revision"]["major"], driver.info["revision"]["minor"]) == (33, 11)


def test_it_lists_every_tag_with_its_type(driver: LogixDriver) -> None:
    assert sorted(driver.tags) == sorted(VISIBLE)
    assert driver.tags["Grid"]["dimensions"] == [3, 4, 0]
    assert driver.tags["Fixed"]["external_access"] == "Read Only"
    assert driver.tags["Line_1"]["data_type"]["attributes"] == list(LINE_VALUE)
    assert driver.tags["test"]["data_type_name"] == "STRING"


@pytest.mark.parametrize(
    "path",
    [
        *("Line_1", "Line_1.Good", "Line_1.Running", "Line_1.OrderId", "Line_1.Drive", "Line_1.Drive.On"),
        *("Line_1.Drives[1].Tripped", "Line_1.Alarms[63]", "Line_1.Hourly[3]", "Line_1.Audit", "Lines[2].Good"),
        *("Count", "Count.3", "Small", "Middle", "Wide", "Real", "Double", "Flag", "NoFlag", "test", "Row[2499]"),
        *("Grid[1,2]", "Bits[3]", "Bits[64]", "Program:Main.Count", "Program:Main.Line_P.Good", "Fixed"),
    ],
)
def test_it_reads_what_the_controller_holds(driver: LogixDriver, controller: VirtualController, path: str) -> None:
    tag = driver.read(path)
    assert (tag.value, tag.error) == (controller[path], None)


def test_it_reads_arrays_whole_and_in_part(driver: LogixDriver) -> None:
    assert driver.read("Row{2500}").value == list(range(2500))
    assert driver.read("Grid{12}").value == list(range(300, 312))
    assert driver.read("Bits{96}").value == [n % 3 == 0 for n in range(96)]
    assert driver.read("Bits[32]{32}").value == [n % 3 == 0 for n in range(32, 64)]
    assert [line["Good"] for line in driver.read("Lines{3}").value] == [71, 72, 73]


def test_it_reads_two_hundred_tags_at_once_each_with_its_own_value(server: ControllerServer) -> None:
    controller = server.controller
    for number in range(200):
        controller.add_tag(TagSpec(f"N{number}", "DINT", (), 70_000 + number))
    for large in (True, False):
        controller.faults.refuse_large_forward_open(not large)
        with LogixDriver(server.path) as driver:
            assert driver._cfg["connection_size"] == (4000 if large else 500)
            found = driver.read(*[f"N{number}" for number in range(200)])
            assert [(tag.value, tag.error) for tag in found] == [(70_000 + number, None) for number in range(200)]


def test_it_reads_by_instance_ids_above_65535() -> None:
    specs = [TagSpec(f"T{n}", "DINT", (), 800 + n) for n in range(12)]
    with ControllerServer(VirtualController(tags=specs, wide_ids=True)) as server, LogixDriver(server.path) as driver:
        assert driver.tags["T11"]["instance_id"] > 65535
        found = driver.read(*[f"T{n}" for n in range(12)])
        assert [tag.value for tag in found] == list(range(800, 812))


def test_a_micro800_is_opened_without_backplane_or_instance_ids() -> None:
    controller = VirtualController(Identity("2080-LC50-48QWB"), tags=[TagSpec("Own", "DINT", (), 31)])
    with ControllerServer(controller) as server, LogixDriver(server.path) as driver:
        assert driver._micro800
        assert driver.read("Own").value == 31


def test_it_writes_every_kind(driver: LogixDriver, controller: VirtualController) -> None:
    assert driver.write("Count", 4711)  # alone: the request is there twice
    written = {
        "Line_1.Good": 5,
        "Line_1.OrderId": "WO-9",
        "Line_1.Running": False,
        "Line_1.Drive.Tripped": True,
        "Line_1.Hourly[2]": -3,
        "Count.4": True,
        "Bits[40]": True,
        "test": "abc",
        "Flag": False,
        "Grid[2,3]": 99,
        "Double": 1.25,
        "Program:Main.Count": 8,
    }
    assert all(tag.error is None for tag in driver.write(*written.items()))
    for path, value in written.items():
        assert controller[path] == value, path
    assert controller["Count"] == 4711 | 1 << 4
    assert driver.write("Row{2500}", list(range(7, 2507)))
    assert controller["Row"] == list(range(7, 2507))
    assert driver.write("Fixed", 1).error
    assert controller["Fixed"] == 55


def test_it_asks_clock_and_program_changes(driver: LogixDriver, controller: VirtualController) -> None:
    controller.utc_s = lambda: 1_800_000_000.0
    assert driver.get_plc_time().value["microseconds"] == 1_800_000_000_000_000
    asked = struct.pack("<6H", 5, 1, 2, 3, 4, 10)
    before = driver.generic_message(service=3, class_code=0xAC, instance=1, request_data=asked).value
    download_with_new_ids(controller)
    after = driver.generic_message(service=3, class_code=0xAC, instance=1, request_data=asked).value
    assert before[:2] == after[:2] == b"\x05\x00"
    assert before != after


def test_opening_costs_few_requests(server: ControllerServer) -> None:
    driver = LogixDriver(server.path, init_tags=False)
    driver.open()
    driver.close()
    # Identity by route, Large Forward Open, project name, Forward Close.
    assert {what: n for what, n in server.counts.items() if what.startswith("cip")} == {
        **{"cip 52": 1, "cip 01": 2, "cip 5B": 1, "cip 4E": 1}
    }
    assert server.open_connections == 0


def test_stock_pycomm3_takes_exchanged_ids_for_the_same_tags(
    driver: LogixDriver, controller: VirtualController
) -> None:
    """The fault is real: without a check, a download turns one tag's value into another's, with error None."""
    controller["Count"], controller["Fixed"] = 111, 222
    download_with_exchanged_ids(controller, "Count", "Fixed")
    assert [(tag.value, tag.error) for tag in driver.read("Count", "Fixed")] == [(222, None), (111, None)]


def test_stock_pycomm3_decodes_a_new_layout_and_a_new_type_with_the_old(
    driver: LogixDriver, controller: VirtualController
) -> None:
    relayout_udt(controller, "Line", ["Scrap", "Good"])
    line = driver.read("Line_1")
    assert (line.value["Good"], line.value["Scrap"], line.error) == (222, 111, None)
    controller["Count"] = 111
    retype_tag(controller, "Count", "REAL")
    count = driver.read("Count")
    assert (count.value, count.error) == (1121845248, None)


def test_stock_pycomm3_takes_a_late_reply_for_its_next_answer(
    driver: LogixDriver, controller: VirtualController
) -> None:
    driver._sock.sock.settimeout(0.3)
    controller.faults.delay(0.8, times=1)
    with pytest.raises(CommError):
        driver.read("Count")
    driver._sock.sock.settimeout(5)
    fixed = driver.read("Fixed")
    assert (fixed.value, fixed.error) == (1001, None)  # 1001 is Count, Fixed is 55


def test_slc_driver_reads_and_writes_data_files() -> None:
    slc = SlcController({"N7": [701, 702, -703], "F8": [8.25], "ST9": ["hello"], "B3": [0b100], "L10": [100_000]})
    slc["T4:1.ACC"], slc["T4:1.PRE"], slc["C5:2.ACC"], slc["T4:1.DN"] = 411, 412, 520, True
    with ControllerServer(slc) as server, SLCDriver(server.path) as driver:
        expected = {
            **{"N7:0": 701, "N7:2": -703, "F8:0": 8.25, "ST9:0": "hello", "B3:0/2": True, "B3:0/1": False},
            **{"T4:1.ACC": 411, "T4:1.PRE": 412, "T4:1.DN": True, "C5:2.ACC": 520, "L10:0": 100_000},
        }
        for address, value in expected.items():
            tag = driver.read(address)
            assert (tag.value, tag.error) == (value, None), address
        assert driver.read("N7:0{3}").value == [701, 702, -703]
        assert driver.read("N77:0").error
        results = driver.write(("N7:5", -9), ("F8:1", 1.5), ("ST9:0", "world"), ("B3:0/4", True))
        assert all(tag.error is None for tag in results)
        assert (slc["N7:5"], slc["F8:1"], slc["ST9:0"], slc["B3:0"]) == (-9, 1.5, "world", 0b10100)
        assert driver.get_processor_type() == "5/05"
