"""What a connector is: one folder below `connectors/`, one class that keeps this protocol."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

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


@dataclass(frozen=True, slots=True)
class Settings:
    """What a connector needs to know of its connection. `secrets` never reaches a log, an error or the database.

    `address` is a URL or a folder, `options` what the kind asks for (see its `OPTIONS`), `demo` allows loopback.
    `folders` are the server's own roots (MES_ERP_FOLDERS): a folder connector uses none outside of them.
    """

    code: str
    address: str
    options: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    demo: bool = False
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """What went out and what came back, masked and cut: for a person who wants to see why."""

    sent: str = ""
    received: str = ""


def exchange_of(connector: "ErpConnector") -> Exchange:
    """What a connector exchanged since this was asked last; empty for those that do not record (`exchange()`)."""
    take = getattr(connector, "exchange", None)
    found: Exchange = take() if take is not None else Exchange()
    return found


class ErpConnector(Protocol):
    """The way to one ERP. Every method raises only errors of `erp_sync.errors`; none keeps state that must survive.

    `capabilities` says which methods may be called. Writing methods may be called again with the same message at any
    time, after a lost request or a lost answer: the ERP ends with the effect of one.
    """

    kind: str

    def check(self, now: datetime) -> Health:
        """Reaches the ERP, logs in, reads its version and clock."""
        ...

    def capabilities(self) -> frozenset[Capability]:
        """What this ERP, in this version, can do."""
        ...

    def pull_orders(self, cursor: str, *, overlap_s: int = 300, limit: int = 200) -> Page:
        """Orders changed since `cursor` ("" for all), by the ERP's clock, from `overlap_s` before it.

        The overlap brings rows that were committed late; the caller tells them apart by their content.
        """
        ...

    def list_open_keys(self) -> Iterator[tuple[str, str]]:
        """(key, version) of every order that is not over in the ERP: finds deleted and missed ones."""
        ...

    def get_order(self, key: str) -> OperationsRequest | None:
        """One order as it is now; None where the ERP has no such order (any more)."""
        ...

    def pull_stock(self, items: Sequence[str]) -> Iterator[StockStatement]:
        """What the ERP has on hand and expects of some items (all where none is named)."""
        ...

    def pull_master(self, kind: MasterKind) -> Iterator[Mapping[str, Any]]:
        """Master data of a kind, one mapping each, with at least `key` and `name`."""
        ...

    def push_response(self, message: OperationsResponse) -> PushResult:
        """Brings the ERP's order to the message's totals. Safe to repeat."""
        ...

    def totals(self, keys: Sequence[str]) -> Mapping[str, Booked]:
        """What the ERP has booked of some orders; unknown keys are left out."""
        ...

    def close(self) -> None:
        """Gives connections back."""
        ...
