"""A file of JSON lines that only grows: what was taken in and what was sent. Groups count whole or not at all."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_END = "end"  # stands in the last line of a group


class Ledger:
    """One such file. `held` lets one process in at a time, and takes off what another left half written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Alone with the file, mended."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._mend()
            yield

    @property
    def size(self) -> int:
        """Bytes written so far: where to go on later. 0 where nothing was written yet."""
        return self._path.stat().st_size if self._path.exists() else 0

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Adds a group and waits until the disk has it. Only while `held`."""
        lines = [dict(row) for row in rows]
        lines[-1][_END] = True
        text = "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in lines)
        with self._path.open("ab") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    def rows(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each line from byte `start` up to `end`, with the byte behind it. A start beyond the end begins anew."""
        stop = self.size if end is None else end
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            at = start if 0 <= start <= stop else 0
            file.seek(at)
            for line in file:
                at += len(line)
                if at > stop:
                    return
                yield at, json.loads(line)

    def _mend(self) -> None:
        """Cuts a group off whose writer died."""
        if not self.size or self._ends_well():
            return
        good = at = 0
        with self._path.open("rb+") as file:
            for line in file:
                at += len(line)
                if _closes(line):
                    good = at
            file.truncate(good)

    def _ends_well(self) -> bool:
        with self._path.open("rb") as file:
            step = 4096
            while True:
                file.seek(max(self.size - step, 0))
                tail = file.read()
                if tail.count(b"\n") > 1 or step >= self.size:
                    return _closes(tail.splitlines(keepends=True)[-1])
                step *= 8


def _closes(line: bytes) -> bool:
    if not line.endswith(b"\n"):
        return False
    try:
        return bool(json.loads(line).get(_END))
    except ValueError:
        return False
