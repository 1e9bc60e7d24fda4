"""Electronic signatures with meaning and re-authentication."""

from django.apps import AppConfig


class SigningApp(AppConfig):
    """Electronic signatures with meaning and re-authentication."""

    name = "mes.signing"
    label = "signing"
