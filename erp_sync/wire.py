"""Canonical messages as plain JSON and back: for the outbox, the inbound API, and the hash that tells content apart."""

import hashlib
import json
from dataclasses import is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from erp_sync.messages import (
    Actuals,
    DowntimeActual,
    ExternalRef,
    MaterialActual,
    MaterialRequirement,
    MaterialUse,
    OperationsRequest,
    OperationsResponse,
    Quantity,
    RequestState,
    SegmentRequirement,
)


def plain(message: Any) -> dict[str, Any]:
    """A message as JSON values: Decimal as text without loss, times as ISO 8601."""
    found: dict[str, Any] = json.loads(json.dumps(message, default=_text))
    return found


def content_hash(request: OperationsRequest) -> str:
    """Equal for two readings of an order that say the same; versions and modification times do not count."""
    said = _parts(request)
    del said["modified_at"]
    said["ref"] = {name: part for name, part in _parts(request.ref).items() if name != "version"}
    return hashlib.sha256(json.dumps(said, default=_text, sort_keys=True).encode()).hexdigest()


def request_from(said: dict[str, Any]) -> OperationsRequest:
    """The request that `plain` made into JSON."""
    return OperationsRequest(
        ref=ExternalRef(**said["ref"]),
        state=RequestState(said["state"]),
        erp_state=said["erp_state"],
        item=said["item"],
        quantity=_quantity(said["quantity"]),
        work_center=said["work_center"],
        priority=said["priority"],
        starts_at=_time(said["starts_at"]),
        due_at=_time(said["due_at"]),
        customer=said["customer"],
        segments=tuple(
            SegmentRequirement(**{**row, "cycle_s": None if row["cycle_s"] is None else Decimal(row["cycle_s"])})
            for row in said["segments"]
        ),
        materials=tuple(
            MaterialRequirement(
                **{
                    **row,
                    "use": MaterialUse(row["use"]),
                    "quantity": None if row["quantity"] is None else _quantity(row["quantity"]),
                }
            )
            for row in said["materials"]
        ),
        modified_at=said["modified_at"],
    )


def response_from(said: dict[str, Any]) -> OperationsResponse:
    """The response that `plain` made into JSON."""
    times = {name: _time(said[name]) for name in ("started_at", "ended_at")}
    occurred = datetime.fromisoformat(said["occurred_at"])
    own = {
        "event_id": UUID(said["event_id"]),
        "order": ExternalRef(**said["order"]),
        "occurred_at": occurred,
        "cumulative": actuals_from(said["cumulative"]),
        "delta": actuals_from(said["delta"]),
    }
    return OperationsResponse(**(said | times | own))


def actuals_from(said: dict[str, Any]) -> Actuals:
    """The actuals that `plain` made into JSON."""
    quantities = {name: _quantity(said[name]) for name in ("good", "scrap", "rework")}
    materials = tuple(
        MaterialActual(**{**row, "use": MaterialUse(row["use"]), "quantity": _quantity(row["quantity"])})
        for row in said["materials"]
    )
    downtime = tuple(DowntimeActual(**row) for row in said["downtime"])
    return Actuals(**(said | quantities | {"materials": materials, "downtime": downtime}))


def _quantity(said: dict[str, str]) -> Quantity:
    return Quantity(Decimal(said["value"]), said["unit"])


def _time(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)


def _parts(value: Any) -> dict[str, Any]:
    """A message's fields as they are: `asdict` would copy each value deeply, which costs more than all the rest."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _text(value: Any) -> Any:
    if is_dataclass(value):
        return _parts(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)
