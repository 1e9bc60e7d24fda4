"""OEE from stored facts, live and for any window."""

from django.apps import AppConfig


class OeeApp(AppConfig):
    """OEE from stored facts, live and for any window."""

    name = "mes.oee"
    label = "oee"
