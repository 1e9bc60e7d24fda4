"""Items, ideal cycles, work orders and runs."""

from django.apps import AppConfig


class ProductionApp(AppConfig):
    """Items, ideal cycles, work orders and runs."""

    name = "mes.production"
    label = "production"
