"""Controllers, tag bindings, drivers, the poll engine and the virtual controller."""

from django.apps import AppConfig


class PlcApp(AppConfig):
    """Controllers, tag bindings, drivers, the poll engine and the virtual controller."""

    name = "mes.plc"
    label = "plc"
