"""Guidance: checklists and work instructions."""

from django.apps import AppConfig


class GuidanceApp(AppConfig):
    """Checklists and work instructions."""

    name = "mes.guidance"
    label = "guidance"
