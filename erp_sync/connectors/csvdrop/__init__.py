"""The connector over a folder of CSV files: orders in, confirmations out."""

from erp_sync.connector import Settings
from erp_sync.connectors.csvdrop.read import read_orders
from erp_sync.connectors.csvdrop.write import confirmation_csv
from erp_sync.connectors.drop.connector import DropConnector
from erp_sync.connectors.drop.options import zone_of
from erp_sync.connectors.drop.reading import Reading
from erp_sync.messages import OperationsRequest, OperationsResponse

__all__ = ["CsvDrop"]


class CsvDrop(DropConnector):
    """Options: `time_zone` of times without an offset (UTC), `good_rows` (true: take them of a file with bad ones)."""

    kind = "csv"
    suffix = ".csv"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.takes_good_rows = settings.options.get("good_rows") is True
        self._zone = zone_of(settings)

    def read(self, data: bytes) -> Reading:
        """See `read_orders`."""
        return read_orders(data, self._zone)

    def write(self, message: OperationsResponse, order: OperationsRequest) -> bytes:
        """See `confirmation_csv`."""
        return confirmation_csv(message, order.item)
