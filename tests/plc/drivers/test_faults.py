"""The wire can lie: each way in which a stock client returns wrong values or hangs, with different values per tag."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from mes.plc.drivers import PlcDriver, PlcError, PlcRefused, PlcTransportError, Quality, TagValue, make_driver
from mes.plc.engine import ControllerSpec
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import TagSpec, UdtType, VirtualController
from tests.plc.drivers.checks import good, nothing_wrong_is_good, reads_true, wait_until
from tests.plc.drivers.conftest import LINE, TRUE, VALUES, Connect
from tests.plc.drivers.downloads import exchange_ids, lay_out_again, replace_tag

TAGS = tuple(TRUE)


@pytest.fixture(params=["pycomm3-logix", "pylogix"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both Logix adapters must hold."""
    return str(request.param)


def stays_dead(driver: PlcDriver) -> None:
    """A driver that failed once answers nothing any more."""
    with pytest.raises(PlcTransportError):
        driver.read(TAGS)
    with pytest.raises(PlcTransportError):
        driver.identity()


def test_a_refused_session_is_an_error_at_open_and_leaves_nothing_behind(
    connect: Connect, controller: VirtualController, server: ControllerServer
) -> None:
    controller.faults.refuse_session(times=1)
    driver = connect(opened=False)
    with pytest.raises(PlcRefused, match="session"):
        driver.open()
    stays_dead(driver)
    wait_until(lambda: server.open_lines == 0, "the line is closed")
    reads_true(connect())


def test_a_refused_forward_open_is_an_error_at_open_and_leaves_nothing_behind(
    connect: Connect, controller: VirtualController, server: ControllerServer
) -> None:
    controller.faults.refuse_forward_open()
    driver = connect(opened=False)
    with pytest.raises(PlcRefused):
        driver.open()
    stays_dead(driver)
    wait_until(lambda: (server.open_lines, server.open_connections) == (0, 0), "line and connection are free")
    controller.faults.clear()
    reads_true(connect())


def test_a_controller_that_does_not_answer_the_connect_costs_one_time_out(
    connect: Connect, server: ControllerServer
) -> None:
    server.black_hole()
    driver = connect(timeout_s=0.3, opened=False)
    with pytest.raises(PlcTransportError, match="no answer in time"):
        driver.open()
    stays_dead(driver)
    server.open_port()
    reads_true(connect())


def test_a_closed_port_is_a_transport_error(connect: Connect, server: ControllerServer) -> None:
    server.close_port()
    with pytest.raises(PlcTransportError, match="refused"):
        connect()
    server.open_port()
    reads_true(connect())


def test_a_lost_reply_is_a_transport_error_within_the_time_out(connect: Connect, controller: VirtualController) -> None:
    driver = connect(timeout_s=0.3)
    reads_true(driver)
    controller.faults.on_reply("silent", times=1)
    with pytest.raises(PlcTransportError, match=r"within 0\.3 s"):
        driver.read(TAGS)
    stays_dead(driver)
    reads_true(connect())


@pytest.mark.parametrize("tags", [("Good",), ("Scrap", "Good", "Weight"), TAGS])
def test_a_late_reply_is_never_taken_for_the_next_one(
    connect: Connect, controller: VirtualController, tags: tuple[str, ...]
) -> None:
    driver = connect(timeout_s=0.2)
    reads_true(driver)
    controller.faults.delay(0.4, times=1)
    with pytest.raises(PlcTransportError):
        driver.read(tags)
    time.sleep(0.4)  # the late reply is on its way to a driver that is still being asked
    for _ in range(3):
        with pytest.raises(PlcTransportError):
            driver.read(tuple(reversed(tags)))
    reads_true(connect())


@pytest.mark.parametrize("fault", ["reset", "half_reply", "garbage", "encapsulation_status"])
@pytest.mark.parametrize("tags", [("Good",), TAGS])
def test_a_broken_reply_is_a_transport_error_at_once(
    connect: Connect, controller: VirtualController, fault: str, tags: tuple[str, ...]
) -> None:
    driver = connect(timeout_s=20.0)
    reads_true(driver)
    controller.faults.on_reply(fault, times=1)
    before = time.thread_time()
    with pytest.raises(PlcTransportError):
        driver.read(tags)
    assert time.thread_time() - before < 1.0, "no spinning on a line that has ended"
    stays_dead(driver)
    reads_true(connect())


@pytest.mark.parametrize("tags", [("Good",), TAGS])
def test_a_reply_with_a_wrong_length_gives_no_value(
    connect: Connect, controller: VirtualController, tags: tuple[str, ...]
) -> None:
    driver = connect(timeout_s=0.3)
    reads_true(driver)
    controller.faults.on_reply("wrong_length", times=1)
    with pytest.raises(PlcTransportError):
        driver.read(tags)
    stays_dead(driver)


@pytest.mark.parametrize("fault", ["silent", "reset", "half_reply", "garbage", "wrong_length", "encapsulation_status"])
@pytest.mark.parametrize("skip", range(9))
def test_no_step_of_opening_survives_a_broken_reply(
    connect: Connect, controller: VirtualController, server: ControllerServer, fault: str, skip: int
) -> None:
    controller.faults.on_reply(fault, times=1, skip=skip, every_command=True)
    driver = connect(timeout_s=0.2, opened=False)
    try:
        driver.open()
        values = driver.read(TAGS)
    except PlcError:
        stays_dead(driver)
    else:
        nothing_wrong_is_good(values)
    driver.kill()
    wait_until(lambda: server.open_lines == 0, "the line is closed")
    controller.faults.clear()
    reads_true(connect())


def test_broken_lines_are_noticed_and_a_new_driver_recovers(connect: Connect, server: ControllerServer) -> None:
    driver = connect()
    reads_true(driver)
    server.reset_lines()
    with pytest.raises(PlcTransportError):
        driver.read(TAGS)
    stays_dead(driver)
    reads_true(connect())


def test_one_driver_in_many_threads_never_mixes_up_values(connect: Connect) -> None:
    driver = connect()
    wrong: list[object] = []

    def read(tag: str) -> None:
        try:
            for _ in range(150):
                values = driver.read((tag,))
                if values != {tag: good(TRUE[tag])}:
                    wrong.append(values)
        except PlcError as error:
            wrong.append(error)

    threads = [threading.Thread(target=read, args=(tag,)) for tag in ("Good", "Scrap", "Weight", "FILL_1.Good")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("new_signature", [True, False])
def test_a_download_that_exchanges_instance_ids_changes_no_value(
    connect: Connect, controller: VirtualController, new_signature: bool
) -> None:
    driver = connect()
    reads_true(driver)
    exchange_ids(controller, "Good", "Scrap")
    if new_signature:
        controller.signature.change()
    reads_true(driver)
    driver.program_signature()
    reads_true(driver)
    reads_true(connect())


def test_a_download_that_renumbers_all_tags_changes_no_value(connect: Connect, controller: VirtualController) -> None:
    driver = connect()
    reads_true(driver)
    controller.renumber()
    reads_true(driver)
    controller.signature.change()
    driver.program_signature()
    reads_true(driver)


@pytest.mark.parametrize("tags", [("FILL_1.Good",), ("FILL_1.Good", "FILL_1.Scrap", "FILL_1.OrderId", "Good")])
def test_a_structure_with_its_members_reordered_is_bad_and_then_read_anew(
    connect: Connect, controller: VirtualController, tags: tuple[str, ...]
) -> None:
    driver = connect()
    reads_true(driver)
    driver.read(tags)
    reordered = UdtType("MES_Line", [LINE.members[2], LINE.members[1], *LINE.members[6:], *LINE.members[3:6]])
    lay_out_again(controller, reordered, "FILL_1", {k: v for k, v in VALUES.items() if k != "Heartbeat"})
    nothing_wrong_is_good(driver.read(tags))
    nothing_wrong_is_good(driver.read(tags))
    assert driver.read(tags) == {tag: good(TRUE[tag]) for tag in tags}


def test_a_tag_made_anew_with_another_type_is_bad_and_then_read_anew(
    connect: Connect, controller: VirtualController
) -> None:
    driver = connect()
    assert driver.read(("Good", "Scrap")) == {"Good": good(11), "Scrap": good(22)}
    replace_tag(controller, TagSpec("Good", "REAL", value=111.0))
    values = driver.read(("Good", "Scrap"))
    assert values["Scrap"] == good(22)
    assert (values["Good"].value, values["Good"].quality) == (None, Quality.BAD)
    assert "type" in (values["Good"].error or "")
    assert driver.read(("Good", "Scrap")) == {"Good": good(111.0), "Scrap": good(22)}


def test_a_tag_that_disappears_is_bad_and_the_others_go_on(connect: Connect, controller: VirtualController) -> None:
    driver = connect()
    reads_true(driver)
    controller.faults.miss_tag("Good")
    for _ in range(3):
        values = driver.read(TAGS)
        assert values.pop("Good").quality is Quality.BAD
        assert values == {tag: good(value) for tag, value in TRUE.items() if tag != "Good"}
    controller.faults.miss_tag("Good", False)
    reads_true(connect())


@pytest.mark.parametrize("small", [True, False])
def test_a_thousand_reads_of_changing_size_are_all_true(
    connect: Connect, controller: VirtualController, small: bool
) -> None:
    controller.add_tag(TagSpec("Wide", "DINT", (3000,), list(range(70000, 73000))))
    for number in range(60):
        controller.add_tag(TagSpec(f"Tag_{number}", "DINT", value=50000 + number))
    controller.faults.refuse_large_forward_open(small)
    driver = connect()
    for count in range(1, 200):
        tags = [f"Wide[{(count * 37 + i * (1 + count % 9)) % 3000}]" for i in range(count)]
        tags += [f"Tag_{(count + i) % 60}" for i in range(count % 61)]
        truth = {t: good(int(t[5:-1]) + 70000 if t[0] == "W" else int(t[4:]) + 50000) for t in tags}
        assert driver.read(tags) == truth


@pytest.fixture
def endless_server() -> Iterator[tuple[str, threading.Event]]:
    """A peer that accepts, sends half a header and then closes its sending side."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        line, _ = listener.accept()
        line.recv(100)
        line.sendall(b"\x65\x00\x04\x00\x01")
        line.shutdown(socket.SHUT_WR)
        done.wait(30)
        line.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}", done
    done.set()
    thread.join()
    listener.close()


def test_half_a_header_and_the_end_of_the_line_is_an_error_at_once(
    endless_server: tuple[str, threading.Event], kind: str
) -> None:
    driver = make_driver(ControllerSpec("C", kind, endless_server[0], 1.0, 20.0, ()))
    with pytest.raises(PlcTransportError, match="closed the connection"):
        driver.open()


def test_killing_a_driver_from_another_thread_wakes_the_one_that_waits(
    connect: Connect, controller: VirtualController
) -> None:
    driver = connect(timeout_s=60.0)
    reads_true(driver)
    controller.faults.on_reply("silent", times=None)
    seen: list[object] = []

    def read() -> None:
        try:
            seen.append(driver.read(TAGS))
        except PlcTransportError as error:
            seen.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.05)
    driver.kill()
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(seen[0], PlcTransportError)


def test_an_error_names_no_value(connect: Connect, controller: VirtualController) -> None:
    driver = connect()
    controller.faults.miss_tag("Good")
    value = driver.read(("Good",))["Good"]
    assert value == TagValue(None, Quality.BAD, value.error)
    assert value.error
