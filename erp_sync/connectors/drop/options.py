"""What connections over files may be told beside their folder."""

from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from erp_sync.connector import Settings
from erp_sync.errors import AddressError


def zone_of(settings: Settings) -> tzinfo:
    """The zone of times without an offset; UTC where none is named. AddressError for one that is not known."""
    try:
        return ZoneInfo(str(settings.options.get("time_zone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        raise AddressError("The connection's time zone is not known: write one like Europe/Madrid.") from None
