"""B2MML over a drop folder."""

from erp_sync.connector import Settings
from erp_sync.connectors.b2mml.read import read_schedule
from erp_sync.connectors.b2mml.write import performance_xml
from erp_sync.connectors.drop.connector import DropConnector
from erp_sync.connectors.drop.options import zone_of
from erp_sync.connectors.drop.reading import Reading
from erp_sync.messages import OperationsRequest, OperationsResponse


class B2mmlFiles(DropConnector):
    """The good orders of a message are taken, the bad ones are told."""

    kind = "b2mml"
    suffix = ".xml"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._zone = zone_of(settings)

    def read(self, data: bytes) -> Reading:
        """See `read_schedule`."""
        return read_schedule(data, self._zone)

    def write(self, message: OperationsResponse, order: OperationsRequest) -> bytes:
        """See `performance_xml`."""
        return performance_xml(message, order)
