"""What the contract needs of an ERP: the hands of its own people, its own books, and a line that can be broken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID, uuid5

from erp_sync.connector import ErpConnector
from erp_sync.connectors.simulated.faults import Faults
from erp_sync.messages import (
    Actuals,
    ExternalRef,
    MaterialActual,
    MaterialUse,
    OperationsRequest,
    OperationsResponse,
    Quantity,
)

_EVENTS = UUID("6f1f2a4e-3f0b-4a53-9d0e-0a8f5a1f7c11")
AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Books:
    """What stands in the ERP itself, read past the connector."""

    good: Decimal
    scrap: Decimal
    consumed: Mapping[str, Decimal] = field(default_factory=dict)
    over: bool = False  # the ERP takes it for made (or closed)


class Rig(Protocol):
    """An ERP on the bench. Every order is one of `unit` pieces, released, with one component where the ERP has such.

    `component` is (item, unit) or None. `faults` breaks the line between connector and ERP, None where there is no line
    of that kind. A method that an ERP cannot offer raises NotImplementedError; its rows then stand in `cannot` of the
    contract's class, each with the reason.
    """

    unit: str
    component: tuple[str, str] | None
    faults: Faults | None

    def connect(self, *, wrong_secret: bool = False, time_out_s: float = 30) -> ErpConnector:
        """A new connector; each row opens its own. `time_out_s` is for a whole exchange."""
        ...

    def make(self, quantity: int = 100) -> str:
        """A planner enters an order and releases it: its key."""
        ...

    def make_at_once(self, count: int) -> list[str]:
        """Several orders with one and the same time of change."""
        ...

    def make_late(self) -> str:
        """An order whose transaction began before everything that was read meanwhile, and is committed now."""
        ...

    def make_odd(self, what: str) -> str:
        """An order with an unknown `item`, `unit` or `state`, or with a `quantity` that is none."""
        ...

    def change(self, key: str, quantity: int) -> None:
        """A planner changes what is to be made."""
        ...

    def delete(self, key: str) -> None:
        """A planner deletes an order; nothing is left of it."""
        ...

    def cancel(self, key: str) -> None:
        """A planner cancels an order, also a running one."""
        ...

    def block(self, key: str) -> None:
        """Makes the ERP refuse whatever is confirmed on an order."""
        ...

    def skew(self, seconds: int) -> None:
        """Sets the ERP's clock wrong by so much; 0 sets it right."""
        ...

    def books(self, key: str) -> Books:
        """What the ERP has of an order, by its own books."""
        ...


def said(
    rig: Rig,
    order: ExternalRef,
    sequence: int,
    good: int,
    scrap: int = 0,
    used: int | None = None,
    **more: Any,
) -> OperationsResponse:
    """A confirmation with totals so far. The same order and sequence always have the same event_id."""
    total = _actuals(rig, good, scrap, used)
    return OperationsResponse(
        event_id=uuid5(_EVENTS, f"{order.key}/{sequence}"),
        order=order,
        sequence=sequence,
        occurred_at=AT,
        posting_date="2026-11-20",
        final=bool(more.pop("final", False)),
        cumulative=total,
        delta=more.pop("delta", total),
        started_at=AT,
        **more,
    )


def _actuals(rig: Rig, good: int, scrap: int, used: int | None) -> Actuals:
    materials: tuple[MaterialActual, ...] = ()
    if rig.component is not None and used is not None:
        item, unit = rig.component
        materials = (MaterialActual(MaterialUse.CONSUMED, item, Quantity(Decimal(used), unit)),)
    count = [Quantity(Decimal(value), rig.unit) for value in (good, scrap, 0)]
    return Actuals(*count, materials)


def everything(
    connector: ErpConnector, cursor: str = "", *, limit: int = 200
) -> tuple[dict[str, OperationsRequest], str]:
    """All pages from a cursor: the last reading of each order, and the cursor reached."""
    found: dict[str, OperationsRequest] = {}
    for _page in range(1000):
        page = connector.pull_orders(cursor, limit=limit)
        found |= {request.ref.key: request for request in page.requests}
        cursor = page.cursor
        if not page.more:
            return found, cursor
    raise AssertionError("The pages have no end.")
