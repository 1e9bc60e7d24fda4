"""What became of tries is stored: arrived, tried again later, or waiting for a person. Many tries in few statements."""

from collections.abc import Sequence
from datetime import datetime

from django.db import OperationalError, transaction
from django.db.models import F

from erp_sync.connections import error_text, exchange_failed, exchange_worked
from erp_sync.models import Attempt, Difference, ErpConnection, ErpLink, OutboxMessage
from erp_sync.outbound.backoff import due_after
from erp_sync.outbound.claim import badge_settle
from erp_sync.outbound.push import Sent

Status = OutboxMessage.Status
Fault = OutboxMessage.Fault
CONFLICT = "conflict"
"""The difference that stands for a message that the ERP would not take because its order was changed."""
_STORE_TRIES = 3
_AGAIN = (Fault.TRANSIENT, Fault.AUTH)


def outcomes_store(connection: ErpConnection, tries: Sequence[Sent], owner: str, at: datetime) -> None:
    """Stores the tries in one transaction. One whose lease another process has taken over changes nothing but history.

    A sent message leaves its totals on the link as what the ERP has; a conflict opens a difference.
    """
    if not tries:
        return
    for left in reversed(range(_STORE_TRIES)):
        try:
            _store(tries, owner, at)
            break
        except OperationalError:  # a pull that holds the same links in another order: one of both gives way
            if not left:
                raise
    _health(connection, tries, at)


def _store(tries: Sequence[Sent], owner: str, at: datetime) -> None:
    with transaction.atomic():
        links_held = ErpLink.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
        list(links_held.filter(pk__in=[one.message.link_id for one in tries]).values_list("pk"))
        ids = [one.message.pk for one in tries]
        rows = OutboxMessage.objects.filter(pk__in=ids, status=Status.LEASED, lease_by=owner)
        held = set(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
        Attempt.objects.bulk_create(_attempt(one) for one in tries)
        mine = [one for one in tries if one.message.pk in held]
        for one in mine:
            _settle(one, at)
        OutboxMessage.objects.bulk_update([one.message for one in mine], _MESSAGE_FIELDS)
        links = [link for one in mine if (link := _confirmed(one)) is not None]
        ErpLink.objects.bulk_update(links, ["confirmed"])
        # A pull may have read more meanwhile: only what the ERP said just now takes its place.
        for name in ("version", "erp_state"):
            said = [one.message.link for one in mine if one.result is not None and getattr(one.result, name)]
            ErpLink.objects.bulk_update(said, [name])
        badge_settle([link.pk for link in links])
        for one in mine:
            if one.fault == Fault.CONFLICT:
                _conflict(one, at)


def release(messages: Sequence[OutboxMessage], owner: str) -> None:
    """Gives back what was leased and not tried."""
    rows = OutboxMessage.objects.filter(pk__in=[m.pk for m in messages], status=Status.LEASED, lease_by=owner)
    rows.update(status=Status.PENDING, lease_until=None, lease_by="", attempts=F("attempts") - 1)


_MESSAGE_FIELDS = (
    *("status", "lease_until", "lease_by", "sent_at", "due_at", "fault"),
    *("last_error", "erp_said", "erp_document"),
)


def _attempt(one: Sent) -> Attempt:
    outcome = one.result.outcome.value if one.result is not None else one.fault
    return Attempt(
        message=one.message,
        at=one.at,
        duration_ms=one.duration_ms,
        outcome=outcome,
        sent=one.sent,
        received=one.received or (error_text(one.error) if one.error else ""),
    )


def _settle(one: Sent, at: datetime) -> None:
    """What the row says from now on."""
    message = one.message
    message.lease_until, message.lease_by = None, ""
    if one.result is not None:
        message.status, message.sent_at, message.fault = Status.SENT, at, Fault.NONE
        message.last_error, message.erp_said = "", ""
        message.erp_document = one.result.document[:120]
        return
    message.fault = one.fault
    if one.error is not None:
        message.last_error, message.erp_said = str(one.error)[:1000], one.error.said.replace("\0", "")[:1000]
    if one.fault in _AGAIN:
        message.status = Status.PENDING
        message.due_at = due_after(message.attempts, at, getattr(one.error, "retry_after_s", None))
    else:
        message.status = Status.DEAD


def _confirmed(one: Sent) -> ErpLink | None:
    """The link as the ERP has it after a message that arrived."""
    if one.result is None:
        return None
    link = one.message.link
    payload = one.message.payload
    link.confirmed = payload["cumulative"] | {"sequence": one.message.sequence, "final": payload["final"]}
    link.version = one.result.version[:120]
    link.erp_state = one.result.erp_state[:40]
    return link


def _conflict(one: Sent, at: datetime) -> None:
    link, said = one.message.link, str(one.error)
    good = str(one.message.payload["cumulative"]["good"]["value"])
    values = {"erp_value": (one.error.said if one.error else "")[:200], "mes_value": good, "seen_at": at}
    values |= {"why": said[:300], "kind": Difference.Class.CHANGE}
    Difference.objects.update_or_create(
        link=link, field=CONFLICT, resolved_at=None, defaults=values, create_defaults=values | {"opened_at": at}
    )
    quiet = (ErpLink.Badge.IN_SYNC, ErpLink.Badge.SENDING)
    ErpLink.objects.filter(pk=link.pk, badge__in=quiet).update(badge=ErpLink.Badge.CONFLICT, said=said[:500])


def _health(connection: ErpConnection, tries: Sequence[Sent], at: datetime) -> None:
    """The connection worked when its last try reached the ERP, whatever the ERP said to it."""
    last = tries[-1]
    if last.fault not in _AGAIN:
        exchange_worked(connection, at, last_push_at=at)
    elif last.error is not None and last.fault == Fault.TRANSIENT:
        exchange_failed(connection, last.error, at)
