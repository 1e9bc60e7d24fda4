"""Sites, areas, lines, work centers and their shifts."""

from django.apps import AppConfig


class PlantApp(AppConfig):
    """Sites, areas, lines, work centers and their shifts."""

    name = "mes.plant"
    label = "plant"
