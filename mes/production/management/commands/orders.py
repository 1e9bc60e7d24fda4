"""`./manage.py orders import FILE`: a CSV file of orders from the command line."""

import getpass
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mes.production.csvfile import COLUMNS
from mes.production.imports import ImportReport, orders_import_csv, orders_import_preview


class Command(BaseCommand):
    """Reads the file, prints every error with its line, and writes nothing unless all rows are good."""

    help = (
        f"Import orders from a CSV file with the columns {', '.join(COLUMNS)} and optionally priority (comma or "
        "semicolon, UTF-8). Nothing is written unless every row is good; the same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`import FILE [--partial] [--dry-run]`."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        importer = verbs.add_parser("import", help="create the orders of a CSV file")
        importer.add_argument("file", type=Path)
        importer.add_argument("--partial", action="store_true", help="write the good rows even if others are wrong")
        importer.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 if any row was wrong."""
        path: Path = options["file"]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read ({error.strerror}): check the path.") from error
        if options["dry_run"]:
            report = orders_import_preview(data=data)
        else:
            actor = f"command:{getpass.getuser()}"
            report = orders_import_csv(data=data, actor=actor, at=timezone.now(), partial=options["partial"])
        self._say(report, path)

    def _say(self, report: ImportReport, path: Path) -> None:
        for error in report.errors:
            self.stderr.write(f"{path}: {error}")
        done = f"{len(report.new)} created" if report.applied else f"{len(report.new)} good and not written"
        summary = f"{done}, {len(report.unchanged)} unchanged, {len(report.errors)} errors."
        if report.errors:
            raise CommandError(summary)
        self.stdout.write(summary)
