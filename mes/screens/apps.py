"""Pages per role."""

from django.apps import AppConfig


class ScreensApp(AppConfig):
    """Pages per role."""

    name = "mes.screens"
    label = "screens"
