"""Quantities of a message or a link as numbers: what was told, what the ERP has acknowledged, what is at stake."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from erp_sync.models import ErpLink, OutboxMessage


def told(actuals: object, name: str) -> Decimal | None:
    """The quantity `name` (good, scrap, rework) of stored actuals; None where they do not say it."""
    found = actuals.get(name) if isinstance(actuals, Mapping) else None
    value = found.get("value") if isinstance(found, Mapping) else found
    try:
        return Decimal(str(value)) if value is not None else None
    except InvalidOperation:
        return None


def posted(link: ErpLink, name: str) -> Decimal | None:
    """What the ERP has acknowledged last, in its unit; 0 before it was told anything."""
    return told(link.confirmed, name) if link.confirmed else Decimal(0)


def at_stake(message: OutboxMessage) -> dict[str, Decimal]:
    """What the ERP does not know while a message does not arrive: good and scrap, in its unit, without zeros."""
    cumulative: Any = message.payload.get("cumulative") if isinstance(message.payload, dict) else None
    found: dict[str, Decimal] = {}
    for name in ("good", "scrap"):
        total, known = told(cumulative, name), posted(message.link, name)
        if total is not None and known is not None and total != known:
            found[name] = total - known
    return found
