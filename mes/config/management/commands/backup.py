"""`./manage.py backup FILE`: one consistent file of everything the database holds."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mes.config.backups import BackupProblem, backup


class Command(BaseCommand):
    """Writes a backup while everything runs."""

    help = "Writes a consistent backup of the database to FILE. Works while everything runs."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file to write."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Says what the backup holds."""
        try:
            content = backup(file)
        except BackupProblem as problem:
            raise CommandError(str(problem)) from problem
        rows = sum(content.rows.values())
        self.stdout.write(f"{file}: {rows} rows in {len(content.rows)} tables, journal up to {content.journal_seq}.")
