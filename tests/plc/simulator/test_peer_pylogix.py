"""The virtual controller proven by pylogix."""

from collections.abc import Iterator

import pytest
from pylogix import PLC

from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import VirtualController


@pytest.fixture
def plc(server: ControllerServer) -> Iterator[PLC]:
    plc = PLC(server.host, port=server.port)
    yield plc
    plc.Close()


@pytest.mark.parametrize(
    "path",
    [
        *("Count", "Small", "Middle", "Wide", "Real", "Double", "Flag", "NoFlag", "test", "Line_1.Good"),
        *("Line_1.OrderId", "Line_1.Running", "Line_1.Drive.Amps", "Line_1.Drives[1].Hours", "Grid[1,2]", "Row[2499]"),
        *("Bits[3]", "Bits[4]", "Count.3", "Program:Main.Count", "Program:Main.Line_P.Good"),
    ],
)
def test_it_reads_what_the_controller_holds(plc: PLC, controller: VirtualController, path: str) -> None:
    answer = plc.Read(path)
    assert (answer.Status, answer.Value) == ("Success", controller[path])


def test_it_reads_many_and_large(plc: PLC, controller: VirtualController) -> None:
    names = ["Count", "Middle", "Fixed", "Line_1.Good", "Line_1.Scrap"]
    assert [answer.Value for answer in plc.Read(names)] == [controller[name] for name in names]
    assert plc.Read("Row", 2500).Value == list(range(2500))
    assert plc.Read("Bits", 96).Value == controller["Bits"]
    assert plc.Read("Nothing").Status != "Success"


def test_it_writes(plc: PLC, controller: VirtualController) -> None:
    for path, value in (("Count", 5), ("test", "abc"), ("Real", 0.5), ("Count.4", True), ("Grid[0,1]", 77)):
        assert plc.Write(path, value).Status == "Success"
    assert (controller["Count"], controller["test"], controller["Real"]) == (5 | 16, "abc", 0.5)
    assert controller["Grid"][:3] == [300, 77, 302]
    assert plc.Write("Fixed", 1).Status != "Success"
    assert controller["Fixed"] == 55


def test_it_lists_tags_programs_and_structures(plc: PLC, controller: VirtualController) -> None:
    listed = plc.GetTagList()
    assert listed.Status == "Success"
    names = {tag.TagName: tag for tag in listed.Value}
    assert {"Line_1", "Count", "Row", "Program:Main.Count", "Program:Main.Line_P"} <= set(names)
    assert names["Line_1"].DataType == "Line"
    assert names["Row"].Size == 2500
    fields = {field.TagName: field.DataType for field in plc.UDTByName["Line"].Fields}
    assert (fields["Good"], fields["Speed"], fields["Drive"]) == ("DINT", "REAL", "Motor")
    assert plc.GetProgramsList().Value == ["Program:Main"]


def test_it_reads_identity_and_clock(plc: PLC, controller: VirtualController) -> None:
    device = plc.GetDeviceProperties().Value
    assert (device.ProductName, device.Revision, device.SerialNumber) == ("1756-L83E/B", "33.11", "0xc0ffee")
    controller.utc_s = lambda: 1_800_000_000.0
    assert plc.GetPLCTime(raw=True).Value == 1_800_000_000_000_000
