"""`./manage.py test`: its own servers per run, nothing left after it, runs at once, after a kill, Chromium found."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mes.config.processes.browser import NoBrowser, ensure_chromium, find_chromium
from mes.config.processes.identity import identity_of, is_running

ROOT = Path(__file__).resolve().parent.parent.parent

INNER = """
import os, time
from pathlib import Path
import psycopg, redis

def test_the_servers_of_this_run_answer():
    with psycopg.connect(os.environ["MES_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'mine'").fetchone() == (0,)
        connection.execute("CREATE TABLE mine (n int)")
    client = redis.Redis.from_url(os.environ["MES_REDIS_URL"])
    assert client.incr("runs") == 1
    assert os.environ["MES_ENV"] == "test"
    Path(os.environ["INNER_MARK"]).write_text(os.environ["MES_DATABASE_URL"])
    while Path(os.environ["INNER_MARK"]).with_suffix(".wait").exists():
        time.sleep(0.05)
    assert not Path(os.environ["INNER_MARK"]).with_suffix(".fail").exists()
"""


class Inner:
    """Runs of the test command on one tiny test, in a data directory of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "test_inner.py").write_text(INNER)

    def start(self, mark: str) -> "subprocess.Popen[str]":
        kept = {name: text for name, text in os.environ.items() if not name.startswith("MES_")}
        chromium = os.environ.get("MES_CHROMIUM")
        more = {"MES_DATA_DIR": str(self.folder), "INNER_MARK": str(self.folder / mark)}
        if chromium:
            more["MES_CHROMIUM"] = chromium
        arguments = [
            str(self.folder / "test_inner.py"),
            "-q",
            "-c",
            str(ROOT / "pyproject.toml"),
            "--rootdir",
            str(ROOT),
        ]
        return subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "test", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**kept, **more},
            cwd=self.folder,
        )

    def hold(self, mark: str) -> None:
        (self.folder / mark).with_suffix(".wait").touch()

    def let_go(self, mark: str) -> None:
        (self.folder / mark).with_suffix(".wait").unlink()

    def processes(self) -> list[int]:
        """Live processes that have to do with the folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                told = (entry / "cmdline").read_bytes() + os.fsencode(os.readlink(entry / "cwd"))
            except OSError:
                continue
            if os.fsencode(str(self.folder)) in told:
                found.append(int(entry.name))
        return found


@pytest.fixture
def inner(tmp_path: Path) -> Inner:
    return Inner(tmp_path)


def until(condition: Callable[[], object], *, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.05)


def test_the_exit_code_is_pytests_and_nothing_is_left(inner: Inner) -> None:
    good = inner.start("good")
    told, _ = good.communicate(timeout=120)
    assert good.returncode == 0, told
    assert told.splitlines()[-1].startswith("1 passed")
    (inner.folder / "bad").with_suffix(".fail").touch()
    bad = inner.start("bad")
    told, _ = bad.communicate(timeout=120)
    assert bad.returncode == 1, told
    assert list((inner.folder / "test").iterdir()) == []
    assert inner.processes() == []


def test_two_runs_at_once_have_their_own_servers(inner: Inner) -> None:
    marks = ("left", "right")
    for mark in marks:
        inner.hold(mark)
    both = [inner.start(mark) for mark in marks]
    until(lambda: all((inner.folder / mark).exists() for mark in marks))
    assert (inner.folder / "left").read_text() != (inner.folder / "right").read_text()
    for mark in marks:
        inner.let_go(mark)
    told = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told


def test_after_a_kill_nothing_goes_on_and_the_next_run_cleans_up(inner: Inner) -> None:
    inner.hold("killed")
    killed = inner.start("killed")
    until((inner.folder / "killed").exists)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=30)
    until(lambda: inner.processes() == [])
    assert len(list((inner.folder / "test").iterdir())) == 1
    after = inner.start("after")
    told, _ = after.communicate(timeout=120)
    assert after.returncode == 0, told
    assert list((inner.folder / "test").iterdir()) == []


def test_a_terminated_run_ends_pytest_and_its_servers(inner: Inner) -> None:
    inner.hold("ended")
    run = inner.start("ended")
    until((inner.folder / "ended").exists)
    members = [identity_of(pid) for pid in inner.processes()]
    assert len(members) >= 3
    run.terminate()
    run.communicate(timeout=60)
    assert run.returncode == 130
    until(lambda: not any(member and is_running(member) for member in members))
    assert list((inner.folder / "test").iterdir()) == []


def test_the_chromium_that_is_named_wins_and_a_wrong_name_is_told(tmp_path: Path) -> None:
    program = tmp_path / "my-chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_chromium({"MES_CHROMIUM": str(program)}) == str(program)
    with pytest.raises(NoBrowser, match="MES_CHROMIUM names /nowhere/chromium"):
        find_chromium({"MES_CHROMIUM": "/nowhere/chromium"})


def test_the_system_comes_before_a_download_of_playwright(tmp_path: Path) -> None:
    download = tmp_path / "chromium-1200" / "chrome-linux" / "chrome"
    download.parent.mkdir(parents=True)
    download.touch()
    system = tmp_path / "bin" / "chromium-browser"
    system.parent.mkdir()
    system.write_text("#!/bin/sh\n")
    system.chmod(0o755)
    both = {"PATH": str(system.parent), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    assert find_chromium(both) == str(system)
    assert find_chromium({**both, "PATH": "/nowhere"}) == str(download)
    assert find_chromium({"PATH": "/nowhere", "PLAYWRIGHT_BROWSERS_PATH": "/nowhere"}) is None


def test_where_nothing_can_be_installed_the_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from mes.config.processes import browser

    monkeypatch.setattr(browser, "find_chromium", lambda: None)
    monkeypatch.setattr(browser, "_ways", lambda: [("apt-get", [["sh", "-c", "echo no route to host >&2; exit 100"]])])
    said: list[str] = []
    with pytest.raises(NoBrowser, match=r"apt-get failed: no route to host.*Install the package `chromium`"):
        ensure_chromium(said.append)
    assert said == ["No Chromium found: installing one with apt-get ..."]
