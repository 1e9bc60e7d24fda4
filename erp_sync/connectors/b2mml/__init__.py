"""The connector that speaks B2MML: over a drop folder, or over HTTP where its address is a URL."""

from erp_sync.connector import ErpConnector, Settings
from erp_sync.connectors.b2mml.files import B2mmlFiles
from erp_sync.connectors.b2mml.http import B2mmlHttp
from erp_sync.connectors.drop.options import zone_of

__all__ = ["B2mml"]


def B2mml(settings: Settings) -> ErpConnector:
    """Option of both: `time_zone` of times without an offset (UTC)."""
    if "://" in settings.address:
        return B2mmlHttp(settings, zone_of(settings))
    return B2mmlFiles(settings)
