"""The engine with real threads, real TCP and virtual controllers: isolation, loss and return, taking and dropping."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from mes.plc.drivers import Quality
from mes.plc.engine import CommState, ControllerSpec, EngineEvent, Poll, PollEngine
from mes.plc.simulator.server import ControllerServer, SimulatorHost
from mes.plc.simulator.tags import TagSpec, VirtualController
from tests.plc.drivers.checks import wait_until


class Collected:
    """A sink that keeps everything, and the events."""

    def __init__(self) -> None:
        self.polls: list[Poll] = []
        self.events: list[EngineEvent] = []

    def of(self, code: str) -> list[Poll]:
        return [poll for poll in self.polls.copy() if poll.controller == code]

    def last(self, code: str) -> Poll | None:
        return next((poll for poll in reversed(self.polls.copy()) if poll.controller == code), None)

    def is_at(self, code: str, comm: CommState) -> Callable[[], bool]:
        return lambda: (last := self.last(code)) is not None and last.comm is comm


@pytest.fixture
def seen() -> Collected:
    return Collected()


@pytest.fixture
def engine(seen: Collected) -> Iterator[PollEngine]:
    engine = PollEngine(sink=seen.polls.append, on_event=seen.events.append, random=lambda: 0.9)
    yield engine
    engine.stop(5.0)


@pytest.fixture
def host() -> Iterator[SimulatorHost]:
    with SimulatorHost() as host:
        yield host


def controller(number: int) -> VirtualController:
    return VirtualController(
        tags=[TagSpec("Good", "DINT", value=1000 + number), TagSpec("Scrap", "DINT", value=number)]
    )


def spec(code: str, address: str, *, period_s: float = 0.05, timeout_s: float = 0.5) -> ControllerSpec:
    return ControllerSpec(code, "pycomm3-logix", address, period_s, timeout_s, ("Good", "Scrap"))


@pytest.fixture
def server() -> Iterator[ControllerServer]:
    server = ControllerServer(controller(1)).start()
    yield server
    server.stop()


def test_a_controller_is_polled_with_its_own_values(
    engine: PollEngine, seen: Collected, server: ControllerServer
) -> None:
    engine.take(spec("FILL", server.path), 3)
    wait_until(lambda: len(seen.of("FILL")) >= 5, "five polls")
    polls = seen.of("FILL")
    assert [p.seq for p in polls] == list(range(1, len(polls) + 1))
    assert {p.fence for p in polls} == {3}
    assert all(p.values["Good"].value == 1001 and p.values["Scrap"].value == 1 for p in polls)
    assert all(a.at < b.at for a, b in itertools.pairwise(polls))
    assert polls[0].keyswitch == "REMOTE RUN"
    assert engine.held() == {"FILL": 3}
    assert engine.stuck(time.monotonic()) == []


def test_one_hung_controller_of_fifty_delays_nobody_elses_polls(
    engine: PollEngine, seen: Collected, host: SimulatorHost
) -> None:
    controllers = [controller(n) for n in range(50)]
    ports = [host.serve(c) for c in controllers]
    controllers[17].faults.on_reply("silent", times=None, every_command=True)
    for number, port in enumerate(ports):
        engine.take(spec(f"C{number}", f"127.0.0.1:{port}", period_s=0.25, timeout_s=20.0), 1)
    others = [f"C{n}" for n in range(50) if n != 17]
    wait_until(lambda: all(engine.stats()[code].polls >= 8 for code in others), "eight polls of each", 30)
    assert engine.stats()["C17"].polls == 0
    assert sum(engine.stats()[code].failures for code in others) == 0
    for number in range(50):
        assert {p.values["Good"].value for p in seen.of(f"C{number}")} <= {1000 + number}


def test_a_lost_controller_is_reported_and_comes_back_with_one_log_line_each(
    engine: PollEngine, seen: Collected, server: ControllerServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    engine.take(spec("FILL", server.path), 1)
    wait_until(seen.is_at("FILL", CommState.ONLINE), "online")
    server.close_port()
    wait_until(seen.is_at("FILL", CommState.OFFLINE), "offline")
    lost_at = len(seen.polls)
    wait_until(lambda: len(seen.polls) >= lost_at + 2, "reports of the loss")
    assert all(p.error and not p.values for p in seen.polls[lost_at:])
    server.open_port()
    wait_until(seen.is_at("FILL", CommState.ONLINE), "online again")
    assert [e.kind for e in seen.events] == ["connected", "lost", "back"]
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 2
    polls = seen.of("FILL")
    assert [p.seq for p in polls] == list(range(1, len(polls) + 1))


@pytest.mark.parametrize("fault", ["reset", "half_reply", "garbage", "wrong_length", "encapsulation_status", "silent"])
def test_a_storm_of_broken_replies_brings_no_wrong_value(
    engine: PollEngine, seen: Collected, server: ControllerServer, fault: str
) -> None:
    engine.take(spec("FILL", server.path, timeout_s=0.1), 1)
    wait_until(seen.is_at("FILL", CommState.ONLINE), "online")
    for _ in range(4):
        server.controller.faults.on_reply(fault, times=1)
        failures = engine.stats()["FILL"].failures
        wait_until(lambda failures=failures: engine.stats()["FILL"].failures > failures, "a failed poll")
        wait_until(seen.is_at("FILL", CommState.ONLINE), "online again")
    for poll in seen.of("FILL"):
        assert not poll.values or (poll.values["Good"].value, poll.values["Scrap"].value) == (1001, 1)


def test_an_unknown_tag_is_bad_while_the_line_stays_online(
    engine: PollEngine, seen: Collected, server: ControllerServer
) -> None:
    told = ControllerSpec("FILL", "pycomm3-logix", server.path, 0.05, 1.0, ("Good", "Nope"))
    engine.take(told, 1)
    wait_until(lambda: len(seen.of("FILL")) >= 3, "three polls")
    poll = seen.of("FILL")[-1]
    assert (poll.comm, poll.values["Good"].value) == (CommState.ONLINE, 1001)
    assert (poll.values["Nope"].quality, poll.values["Nope"].value) == (Quality.BAD, None)
    assert engine.stats()["FILL"].bad_tags == 1


def test_a_download_while_polling_is_flagged_and_no_value_is_mixed_up(
    engine: PollEngine, seen: Collected, server: ControllerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mes.plc.engine_thread.CHECK_PERIOD_S", 0.2)
    engine.take(spec("FILL", server.path), 1)
    wait_until(seen.is_at("FILL", CommState.ONLINE), "online")
    tags = server.controller.scopes[""].tags
    with server.controller.lock:
        tags["good"].instance_id, tags["scrap"].instance_id = tags["scrap"].instance_id, tags["good"].instance_id
        server.controller.generation += 1
        server.controller.signature.change()
    wait_until(lambda: any(p.program_changed for p in seen.of("FILL")), "the change is noticed")
    changed = next(p for p in seen.of("FILL") if p.program_changed)
    assert {v.quality for v in changed.values.values()} == {Quality.UNCERTAIN}
    wait_until(lambda: seen.of("FILL")[-1].seq > changed.seq + 2, "polls go on")
    assert seen.of("FILL")[-1].values["Good"].quality is Quality.GOOD
    assert {(p.values["Good"].value, p.values["Scrap"].value) for p in seen.of("FILL")} == {(1001, 1)}


def test_a_wrong_address_or_kind_is_a_lost_controller_with_a_sentence(engine: PollEngine, seen: Collected) -> None:
    engine.take(ControllerSpec("A", "pycomm3-logix", "no-such-place:99999", 0.05, 0.5, ("Good",)), 1)
    engine.take(ControllerSpec("B", "modbus", "127.0.0.1", 0.05, 0.5, ("Good",)), 1)
    wait_until(lambda: seen.last("A") is not None and seen.last("B") is not None, "both are reported")
    assert "address" in (seen.of("A")[0].error or "")
    assert "pycomm3-logix" in (seen.of("B")[0].error or "")


def test_taking_twice_starts_one_thread_and_one_connection(
    engine: PollEngine, seen: Collected, server: ControllerServer
) -> None:
    for _ in range(5):
        engine.take(spec("FILL", server.path), 1)
    wait_until(lambda: len(seen.of("FILL")) >= 3, "three polls")
    assert server.counts["lines"] == 1
    assert [t.name for t in threading.enumerate()].count("plc-FILL") == 1


def test_after_a_drop_nothing_arrives_any_more_and_the_connection_is_free(
    engine: PollEngine, seen: Collected, server: ControllerServer
) -> None:
    engine.take(spec("FILL", server.path), 1)
    wait_until(lambda: len(seen.of("FILL")) >= 3, "three polls")
    engine.drop("FILL")
    after = len(seen.polls)
    wait_until(lambda: (server.open_lines, server.open_connections) == (0, 0), "line and connection are free")
    assert len(seen.polls) == after
    assert engine.held() == {}
    engine.take(spec("FILL", server.path), 2)
    wait_until(lambda: any(p.fence == 2 for p in seen.polls), "polls under the new fence")
    assert next(p.seq for p in seen.polls if p.fence == 2) == 1


def test_stopping_does_not_wait_for_a_hung_controller(seen: Collected, server: ControllerServer) -> None:
    engine = PollEngine(sink=seen.polls.append)
    engine.take(spec("FILL", server.path, timeout_s=60.0), 1)
    wait_until(lambda: len(seen.of("FILL")) >= 1, "a poll")
    server.controller.faults.on_reply("silent", times=None, every_command=True)
    polls = len(seen.polls)
    time.sleep(0.2)
    began = time.monotonic()
    engine.stop(0.5)
    assert time.monotonic() - began < 20
    assert len(seen.polls) <= polls + 1
    with pytest.raises(RuntimeError):
        engine.take(spec("FILL", server.path), 2)


def test_a_thread_that_hangs_is_found_by_the_watchdog(
    engine: PollEngine, seen: Collected, server: ControllerServer
) -> None:
    engine.take(spec("FILL", server.path, timeout_s=30.0), 1)
    wait_until(lambda: len(seen.of("FILL")) >= 1, "a poll")
    server.controller.faults.on_reply("silent", times=None, every_command=True)
    time.sleep(0.2)
    assert engine.stuck(time.monotonic()) == []
    assert engine.stuck(time.monotonic() + 100) == ["FILL"]


def test_a_slow_controller_that_keeps_answering_is_not_taken_for_stuck(
    engine: PollEngine, seen: Collected, server: ControllerServer
) -> None:
    server.controller.faults.delay(0.2, times=None)
    engine.take(spec("FILL", server.path, timeout_s=0.3), 1)  # opening takes some ten replies, each in time
    stuck: list[str] = []
    deadline = time.monotonic() + 20
    while not seen.polls and time.monotonic() < deadline:
        stuck += engine.stuck(time.monotonic() + 0.3)
        time.sleep(0.02)
    assert seen.polls[0].comm is CommState.ONLINE
    assert stuck == []


def test_a_controller_taken_again_under_the_same_fence_is_numbered_on(
    engine: PollEngine, seen: Collected, server: ControllerServer
) -> None:
    for _ in range(3):
        engine.take(spec("FILL", server.path), 4)
        before = len(seen.polls)
        wait_until(lambda before=before: len(seen.polls) >= before + 3, "three more polls")
        engine.drop("FILL")
    engine.take(spec("FILL", server.path), 5)
    wait_until(lambda: seen.polls[-1].fence == 5, "polls under the new fence")
    seqs = [p.seq for p in seen.polls if p.fence == 4]
    assert seqs == list(range(1, len(seqs) + 1))
    assert next(p.seq for p in seen.polls if p.fence == 5) == 1
