"""The project's own app: it registers the system checks."""

from django.apps import AppConfig


class ConfigApp(AppConfig):
    """Home of the commands and checks that know every room."""

    name = "mes.config"
    label = "config"

    def ready(self) -> None:
        """Registers the checks of dangerous or impossible settings, and the queue's address for every process."""
        from mes.config import celery, checks  # noqa: F401  (without it a web process would send tasks to nowhere)
