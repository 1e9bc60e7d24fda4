"""What a planner decides about messages and differences. Each says so in the journal; said twice, it happens once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from erp_sync.models import Difference, ErpConnection, ErpLink, OutboxMessage
from erp_sync.outbound.outcome import CONFLICT
from erp_sync.outbound.write import link_locked, message_write, post_on
from mes.journal.write import record

Status = OutboxMessage.Status
Fault = OutboxMessage.Fault
KIND = "erp-message"
MAX_WHY = 300
RESEND = "resend"
_WAITS = (Status.PENDING, Status.DEAD, Status.PARKED)


class DecisionRefused(Exception):
    """Nothing was changed; the text says why and what to do. `field` names the form field, if any."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def message_retry(message: OutboxMessage, actor: str, at: datetime) -> bool:
    """It is sent again at once, counting its tries anew. True if this call did it, False if it already waits for that.

    One that waited for a mapping takes today's totals; one of a closed period gets the first open day. DecisionRefused
    for one that arrived or was discarded, and while the mapping is still missing.
    """
    with transaction.atomic():
        fresh = _locked(message)
        _refuse_settled(fresh)
        if fresh.status == Status.LEASED or (fresh.status == Status.PENDING and fresh.due_at <= at):
            return False
        if fresh.fault == Fault.MAPPING and not fresh.attempts:
            written = message_write(fresh.link, fresh.cause, at)
            if written is None or written.fault == Fault.MAPPING:
                raise DecisionRefused(written.last_error if written is not None else _unmapped(fresh))
            _tell(fresh, "message_retry", actor, at, {"before": Status.DEAD, "after": written.status})
            return True
        _again(fresh, actor, at, "message_retry", {})
        return True


def messages_retry(
    messages: Iterable[OutboxMessage], actor: str, at: datetime, faults: Iterable[str] = ("transient", "auth")
) -> int:
    """After an outage: all of these that wait for one of the faults are sent again at once. How many that changed."""
    wanted = set(faults)
    done = 0
    for message in messages:
        if message.fault in wanted and message.status in _WAITS:
            done += message_retry(message, actor, at)
    return done


def outage_over(connection: ErpConnection, actor: str, at: datetime) -> int:
    """What waits only because the connection's ERP was away is sent at once. How many messages."""
    waiting = OutboxMessage.objects.filter(link__connection=connection, status=Status.PENDING, due_at__gt=at)
    return messages_retry(waiting.filter(attempts__gt=0), actor, at)


def message_discard(message: OutboxMessage, why: str, actor: str, at: datetime) -> bool:
    """It is never sent; the reason is kept. True if this call did it. Refused for one that arrived or is under way.

    An ERP that takes totals learns of its quantities with the order's next message all the same.
    """
    words = _words(why)
    with transaction.atomic():
        fresh = _locked(message)
        if fresh.status == Status.DISCARDED:
            return False
        _refuse_settled(fresh)
        if fresh.status == Status.LEASED:
            raise DecisionRefused(_("It is being sent just now: look again in a minute."))
        before = fresh.status
        fresh.status, fresh.decided_by, fresh.decided_why = Status.DISCARDED, actor[:150], words
        fresh.save(update_fields=["status", "decided_by", "decided_why"])
        _settle_conflict(fresh.link, "discarded", words, actor, at)
        _tell(fresh, "message_discard", actor, at, {"before": before, "after": fresh.status, "why": words})
        return True


def warning_accept(message: OutboxMessage, actor: str, at: datetime) -> bool:
    """The ERP asked back and a person says yes: sent again with that word. True if this call did it."""
    with transaction.atomic():
        fresh = _locked(message)
        if fresh.accept_warning and fresh.status != Status.DEAD:
            return False
        if fresh.status != Status.DEAD or fresh.fault != Fault.WARNING:
            raise DecisionRefused(_("The ERP does not ask back about this message (any more): look at it again."))
        fresh.accept_warning = True
        _again(fresh, actor, at, "warning_accept", {"said": fresh.erp_said})
        return True


def mes_value_keep(what: OutboxMessage | Difference, actor: str, at: datetime, why: str = "") -> bool:
    """Ours holds and is sent again: the order's version is read anew on the way. True if this call did it.

    For a message that met a conflict, or for an open difference of good, scrap or consumption (then the totals are told
    once more, under a new number). Refused for a difference that no message can settle.
    """
    if isinstance(what, OutboxMessage):
        return _message_keep(what, actor, at, why)
    with transaction.atomic():
        link = link_locked(what.link_id)
        fresh = Difference.objects.select_for_update(of=("self",)).get(pk=what.pk)
        if fresh.resolved_at is not None:
            return False
        if fresh.field == CONFLICT:
            waiting = link.messages.filter(status=Status.DEAD, fault=Fault.CONFLICT).order_by("sequence").first()
            if waiting is not None:
                return _message_keep(waiting, actor, at, why)
        elif not told_by_messages(fresh.field):
            raise DecisionRefused(_("No message to the ERP settles this: accept the ERP's value or mend it there."))
        elif not _resent(link, at):
            raise DecisionRefused(_("Nothing can be sent for this order: its connection is not live."))
        _resolve(fresh, "mes", why, actor, at)
        data = {"field": fresh.field, "erp": fresh.erp_value, "mes": fresh.mes_value, "why": _plain(why)}
        record(actor=actor, at=at, action="mes_value_keep", kind="erp-order", code=str(link), data=data)
        return True


def _resent(link: ErpLink, at: datetime) -> bool:
    """Today's totals go out: with a message that waits already, or once more."""
    if link.messages.filter(status__in=_WAITS).exists():
        return True
    return message_write(link, RESEND, at, force=True) is not None


def told_by_messages(field: str) -> bool:
    """Whether a message carries the field, so that sending it again can settle a difference."""
    return field in ("good", "scrap", "lots") or field.startswith("consumed:")


def _message_keep(message: OutboxMessage, actor: str, at: datetime, why: str) -> bool:
    with transaction.atomic():
        fresh = _locked(message)
        if fresh.status != Status.DEAD:
            _refuse_settled(fresh)
            return False
        if fresh.fault != Fault.CONFLICT:
            raise DecisionRefused(_("This message met no conflict: retry it instead."))
        _settle_conflict(fresh.link, "mes", why, actor, at)
        _again(fresh, actor, at, "mes_value_keep", {"why": _plain(why)})
        return True


def _locked(message: OutboxMessage) -> OutboxMessage:
    """The link first, as every writer does, then the message."""
    link = link_locked(message.link_id)
    fresh = OutboxMessage.objects.select_for_update(of=("self",)).get(pk=message.pk)
    fresh.link = link
    return fresh


def _again(message: OutboxMessage, actor: str, at: datetime, action: str, about: dict[str, Any]) -> None:
    """Due now; what the planner settled stands in the journal."""
    before = {"status": message.status, "fault": message.fault, "attempts": message.attempts}
    payload = message.payload
    if payload.get("posting_date") == "":
        payload["posting_date"] = post_on(message.link, message.created_at, hold=False)
    message.status, message.due_at, message.attempts = Status.PENDING, at, 0
    message.fault, message.decided_by = Fault.NONE, actor[:150]
    names = ["status", "due_at", "attempts", "fault", "decided_by", "accept_warning", "payload"]
    message.save(update_fields=names)
    _tell(message, action, actor, at, {"before": before, "after": {"status": message.status}} | about)


def _refuse_settled(message: OutboxMessage) -> None:
    if message.status in (Status.SENT, Status.COLLAPSED):
        raise DecisionRefused(_("This message has arrived: there is nothing left to decide."))
    if message.status == Status.DISCARDED:
        raise DecisionRefused(_("This message was discarded: what came later is sent without it."))


def _settle_conflict(link: ErpLink, how: str, why: str, actor: str, at: datetime) -> None:
    for row in link.differences.filter(field=CONFLICT, resolved_at=None):
        _resolve(row, how, why, actor, at)
    others = Q(resolved_at=None) & ~Q(field=CONFLICT)
    if not link.differences.filter(others, kind=Difference.Class.CHANGE).exists():
        again = ErpLink.objects.filter(pk=link.pk, badge=ErpLink.Badge.CONFLICT)
        again.update(badge=ErpLink.Badge.SENDING, said="")


def _resolve(row: Difference, how: str, why: str, actor: str, at: datetime) -> None:
    row.resolved_at, row.resolved_by, row.resolution = at, actor[:150], how
    row.why = _plain(why) or row.why
    row.save(update_fields=["resolved_at", "resolved_by", "resolution", "why"])


def _words(why: str) -> str:
    words = _plain(why)
    if not words:
        raise DecisionRefused(_("Say in up to %(n)d characters why.") % {"n": MAX_WHY}, "why")
    return words


def _plain(why: str) -> str:
    words = " ".join(why.split())
    if "\0" in words or len(words) > MAX_WHY:
        raise DecisionRefused(_("Say in up to %(n)d characters why.") % {"n": MAX_WHY}, "why")
    return words


def _unmapped(message: OutboxMessage) -> str:
    return message.last_error or _("A mapping is missing: set it first.")


def _tell(message: OutboxMessage, action: str, actor: str, at: datetime, data: dict[str, Any]) -> None:
    record(actor=actor, at=at, action=action, kind=KIND, code=f"{message.link}#{message.sequence}", data=data)
