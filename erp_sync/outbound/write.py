"""A message is written: the order's totals as they are now, under the next number. Nothing new, no message."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext as _

from erp_sync.messages import Actuals, ExternalRef, OperationsResponse
from erp_sync.models import ErpConnection, ErpLink, OutboxMessage
from erp_sync.outbound.codes import Codes
from erp_sync.outbound.collect import actuals_of
from erp_sync.outbound.posting import day_of, posting_day
from erp_sync.outbound.totals import difference
from erp_sync.wire import actuals_from, plain
from mes.plant.models import Shift
from mes.production.lifecycle import CLOSED, COMPLETED
from mes.production.models import WorkOrder
from mes.tracking.order_counts import Made, made_of

Status = OutboxMessage.Status
Fault = OutboxMessage.Fault
GONE = (ErpLink.Badge.CANCELLED, ErpLink.Badge.MISSING)
"""The ERP would take nothing for such an order: its messages are parked until it is back."""
_TOLD = ("cumulative", "final", "started_at", "ended_at")
_CONTAINED = (Status.COLLAPSED,)
_FINAL = (COMPLETED, CLOSED)
"""Nothing more comes but corrections. An order that was cancelled here was not made: the ERP's stays open."""


class Fate(NamedTuple):
    """How a message begins, and the sentence for the planner where it does not simply go out."""

    status: str
    fault: str = ""
    sentence: str = ""


def message_write(
    link: ErpLink,
    cause: str,
    at: datetime,
    *,
    codes: Codes | None = None,
    made: Made | None = None,
    force: bool = False,
) -> OutboxMessage | None:
    """Tells the ERP of the link's order, absolutely. None where it is told already, or nothing may be told.

    Joins the caller's transaction: sequence and totals are stored with it. `force` sends the same totals once more (the
    ERP's were changed). What has no name in the ERP makes the message wait for its mapping, in place, however often.
    """
    with transaction.atomic():
        fresh = link_locked(link.pk)
        if fresh.order is None or fresh.factor is None or fresh.connection.state not in _WRITES:
            return None
        last = _told_last([fresh.pk]).get(fresh.pk)
        message = _message(fresh, cause, at, codes or Codes(fresh.connection, at), made, last, force=force)
        _store([message] if message is not None else [])
        return message


def messages_write(causes: Mapping[int, str], at: datetime, codes: Codes) -> int:
    """`message_write` for many links, by id, that the caller's transaction holds: in few statements; how many said
    something new. Links and orders are read anew, since what the caller read may be from before it held them."""
    rows = ErpLink.objects.filter(pk__in=list(causes), order__isnull=False, factor__isnull=False)
    links = rows.filter(connection__state__in=_WRITES).select_related(*_WITH).order_by("pk")
    last, made = _told_last(list(causes)), made_of([link.order for link in links if link.order is not None])
    found = [
        _message(link, causes[link.pk], at, codes, made[link.order.pk], last.get(link.pk))
        for link in links
        if link.order is not None
    ]
    written = [message for message in found if message is not None]
    _store(written)
    return len(written)


def _told_last(link_ids: Sequence[int]) -> dict[int, OutboxMessage]:
    """The last message of each link, whatever became of it; none of those that a later one contains."""
    rows = OutboxMessage.objects.filter(link__in=link_ids).exclude(status__in=_CONTAINED)
    return {row.link_id: row for row in rows.order_by("link_id", "-sequence").distinct("link_id")}


def _message(
    link: ErpLink,
    cause: str,
    at: datetime,
    codes: Codes,
    made: Made | None,
    last: OutboxMessage | None,
    *,
    force: bool = False,
) -> OutboxMessage | None:
    """What is to be told of the order now, not stored yet but for one that waited; None where it is told already."""
    if link.order is None:
        return None
    codes.begin()
    response = _response(link, link.order, actuals_of(link, at, codes, made), codes, at)
    payload = plain(response)
    # A message that waits for a mapping never went out: it takes the newer totals in place.
    waits = last if last is not None and last.fault == Fault.MAPPING and not last.attempts else None
    if waits is None and not force and last is not None and _same(last.payload, payload):
        return None
    fate = _fate(link, response, codes)
    if waits is not None:
        return _renew(waits, response, payload, fate, at)
    return _new(link, response, payload, last, fate, cause, at)


_WRITES = (ErpConnection.State.LIVE, ErpConnection.State.STOPPED)
"""Work goes on while a connection is stopped: what is to be told gathers. A dry run tells nothing."""
_WITH = ("connection__site", "order__item", "order__line")


def link_locked(pk: int) -> ErpLink:
    """The link, with its order and connection, for this transaction alone: its numbers are given out one by one."""
    return ErpLink.objects.select_for_update(no_key=True, of=("self",)).select_related(*_WITH).get(pk=pk)


def post_on(link: ErpLink, at: datetime, *, hold: bool | None = None) -> str:
    """The posting date of what happened at `at`, YYYY-MM-DD; empty where it waits for a planner.

    `hold` False: a planner decided, so it goes to the first open day.
    """
    connection, production_day = link.connection, None
    if connection.posting_day == ErpConnection.Day.PRODUCTION and link.order is not None:
        shifts = Shift.objects.filter(line=link.order.line_id, work_center=None, starts_at__lte=at, ends_at__gt=at)
        production_day = shifts.values_list("production_date", flat=True).order_by("-starts_at").first()
    day = day_of(at, ZoneInfo(connection.site.time_zone), production_day)
    waits = connection.closed_period == ErpConnection.Closed.HOLD if hold is None else hold
    found = posting_day(day, connection.closed_until, hold=waits)
    return found.isoformat() if found else ""


def _response(link: ErpLink, order: WorkOrder, totals: Actuals, codes: Codes, at: datetime) -> OperationsResponse:
    happened = order.completed_at or at
    return OperationsResponse(
        event_id=uuid4(),
        order=ExternalRef(kind="order", key=link.key, number=link.number),
        sequence=link.next_sequence,
        occurred_at=at,
        posting_date=post_on(link, min(happened, at)),
        final=order.status in _FINAL,
        cumulative=totals,
        delta=totals,
        started_at=order.started_at,
        ended_at=order.completed_at,
        work_center=link.request.get("work_center") or codes.work_center(order.line.code),
    )


def _same(told: dict[str, Any], payload: dict[str, Any]) -> bool:
    return all(told.get(name) == payload[name] for name in _TOLD)


def _fate(link: ErpLink, response: OperationsResponse, codes: Codes) -> Fate:
    if codes.missing:
        return Fate(Status.DEAD, Fault.MAPPING, " ".join(dict.fromkeys(one.sentence for one in codes.missing)))
    if link.badge in GONE:
        said = _("%(order)s is cancelled or gone in the ERP: it is sent when the ERP has it again.")
        return Fate(Status.PARKED, "", said % {"order": link})
    if not response.posting_date:
        closed = link.connection.closed_until
        said = _("The ERP's period up to %(day)s is closed: retry to post it on the first day that is open again.")
        return Fate(Status.PARKED, "", said % {"day": closed})
    return Fate(Status.PENDING)


def _new(
    link: ErpLink,
    response: OperationsResponse,
    payload: dict[str, Any],
    last: OutboxMessage | None,
    fate: Fate,
    cause: str,
    at: datetime,
) -> OutboxMessage:
    before = actuals_from(last.payload["cumulative"]) if last is not None else None
    payload["delta"] = plain(difference(response.cumulative, before))
    return OutboxMessage(
        event_id=response.event_id,
        link=link,
        sequence=link.next_sequence,
        payload=payload,
        final=response.final,
        cause=cause[:60],
        status=fate.status,
        fault=fate.fault,
        last_error=fate.sentence[:1000],
        created_at=at,
        due_at=at,
    )


def _store(messages: Sequence[OutboxMessage]) -> None:
    """The new ones among the messages, each of another link, and the numbers that they took."""
    new = [message for message in messages if message.pk is None]
    if not new:
        return
    OutboxMessage.objects.bulk_create(new)
    sending = When(badge=ErpLink.Badge.IN_SYNC, then=Value(ErpLink.Badge.SENDING))
    links = ErpLink.objects.filter(pk__in=[message.link_id for message in new])
    links.update(next_sequence=F("next_sequence") + 1, badge=Case(sending, default=F("badge")))


def _renew(
    waits: OutboxMessage, response: OperationsResponse, payload: dict[str, Any], fate: Fate, at: datetime
) -> OutboxMessage:
    before = waits.link.messages.filter(sequence__lt=waits.sequence).exclude(status__in=_CONTAINED)
    last = before.order_by("-sequence").first()
    base = actuals_from(last.payload["cumulative"]) if last is not None else None
    payload |= {"event_id": str(waits.event_id), "sequence": waits.sequence}
    waits.payload = payload | {"delta": plain(difference(response.cumulative, base))}
    waits.final, waits.status, waits.fault = response.final, fate.status, fate.fault
    waits.last_error, waits.due_at = fate.sentence[:1000], at
    waits.save(update_fields=["payload", "final", "status", "fault", "last_error", "due_at"])
    return waits
