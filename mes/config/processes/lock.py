"""One run per data directory: a lock that the kernel drops when its holder ends, however it ends."""

import fcntl
import os
from pathlib import Path


class AlreadyRuns(Exception):
    """Somebody else holds the lock; the text says who and what to do."""


class FolderLock:
    """Holds `<folder>/<name>.lock` until `release` or the end of the process."""

    def __init__(self, folder: Path, *, name: str = "up") -> None:
        self.path = folder / f"{name}.lock"
        self._fd: int | None = None

    def acquire(self) -> None:
        """Takes the lock or raises AlreadyRuns with the holder's pid and the remedy."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 64).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise AlreadyRuns(
                f"Millwright already runs on the data directory {self.path.parent} (process {holder}). "
                f"Stop it with Ctrl-C in its window or `kill {holder}`, or give this one its own folder with --data."
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

    def release(self) -> None:
        """Gives the lock back; the file stays, because removing it would let two holders in."""
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None
