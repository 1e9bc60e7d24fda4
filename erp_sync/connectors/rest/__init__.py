"""For ERPs and middleware that come to us: they put orders and fetch confirmations over our API, we never call them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from erp_sync.connector import Settings
from erp_sync.messages import (
    Booked,
    Capability,
    Health,
    MasterKind,
    OperationsRequest,
    OperationsResponse,
    Page,
    PushResult,
    StockStatement,
)


class InboundRest:
    """The passive side of a connection: nothing can be asked of an ERP that only pushes."""

    kind = "rest"

    def __init__(self, settings: Settings) -> None:
        self._code = settings.code

    def check(self, now: datetime) -> Health:
        """There is nobody to reach: the other side calls."""
        return Health("")

    def capabilities(self) -> frozenset[Capability]:
        """None: what is not here is never asked for."""
        return frozenset()

    def pull_orders(self, cursor: str, *, overlap_s: int = 300, limit: int = 200) -> Page:
        """No orders: they come by themselves."""
        return Page((), cursor, more=False)

    def list_open_keys(self) -> Iterator[tuple[str, str]]:
        """Not known."""
        return iter(())

    def get_order(self, key: str) -> OperationsRequest | None:
        """Not known."""
        return None

    def pull_stock(self, items: Sequence[str]) -> Iterator[StockStatement]:
        """Not known."""
        return iter(())

    def pull_master(self, kind: MasterKind) -> Iterator[Mapping[str, Any]]:
        """Not known."""
        return iter(())

    def push_response(self, message: OperationsResponse) -> PushResult:
        """Never called: the ERP fetches its messages."""
        raise NotImplementedError(f"{self._code} fetches its messages itself.")

    def totals(self, keys: Sequence[str]) -> Mapping[str, Booked]:
        """Not known."""
        return {}

    def close(self) -> None:
        """Nothing is open."""
