"""Andon: calls for help and who hears of them when."""

from django.apps import AppConfig


class AndonApp(AppConfig):
    """Calls for help."""

    name = "mes.andon"
    label = "andon"
