"""Handover between shifts: filled in by itself, signed by both leaders, mailed as a report."""

from django.apps import AppConfig


class HandoverApp(AppConfig):
    """Handover between shifts."""

    name = "mes.handover"
    label = "handover"
