"""Samples become counts, states and stops."""

from django.apps import AppConfig


class TrackingApp(AppConfig):
    """Samples become counts, states and stops."""

    name = "mes.tracking"
    label = "tracking"
