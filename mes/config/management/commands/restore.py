"""`./manage.py restore FILE`: brings a backup back and checks it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mes.config.backups import BackupProblem, restore


class Command(BaseCommand):
    """Restores a backup in one transaction: all of it or nothing."""

    help = "Restores a backup in one transaction and checks its row counts and the journal chain."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The file to read, and the word that data may be replaced."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="put the backup in the place of the present data")

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        """Says what came back."""
        try:
            content = restore(file, replace=replace)
        except BackupProblem as problem:
            raise CommandError(str(problem)) from problem
        rows = sum(content.rows.values())
        self.stdout.write(
            f"{file} is back: {rows} rows in {len(content.rows)} tables, journal up to {content.journal_seq}; "
            "row counts and the journal chain agree."
        )
