"""Rows of an ERP connection for tests of pages: a connection, orders of the ERP, messages, differences."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from erp_sync.models import Attempt, Difference, ErpConnection, ErpLink, OutboxMessage
from mes.plant.models import Site
from mes.production.models import WorkOrder


def connection(site: Site, now: datetime, code: str = "ERP", **fields: Any) -> ErpConnection:
    """A live connection that was heard 20 seconds ago."""
    heard = now - timedelta(seconds=20)
    known = {
        "name": f"{code} system",
        "kind": "simulated",
        "state": "live",
        "last_pull_at": heard,
        "last_push_at": heard,
    }
    return ErpConnection.objects.create(
        code=code, site=site, **(known | {"checked_at": heard, "version_seen": "1"} | fields)
    )


def link(erp: ErpConnection, key: str, now: datetime, order: WorkOrder | None = None, **fields: Any) -> ErpLink:
    """An order of the ERP over 400 packs of 24."""
    known: dict[str, Any] = {
        "number": f"MO-{key}",
        "order": order,
        "request": {"quantity": {"value": "400", "unit": "pk24"}, "item": "COLA-ERP"},
        "erp_state": "released",
        "content_hash": key * 8,
        "first_seen_at": now,
        "last_seen_at": now,
    }
    if order is not None:
        known |= {"erp_unit": "pk24", "mes_unit": "pcs", "factor": Decimal(24), "erp_digits": 3}
    return ErpLink.objects.create(connection=erp, key=key, **(known | fields))


def message(told: ErpLink, now: datetime, *, good: str = "10", scrap: str = "0", **fields: Any) -> OutboxMessage:
    """A message that tells totals; pending where nothing else is said."""
    sequence = told.next_sequence
    told.next_sequence += 1
    told.save()
    totals = {name: {"value": value, "unit": told.erp_unit} for name, value in (("good", good), ("scrap", scrap))}
    known = {"payload": {"cumulative": totals}, "cause": "scrap_enter", "created_at": now, "due_at": now}
    return OutboxMessage.objects.create(event_id=uuid4(), link=told, sequence=sequence, **(known | fields))


def dead(told: ErpLink, now: datetime, **fields: Any) -> OutboxMessage:
    """A message that the ERP refused in its own words."""
    known = {"status": "dead", "fault": "rejected", "attempts": 1, "last_error": "The ERP refused the quantity."}
    made = message(told, now, **(known | {"erp_said": "Quantity 500 exceeds MO-7 by 100"} | fields))
    Attempt.objects.create(
        message=made, at=now, duration_ms=40, outcome="rejected", sent="POST /mo/7 Authorization: ***", received="400"
    )
    return made


def difference(of: ErpLink, now: datetime, field: str = "good", **fields: Any) -> Difference:
    """The ERP has two packs less."""
    known = {"erp_value": "8", "mes_value": "10", "amount": Decimal(-2), "kind": "mes-ahead"}
    return Difference.objects.create(link=of, field=field, opened_at=now, seen_at=now, **(known | fields))
