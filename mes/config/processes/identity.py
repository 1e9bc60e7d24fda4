"""Which process is which: a pid with its start time, so that a re-used pid is never taken for ours (Linux /proc)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Identity:
    """One process for ever: the pid, its start in clock ticks after boot, and the boot it belongs to."""

    pid: int
    start_ticks: int
    boot: str

    def to_text(self) -> str:
        """One line for a pid file."""
        return f"{self.pid} {self.start_ticks} {self.boot}"

    @classmethod
    def from_text(cls, text: str) -> "Identity | None":
        """The identity in a pid file's line, or None where the file was cut short or is something else."""
        parts = text.split()
        if len(parts) < 3 or not (parts[0].isdigit() and parts[1].isdigit()):
            return None
        return cls(int(parts[0]), int(parts[1]), parts[2])


@dataclass(frozen=True)
class _Stat:
    state: str
    session: int
    start_ticks: int


@cache
def boot_id() -> str:
    """Changes with every boot of the machine, so that pid files of an earlier boot are known as such."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> _Stat | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name in brackets may itself hold blanks and brackets
    return _Stat(state=fields[0], session=int(fields[3]), start_ticks=int(fields[19]))


def _pids() -> Iterator[int]:
    for name in os.listdir(_PROC):
        if name.isdigit():
            yield int(name)


def identity_of(pid: int) -> Identity | None:
    """The identity of a running process, or None where there is none with that pid."""
    stat = _stat(pid)
    return Identity(pid, stat.start_ticks, boot_id()) if stat else None


def is_running(identity: Identity) -> bool:
    """True while exactly this process lives; a zombie has ended."""
    stat = _stat(identity.pid)
    return bool(
        stat and stat.state not in "ZX" and stat.start_ticks == identity.start_ticks and identity.boot == boot_id()
    )


def session_members(leader: Identity) -> list[int]:
    """Live pids of the session that `leader` opened, also after its own end.

    A pid is not given out again while a session of that number lives, so a process with the leader's pid and another
    start time proves that the session is gone.
    """
    if leader.boot != boot_id():
        return []
    now_there = _stat(leader.pid)
    if now_there and now_there.start_ticks != leader.start_ticks:
        return []
    members = []
    for pid in _pids():
        stat = _stat(pid)
        if stat and stat.session == leader.pid and stat.state not in "ZX" and stat.start_ticks >= leader.start_ticks:
            members.append(pid)
    return members


def working_in(folder: Path, program: str) -> list[int]:
    """Pids of processes named `program` whose working directory is `folder`, as far as we may look.

    The name is asked for because a person's shell may stand in the same folder.
    """
    try:
        wanted = folder.stat()
    except FileNotFoundError:
        return []
    found = []
    for pid in _pids():
        try:
            there = os.stat(_PROC / str(pid) / "cwd")
            name = (_PROC / str(pid) / "comm").read_text().strip()
        except OSError:
            continue
        if (there.st_dev, there.st_ino, name) == (wanted.st_dev, wanted.st_ino, program):
            found.append(pid)
    return found
