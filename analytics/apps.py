"""Readiness of the data, archived plans and forecasts: above the MES, which does not know of it."""

from django.apps import AppConfig


class AnalyticsApp(AppConfig):
    """Readiness of the data, archived plans and forecasts."""

    name = "analytics"
    label = "analytics"
