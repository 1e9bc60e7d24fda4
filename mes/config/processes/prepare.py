"""A child of `up` that runs once: migrates, fills an empty database, waits for the first moving tile.

    python -m mes.config.processes.prepare [--plant FILE] [--no-demo] --port-base N

It tells `up` in JSON lines. One process for all of it, because loading Django costs seconds on a small machine.
"""

import argparse
import json
import logging
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mes.config.embedded.kept import read_json, write_json

log = logging.getLogger("mes.config.prepare")


def main() -> None:
    """Each step prints one line `{"event": ...}` on standard output; the log goes to standard error."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--plant")
    parser.add_argument("--no-demo", action="store_true")
    parser.add_argument("--port-base", type=int, required=True)
    options = parser.parse_args()
    django.setup()
    migrate()
    if options.plant:
        call_command("plant", "import", options.plant, stdout=_Log())
    demo = load_demo(options.port_base) if not (options.plant or options.no_demo or settings.PRODUCTION) else None
    tell("prepared", demo=demo)
    wait_for_a_tile(since=datetime.now(UTC))


def migrate() -> None:
    """Brings the database up to date; nothing but a look when it is."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=1, stdout=_Log())


def load_demo(port_base: int) -> dict[str, Any] | None:
    """The demo plant's people, key and controllers, loaded into an empty database; None where another plant lives.

    Passwords are stored hashed, so what they are is kept in the data directory. A note is made before loading: after
    a kill in between the next start loads again, which only gives everybody a new password.
    """
    from mes.demo import load
    from mes.plant.models import Site

    kept_path = Path(settings.DATA_DIR) / "demo.json"
    kept = read_json(kept_path)
    if not kept and Site.objects.exists():
        return None
    if "users" not in kept:
        write_json(kept_path, {"loading": True})
        kept = load.demo_load(port_base=port_base)
    else:
        kept["controllers"] = [asdict(one) for one in load.controllers_point_to(port_base=port_base)]
    write_json(kept_path, kept)
    return kept


def wait_for_a_tile(*, since: datetime) -> None:
    """Returns when a machine was heard after `since`, at once where nothing is polled."""
    from mes.live.ready import tile_has_moved
    from mes.plc.models import Controller

    if not Controller.objects.exists():
        tell("nothing to poll")
        return
    while not tile_has_moved(since=since):
        time.sleep(0.25)
    tell("a tile moves")


def tell(event: str, **more: Any) -> None:
    """One line for `up`."""
    print(json.dumps({"event": event, **more}), flush=True)  # noqa: T201


class _Log:
    """A stream for commands: their lines go to the log."""

    def write(self, text: str) -> int:
        if text.strip():
            log.info("%s", text.strip())
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False


if __name__ == "__main__":
    main()
