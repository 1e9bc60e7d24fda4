"""Quality: check plans, checks, holds and control charts."""

from django.apps import AppConfig


class QualityApp(AppConfig):
    """Quality: check plans, checks, holds and control charts."""

    name = "mes.quality"
    label = "quality"
