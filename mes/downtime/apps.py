"""The reason tree and the stops."""

from django.apps import AppConfig


class DowntimeApp(AppConfig):
    """The reason tree and the stops."""

    name = "mes.downtime"
    label = "downtime"
