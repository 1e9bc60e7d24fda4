"""Whether counts can be believed: independent sources, what they say, and by how much they differ."""

from django.apps import AppConfig


class WitnessApp(AppConfig):
    """Whether counts can be believed."""

    name = "mes.witness"
    label = "witness"
