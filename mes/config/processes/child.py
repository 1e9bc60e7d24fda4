"""One child process: what it is (ChildSpec) and its life of starting, being ready, dying, waiting and stopping."""

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mes.config.processes.identity import Identity, identity_of, session_members
from mes.config.processes.logs import open_log

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
WELL_AFTER_S = 30.0


@dataclass(frozen=True)
class RunAs:
    """Another user for a child started by root; `capability` is one it keeps (a name of setpriv), if any."""

    uid: int
    gid: int
    capability: str | None = None

    def wrap(self, command: tuple[str, ...], death_signal: int) -> tuple[str, ...]:
        """The command behind setpriv. The death signal is set there: a change of user clears an earlier one."""
        kept: tuple[str, ...] = ()
        if self.capability:
            # no_setuid_fixup: else access(2), which PostgreSQL asks about its programs, ignores the capability.
            kept = (f"--inh-caps=+{self.capability}", f"--ambient-caps=+{self.capability}")
            kept += ("--securebits=+no_setuid_fixup",)
        return (
            "setpriv",
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            "--clear-groups",
            *kept,
            f"--pdeathsig={signal.Signals(death_signal).name.removeprefix('SIG')}",
            *command,
        )


@dataclass(frozen=True)
class ChildSpec:
    """How to run one child. `stage` orders stopping: the highest stage goes first, children of one stage together."""

    name: str
    command: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    clean: Callable[[], None] | None = None  # ends strays of this child: called before each start and after the stop
    run_as: RunAs | None = None
    stage: int = 1
    stop_signal: int = signal.SIGTERM
    stop_within_s: float = 5.0
    # What the kernel sends when our own process is killed. SIGKILL, because a child that politely finishes its
    # work without database and broker may never end.
    death_signal: int = signal.SIGKILL


def die_with_parent(death_signal: int) -> Callable[[], None]:
    """For Popen's preexec_fn: the kernel sends `death_signal` to the child when the thread that started it ends."""
    parent = os.getpid()

    def arrange() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the arrangement stood
            os._exit(1)

    return arrange


class Child:
    """A spec and its process. Restarted after a pause that doubles from 0.5 to 15 s and starts anew after 30 s well."""

    def __init__(self, spec: ChildSpec, *, run_dir: Path, log_dir: Path) -> None:
        self.spec = spec
        self.log_path = log_dir / f"{spec.name}.log"
        self.pid_path = run_dir / f"{spec.name}.pid"
        self.identity: Identity | None = None
        self.is_ready = False
        self.deaths_before_ready = 0
        self.log_begins = 0  # where in the log this start's lines begin
        self.start_at: float | None = None  # monotonic time of the next start while it waits
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._pause_s = FIRST_PAUSE_S

    @property
    def running(self) -> bool:
        """True from the start until the end was noticed."""
        return self._process is not None

    def start(self, now: float) -> None:
        """Starts the process in its own session with its own log and pid file."""
        spec = self.spec
        if spec.clean:
            spec.clean()
        command = spec.run_as.wrap(spec.command, spec.death_signal) if spec.run_as else spec.command
        log = open_log(self.log_path)
        self.log_begins = os.fstat(log).st_size
        try:
            self._process = subprocess.Popen(
                command,
                cwd=spec.cwd,
                env={**os.environ, **spec.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(spec.death_signal),
            )
        finally:
            os.close(log)
        self.identity = identity_of(self._process.pid)
        assert self.identity  # noqa: S101  (not reaped yet, so /proc knows it)
        _write(self.pid_path, f"{self.identity.to_text()} {int(spec.stop_signal)}\n")
        self.start_at = None
        self.is_ready = spec.ready is None
        self._started_at = now

    def probe(self) -> bool:
        """Asks the readiness probe of a process that is not ready yet; True at the moment it becomes ready."""
        if not self.running or self.is_ready or self.spec.ready is None or not self.spec.ready():
            return False
        self.is_ready = True
        self.deaths_before_ready = 0
        return True

    def ended(self) -> int | None:
        """The exit code once the process has ended, after ending the rest of its session too; None while it lives."""
        if self._process is None or not _has_ended(self._process.pid):
            return None
        # The process is not reaped yet and still owns its number, so the session of that number is certainly ours.
        if self.identity:
            for pid in session_members(self.identity):
                _send(pid, signal.SIGKILL)
        code = self._process.wait()
        self._process = None
        if not self.is_ready:
            self.deaths_before_ready += 1
        self.is_ready = False
        self.pid_path.unlink(missing_ok=True)
        return code

    def plan_restart(self, now: float) -> float:
        """Sets the time of the next start; the pause in seconds."""
        if now - self._started_at >= WELL_AFTER_S:
            self._pause_s = FIRST_PAUSE_S
        pause_s = self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        self.start_at = now + pause_s
        return pause_s

    def signal(self, number: int) -> None:
        """Sends a signal to the process; what it started ends when its own end is noticed."""
        if self._process is not None:
            _send(self._process.pid, number)


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text)
    partial.replace(path)
