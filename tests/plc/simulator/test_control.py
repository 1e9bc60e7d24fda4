"""The control door of a running plant: token, commands, faults by name."""

import json
import socket
from collections.abc import Iterator

import pytest

from mes.plc.simulator.config import loads
from mes.plc.simulator.control import ControlClient, ControlDoor, ControlError
from mes.plc.simulator.interventions import FAULTS
from mes.plc.simulator.plant import SimulatedPlant
from mes.plc.simulator.server import ControllerServer
from tests.plc.simulator.deadline import until
from tests.plc.simulator.wire import Wire, read_tag

PLANT = """
tick_s: 0.01
controllers:
  A:
    udts: {U: {X: DINT, Y: DINT}}
    tags: {One: {type: DINT, value: 11}, Two: {type: DINT, value: 22}, Both: {type: U, value: {X: 1, Y: 2}}}
    machines:
      M1: {epoch: 3, script: [{run: 1000, cycle_s: 0.02}]}
      M2: {script: [{run: 1000, cycle_s: 0.5}]}
"""


@pytest.fixture
def plant() -> Iterator[SimulatedPlant]:
    plant = loads(PLANT).start()
    yield plant
    plant.stop()


@pytest.fixture
def client(plant: SimulatedPlant) -> Iterator[ControlClient]:
    door = ControlDoor(plant)
    with ControlClient(door.port, door.token) as client:
        yield client
    door.close()


def ask(plant: SimulatedPlant, message: bytes) -> bytes:
    """One unconnected request to controller A."""
    server = ControllerServer(plant.controller("A").controller, port=plant.controller("A").port)
    with Wire(server) as wire:
        return wire.unconnected(message)


def test_controllers_are_listed_with_their_addresses(client: ControlClient, plant: SimulatedPlant) -> None:
    assert client.controllers() == [
        {
            "code": "A",
            "kind": "logix",
            "address": f"127.0.0.1:{plant.controller('A').port}",
            "product": "1756-L83E/B",
            "keyswitch": "REMOTE RUN",
            "machines": ["M1", "M2"],
        }
    ]


def test_a_wrong_token_opens_nothing(client: ControlClient, plant: SimulatedPlant) -> None:
    door = ControlDoor(plant)
    try:
        with ControlClient(door.port, "guess") as stranger, pytest.raises(ControlError, match="token is wrong"):
            stranger.set_tag("A", "One", 99)
        with socket.create_connection(("127.0.0.1", door.port), 5) as line:
            line.sendall(b"not json\n[1]\n")
            answers = line.makefile("rb")
            assert "not JSON" in json.loads(answers.readline())["error"]
            assert "JSON object" in json.loads(answers.readline())["error"]
    finally:
        door.close()
    assert client.get_tag("A", "One") == 11


def test_tags_are_read_and_set(client: ControlClient, plant: SimulatedPlant) -> None:
    client.set_tag("A", "One", 111)
    assert client.get_tag("A", "One") == 111
    assert client.get_tag("A", "Two") == 22
    with pytest.raises(ControlError, match="there is no tag Three in controller A"):
        client.get_tag("A", "Three")


def test_machines_run_and_the_tag_agrees_with_the_ledger_while_paused(
    client: ControlClient, plant: SimulatedPlant
) -> None:
    until(lambda: client.ledger("M1")["good"] >= 20)
    client.pause()
    made = client.ledger("M1")["good"]
    assert client.get_tag("A", "M1.Good") == made
    assert client.call("state", machine="M1")["kind"] == "run"
    heartbeat = client.get_tag("A", "M1.Heartbeat")
    until(lambda: client.get_tag("A", "M1.Heartbeat") > heartbeat)
    assert client.ledger("M1")["good"] == made
    client.resume()
    until(lambda: client.ledger("M1")["good"] > made)


def test_a_state_is_forced_and_shows_in_the_ledger(client: ControlClient, plant: SimulatedPlant) -> None:
    client.force("M2", "breakdown", reason=12)
    assert client.get_tag("A", "M2.State") == 9
    until(lambda: client.ledger("M2")["kind_ms"].get("breakdown", 0) > 20)
    client.force("M2", "run")
    (stop,) = client.ledger("M2")["stops"]
    assert (stop["kind"], stop["reason"], stop["state"]) == ("breakdown", 12, 9)
    assert stop["end_ms"] is not None
    assert client.ledger("M1")["stops"] == []


def test_a_restart_takes_the_port_away_and_brings_counters_from_zero(
    client: ControlClient, plant: SimulatedPlant
) -> None:
    until(lambda: client.get_tag("A", "M1.Good") > 10)
    client.restart("A", away_s=0.3, serial=4711)
    port = plant.controller("A").port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 2)
    made = client.ledger("M1")["good"]
    until(lambda: client.get_tag("A", "M1.Epoch") == 4)
    until(lambda: _answers(port))
    assert client.get_tag("A", "M1.Good") == client.ledger("M1")["good"] - made or client.get_tag("A", "M1.Good") < made
    assert ask(plant, b"\x0e\x03\x20\x01\x24\x01\x30\x06")[4:] == (4711).to_bytes(4, "little")
    assert client.ledger("M1")["kind_ms"]["off"] >= 250


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


#: Options that each fault is called with here, and a tag it needs.
OPTIONS: dict[str, dict[str, object]] = {
    "delay": {"seconds": 0.01, "times": 1},
    "miss_tag": {"name": "One"},
    "limit_connections": {"most": 1},
    "download_exchanged_ids": {"first": "One", "second": "Two"},
    "relayout_udt": {"name": "U"},
    "retype_tag": {"name": "One", "type_name": "REAL"},
    "shift_clock": {"offset_s": 60},
    "keyswitch": {"position": "PROG"},
    "wind_counter": {"counter": "Good", "value": 1},
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_can_be_switched_by_name(client: ControlClient, name: str) -> None:
    client.fault("A", name, **OPTIONS.get(name, {}))
    client.fault("A", "clear")
    client.fault("A", "open_port")
    assert client.controllers()[0]["code"] == "A"


def test_faults_strike_the_wire(client: ControlClient, plant: SimulatedPlant) -> None:
    client.fault("A", "miss_tag", name="One")
    assert ask(plant, read_tag("One"))[2] == 4
    client.fault("A", "clear")
    assert ask(plant, read_tag("One"))[6:] == (11).to_bytes(4, "little")
    client.fault("A", "keyswitch", position="REMOTE PROG")
    assert ask(plant, b"\x0e\x03\x20\x01\x24\x01\x30\x05")[4:] == b"\x70\x31"
    client.fault("A", "freeze_heartbeat", machine="M1")
    assert plant.machine("M1").heartbeat_frozen
    assert not plant.machine("M2").heartbeat_frozen
    client.fault("A", "freeze_heartbeat")
    assert plant.machine("M2").heartbeat_frozen


def test_unknown_commands_faults_and_names_are_told(client: ControlClient) -> None:
    with pytest.raises(ControlError, match="no command 'sing'; choose one of controllers"):
        client.call("sing")
    with pytest.raises(ControlError, match="no fault 'smoke'; choose one of"):
        client.fault("A", "smoke")
    with pytest.raises(ControlError, match="no controller Z here; there are A"):
        client.fault("Z", "clear")
    with pytest.raises(ControlError, match="no machine M9 here; there are M1, M2"):
        client.ledger("M9")
