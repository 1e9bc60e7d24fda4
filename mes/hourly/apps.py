"""The hour-by-hour board: plan beside actual for every clock hour, comments, re-plans and the leader's signature."""

from django.apps import AppConfig


class HourlyApp(AppConfig):
    """The hour-by-hour board."""

    name = "mes.hourly"
    label = "hourly"
