"""The hardened Logix adapter against our virtual controller: what it reads, names, browses and refuses."""

import math
import os

import pytest

from mes.plc.drivers import PlcRefused, PlcTransportError, Quality, TagValue
from mes.plc.drivers.pycomm3_logix import Pycomm3LogixDriver
from mes.plc.simulator.memory import NO_ACCESS
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import TagSpec, VirtualController
from tests.plc.drivers.checks import good, nothing_wrong_is_good, reads_true, wait_until
from tests.plc.drivers.conftest import TRUE, Connect

TAGS = tuple(TRUE)


def test_every_kind_of_tag_comes_back_with_its_own_value(connect: Connect) -> None:
    reads_true(connect())


def test_bits_bool_arrays_grids_and_strings_are_read(connect: Connect) -> None:
    wanted = {
        "Flags.1": True,
        "Flags.2": False,
        "Flags": 10,
        "Alarms[69]": True,
        "Alarms[68]": False,
        "Grid[2,3]": 311,
        "Grid[0,1]": 301,
        "Name": "Füller 1",
        "FILL_1.Alarms[33]": True,
        "FILL_1.Alarms[32]": False,
        "FILL_1.Audit": 2**40 + 3,
        "Program:Main.Line.Good": 78,
        "Lines[5].Good": 905,
        "Lines[0].Good": 900,
    }
    assert connect().read(tuple(wanted)) == {tag: good(value) for tag, value in wanted.items()}


def test_tag_names_ignore_case_but_keep_the_spelling_asked_for(connect: Connect) -> None:
    values = connect().read(("fill_1.GOOD", "PROGRAM:main.count"))
    assert values == {"fill_1.GOOD": good(111), "PROGRAM:main.count": good(77)}


def test_an_unknown_tag_is_bad_with_a_remedy_and_leaves_the_others_alone(connect: Connect) -> None:
    values = connect().read(("Good", "Scrapp", "FILL_1.Goood", "Program:Mian.Count"))
    assert values["Good"] == good(11)
    assert values["Scrapp"].quality is Quality.BAD
    assert "did you mean 'Scrap'" in (values["Scrapp"].error or "")
    assert "did you mean 'Good'" in (values["FILL_1.Goood"].error or "")
    assert values["Program:Mian.Count"].quality is Quality.BAD
    assert all(values[tag].value is None for tag in ("Scrapp", "FILL_1.Goood", "Program:Mian.Count"))


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("FILL_1", "name one of its members"),
        ("Readings", "name one element"),
        ("Readings[100]", "0 to 99"),
        ("Grid[1]", "2 dimension"),
        ("Weight.3", "has no bits"),
        ("Flags.32", "bits 0 to 31"),
        ("Good.Part", "has no members"),
        ("Good[0]", "not an array"),
        ("a b..c", "not a tag name"),
    ],
)
def test_a_name_that_means_no_single_value_is_bad_with_a_sentence(connect: Connect, tag: str, hint: str) -> None:
    value = connect().read((tag,))[tag]
    assert (value.value, value.quality) == (None, Quality.BAD)
    assert hint in (value.error or "")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_real_that_is_no_number_is_uncertain_and_has_no_value(
    connect: Connect, controller: VirtualController, number: float
) -> None:
    controller["Weight"] = number
    controller["FILL_1.Speed"] = number
    values = connect().read(("Weight", "FILL_1.Speed", "FILL_1.Good"))
    assert [values[tag].quality for tag in ("Weight", "FILL_1.Speed")] == [Quality.UNCERTAIN] * 2
    assert [values[tag].value for tag in ("Weight", "FILL_1.Speed")] == [None, None]
    assert values["FILL_1.Good"] == good(111)


def test_a_tag_without_external_access_is_bad_and_says_what_to_set(
    connect: Connect, controller: VirtualController
) -> None:
    controller.add_tag(TagSpec("Secret", "DINT", value=5, access=NO_ACCESS))
    values = connect().read(("Secret", "Good"))
    assert values["Good"] == good(11)
    assert (values["Secret"].value, values["Secret"].quality) == (None, Quality.BAD)
    assert "External Access" in (values["Secret"].error or "")


def test_the_identity_names_vendor_revision_serial_and_keyswitch(
    connect: Connect, controller: VirtualController
) -> None:
    driver = connect()
    who = driver.identity()
    assert (who.product_name, who.revision, who.serial) == ("1756-L83E/B", "33.11", "00c0ffee")
    assert (who.keyswitch, who.name) == ("REMOTE RUN", "Millwright_Sim")
    controller.keyswitch = "PROG"
    assert driver.identity().keyswitch == "PROG"


def test_the_program_signature_is_steady_until_the_program_changes(
    connect: Connect, controller: VirtualController
) -> None:
    driver = connect()
    first = driver.program_signature()
    assert driver.program_signature() == first
    controller.signature.change()
    assert driver.program_signature() != first


def test_browse_lists_members_programs_and_bool_arrays(connect: Connect) -> None:
    tags = {tag.name: tag for tag in connect().browse()}
    assert set(tags) >= {"Good", "FILL_1", "Program:Main.Count", "Program:Main.Line", "Alarms"}
    assert [m.name for m in tags["FILL_1"].members][:4] == ["Heartbeat", "Good", "Scrap", "Running"]
    assert not any(m.name.startswith("ZZZ") for m in tags["FILL_1"].members)
    assert (tags["Program:Main.Count"].program, tags["Good"].program) == ("Main", None)
    assert (tags["Alarms"].data_type, tags["Alarms"].dimensions) == ("BOOL", (96,))
    assert (tags["Grid"].data_type, tags["Grid"].dimensions) == ("INT", (3, 4))
    assert tags["Good"].external_access == "Read/Write"


def test_members_of_one_structure_are_fetched_with_one_read(connect: Connect, server: ControllerServer) -> None:
    driver = connect()
    tags = ("FILL_1.Good", "FILL_1.Scrap", "FILL_1.Speed", "FILL_1.OrderId")
    driver.read(tags)
    before = server.counts
    for _ in range(5):
        driver.read(tags)
    after = server.counts
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"cip 4C": 5}


def test_a_reconnect_to_an_unchanged_program_uploads_no_tag_list(connect: Connect, server: ControllerServer) -> None:
    reads_true(connect())
    first = server.counts["cip 55"]
    assert first > 0
    reads_true(connect())
    assert server.counts["cip 55"] == first


def test_a_second_open_is_refused_and_ends_the_driver(connect: Connect) -> None:
    driver = connect()
    with pytest.raises(PlcTransportError, match="opened before"):
        driver.open()
    with pytest.raises(PlcTransportError):
        driver.read(("Good",))


def test_a_driver_that_was_never_opened_reads_nothing(connect: Connect) -> None:
    with pytest.raises(PlcTransportError):
        connect(opened=False).read(("Good",))


def test_closing_gives_connection_and_line_back(connect: Connect, server: ControllerServer) -> None:
    driver = connect()
    assert (server.open_lines, server.open_connections) == (1, 1)
    driver.close()
    wait_until(lambda: (server.open_lines, server.open_connections) == (0, 0), "line and connection are free")
    driver.close()
    with pytest.raises(PlcTransportError):
        driver.read(("Good",))


def test_a_controller_that_only_knows_small_connections_is_read_as_well(
    connect: Connect, server: ControllerServer, controller: VirtualController
) -> None:
    controller.faults.refuse_large_forward_open()
    driver = connect()
    reads_true(driver)
    tags = tuple(f"Readings[{n}]" for n in range(100))
    assert driver.read(tags) == {tag: good(1000 + n) for n, tag in enumerate(tags)}


def test_a_controller_out_of_connections_is_refused_with_a_sentence(
    connect: Connect, controller: VirtualController
) -> None:
    controller.faults.limit_connections(0)
    with pytest.raises(PlcRefused):
        connect()


def test_opening_reading_and_closing_many_times_leaves_no_file_open(connect: Connect) -> None:
    reads_true(connect())
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(40):
        driver = connect()
        reads_true(driver)
        driver.close()
    assert len(os.listdir("/proc/self/fd")) <= before + 2


def test_an_empty_list_of_tags_is_no_error(connect: Connect) -> None:
    assert connect().read(()) == {}


def test_a_string_whose_length_field_is_nonsense_is_bad(connect: Connect, controller: VirtualController) -> None:
    tag = controller.scopes[""].tags["name"]
    tag.data[0:4] = (5000).to_bytes(4, "little")
    value = connect().read(("Name",))["Name"]
    assert (value.value, value.quality) == (None, Quality.BAD)


def test_a_nul_in_a_string_never_reaches_the_database_as_text(connect: Connect, controller: VirtualController) -> None:
    controller["Name"] = "A\x00B"
    assert connect().read(("Name",))["Name"] == TagValue(
        "AB", Quality.UNCERTAIN, "The string contains NUL characters; they were left out."
    )


def test_a_reply_sent_twice_is_thrown_away_and_the_next_reads_are_right(
    connect: Connect, controller: VirtualController
) -> None:
    driver = connect()
    assert isinstance(driver, Pycomm3LogixDriver)
    assert driver.read(("Good",)) == {"Good": good(11)}
    assert driver.read(("Scrap",)) == {"Scrap": good(22)}
    controller.faults.on_reply("duplicate", times=1)
    assert driver.read(("Good",)) == {"Good": good(11)}
    assert driver.read(("Scrap",)) == {"Scrap": good(22)}
    assert driver.discarded == 1
    reads_true(driver)


def test_a_structure_that_disappears_makes_only_its_members_bad(
    connect: Connect, controller: VirtualController
) -> None:
    driver = connect()
    reads_true(driver)
    controller.faults.miss_tag("FILL_1")
    for _ in range(3):
        values = driver.read(TAGS)
        lost = {tag for tag, value in values.items() if value.quality is Quality.BAD}
        assert lost == {tag for tag in TAGS if tag.startswith("FILL_1")}
        nothing_wrong_is_good(values)


@pytest.mark.parametrize("small", [True, False])
def test_no_size_near_the_packet_boundary_fails(connect: Connect, controller: VirtualController, small: bool) -> None:
    packet = 500 if small else 4000
    sizes = range(packet - 32, packet + 8, 4)
    for size in sizes:
        controller.define_string(f"S{size}", size - 4)
        controller.add_tag(TagSpec(f"T{size}", f"S{size}", value=f"text of {size}"))
    controller.faults.refuse_large_forward_open(small)
    driver = connect()
    truth = {f"T{size}": good(f"text of {size}") for size in sizes}
    for tag in truth:
        assert driver.read((tag,)) == {tag: truth[tag]}
        assert driver.read((tag, "Good", "Scrap")) == {tag: truth[tag], "Good": good(11), "Scrap": good(22)}
    assert driver.read(tuple(truth)) == truth


def test_a_micro800_is_read_without_packets_of_several_requests(
    connect: Connect, controller: VirtualController, server: ControllerServer
) -> None:
    controller.identity.product_name = "2080-LC50-24QWB"
    driver = connect()
    reads_true(driver)
    assert server.counts["cip 0A"] == 0


def test_a_tag_made_later_without_any_sign_is_found_in_the_end(
    connect: Connect, controller: VirtualController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mes.plc.drivers.pycomm3_logix._ASK_AGAIN_S", 0.0)
    monkeypatch.setattr("mes.plc.drivers.pycomm3_logix._REUPLOAD_PAUSE_S", (0.0, 0.0))
    driver = connect()
    assert driver.read(("Late", "Good"))["Late"].quality is Quality.BAD
    controller.add_tag(TagSpec("Late", "DINT", value=55))
    assert driver.read(("Late", "Good")) == {"Late": good(55), "Good": good(11)}


def test_a_misspelled_tag_does_not_upload_the_tag_list_at_every_poll(
    connect: Connect, server: ControllerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mes.plc.drivers.pycomm3_logix._ASK_AGAIN_S", 0.0)
    driver = connect()
    driver.read(("Nope", "Good"))
    first = server.counts["cip 55"]
    for _ in range(20):
        driver.read(("Nope", "Good"))
    assert server.counts["cip 55"] <= 2 * first


@pytest.mark.parametrize("same", [True, False])
def test_without_program_change_counters_the_signature_is_serial_revision_and_name(
    connect: Connect, controller: VirtualController, same: bool
) -> None:
    controller.signature.sizes = {}  # this controller does not know the program-change object's attributes
    driver = connect()
    first = driver.program_signature()
    assert first == "00c0ffee/33.11/Millwright_Sim"
    reads_true(driver)
    if not same:
        controller.name = "Another_Program"
    assert (driver.program_signature() == first) is same
    reads_true(driver)


def test_a_structure_that_may_not_be_read_is_bad_until_it_may_and_hides_no_other_tag(
    connect: Connect, controller: VirtualController
) -> None:
    controller.scopes[""].tags["fill_1"].access = NO_ACCESS
    driver = connect()
    for _ in range(3):
        values = driver.read(TAGS)
        assert {tag for tag, v in values.items() if v.quality is Quality.BAD} == {t for t in TAGS if "FILL_1" in t}
    controller.scopes[""].tags["fill_1"].access = 0
    reads_true(driver)
