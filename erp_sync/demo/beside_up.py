"""A child of `up` that runs once: prepares the demo's ERP while everything else runs already, and connects to it.

    python -m erp_sync.demo.beside_up --erp 8.2 | 7.0 | simulated

It tells `up` in JSON lines: `said` (progress), `serve` (the command to keep alive), `connected`, or `no erp`.
"""

import argparse
import json
import logging
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
from django.conf import settings

_START_S = 90.0
log = logging.getLogger("erp_sync.demo")


def main() -> None:
    """Each step prints one line `{"event": ...}` on standard output; the log goes to standard error."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--erp", required=True)
    wanted = parser.parse_args().erp
    django.setup()
    from erp_sync.demo.boxed import boxed_make, tryton_end
    from erp_sync.demo.places import folder_of, homes_of

    data = Path(settings.DATA_DIR)
    now = datetime.now(UTC)
    tryton_end(folder_of(data), homes=homes_of(data))
    boxed = boxed_make(wanted, folder_of(data), homes=homes_of(data), today=now.date(), say=_say)
    tell("serve", name=boxed.name, command=boxed.command, env=dict(boxed.env), port=boxed.port)
    connect(boxed)


def connect(boxed: Any) -> None:
    """Waits until the ERP answers, which `up` starts meanwhile, and makes the connection to it live."""
    from erp_sync.demo.connection import demo_connect
    from erp_sync.demo.server import accepts

    until = time.monotonic() + _START_S
    while not accepts(boxed.port):
        if time.monotonic() > until:
            tell("no erp", text=f"{boxed.name} does not answer at {boxed.url}.")
            return
        time.sleep(0.2)
    connection = demo_connect(boxed, at=datetime.now(UTC))
    people = [{"name": name, "password": password, "for": what} for name, password, what in boxed.people]
    tell(
        "connected", name=boxed.name, url=boxed.url, connection=connection.code, people=people,
        problem=connection.problem,
    )  # fmt: skip


def _say(text: str) -> None:
    log.info("%s", text)
    tell("said", text=text)


def tell(event: str, **more: Any) -> None:
    """One line for `up`."""
    print(json.dumps({"event": event, **more}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
