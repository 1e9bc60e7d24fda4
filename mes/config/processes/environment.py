"""Lets other commands (`./manage.py plant import`, `doctor`, `shell`) reach the servers of the `up` that is running."""

import json
import os
from collections.abc import MutableMapping
from pathlib import Path

from mes.config.embedded.kept import write_json
from mes.config.processes.identity import Identity, identity_of, is_running

_NAMES = ("MES_DATABASE_URL", "MES_REDIS_URL", "MES_SECRET_KEY")


def _file(data: Path) -> Path:
    return data / "run" / "environment.json"


def publish(data: Path, environment: dict[str, str]) -> None:
    """Keeps the addresses and the signing key of this run where only our own user can read them."""
    me = identity_of(os.getpid())
    values = {name: environment[name] for name in _NAMES if name in environment}
    write_json(_file(data), {"up": me.to_text() if me else "", "environment": values})


def withdraw(data: Path) -> None:
    """The run has ended."""
    _file(data).unlink(missing_ok=True)


def adopt_running(environ: MutableMapping[str, str] = os.environ) -> bool:
    """Sets the variables of the running `up` on this data directory where they are not set yet; True when it did."""
    data = Path(environ.get("MES_DATA_DIR") or "data").absolute()
    try:
        kept = json.loads(_file(data).read_text())
    except (OSError, ValueError):
        return False
    up = Identity.from_text(kept.get("up", ""))
    if up is None or not is_running(up):
        return False
    for name, value in kept["environment"].items():
        environ.setdefault(name, value)
    return True
