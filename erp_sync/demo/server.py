"""A running Tryton: a copy of the snapshot, a process that serves it on loopback, and its end."""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from erp_sync.demo.home import TrytonHome, conf_write, database_restore
from erp_sync.demo.kept import locked
from erp_sync.demo.series import DATABASE

_START_S = 60.0
_STOP_S = 5.0
_LOOK_S = 0.05


class DidNotStart(Exception):
    """The server ended or stays silent; the text says where its last words are."""


class TrytonServer:
    """A server in `folder` at a port of loopback. Its process is known by pid and start time, so never mistaken."""

    def __init__(self, home: TrytonHome, folder: Path, *, port: int, elsewhere: Path | None = None) -> None:
        """`elsewhere` is the pid file of somebody else who may have started the server of this folder."""
        self.home = home
        self.folder = folder
        self.port = port
        self._pid_file = folder / "server.pid"
        self._elsewhere = elsewhere
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self, *, today: date, fresh: bool = False) -> list[str]:
        """Copies the snapshot where no database is yet, or where a fresh one is wanted; the command that serves it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        database = self.folder / f"{DATABASE}.sqlite"
        with locked(self.folder / "lock"):
            if fresh or not database.exists():
                database_restore(self.home, database, today=today)
            conf = conf_write(self.folder, port=self.port)
        return [str(self.home.programs / "trytond"), "-c", str(conf), "-d", DATABASE]

    def start(self, *, today: date, fresh: bool = False, preexec: Callable[[], None] | None = None) -> None:
        """Starts it and waits until it answers. It lives on after us unless `preexec` arranges otherwise."""
        command = self.prepare(today=today, fresh=fresh)
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=preexec
            )
        self._pid_file.write_text(f"{self._process.pid} {_began(self._process.pid)}\n")
        self.wait_until_it_answers()

    def wait_until_it_answers(self, *, within_s: float = _START_S) -> None:
        """Returns when somebody asked it in vain no longer. DidNotStart where it ended, or stays silent for so long."""
        deadline = time.monotonic() + within_s
        while self.version() is None:
            ended = self._process is not None and self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.stop()
                raise DidNotStart(f"Tryton does not start (details: {self.folder / 'server.log'}).")
            time.sleep(_LOOK_S)

    def version(self) -> str | None:
        """What the server calls itself; None where nobody answers within a second."""
        call = json.dumps({"id": 1, "method": "common.server.version", "params": []})
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            asked.request("POST", self.home.series.server_path, call, {"Content-Type": "application/json"})
            return str(json.load(asked.getresponse())["result"])
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return None
        finally:
            asked.close()

    def running(self) -> int | None:
        """The pid of the server of this folder, by whomever it was started; None where it has ended."""
        for file in filter(None, (self._pid_file, self._elsewhere)):
            try:
                pid, began = file.read_text().split()[:2]
            except (FileNotFoundError, ValueError):
                continue
            if pid.isdigit() and _began(int(pid)) == began:
                return int(pid)
        return None

    def stop(self) -> bool:
        """Ends the server of this folder, politely at first; False where none was running."""
        pid = self.running()
        if pid is None:
            return False
        deadline, number = time.monotonic() + _STOP_S, signal.SIGTERM
        while self.running() == pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            number = signal.SIGKILL if time.monotonic() > deadline else signal.SIGTERM
            if self._process is not None:
                self._process.poll()  # takes in the end of our own child
            time.sleep(_LOOK_S)
        self._pid_file.unlink(missing_ok=True)
        return True

    def reset(self, *, today: date, preexec: Callable[[], None] | None = None) -> None:
        """Back to the snapshot, with its dates moved to `today`, and started again.

        Where somebody else keeps the server alive, it is they who start it again, half a second after its end.
        """
        own = self._elsewhere is None or self._pid_file.exists() or self.running() is None
        database = self.folder / f"{DATABASE}.sqlite"
        self.folder.mkdir(parents=True, exist_ok=True)
        waiting = database.with_suffix(".fresh")
        database_restore(self.home, waiting, today=today)
        self.stop()
        for leftover in self.folder.glob(f"{database.name}-*"):
            leftover.unlink()
        waiting.replace(database)
        if own:
            self.start(today=today, preexec=preexec)
        else:
            self.wait_until_it_answers()


def accepts(port: int) -> bool:
    """Whether somebody listens at a port of this machine."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def free_port(kept: int = 0) -> int:
    """The kept port where nobody listens there, else a free one below those from which outgoing connections draw."""
    dice = random.SystemRandom()
    for port in filter(None, (kept, *(dice.randrange(15_000, 32_000) for _ in range(200)))):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise DidNotStart("No free TCP port was found on 127.0.0.1 between 15000 and 32000.")


def _began(pid: int) -> str:
    """When a living process began, in ticks after boot; "" where there is none or it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    fields = text[text.rindex(")") + 2 :].split()
    return "" if fields[0] in "ZX" else fields[19]
