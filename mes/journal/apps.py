"""The digital thread: append-only entries of everything people and machines changed."""

from django.apps import AppConfig


class JournalApp(AppConfig):
    """The digital thread: append-only entries of everything people and machines changed."""

    name = "mes.journal"
    label = "journal"
