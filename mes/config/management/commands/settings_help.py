"""`./manage.py settings_help`: every MES_* variable with its default and its meaning."""

from typing import Any

from django.core.management.base import BaseCommand

from mes.config.settings import VARIABLES


class Command(BaseCommand):
    """Prints the one list that the settings are read from, so it cannot be out of date."""

    help = "Lists all MES_* environment variables."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """One variable per paragraph; secrets are never shown, only defaults."""
        for variable in VARIABLES:
            self.stdout.write(f"{variable.name} (default: {variable.default or 'empty'})")
            self.stdout.write(f"    {variable.meaning}")
