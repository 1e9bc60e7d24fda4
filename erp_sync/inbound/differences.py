"""What of the ERP's change waits for a person: opened once, gone by itself where the ERP takes it back."""

from collections.abc import Iterable
from datetime import datetime

from erp_sync.inbound.changes import Verdict
from erp_sync.models import Difference, ErpLink, OutboxMessage

PREFIX = "change:"
"""Fields of differences that come from a change, `change:quantity`; those of the comparison of totals have none."""


def field_of(verdict: Verdict) -> str:
    """The difference's field for what changed."""
    return f"{PREFIX}{verdict.aspect}"


def open_changes(link: ErpLink) -> list[Difference]:
    """The link's changes that wait for a person."""
    rows = link.differences.filter(resolved_at=None, field__startswith=PREFIX)
    return list(rows.order_by("opened_at", "pk"))


def difference_open(link: ErpLink, verdict: Verdict, at: datetime) -> None:
    """Opens the difference, or brings the open one up to date."""
    values = {"erp_value": verdict.said[:200], "mes_value": verdict.was[:200], "seen_at": at}
    Difference.objects.update_or_create(
        link=link,
        field=field_of(verdict),
        resolved_at=None,
        defaults=values,
        create_defaults=values | {"kind": Difference.Class.CHANGE, "opened_at": at},
    )


def differences_gone(link: ErpLink, still: Iterable[str], at: datetime) -> int:
    """Changes that are no more (the ERP took them back, or they were applied) are closed; gives how many."""
    rows = link.differences.filter(resolved_at=None, field__startswith=PREFIX).exclude(field__in=list(still))
    return rows.update(resolved_at=at, resolved_by="system", resolution="gone", seen_at=at)


def messages_park(link: ErpLink, why: str) -> int:
    """What was to be sent waits: the ERP would not take it. What was made is shown as not posted."""
    rows = OutboxMessage.objects.filter(link=link, status=OutboxMessage.Status.PENDING)
    return rows.update(status=OutboxMessage.Status.PARKED, last_error=why[:1000])


def messages_unpark(link: ErpLink, at: datetime) -> int:
    """What was parked because the ERP had no such order is sent."""
    rows = OutboxMessage.objects.filter(link=link, status=OutboxMessage.Status.PARKED)
    rows = rows.exclude(payload__posting_date="")  # those wait for an open period
    return rows.update(status=OutboxMessage.Status.PENDING, due_at=at, last_error="")
