"""`./manage.py controllers serve FILE`: virtual Logix and SLC controllers from a YAML file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mes.plc.simulator.serve import serve_until_stopped
from mes.plc.simulator.yaml_reader import ConfigError


class Command(BaseCommand):
    """Serve virtual controllers until SIGTERM or Ctrl-C."""

    help = "Serve virtual Allen-Bradley controllers from a YAML file (format: mes/plc/simulator/config.py)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`serve FILE` and its options."""
        actions = parser.add_subparsers(dest="action", required=True)
        serve = actions.add_parser("serve", help="serve all controllers of a file")
        serve.add_argument("file", type=Path, help="YAML file; mes/plc/simulator/sample.yaml is one")
        serve.add_argument("--port-base", type=int, help="ports count up from here, in the order of the file")
        serve.add_argument("--ready-file", type=Path, help="JSON with addresses and the control door, once served")
        serve.add_argument("--ledger-dir", type=Path, help="write what every machine does as JSON lines into here")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve; a file with mistakes or a taken port ends with its sentence."""
        try:
            serve_until_stopped(
                options["file"],
                self._say,
                port_base=options["port_base"],
                ready_file=options["ready_file"],
                ledger_dir=options["ledger_dir"],
            )
        except ConfigError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The virtual controllers cannot be served: {error}. Is the port taken?") from error

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
