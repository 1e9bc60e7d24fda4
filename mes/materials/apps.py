"""Materials: lots and serials, genealogy, holds, labels."""

from django.apps import AppConfig


class MaterialsApp(AppConfig):
    """Materials: lots and serials, genealogy, holds, labels."""

    name = "mes.materials"
    label = "materials"
