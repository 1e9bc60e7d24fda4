"""The demo's ERP beside `up`: what its helper tells becomes a child kept alive, and facts for the ready file."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mes.config.embedded.kept import free_port
from mes.config.processes.erp import ErpBeside
from mes.config.processes.identity import identity_of
from mes.config.processes.once import Once
from mes.config.processes.supervisor import Supervisor

Begin = Callable[[str], ErpBeside]


class House:
    """A supervisor and everything that was said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.supervisor = Supervisor(run_dir=folder / "run", log_dir=folder / "logs", say=self.say)
        self.helpers: list[Once] = []

    def say(self, name: str, text: str) -> None:
        self.said.append(f"{name}: {text}")

    def begin(self, code: str) -> ErpBeside:
        """Follows a helper that runs this Python code."""
        command = [sys.executable, "-c", code]
        helper = Once("erp-prepare", command, cwd=self.folder, env={}, log_dir=self.folder / "logs")
        self.helpers.append(helper)
        return ErpBeside(helper, self.supervisor, base=self.folder, say=self.say)

    def until(self, beside: ErpBeside, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, self.said
            beside.look()
            self.supervisor.tick()
            time.sleep(0.02)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "run").mkdir()
    (tmp_path / "logs").mkdir()
    built = House(tmp_path)
    yield built
    for helper in built.helpers:
        helper.kill()
    built.supervisor.stop()


def test_the_erp_is_started_when_it_is_prepared_and_told_of_when_it_is_connected(house: House) -> None:
    port = free_port()
    serve = {
        "event": "serve", "name": "ERP", "port": port, "env": {"TOKEN": "t"},
        "command": [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)],
    }  # fmt: skip
    people = [{"name": "admin", "password": "p", "for": "everything"}]
    connected = {
        "event": "connected", "name": "ERP", "url": f"http://127.0.0.1:{port}", "connection": "TRYTON",
        "people": people, "problem": "",
    }  # fmt: skip
    lines = [{"event": "said", "text": "installing"}, serve, connected]
    beside = house.begin("\n".join(f"print({json.dumps(line)!r}, flush=True)" for line in lines))
    assert beside.facts == {"state": "is being prepared"}
    house.until(beside, lambda: beside.facts["state"] == "runs" and house.supervisor.children["erp"].is_ready)
    assert beside.facts == {
        "state": "runs", "name": "ERP", "url": f"http://127.0.0.1:{port}", "connection": "TRYTON", "people": people
    }  # fmt: skip
    assert "erp: installing" in house.said
    assert not beside.look(), "nothing is told twice"
    identity = house.supervisor.children["erp"].identity
    assert identity
    house.supervisor.stop()
    assert identity_of(identity.pid) is None


def test_a_helper_that_fails_is_told_and_leaves_the_demo_as_it_is(house: House) -> None:
    beside = house.begin("import sys; sys.exit('no disk space')")
    house.until(beside, lambda: beside.facts != {"state": "is being prepared"})
    assert beside.facts == {"state": "failed"}
    assert "no disk space" in " ".join(house.said)
    assert not house.supervisor.children
