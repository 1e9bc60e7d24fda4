"""Our Logix adapter against a server that is not ours: cpppo's, run as a program of its own."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mes.plc.drivers import PlcConfigError, PlcDriver, PlcTransportError, Quality, make_driver
from mes.plc.engine import CommState, ControllerSpec, Poll, PollEngine
from tests.plc.drivers.checks import good, wait_until

TAGS = ("Good=DINT[1]", "Scrap=DINT[1]", "Speed=REAL[1]", "Counts=INT[100]", "Title=SSTRING[1]")
WRITTEN = ("Good=111", "Scrap=222", "Speed=(REAL)2.5", "Counts[0-4]=501,502,503,504,505", "Counts[99]=599")
TRUE = {"Good": 111, "Scrap": 222, "Speed": 2.5, "Counts[3]": 504, "Counts[99]": 599, "Good.0": True, "Good.4": False}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """cpppo's server with values that its own client has written."""
    port = free_port()
    place = f"127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "cpppo.server.enip", "--address", place, *TAGS],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: answers(port), "cpppo's server answers", 30)
        subprocess.run(
            [sys.executable, "-m", "cpppo.server.enip.client", "-a", place, *WRITTEN],
            check=True,
            capture_output=True,
            timeout=30,
        )
        yield place
    finally:
        server.terminate()
        server.wait(10)


def made(address: str) -> PlcDriver:
    return make_driver(ControllerSpec("C", "pycomm3-logix", address, 1.0, 3.0, ()))


@pytest.fixture
def driver(address: str) -> Iterator[PlcDriver]:
    """A driver that knows by now that this server has no tag list: it breaks the line when asked for one."""
    for _ in range(5):
        driver = made(address)
        driver.open()
        try:
            driver.read(("Good",))
        except PlcTransportError:
            driver.kill()
        else:
            break
    yield driver
    driver.close()


def test_every_value_is_the_one_cpppos_client_wrote(driver: PlcDriver) -> None:
    for tag, value in TRUE.items():
        assert driver.read((tag,)) == {tag: good(value)}
    for _ in range(20):
        assert driver.read(tuple(TRUE)) == {tag: good(value) for tag, value in TRUE.items()}


def test_unknown_tags_and_unreadable_types_are_bad_and_leave_the_others_alone(driver: PlcDriver) -> None:
    values = driver.read(("Good", "Nope", "Title", "Scrap"))
    assert (values["Good"], values["Scrap"]) == (good(111), good(222))
    assert [values[tag].quality for tag in ("Nope", "Title")] == [Quality.BAD] * 2
    assert "0x00da" in (values["Title"].error or "")


def test_its_identity_is_read(driver: PlcDriver) -> None:
    who = driver.identity()
    assert (who.product_name, who.revision) == ("1756-L61/B LOGIX5561", "20.11")
    assert who.name.isprintable()
    assert driver.program_signature() == driver.program_signature()


def test_browsing_a_server_without_a_tag_list_says_what_to_do(driver: PlcDriver) -> None:
    with pytest.raises(PlcConfigError, match="by hand"):
        driver.browse()
    assert driver.read(("Good",)) == {"Good": good(111)}


def test_the_engine_polls_it(address: str) -> None:
    polls: list[Poll] = []
    engine = PollEngine(sink=polls.append, random=lambda: 1.0)
    engine.take(ControllerSpec("C", "pycomm3-logix", address, 0.1, 3.0, tuple(TRUE)), 1)
    wait_until(lambda: sum(p.comm is CommState.ONLINE for p in polls) >= 5, "five polls", 30)
    engine.stop(5.0)
    good_ones = [p for p in polls if p.comm is CommState.ONLINE]
    assert all(p.values == {tag: good(value) for tag, value in TRUE.items()} for p in good_ones)
