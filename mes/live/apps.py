"""Tiles for browsers: computed once, sent to all."""

from django.apps import AppConfig


class LiveApp(AppConfig):
    """Tiles for browsers: computed once, sent to all."""

    name = "mes.live"
    label = "live"
