"""Static files are collected into the data directory only when they changed: compressing them takes seconds."""

import hashlib
from pathlib import Path

from mes.config.embedded.kept import read_json, write_json


def digest(base: Path) -> str:
    """Changes with every file below `static/` and with every release of the packages that bring their own."""
    total = hashlib.sha256()
    total.update((base / "requirements.lock").read_bytes())
    for path in sorted((base / "static").rglob("*")):
        if path.is_file():
            told = path.stat()
            total.update(f"{path.relative_to(base)} {told.st_size} {told.st_mtime_ns}\n".encode())
    return total.hexdigest()


def are_collected(data: Path, wanted: str) -> bool:
    """True when `<data>/static` was made from exactly these files."""
    return read_json(data / "static.json").get("digest") == wanted and (data / "static").is_dir()


def note_collected(data: Path, wanted: str) -> None:
    """Called when the collection is complete."""
    write_json(data / "static.json", {"digest": wanted})
