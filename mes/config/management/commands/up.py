"""`./manage.py up`: everything Millwright needs, started in order and stopped in order, with one command."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

import mes
from mes.config.embedded.postgres import PostgresProblem
from mes.config.embedded.server_user import NoServerUser
from mes.config.embedded.valkey import ValkeyProblem
from mes.config.processes.lock import AlreadyRuns
from mes.config.processes.once import OnceFailed
from mes.config.processes.run import CannotRun, Options, Run
from mes.config.processes.supervisor import ChildFailed

BASE = Path(mes.__file__).resolve().parent.parent
_COLOURS = {
    "web": 36,
    "poller": 32,
    "live": 35,
    "worker": 33,
    "scheduler": 34,
    "controllers": 32,
    "postgres": 34,
    "erp": 31,
}


class Command(BaseCommand):
    """Needs no settings itself: it makes the servers that the settings of its children name."""

    help = (
        "Starts PostgreSQL and Valkey (unless MES_DATABASE_URL and MES_REDIS_URL name servers), migrates, loads the "
        "demo plant into an empty database, and runs web, poller, workers, scheduler and the demo's virtual "
        "controllers, and its ERP, until Ctrl-C."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of contract and README."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port of the web pages (default: 8000)")
        data = os.environ.get("MES_DATA_DIR") or "data"
        parser.add_argument(
            "--data", type=Path, default=Path(data), help="data directory (default: MES_DATA_DIR or ./data)"
        )
        parser.add_argument("--plant", type=Path, help="plant file (YAML) to import; then no demo plant is loaded")
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
        parser.add_argument(
            "--erp", choices=("8.2", "7.0", "simulated", "none"), default="8.2",
            help="the demo's ERP: a series of Tryton, prepared once in the background, or a simulated one",
        )  # fmt: skip
        parser.add_argument("--no-erp", dest="erp", action="store_const", const="none", help="the same as --erp none")
        parser.add_argument("--ready-file", type=Path, help="JSON with address, people and API key, once a tile moves")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs until it is told to stop; CommandError with one sentence where it cannot."""
        plant = options["plant"]
        if plant and not plant.is_file():
            raise CommandError(f"The plant file {plant} does not exist.")
        ready_file = options["ready_file"]
        wanted = Options(
            host=options["host"],
            port=options["port"],
            data=options["data"].absolute(),
            plant=plant.absolute() if plant else None,
            demo=not options["no_demo"],
            ready_file=ready_file.absolute() if ready_file else None,
            erp=options["erp"],
        )
        try:
            Run(wanted, base=BASE, say=self._say).run()
        except (
            *(AlreadyRuns, CannotRun, ChildFailed, NoServerUser, OnceFailed, PostgresProblem, ValkeyProblem),
            OSError,
        ) as problem:
            raise CommandError(str(problem)) from problem

    def _say(self, name: str, text: str) -> None:
        label = f"{name:<11}"
        if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
            label = f"\033[{_COLOURS.get(name, 37)}m{label}\033[0m"
        self.stdout.write(f"{label} {text}")
        self.stdout.flush()
