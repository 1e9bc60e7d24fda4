"""Small private files of the demo's ERP: written whole or not at all, readable by their owner only; and a lock."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def private_write(path: Path, text: str) -> None:
    """Writes a file with mode 600."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)


def json_write(path: Path, values: dict[str, Any]) -> None:
    """Keeps values privately."""
    private_write(path, json.dumps(values, indent=1) + "\n")


def json_read(path: Path) -> dict[str, Any]:
    """The kept values, or none where the file is missing or damaged."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; the others wait. The lock ends with its process, however that ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
