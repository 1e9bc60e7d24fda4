"""Ends what a killed run left behind: the sessions named in its pid files, and processes inside a folder."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from mes.config.processes.identity import Identity, session_members, working_in

_PAUSE_S = 0.05


def _end(find: Callable[[], list[int]], *, stop_signal: int, patience_s: float) -> int:
    """Signals all that `find` names until it names none: first politely, after `patience_s` with SIGKILL."""
    victims = find()
    met = set(victims)
    deadline = time.monotonic() + patience_s
    _signal_all(victims, stop_signal)
    while victims := find():
        met.update(victims)
        if time.monotonic() > deadline:
            _signal_all(victims, signal.SIGKILL)
        if time.monotonic() > deadline + 10:
            listed = ", ".join(map(str, victims))
            raise RuntimeError(
                f"The processes {listed} of an earlier run do not end. End them by hand: kill -9 {listed}"
            )
        time.sleep(_PAUSE_S)
    return len(met)


def _signal_all(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def end_working_in(folder: Path, program: str, *, patience_s: float = 3.0) -> int:
    """Ends every process named `program` whose working directory is `folder`; says how many there were.

    PostgreSQL's backends stand in the data directory. After a kill -9 of the postmaster an orphan among them would
    keep the shared memory and forbid the next start.
    """
    return _end(lambda: working_in(folder, program), stop_signal=signal.SIGQUIT, patience_s=patience_s)


def end_leftovers(run_dir: Path, *, patience_s: float = 4.0) -> list[str]:
    """Ends the sessions of all pid files below `run_dir`, removes the files and names the children that still ran."""
    ended = []
    for file in sorted(run_dir.glob("*.pid")):
        text = file.read_text()
        leader = Identity.from_text(text)
        if leader and session_members(leader):
            parts = text.split()
            polite = int(parts[3]) if len(parts) > 3 and parts[3].isdigit() else signal.SIGTERM
            _end(lambda leader=leader: session_members(leader), stop_signal=polite, patience_s=patience_s)  # type: ignore[misc]
            ended.append(file.stem)
        file.unlink(missing_ok=True)
    return ended
