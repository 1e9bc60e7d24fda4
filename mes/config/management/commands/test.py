"""`./manage.py test [pytest arguments]`: every test on real PostgreSQL, Valkey and Chromium, started for this run."""

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

import mes
from mes.config.embedded.postgres import PostgresProblem
from mes.config.embedded.server_user import NoServerUser
from mes.config.embedded.valkey import ValkeyProblem
from mes.config.processes.browser import NoBrowser
from mes.config.processes.pytest_run import run_tests
from mes.config.processes.supervisor import Cancelled, ChildFailed

BASE = Path(mes.__file__).resolve().parent.parent


class Command(BaseCommand):
    """Runs pytest; needs no settings, because it makes the servers the settings will name."""

    help = (
        "Runs the tests: starts PostgreSQL and Valkey from wheels in a folder of its own, finds or installs Chromium, "
        "and hands all arguments to pytest: ./manage.py test tests/plc -k counter -x"
    )
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Hands everything behind the command's name to pytest as it is."""
        if argv[2:] in (["--help"], ["-h"]):
            self.print_help(argv[0], argv[1])
            return
        sys.exit(self.run(argv[2:]))

    def handle(self, *args: Any, **options: Any) -> None:
        """Called by name from code: all tests."""
        sys.exit(self.run([]))

    def run(self, arguments: list[str]) -> int:
        """Exit code of pytest, or 2 with a sentence where the servers or the browser could not be had."""
        data = Path(os.environ.get("MES_DATA_DIR") or BASE / "data").absolute()
        try:
            return run_tests(arguments, base=BASE, data=data)
        except Cancelled:
            return 130
        except (ChildFailed, NoBrowser, NoServerUser, PostgresProblem, ValkeyProblem) as problem:
            self.stderr.write(str(problem))
            return 2
