"""The project's own app: it registers the system checks."""

from django.apps import AppConfig


class ConfigApp(AppConfig):
    """Home of the commands and checks that know every room."""

    name = "mes.config"
    label = "config"

    def ready(self) -> None:
        """Registers the checks of dangerous or impossible settings."""
        from mes.config import checks  # noqa: F401
