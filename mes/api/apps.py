"""The REST API."""

from django.apps import AppConfig


class ApiApp(AppConfig):
    """The REST API."""

    name = "mes.api"
    label = "api"
