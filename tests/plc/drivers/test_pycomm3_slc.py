"""The SLC adapter against our virtual SLC: values, problems, faults on the wire, reads only."""

import time
from collections.abc import Iterator

import pytest

from mes.plc.drivers import PlcConfigError, PlcError, PlcTransportError, Quality
from mes.plc.drivers.pycomm3_link import SlcLink, make_link
from mes.plc.drivers.readonly import WriteRefused
from mes.plc.drivers.wire import Wire
from mes.plc.engine import CommState, ControllerSpec, Poll, PollEngine
from mes.plc.simulator.cip import Request
from mes.plc.simulator.pccc import PcccRouter
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.slc import SlcController
from tests.plc.drivers.checks import good, nothing_wrong_is_good, wait_until
from tests.plc.drivers.conftest import Connect

WANTED = {
    "N7:0": 111,
    "N7:1": 222,
    "N7:5": -333,
    "N7:1/1": True,
    "N7:1/0": False,
    "B3:2/5": True,
    "B3/37": True,
    "B3/36": False,
    "F8:3": 2.5,
    "L10:1": 70_000,
    "T4:2.ACC": 44,
    "T4:2.PRE": 55,
    "T4:2/DN": True,
    "T4:2/EN": False,
    "C5:1.ACC": 66,
    "ST9:0": "PO-4711",
    "ST9:1": "odd",
    "S:4": 77,
}


@pytest.fixture
def kind() -> str:
    return "pycomm3-slc"


@pytest.fixture
def slc() -> SlcController:
    slc = SlcController({"N7": [111, 222, 0, 0, 0, -333], "L10": [0, 70_000], "ST9": ["PO-4711", "odd"]})
    for address in ("B3:2/5", "T4:2.DN"):
        slc[address] = True
    slc["F8:3"] = 2.5
    slc["S2:4"] = 77
    for address, word in (("T4:2.PRE", 55), ("T4:2.ACC", 44), ("C5:1.ACC", 66)):
        slc[address] = word
    return slc


@pytest.fixture
def server(slc: SlcController) -> Iterator[ControllerServer]:
    server = ControllerServer(slc).start()
    yield server
    server.stop()


def test_every_kind_of_file_comes_back_with_its_own_value(connect: Connect) -> None:
    driver = connect()
    assert driver.read(tuple(WANTED)) == {tag: good(value) for tag, value in WANTED.items()}
    for tag, value in WANTED.items():
        assert driver.read((tag,)) == {tag: good(value)}


def test_an_address_beyond_its_file_is_bad_and_hides_no_neighbour(connect: Connect) -> None:
    driver = connect()
    tags = ("N7:60", "N7:63", "N7:64", "N99:0", "N7:0", "Good")
    driver.read(tags)  # the first read asks for N7:60 to 64 at once and is refused whole
    values = driver.read(tags)
    assert (values["N7:60"], values["N7:63"], values["N7:0"]) == (good(0), good(0), good(111))
    for tag in ("N7:64", "N99:0", "Good"):
        assert (values[tag].value, values[tag].quality) == (None, Quality.BAD)
        assert values[tag].error


def test_a_string_with_a_nonsense_length_is_bad(connect: Connect, slc: SlcController) -> None:
    slc.files[9].data[0:2] = b"\xff\x00"
    value = connect().read(("ST9:0",))["ST9:0"]
    assert (value.value, value.quality) == (None, Quality.BAD)


def test_identity_mode_and_signature_are_read(connect: Connect, slc: SlcController) -> None:
    driver = connect()
    who = driver.identity()
    assert (who.product_name, who.revision, who.name) == ("1747-L552/C", "13.01", "5/05")
    assert who.keyswitch == "REMOTE RUN"
    first = driver.program_signature()
    assert driver.program_signature() == first
    slc.keyswitch = "REMOTE PROG"
    assert driver.identity().keyswitch == "REMOTE PROG"
    assert driver.program_signature() == first, "a turned keyswitch is no other program"
    slc.processor = "5/04"
    assert driver.program_signature() != first


def test_browsing_says_what_to_write_instead(connect: Connect) -> None:
    driver = connect()
    with pytest.raises(PlcConfigError, match="N7:0"):
        driver.browse()
    assert driver.read(("N7:0",)) == {"N7:0": good(111)}


@pytest.mark.parametrize("fault", ["silent", "reset", "half_reply", "garbage", "wrong_length", "encapsulation_status"])
@pytest.mark.parametrize("skip", range(6))
def test_a_broken_reply_at_any_step_brings_no_wrong_value(
    connect: Connect, slc: SlcController, fault: str, skip: int
) -> None:
    slc.faults.on_reply(fault, times=1, skip=skip, every_command=True)
    driver = connect(timeout_s=0.2, opened=False)
    try:
        driver.open()
        nothing_wrong_is_good(driver.read(tuple(WANTED)), WANTED)
    except PlcError:
        with pytest.raises(PlcTransportError):
            driver.read(tuple(WANTED))
    slc.faults.clear()
    assert connect().read(tuple(WANTED)) == {tag: good(value) for tag, value in WANTED.items()}


def test_a_late_reply_is_never_taken_for_the_next_one(connect: Connect, slc: SlcController) -> None:
    driver = connect(timeout_s=0.2)
    assert driver.read(("N7:0",)) == {"N7:0": good(111)}
    slc.faults.delay(0.4, times=1)
    with pytest.raises(PlcTransportError):
        driver.read(("N7:0",))
    time.sleep(0.4)  # the late reply is on its way to a driver that is still being asked
    with pytest.raises(PlcTransportError):
        driver.read(("N7:1",))


def test_a_reply_sent_twice_changes_no_value(connect: Connect, slc: SlcController) -> None:
    driver = connect()
    slc.faults.on_reply("duplicate", times=1)
    assert [driver.read((tag,))[tag] for tag in ("N7:0", "N7:1", "N7:5")] == [good(111), good(222), good(-333)]


def test_an_answer_to_an_older_command_ends_the_line(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = connect()
    execute = PcccRouter._execute

    def stale(router: PcccRouter, request: Request) -> bytes:
        answer = bytearray(execute(router, request))
        answer[13] ^= 1  # reply head 4, requestor 7, command and status 2: here the transaction number begins
        return bytes(answer)

    monkeypatch.setattr(PcccRouter, "_execute", stale)
    with pytest.raises(PlcTransportError, match="another command"):
        driver.read(("N7:0",))


def test_data_of_another_size_gives_no_value(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = connect()
    read = PcccRouter._read
    monkeypatch.setattr(PcccRouter, "_read", lambda router, data: (0, read(router, data)[1] + b"\x00\x00"))
    value = driver.read(("N7:0",))["N7:0"]
    assert (value.value, value.quality) == (None, Quality.BAD)


def test_none_of_pycomm3s_ways_to_write_gets_through(server: ControllerServer, slc: SlcController) -> None:
    link = make_link(SlcLink, server.path, Wire(1.0))
    assert link.open()
    link.ensure_connection()
    with pytest.raises(WriteRefused):
        link.write(("N7:0", 5))
    with pytest.raises(WriteRefused):
        link._write_tag("N7:0", 5)
    assert slc["N7:0"] == 111
    assert link.wire.dead is None
    link.close()


def test_the_engine_polls_it(server: ControllerServer) -> None:
    polls: list[Poll] = []
    engine = PollEngine(sink=polls.append)
    engine.take(ControllerSpec("SLC", "pycomm3-slc", server.path, 0.05, 1.0, tuple(WANTED)), 1)
    wait_until(lambda: len(polls) >= 5, "five polls")
    engine.stop(5.0)
    assert all(p.comm is CommState.ONLINE and p.keyswitch == "REMOTE RUN" for p in polls)
    assert all(p.values == {tag: good(value) for tag, value in WANTED.items()} for p in polls)
