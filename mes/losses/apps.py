"""What was lost and what it cost: one definition for the floor, planning and finance."""

from django.apps import AppConfig


class LossesApp(AppConfig):
    """Losses in minutes and in money."""

    name = "mes.losses"
    label = "losses"
