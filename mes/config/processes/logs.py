"""A log file per child: written by the child itself, turned over by size, and its last lines for the console."""

import os
import shutil
from pathlib import Path

LIMIT_BYTES = 10_000_000
KEPT = 3


def open_log(path: Path) -> int:
    """File descriptor for a child's output; appending, so that turning the file over leaves no hole."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def turn_over(path: Path, *, limit_bytes: int = LIMIT_BYTES, kept: int = KEPT) -> bool:
    """Copies a log over the limit to `.1` (older ones to `.2`, ...) and empties it; True when it did.

    Copied and emptied instead of renamed, because the child holds the file open. Lines written between the copy and
    the emptying are lost; logs carry no fact of the plant.
    """
    try:
        if path.stat().st_size <= limit_bytes:
            return False
    except FileNotFoundError:
        return False
    for number in range(kept - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)
    return True


def last_lines(path: Path, count: int = 8, *, since: int = 0) -> list[str]:
    """The last `count` lines behind byte `since` that are not empty; none where there is no file yet."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 8192, since if since <= size else 0))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]
