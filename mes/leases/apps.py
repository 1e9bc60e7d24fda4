"""Who may do a thing that only one process may do at a time."""

from django.apps import AppConfig


class LeasesApp(AppConfig):
    """Who may do a thing that only one process may do at a time."""

    name = "mes.leases"
    label = "leases"
