"""People, their roles, the lines they may see, and API keys."""

from django.apps import AppConfig


class PeopleApp(AppConfig):
    """People, their roles, the lines they may see, and API keys."""

    name = "mes.people"
    label = "people"
