"""One run of the tests: its own servers in its own folder, pytest in the foreground, everything stopped after it."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from mes.config.embedded.postgres import Postgres
from mes.config.embedded.servers import start_servers
from mes.config.processes.browser import ensure_chromium
from mes.config.processes.child import die_with_parent
from mes.config.processes.leftovers import end_leftovers
from mes.config.processes.lock import AlreadyRuns, FolderLock
from mes.config.processes.supervisor import TICK_S, Supervisor

_PATIENCE_S = 20.0
# Half of the time of all tests is waiting (for a shift, an outage, a page): two at a time, in the order of the folders,
# because the acceptance tests take longest.
_ALL = ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]


def run_tests(arguments: list[str], *, base: Path, data: Path) -> int:
    """Runs pytest with `arguments`, or all tests, on fresh servers; its exit code. 130 when it had to be ended.

    Every run has its own folder below `<data>/test`, so runs at the same time do not meet; folders of killed runs are
    cleaned by the next one.
    """
    runs = data / "test"
    runs.mkdir(parents=True, exist_ok=True)
    sweep(runs)
    with _folder(runs) as folder:
        supervisor = Supervisor(run_dir=folder / "run", log_dir=folder / "logs", say=_say)
        asked_to_end: list[int] = []
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: asked_to_end.append(number))
        try:
            chromium = ensure_chromium(lambda text: _say("test", text))
            urls = start_servers(supervisor, folder, durable=False, cancelled=lambda: bool(asked_to_end))
            environment = {
                **os.environ,
                **urls,
                "MES_ENV": "test",
                "MES_DATA_DIR": str(folder),
                "MES_SECRET_KEY": secrets.token_urlsafe(48),
                "MES_CHROMIUM": chromium,
                "PYTEST_PLUGINS": "mes.config.processes.test_lane",
            }
            return _pytest(arguments, base, environment, supervisor, asked_to_end)
        finally:
            supervisor.stop()


def sweep(runs: Path) -> list[str]:
    """Ends and removes what killed runs left below `runs`; their folder names. Running ones are left alone."""
    swept = []
    for folder in sorted(runs.glob("run-*")):
        lock = FolderLock(folder, name="test")
        try:
            lock.acquire()
        except (AlreadyRuns, FileNotFoundError):
            continue
        end_leftovers(folder / "run")
        Postgres.end_orphans(folder)
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        swept.append(folder.name)
    return swept


@contextlib.contextmanager
def _folder(runs: Path) -> Iterator[Path]:
    # Made under another name, so that no sweep sees it before it is locked.
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=runs))
    lock = FolderLock(fresh, name="test")
    lock.acquire()
    folder = fresh.rename(fresh.with_name(f"run-{os.getpid()}-{fresh.name.removeprefix('new-')}"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def _pytest(
    arguments: list[str], base: Path, environment: dict[str, str], supervisor: Supervisor, asked_to_end: list[int]
) -> int:
    # Ctrl-C reaches pytest through the terminal; it tears its fixtures down while we keep the servers alive.
    # A handler and not SIG_IGN, which pytest would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)
    process = subprocess.Popen(
        # The cluster is new, so "reuse" only means: do not drop the database at the end, the cluster goes anyway.
        [sys.executable, "-m", "pytest", "--reuse-db", *(arguments or _ALL)],
        cwd=base,
        env=environment,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    end_by = None
    while process.poll() is None:
        supervisor.tick()
        if asked_to_end and end_by is None:
            process.send_signal(signal.SIGINT)
            end_by = time.monotonic() + _PATIENCE_S
        if end_by is not None and time.monotonic() > end_by:
            process.kill()
        time.sleep(TICK_S)
    if asked_to_end or process.returncode < 0:
        return 130
    return process.returncode


def _say(name: str, text: str) -> None:
    if text != "ready":
        print(f"{name}: {text}", file=sys.stderr, flush=True)  # noqa: T201
