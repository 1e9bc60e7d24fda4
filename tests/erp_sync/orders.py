"""Orders as an ERP would say them, for tests: 400 packs of 24 bottles on line L1, in three operations."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from erp_sync.messages import (
    ExternalRef,
    MaterialRequirement,
    MaterialUse,
    OperationsRequest,
    Quantity,
    RequestState,
    SegmentRequirement,
)

DUE = datetime(2026, 3, 3, 12, tzinfo=UTC)


def needs(item: str, value: str, unit: str = "l") -> MaterialRequirement:
    """So much of a material is consumed."""
    return MaterialRequirement(MaterialUse.CONSUMED, item, Quantity(Decimal(value), unit))


def step(sequence: int, code: str, work_center: str = "") -> SegmentRequirement:
    """One operation."""
    return SegmentRequirement(sequence, code, code.title(), work_center)


def packs(value: str) -> Quantity:
    """So many packs of 24."""
    return Quantity(Decimal(value), "pk24")


def an_order(key: str = "7", **other: Any) -> OperationsRequest:
    """Order 1007 (key 7): 400 pk24 of FG-COLA on line L1, due on 3 March, released."""
    plain = OperationsRequest(
        ref=ExternalRef("order", key, f"100{key}", "v1"),
        state=RequestState.RELEASED,
        erp_state="waiting",
        item="FG-COLA",
        quantity=packs("400"),
        work_center="L1",
        priority=20,
        due_at=DUE,
        materials=(needs("SYRUP", "1200"),),
        segments=(step(10, "MIX"), step(20, "FILL"), step(30, "PACK")),
    )
    return replace(plain, **other)
