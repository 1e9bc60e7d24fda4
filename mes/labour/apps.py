"""People on orders: who worked on what from when to when, so that labour can be confirmed."""

from django.apps import AppConfig


class LabourApp(AppConfig):
    """People on orders."""

    name = "mes.labour"
    label = "labour"
