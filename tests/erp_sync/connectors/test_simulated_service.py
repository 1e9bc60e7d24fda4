"""The simulated ERP as a process of its own: seeded for the demo plant once, ended by a signal, nothing forgotten."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from erp_sync.connector import Settings
from erp_sync.connectors import open_connector
from erp_sync.connectors.simulated.service import TOKEN_VARIABLE
from erp_sync.errors import AuthError, TransientError
from erp_sync.messages import ExternalRef, MasterKind, Outcome, RequestState
from erp_sync.transport.client import HttpDoor
from tests.erp_sync.contract.rig import everything, said
from tests.erp_sync.contract.rig_simulated import SimulatedRig

PLANT = Path(__file__).parents[3] / "mes" / "demo" / "plant.yaml"


def served(port: int, file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "erp_sync.connectors.simulated.service", "--port", str(port), "--file", str(file)]
    return subprocess.Popen([*command, "--seed"], env={**os.environ, TOKEN_VARIABLE: "hush"})


def reached(settings: Settings) -> dict[str, RequestState]:
    """Number -> state of all orders, as soon as the process answers."""
    for _try in range(400):
        connector = open_connector("simulated", settings)
        try:
            assert abs(connector.check(datetime.now(UTC)).skew_s or 0) < 60
            orders, _cursor = everything(connector)
        except TransientError:
            time.sleep(0.05)
            continue
        finally:
            connector.close()
        return {request.ref.number: request.state for request in orders.values()}
    raise AssertionError("It never answered.")


def test_it_serves_orders_of_the_demo_plant_and_begins_again_where_it_was(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings("SIM", f"http://127.0.0.1:{port}", {}, {"token": "hush"}, demo=True)
    seen = []
    for _start in range(2):
        process = served(port, tmp_path / "erp.sqlite")
        try:
            seen.append(reached(settings))
            connector = open_connector("simulated", settings)
            orders, _cursor = everything(connector)
            items = {row["key"] for row in connector.pull_master(MasterKind.ITEM)}
            stock = {row.item: row.on_hand.value for row in connector.pull_stock(["FILM"])}
            connector.close()
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    assert seen[0] == seen[1]
    assert len(seen[0]) == 10
    assert set(seen[0].values()) == {RequestState.RELEASED, RequestState.PLANNED, RequestState.CANCELLED}
    plant = PLANT.read_text()
    for order in orders.values():
        assert f"\n  {order.item}:" in plant
        assert f"\n  {order.work_center}:" in plant
        assert f"\n  {order.segments[0].work_center}:" in plant
        assert {order.item, order.materials[0].item} <= items
    assert stock == {"FILM": 250_000}


def test_a_message_that_comes_again_after_the_order_was_cancelled_finds_its_document(tmp_path: Path) -> None:
    rig = SimulatedRig(tmp_path)
    erp = rig.connect()
    key = rig.make()
    message = said(rig, ExternalRef("order", key), 1, 10)
    first = erp.push_response(message)
    rig.cancel(key)
    again = erp.push_response(message)
    assert (first.outcome, again.outcome) == (Outcome.APPLIED, Outcome.ALREADY_APPLIED)
    assert first.document == again.document == "C-1"
    erp.close()
    rig.close()


def test_its_desk_works_over_the_line_as_people_would(tmp_path: Path) -> None:
    """What the demo and the benchmarks do: enter, change, delete, set the clock wrong, break the line, mend it."""
    rig = SimulatedRig(tmp_path)
    erp, door = rig.connect(), HttpDoor(rig.settings())

    def desk(what: str, **said: Any) -> Any:
        answer = door.post(f"/desk/{what}", said, {"Authorization": f"Bearer {rig.service.token}"})
        return answer.json() if answer.status == 200 else answer.status

    one, two = desk("make", orders=[{"item": "A", "quantity": "5"}, {"item": "B", "quantity": "6"}])
    assert desk("change", key=one, changes={"quantity": "7"}) is None
    assert desk("delete", key=two) is None
    assert {key: order.quantity.value for key, order in everything(erp)[0].items()} == {str(one): 7}
    desk("fact", kind="item", key="A", body={"key": "A", "name": "Apple"})
    assert list(erp.pull_master(MasterKind.ITEM)) == [{"key": "A", "name": "Apple"}]
    desk("clock", skew_s=600)
    assert 590 < (erp.check(datetime.now(UTC)).skew_s or 0) < 610
    desk("fault", kind="503")
    with pytest.raises(TransientError):
        everything(erp)
    desk("chaos", seed=1, odds={"503": 1})
    message = said(rig, ExternalRef("order", str(one)), 1, 1)
    with pytest.raises(TransientError):
        erp.push_response(message)
    desk("calm")
    assert erp.push_response(message).outcome == Outcome.APPLIED
    refused = [desk("fault", kind="no-such"), desk("nothing"), desk("change", key=99, changes={}), desk("make")]
    assert refused == [400, 404, 404, 400]
    erp.close()
    door.close()
    rig.close()


def test_without_a_token_it_neither_serves_nor_asks(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "erp_sync.connectors.simulated.service", "--port", "1", "--file", "x"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PLANT.parents[2], check=False)
    assert done.returncode == 2
    assert TOKEN_VARIABLE in done.stderr
    with pytest.raises(AuthError, match="token"):
        open_connector("simulated", Settings("SIM", "http://127.0.0.1:1", {}, demo=True)).check(datetime.now(UTC))
