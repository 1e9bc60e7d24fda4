"""A running Tryton: a copy of the snapshot, a process that serves it on loopback, and its end."""

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from erp_sync.demo.home import TrytonHome, conf_write, database_copy
from erp_sync.demo.kept import locked
from erp_sync.demo.series import DATABASE

_START_S = 60.0
_STOP_S = 5.0
_LOOK_S = 0.05


class DidNotStart(Exception):
    """The server ended or stays silent; the text says where its last words are."""


class TrytonServer:
    """A server in `folder` at a port of loopback. Its process is known by pid and start time, so never mistaken."""

    def __init__(self, home: TrytonHome, folder: Path, *, port: int) -> None:
        self.home = home
        self.folder = folder
        self.port = port
        self._pid_file = folder / "server.pid"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self, *, fresh: bool = False) -> list[str]:
        """Copies the snapshot where no database is yet, or where a fresh one is wanted; the command that serves it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        database = self.folder / f"{DATABASE}.sqlite"
        with locked(self.folder / "lock"):
            if fresh or not database.exists():
                database_copy(self.home.snapshot, database)
            conf = conf_write(self.folder, port=self.port)
        return [str(self.home.programs / "trytond"), "-c", str(conf), "-d", DATABASE]

    def start(self, *, fresh: bool = False, preexec: Callable[[], None] | None = None) -> None:
        """Starts it and waits until it answers. It lives on after us unless `preexec` arranges otherwise."""
        command = self.prepare(fresh=fresh)
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=preexec
            )
        self._pid_file.write_text(f"{self._process.pid} {_began(self._process.pid)}\n")
        deadline = time.monotonic() + _START_S
        while self.version() is None:
            if self._process.poll() is not None or time.monotonic() > deadline:
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
        """The pid of the server that was started in this folder, by whomever; None where it has ended."""
        try:
            pid, began = self._pid_file.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if _began(int(pid)) == began else None

    def stop(self) -> bool:
        """Ends the server of this folder, politely at first; False where none was running."""
        pid = self.running()
        if pid is None:
            return False
        deadline = time.monotonic() + _STOP_S
        number = signal.SIGTERM
        while self.running() is not None:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                break
            number = signal.SIGKILL if time.monotonic() > deadline else signal.SIGTERM
            if self._process is not None:
                self._process.poll()  # takes in the end of our own child
            time.sleep(_LOOK_S)
        self._pid_file.unlink(missing_ok=True)
        return True

    def reset(self) -> None:
        """Back to the snapshot, started again."""
        self.stop()
        self.start(fresh=True)


def _began(pid: int) -> str:
    """When a living process began, in ticks after boot; "" where there is none or it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    fields = text[text.rindex(")") + 2 :].split()
    return "" if fields[0] in "ZX" else fields[19]
