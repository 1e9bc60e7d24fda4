"""The plant as one YAML file."""

from django.apps import AppConfig


class PlantFileApp(AppConfig):
    """The plant as one YAML file."""

    name = "mes.plantfile"
    label = "plantfile"
