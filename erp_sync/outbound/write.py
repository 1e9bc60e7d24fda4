"""A message is written: the order's totals as they are now, under the next number. Nothing new, no message."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db import transaction
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
from mes.tracking.order_counts import Made

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
        codes = codes or Codes(fresh.connection, at)
        codes.begin()
        response = _response(fresh, fresh.order, actuals_of(fresh, at, codes, made), codes, at)
        last = fresh.messages.exclude(status__in=_CONTAINED).order_by("-sequence").first()
        payload = plain(response)
        # A message that waits for a mapping never went out: it takes the newer totals in place.
        waits = last if last is not None and last.fault == Fault.MAPPING and not last.attempts else None
        if waits is None and not force and last is not None and _same(last.payload, payload):
            return None
        fate = _fate(fresh, response, codes)
        if waits is not None:
            return _renew(waits, response, payload, fate, at)
        return _store(fresh, response, payload, last, fate, cause, at)


_WRITES = (ErpConnection.State.LIVE, ErpConnection.State.STOPPED)
"""Work goes on while a connection is stopped: what is to be told gathers. A dry run tells nothing."""


def link_locked(pk: int) -> ErpLink:
    """The link, with its order and connection, for this transaction alone: its numbers are given out one by one."""
    rows = ErpLink.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("connection__site", "order__item", "order__line").get(pk=pk)


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


def _store(
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
    message = OutboxMessage.objects.create(
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
    badge = ErpLink.Badge.SENDING if link.badge == ErpLink.Badge.IN_SYNC else link.badge
    ErpLink.objects.filter(pk=link.pk).update(next_sequence=link.next_sequence + 1, badge=badge)
    return message


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
