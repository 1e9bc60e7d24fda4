"""An ERP in memory that keeps the connector protocol: tests put orders into it and look at what becomes of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from erp_sync import connectors
from erp_sync.connector import Settings
from erp_sync.errors import ErpError
from erp_sync.messages import (
    Booked,
    Capability,
    Health,
    MasterKind,
    OperationsRequest,
    OperationsResponse,
    Outcome,
    Page,
    PushResult,
    RequestState,
    StockStatement,
    Unreadable,
)

OVER = (RequestState.COMPLETED, RequestState.CLOSED, RequestState.CANCELLED)


class MemoryErp:
    """Orders with a rising tick as the time of their last change. Set `down` to an error and every call raises it."""

    kind = "memory"

    def __init__(self) -> None:
        """Empty, with every capability."""
        self.orders: dict[str, OperationsRequest] = {}
        self.ticks: dict[str, int] = {}
        self.broken: list[Unreadable] = []
        self.booked: dict[str, Booked] = {}
        self.stock: list[StockStatement] = []
        self.master: dict[MasterKind, list[dict[str, Any]]] = {}
        self.can = frozenset(Capability)
        self.down: ErpError | None = None
        self.skew_s: float | None = 0.0
        self.pulls: list[tuple[str, int]] = []
        self.tick = 1000

    def put(self, request: OperationsRequest, *, tick: int | None = None) -> None:
        """The ERP has this order now; with `tick`, committed late: as if changed at that earlier time."""
        self.tick += 1
        self.orders[request.ref.key] = request
        self.ticks[request.ref.key] = self.tick if tick is None else tick

    def delete(self, key: str) -> None:
        """The order is gone without a trace."""
        del self.orders[key], self.ticks[key]

    def check(self, now: datetime) -> Health:
        """Version 1."""
        self._up()
        return Health("1", self.skew_s)

    def capabilities(self) -> frozenset[Capability]:
        """All, unless a test took some away."""
        return self.can

    def pull_orders(self, cursor: str, *, overlap_s: int = 300, limit: int = 200) -> Page:
        """By (tick, key), from the cursor less the overlap (a tick is a second)."""
        self._up()
        self.pulls.append((cursor, overlap_s))
        tick, _, key = cursor.partition(":")
        since = (int(tick) - overlap_s, "" if overlap_s else key) if cursor else (-1, "")
        rows = sorted((at, key) for key, at in self.ticks.items() if (at, key) >= since)
        page = rows[:limit]
        last = rows[limit] if len(rows) > limit else (page[-1] if page else None)
        onward = f"{last[0]}:{last[1]}" if last else cursor
        broken, self.broken = tuple(self.broken), []
        return Page(tuple(self.orders[key] for _at, key in page), onward, len(rows) > limit, broken)

    def list_open_keys(self) -> Iterator[tuple[str, str]]:
        """Every order that is not over."""
        self._up()
        yield from ((key, one.ref.version) for key, one in self.orders.items() if one.state not in OVER)

    def get_order(self, key: str) -> OperationsRequest | None:
        """One order."""
        self._up()
        return self.orders.get(key)

    def pull_stock(self, items: Sequence[str]) -> Iterator[StockStatement]:
        """What a test put there."""
        self._up()
        yield from (row for row in self.stock if not items or row.item in items)

    def pull_master(self, kind: MasterKind) -> Iterator[Mapping[str, Any]]:
        """What a test put there."""
        self._up()
        yield from self.master.get(kind, ())

    def push_response(self, message: OperationsResponse) -> PushResult:
        """Taken."""
        self._up()
        return PushResult(Outcome.APPLIED)

    def totals(self, keys: Sequence[str]) -> Mapping[str, Booked]:
        """What a test put there."""
        self._up()
        return {key: self.booked[key] for key in keys if key in self.booked}

    def close(self) -> None:
        """Nothing to give back."""

    def _up(self) -> None:
        if self.down is not None:
            raise self.down


NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def booked(state: RequestState, good: str, scrap: str = "0") -> Booked:
    """What the ERP has of an order."""
    return Booked(state, state.value, Decimal(good), Decimal(scrap))


_ERPS: dict[str, MemoryErp] = {}


def opened_by(settings: Settings) -> MemoryErp:
    """The ERP at an address of a test."""
    return _ERPS[settings.address]


def memory_erp(monkeypatch: pytest.MonkeyPatch, address: str = "memory") -> MemoryErp:
    """A fresh ERP, and the kind `memory` among the known connectors for the length of a test."""
    monkeypatch.setitem(
        connectors.KINDS,
        "memory",
        connectors.Kind("memory", "In memory", f"{__name__}:opened_by", "only for tests"),
    )
    monkeypatch.setitem(_ERPS, address, MemoryErp())
    return _ERPS[address]
