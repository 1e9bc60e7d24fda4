"""Where the demo's ERP is kept."""

from pathlib import Path

from django.conf import settings


def folder_of(data: Path) -> Path:
    """Where the demo's ERP keeps its database: it stands for somebody else's system."""
    return data / "erp"


def homes_of(data: Path) -> Path:
    """Where Tryton is built: MES_TRYTON_HOME, so that several data folders share it, else beside the database."""
    return Path(settings.TRYTON_HOME).absolute() if settings.TRYTON_HOME else folder_of(data)
