"""The pylogix adapter: what it reads and refuses, and that the library's own traps are shut."""

import math

import pytest

from mes.plc.drivers import PlcConfigError, PlcRefused, Quality, make_driver
from mes.plc.drivers.pylogix_link import make_plc
from mes.plc.drivers.pylogix_logix import PylogixDriver
from mes.plc.drivers.readonly import WriteRefused
from mes.plc.drivers.wire import Wire
from mes.plc.engine import ControllerSpec
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import TagSpec, VirtualController
from tests.plc.drivers.checks import good, reads_true, wait_until
from tests.plc.drivers.conftest import Connect
from tests.plc.drivers.downloads import replace_tag


@pytest.fixture
def kind() -> str:
    return "pylogix"


def test_every_kind_of_tag_comes_back_with_its_own_value(connect: Connect) -> None:
    driver = connect()
    reads_true(driver)
    wanted = {
        "Flags.1": True,
        "Flags.2": False,
        "Alarms[69]": True,
        "Alarms[68]": False,
        "Grid[2,3]": 311,
        "Name": "Füller 1",
        "FILL_1.Alarms[33]": True,
        "FILL_1.Alarms[32]": False,
        "FILL_1.Audit": 2**40 + 3,
        "Lines[5].Good": 905,
    }
    assert driver.read(tuple(wanted)) == {tag: good(value) for tag, value in wanted.items()}
    for tag, value in wanted.items():
        assert driver.read((tag,)) == {tag: good(value)}


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("Readings", "is an array"),
        ("Alarms", "is an array"),
        ("Grid", "is an array"),
        ("FILL_1", "is a structure"),
        ("FILL_1.Counts", "is an array"),
        ("Weight.3", "no bit 3"),
        ("Flags.32", "no bit 32"),
        ("Nope", "check the spelling"),
        ("Readings[100]", "status"),
        ("a b..c", "not a tag name"),
    ],
)
def test_a_name_that_means_no_single_value_is_bad_with_a_sentence(connect: Connect, tag: str, hint: str) -> None:
    driver = connect()
    for _ in range(2):
        values = driver.read((tag, "Good"))
        assert (values[tag].value, values[tag].quality) == (None, Quality.BAD)
        assert hint in (values[tag].error or "")
        assert values["Good"] == good(11)


def test_a_lookup_that_fails_once_is_never_replaced_by_element_zero(
    connect: Connect, controller: VirtualController
) -> None:
    controller.faults.miss_tag("Readings")
    driver = connect()
    assert driver.read(("Readings[4]", "Good"))["Readings[4]"].quality is Quality.BAD
    controller.faults.clear()
    value = driver.read(("Readings[4]", "Good"))["Readings[4]"]
    assert value.quality is Quality.BAD or value == good(1004)


def test_an_unknown_tag_is_not_asked_for_at_every_poll(connect: Connect, server: ControllerServer) -> None:
    driver = connect()
    driver.read(("Nope", "Good", "Scrap"))
    before = server.counts
    for _ in range(5):
        driver.read(("Nope", "Good", "Scrap"))
    assert server.counts["cip 4C"] == before["cip 4C"]  # no look-up outside the packets of the two others
    assert server.counts["cip 0A"] == before["cip 0A"] + 5


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_real_that_is_no_number_is_uncertain_and_has_no_value(
    connect: Connect, controller: VirtualController, number: float
) -> None:
    controller["Weight"] = number
    value = connect().read(("Weight",))["Weight"]
    assert (value.value, value.quality) == (None, Quality.UNCERTAIN)


def test_a_lone_tag_made_anew_with_another_type_is_bad_and_then_looked_up_again(
    connect: Connect, controller: VirtualController
) -> None:
    driver = connect()
    assert driver.read(("Good",)) == {"Good": good(11)}
    replace_tag(controller, TagSpec("Good", "REAL", value=111.0))
    assert driver.read(("Good",))["Good"].quality is Quality.BAD
    assert driver.read(("Good",)) == {"Good": good(111.0)}


def test_identity_signature_and_tag_list_are_read(connect: Connect, controller: VirtualController) -> None:
    driver = connect()
    who = driver.identity()
    assert (who.product_name, who.revision, who.serial, who.keyswitch) == (
        "1756-L83E/B",
        "33.11",
        "00c0ffee",
        "REMOTE RUN",
    )
    first = driver.program_signature()
    controller.signature.change()
    assert driver.program_signature() != first
    tags = {tag.name: tag for tag in driver.browse()}
    assert {"Good", "FILL_1", "Program:Main.Count", "Alarms"} <= set(tags)
    assert "Program:Main" not in tags
    assert [m.name for m in tags["FILL_1"].members][:4] == ["Heartbeat", "Good", "Scrap", "Running"]
    assert (tags["Alarms"].data_type, tags["Alarms"].dimensions) == ("BOOL", (96,))
    reads_true(driver)


def test_small_connections_are_used_where_large_ones_are_refused(
    connect: Connect, controller: VirtualController
) -> None:
    controller.faults.refuse_large_forward_open()
    driver = connect()
    reads_true(driver)
    tags = tuple(f"Readings[{n}]" for n in range(100))
    assert driver.read(tags) == {tag: good(1000 + n) for n, tag in enumerate(tags)}


def test_a_micro800_is_left_to_the_other_adapter(connect: Connect, controller: VirtualController) -> None:
    controller.identity.product_name = "2080-LC50-24QWB"
    with pytest.raises(PlcConfigError, match="pycomm3-logix"):
        connect()


def test_a_controller_out_of_connections_is_refused_with_a_sentence(
    connect: Connect, controller: VirtualController
) -> None:
    controller.faults.limit_connections(0)
    with pytest.raises(PlcRefused, match="refused the connection"):
        connect()


@pytest.mark.parametrize("address", ["", "10.0.0.5:x", "10.0.0.5:99999", "10.0.0.5/bp/2", "10.0.0.5/x"])
def test_an_address_it_cannot_use_is_a_configuration_error(address: str) -> None:
    with pytest.raises(PlcConfigError, match="address"):
        make_driver(ControllerSpec("C", "pylogix", address, 1.0, 1.0, ()))


def test_none_of_its_ways_to_write_gets_through(server: ControllerServer, controller: VirtualController) -> None:
    wire = Wire(1.0)
    plc, connection, place = make_plc(server.path, wire)
    connection.begin(*place)
    assert plc.Read("Good").Value == 11
    with pytest.raises(WriteRefused):
        plc.Write("Good", 5)
    with pytest.raises(WriteRefused):
        plc.Write([("Good", 5), ("Scrap", 6)])
    with pytest.raises(WriteRefused):
        plc.Write("Flags.3", 0)
    with pytest.raises(WriteRefused):
        plc.SetPLCTime()
    assert (controller["Good"], controller["Scrap"], controller["Flags"]) == (11, 22, 10)
    wire.close()


def test_closing_gives_connection_and_line_back(connect: Connect, server: ControllerServer) -> None:
    driver = connect()
    assert isinstance(driver, PylogixDriver)
    reads_true(driver)
    driver.close()
    wait_until(lambda: (server.open_lines, server.open_connections) == (0, 0), "line and connection are free")
