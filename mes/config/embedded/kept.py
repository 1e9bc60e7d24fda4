"""What an embedded server keeps between runs: its port and its passwords, in one private file per server."""

import json
import os
import random
import socket
from pathlib import Path
from typing import Any


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The kept values, or none where the file is missing or was damaged."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Keeps the values privately."""
    write_private(path, json.dumps(values, indent=1) + "\n")


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True where a server could listen now. Unlike a plain bind it ignores connections that are just closing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(kept: int | None = None) -> int:
    """The kept port where it is still free, else a free one below the range from which outgoing connections draw.

    A port out of that range could be taken by any client between our choice and the server's start.
    """
    if kept and port_is_free(kept):
        return kept
    dice = random.SystemRandom()
    for _ in range(200):
        port = dice.randrange(15000, _lowest_outgoing_port())
        if port_is_free(port):
            return port
    raise RuntimeError("No free TCP port was found on 127.0.0.1 between 15000 and 32768.")


def _lowest_outgoing_port() -> int:
    try:
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        lowest = 32768
    return lowest if lowest > 16000 else 65536
