"""`./manage.py up` as a whole: refusals, one run per data directory, an ordered end, and a new start after a kill."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mes.config.embedded.kept import free_port
from mes.config.processes.environment import adopt_running
from mes.config.processes.identity import identity_of, is_running

ROOT = Path(__file__).resolve().parent.parent.parent
CHILDREN = {"valkey", "postgres", "web", "poller", "live", "worker", "scheduler"}


class UpRun:
    """One `up` without demo data, on a data directory of the test."""

    def __init__(self, folder: Path, *more: str, port: int | None = None) -> None:
        self.data = folder / "data"
        self.ready_file = folder / "ready.json"
        self.port = port or free_port()
        environment = {name: text for name, text in os.environ.items() if not name.startswith("MES_")}
        command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(self.port), "--data", str(self.data)]
        self._log = folder / "up.log"
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [*command, "--ready-file", str(self.ready_file), "--no-demo", *more],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 120
        while not self.ready_file.exists():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def pids(self) -> dict[str, int]:
        return {file.stem: int(file.read_text().split()[0]) for file in (self.data / "run").glob("*.pid")}

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., UpRun]]:
    runs: list[UpRun] = []

    def start(*more: str, port: int | None = None) -> UpRun:
        runs.append(UpRun(tmp_path, *more, port=port))
        return runs[-1]

    yield start
    for run in runs:
        run.end()


def answers(run: UpRun) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/healthz", timeout=5) as answer:
        return int(answer.status)


def of_this_data(data: Path) -> list[int]:
    """Pids of all live processes that name the data directory or work in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            told = [(entry / name).read_bytes() for name in ("cmdline", "environ")]
            told.append(os.fsencode(os.readlink(entry / "cwd")))
        except OSError:
            continue
        if os.fsencode(str(data)) in b"".join(told):
            found.append(int(entry.name))
    return found


def until(condition: Callable[[], object], *, within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.05)


@pytest.mark.timeout(400)
def test_the_life_of_a_data_directory(begin: Callable[..., UpRun]) -> None:
    run = begin()
    run.wait_until_ready()
    assert answers(run) == 200
    assert set(run.pids()) == CHILDREN
    facts = json.loads(run.ready_file.read_text())
    assert facts == {"url": f"http://127.0.0.1:{run.port}/", "users": [], "api_key": "", "controllers": []}
    private = [run.ready_file, run.data / "postgres.json", run.data / "secret-key", run.data / "run/environment.json"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o600] * 4

    # Other commands find the servers of this run, but not over what the caller has set.
    environ = {"MES_DATA_DIR": str(run.data), "MES_REDIS_URL": "redis://my-own"}
    assert adopt_running(environ)
    assert environ["MES_DATABASE_URL"].startswith("postgresql://millwright:")
    assert environ["MES_REDIS_URL"] == "redis://my-own"

    # A second one on the same directory is refused and disturbs nothing.
    second = begin()
    assert second.process.wait(timeout=30) == 1
    assert f"Millwright already runs on the data directory {run.data} (process {run.process.pid})" in run.said
    assert answers(run) == 200

    # A child that dies comes back.
    before = run.pids()["web"]
    os.kill(before, signal.SIGKILL)
    until(lambda: run.pids().get("web", before) != before)

    # kill -9: nothing goes on, and the next start works.
    run.process.kill()
    run.process.wait()
    until(lambda: of_this_data(run.data) == [])
    assert not adopt_running({"MES_DATA_DIR": str(run.data)})
    run.ready_file.unlink(missing_ok=True)
    again = begin()
    again.wait_until_ready()
    assert answers(again) == 200

    # kill -9 of everything, the servers first.
    for pid in sorted(again.pids().values()):
        os.kill(pid, signal.SIGKILL)
    again.process.kill()
    again.process.wait()
    again.ready_file.unlink(missing_ok=True)
    third = begin()
    third.wait_until_ready()
    members = [identity_of(pid) for pid in of_this_data(third.data)]
    assert len(members) > len(CHILDREN)

    # SIGTERM: an ordered end within 15 s, and nothing is left.
    started = time.monotonic()
    third.process.terminate()
    assert third.process.wait(timeout=30) == 0
    assert time.monotonic() - started < 15
    assert of_this_data(third.data) == []
    assert not any(member and is_running(member) for member in members)
    assert list((third.data / "run").glob("*.pid")) == []
    assert not (third.data / "run" / "environment.json").exists()


def test_a_taken_port_is_told_with_the_remedy(begin: Callable[..., UpRun]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = begin(port=port)
        assert run.process.wait(timeout=30) == 1
    assert f"Port {port} on 127.0.0.1 is taken by another program. Choose another one with --port" in run.said
    assert not run.data.exists()


def test_a_plant_file_that_is_not_there_is_told_before_anything_starts(begin: Callable[..., UpRun]) -> None:
    run = begin("--plant", "/nowhere/plant.yaml")
    assert run.process.wait(timeout=30) == 1
    assert "The plant file /nowhere/plant.yaml does not exist." in run.said
    assert not run.data.exists()
