"""Serving a plant file in a process until it is told to stop: addresses, ready file, control door, ledgers."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from .config import load
from .control import ControlDoor
from .plant import SimulatedPlant


def serve_until_stopped(
    file: Path,
    say: Callable[[str], object],
    *,
    port_base: int | None = None,
    ready_file: Path | None = None,
    ledger_dir: Path | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then end within two seconds. Only for the main thread of a process.

    Raises ConfigError for a file with mistakes and OSError for a taken port, with nothing left running.
    """
    plant = load(file)
    if ledger_dir is not None:
        plant.write_ledgers(ledger_dir)
    plant.start(port_base)
    door = ControlDoor(plant)
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    try:
        for each in plant.controllers.values():
            say(f"{each.code}  {each.controller.kind}  {each.address}")
        say(f"control door on 127.0.0.1:{door.port}")
        if ready_file is not None:
            _write_ready(ready_file, plant, door)
        told.wait()
    finally:
        door.close()
        plant.stop()


def _write_ready(path: Path, plant: SimulatedPlant, door: ControlDoor) -> None:
    """Written under another name first, so that nobody reads half of it; only the owner may read it."""
    content = {
        "controllers": [
            {"code": each.code, "kind": each.controller.kind, "address": each.address}
            for each in plant.controllers.values()
        ],
        "control": {"port": door.port, "token": door.token},
    }
    draft = path.with_name(path.name + ".part")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file)
    draft.replace(path)
