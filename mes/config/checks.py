"""System checks: settings that contradict each other or are dangerous are named before anything runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def environment_is_known(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """MES_ENV must be one of the three kinds; anything else would silently be a demo."""
    if settings.MES_ENV in ("demo", "test", "production"):
        return []
    return [Error(f"MES_ENV is '{settings.MES_ENV}'.", hint="Set it to demo, test or production.", id="mes.E001")]


@register()
def production_has_its_own_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """In production the signing key, the hosts and the two servers must be named, none has a safe default."""
    if not settings.PRODUCTION:
        return []
    problems: list[CheckMessage] = []
    if settings.SECRET_KEY.startswith("insecure-") or len(settings.SECRET_KEY) < 50:
        problems.append(Error("MES_SECRET_KEY is missing or shorter than 50 characters.", id="mes.E002"))
    if "*" in settings.ALLOWED_HOSTS:
        problems.append(Error("MES_ALLOWED_HOSTS must not contain '*'.", hint="Name the hosts.", id="mes.E003"))
    if not settings.ORIGINS:
        problems.append(
            Error("MES_ORIGINS is empty: no browser could open a live page.", hint="https://mes.plant", id="mes.E004")
        )
    return problems


@register()
def folders_of_erps_hold_nothing_else(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whoever sets up a connection chooses a folder below these roots: none may hold Millwright's own files."""
    own = Path(settings.DATA_DIR).resolve()
    return [
        Error(
            f"MES_ERP_FOLDERS names {root}, which is no absolute path or holds Millwright's own data.",
            hint="Name folders that hold nothing but files from and to ERPs.",
            id="mes.E005",
        )
        for root in settings.ERP_FOLDERS
        if not Path(root).is_absolute() or own.is_relative_to(Path(root).resolve())
    ]
