"""What became of tries is stored: arrived, tried again later, or waiting for a person. Many tries in few statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
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


def outcomes_store(erp: ErpConnection, tries: Sequence[Sent], owner: str, at: datetime) -> None:
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
    _health(erp, tries, at)


def _store(tries: Sequence[Sent], owner: str, at: datetime) -> None:
    with transaction.atomic():
        links_held = ErpLink.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
        list(links_held.filter(pk__in=[one.message.link_id for one in tries]).values_list("pk"))
        ids = [one.message.pk for one in tries]
        rows = OutboxMessage.objects.filter(pk__in=ids, status=Status.LEASED, lease_by=owner)
        held = set(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
        Attempt.objects.bulk_create(_attempt(one) for one in tries)
        mine = [one for one in tries if one.message.pk in held]
        _arrived([one for one in mine if one.result is not None], at)
        for one in mine:
            if one.result is None:
                _failed(one, at)


def release(messages: Sequence[OutboxMessage], owner: str) -> None:
    """Gives back what was leased and not tried."""
    rows = OutboxMessage.objects.filter(pk__in=[m.pk for m in messages], status=Status.LEASED, lease_by=owner)
    rows.update(status=Status.PENDING, lease_until=None, lease_by="", attempts=F("attempts") - 1)


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


# One statement each for a whole batch: what is sent by the thousand must not cost more here than on the line.
_SENT = """
UPDATE erp_sync_outboxmessage AS message SET status = 'sent', sent_at = %s, lease_until = NULL, lease_by = '',
    fault = '', last_error = '', erp_said = '', erp_document = told.document
FROM unnest(%s::bigint[], %s::text[]) AS told (id, document) WHERE message.id = told.id
"""
# A pull may have read more of the order meanwhile: only what the ERP said just now takes its place.
_CONFIRMED = """
UPDATE erp_sync_erplink AS link SET
    confirmed = (message.payload -> 'cumulative')
        || jsonb_build_object('sequence', message.sequence, 'final', message.final),
    version = coalesce(nullif(told.version, ''), link.version),
    erp_state = coalesce(nullif(told.erp_state, ''), link.erp_state)
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS told (id, version, erp_state)
JOIN erp_sync_outboxmessage AS message ON message.id = told.id WHERE link.id = message.link_id
"""


def _arrived(tries: Sequence[Sent], at: datetime) -> None:
    """The messages are sent, and their totals are what the ERP has."""
    told = [(one.message, one.result) for one in tries if one.result is not None]
    if not told:
        return
    ids = [message.pk for message, _result in told]
    with connection.cursor() as cursor:
        cursor.execute(_SENT, [at, ids, [_clean(result.document, 120) for _message, result in told]])
        versions = [_clean(result.version, 120) for _message, result in told]
        states = [_clean(result.erp_state, 40) for _message, result in told]
        cursor.execute(_CONFIRMED, [ids, versions, states])
    badge_settle([message.link_id for message, _result in told])


def _failed(one: Sent, at: datetime) -> None:
    """Tried again later, or waiting for a person."""
    message, error = one.message, one.error
    fields: dict[str, Any] = {"fault": one.fault, "lease_until": None, "lease_by": "", "status": Status.DEAD}
    if error is not None:
        fields |= {"last_error": _clean(str(error), 1000), "erp_said": _clean(error.said, 1000)}
    if one.fault in _AGAIN:
        wish_s = getattr(error, "retry_after_s", None)
        fields |= {"status": Status.PENDING, "due_at": due_after(message.attempts, at, wish_s)}
    OutboxMessage.objects.filter(pk=message.pk).update(**fields)
    if one.fault == Fault.CONFLICT:
        _conflict(one, at)


def _clean(text: str, length: int) -> str:
    return text.replace("\0", "")[:length]


def _conflict(one: Sent, at: datetime) -> None:
    link, said = one.message.link, str(one.error)
    good = str(one.message.payload["cumulative"]["good"]["value"])
    theirs = one.error.said if one.error else ""
    values = {"erp_value": _clean(theirs, 200), "mes_value": good, "seen_at": at}
    values |= {"why": _clean(said, 300), "kind": Difference.Class.CHANGE}
    Difference.objects.update_or_create(
        link=link, field=CONFLICT, resolved_at=None, defaults=values, create_defaults=values | {"opened_at": at}
    )
    quiet = (ErpLink.Badge.IN_SYNC, ErpLink.Badge.SENDING)
    ErpLink.objects.filter(pk=link.pk, badge__in=quiet).update(badge=ErpLink.Badge.CONFLICT, said=said[:500])


def _health(erp: ErpConnection, tries: Sequence[Sent], at: datetime) -> None:
    """The connection worked when its last try reached the ERP, whatever the ERP said to it."""
    last = tries[-1]
    if last.fault not in _AGAIN:
        exchange_worked(erp, at, last_push_at=at)
    elif last.error is not None and last.fault == Fault.TRANSIENT:
        exchange_failed(erp, last.error, at)
