"""A drop folder on the disk: `in` from the ERP, `out` to it, `done` and `refused` for what was read."""

import os
from collections.abc import Iterator
from pathlib import Path

from erp_sync.errors import TransientError

MAX_BYTES = 10_000_000
MAX_FILES = 500  # of one look
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".lock")


class DropFolder:
    """Below `root`. Files are taken once they have rested for `settle_s`, as not every ERP renames what it wrote."""

    def __init__(self, root: Path, settle_s: float) -> None:
        self.root = root
        self._settle_s = settle_s

    def prepare(self) -> None:
        """Makes the folders. TransientError where that is not possible, e.g. while a share is away."""
        try:
            for name in ("in", "out", "done", "refused", "work"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TransientError(f"The folder cannot be used ({error.strerror}): is the share there?") from None

    def arrived(self, now_s: float) -> Iterator[Path]:
        """Files that rest, the oldest first. `now_s` is the clock of the machine, as the file times are."""
        found = []
        for entry in os.scandir(self.root / "in"):
            if entry.name.startswith((".", "~")) or entry.name.casefold().endswith(_UNFINISHED):
                continue
            if entry.is_file(follow_symlinks=False):
                changed = entry.stat(follow_symlinks=False)
                if now_s - changed.st_mtime >= self._settle_s:
                    found.append((changed.st_mtime_ns, entry.name))
        for _changed, name in sorted(found)[:MAX_FILES]:
            yield self.root / "in" / name

    def content(self, file: Path) -> bytes:
        """Its bytes, at most one more than are allowed, so that the reader sees that it is too long."""
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)

    def put_away(self, file: Path, digest: str, report: str) -> None:
        """Moves a file that was read: to `refused` with a report beside it where there is one, else to `done`."""
        name = f"{digest[:16]}-{file.name}"[:200]
        if report:
            (self.root / "refused" / f"{name}.txt").write_text(report, encoding="utf-8")
        os.replace(file, self.root / ("refused" if report else "done") / name)

    def draft(self, name: str, content: bytes) -> None:
        """Writes a file that nobody sees yet, and waits until the disk has it."""
        with (self.root / "work" / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def publish(self, name: str) -> bool:
        """Shows a draft to the ERP in one step. False where there is none: it was shown before."""
        try:
            os.replace(self.root / "work" / name, self.root / "out" / name)
        except FileNotFoundError:
            return False
        return True
