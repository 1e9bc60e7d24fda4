"""The demo plant."""

from django.apps import AppConfig


class DemoApp(AppConfig):
    """The demo plant."""

    name = "mes.demo"
    label = "demo"
