"""Which messages go out now: each order's first one, held by a lease; later totals take the place of earlier ones."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from erp_sync.messages import Capability
from erp_sync.models import ErpConnection, ErpLink, OutboxMessage
from erp_sync.outbound.totals import difference
from erp_sync.wire import actuals_from, plain

Status = OutboxMessage.Status
LEASE = timedelta(seconds=60)
LEASE_RAN_OUT = "The process that sent it did not come back: it is sent again."
UNSETTLED = (Status.PENDING, Status.LEASED, Status.DEAD, Status.PARKED)


def messages_claim(
    connection: ErpConnection, capabilities: frozenset[Capability], owner: str, now: datetime, limit: int
) -> list[OutboxMessage]:
    """Leases the next message of up to `limit` orders, one each, for 60 s.

    An order's message goes out only when every earlier one is settled. For an ERP that takes totals its later messages
    are sent instead of the first, which they contain; for one that takes nothing while an order runs only the last.
    """
    with transaction.atomic():
        earlier = OutboxMessage.objects.filter(
            link=OuterRef("link"), sequence__lt=OuterRef("sequence"), status__in=UNSETTLED
        )
        due = OutboxMessage.objects.filter(
            ~Exists(earlier), link__connection=connection, status=Status.PENDING, due_at__lte=now
        )
        first = list(due.order_by("due_at", "pk").select_for_update(skip_locked=True, of=("self",))[:limit])
        chosen = _collapsed(first, capabilities) if first else []
        ids = [message.pk for message in chosen]
        OutboxMessage.objects.filter(pk__in=ids).update(
            status=Status.LEASED, lease_until=now + LEASE, lease_by=owner, attempts=F("attempts") + 1
        )
        found = OutboxMessage.objects.filter(pk__in=ids).select_related("link").order_by("due_at", "pk")
        return list(found)


def leases_reap(now: datetime) -> int:
    """Messages whose lease ran out wait to be sent again: whoever had them died. How many; safe to repeat."""
    ran_out = OutboxMessage.objects.filter(status=Status.LEASED, lease_until__lt=now)
    return ran_out.update(
        status=Status.PENDING,
        due_at=now,
        lease_until=None,
        lease_by="",
        fault=OutboxMessage.Fault.TRANSIENT,
        last_error=LEASE_RAN_OUT,
    )


def _collapsed(first: Sequence[OutboxMessage], capabilities: frozenset[Capability]) -> list[OutboxMessage]:
    """The messages that go out: of each order the first, or the later one that contains it."""
    cumulative, partial = Capability.PUSH_CUMULATIVE in capabilities, Capability.PARTIAL in capabilities
    if not cumulative and partial:
        return list(first)
    later: dict[int, list[OutboxMessage]] = defaultdict(list)
    rows = OutboxMessage.objects.filter(link__in=[message.link_id for message in first], status=Status.PENDING)
    for row in rows.order_by("sequence").select_for_update(of=("self",)):
        later[row.link_id].append(row)
    chosen: list[OutboxMessage] = []
    for message in first:
        queue = _together([row for row in later[message.link_id] if row.sequence >= message.sequence])
        last = queue[-1]
        if not partial and not last.final:
            continue  # it waits for the order's end
        if len(queue) > 1:
            _contain(queue[:-1], last)
        chosen.append(last)
    return chosen


def _together(queue: list[OutboxMessage]) -> list[OutboxMessage]:
    """The messages up to one that a planner accepted as it is: that one must go out itself."""
    for place, message in enumerate(queue):
        if message.accept_warning:
            return queue[: place + 1]
    return queue


def _contain(earlier: Sequence[OutboxMessage], last: OutboxMessage) -> None:
    """The last one says it all; its difference is now the one to what was told before them."""
    OutboxMessage.objects.filter(pk__in=[message.pk for message in earlier]).update(status=Status.COLLAPSED)
    told = OutboxMessage.objects.filter(link=last.link_id, sequence__lt=earlier[0].sequence)
    before = told.exclude(status=Status.COLLAPSED).order_by("-sequence").first()
    base = actuals_from(before.payload["cumulative"]) if before is not None else None
    last.payload["delta"] = plain(difference(actuals_from(last.payload["cumulative"]), base))
    last.save(update_fields=["payload"])


def badge_settle(link_ids: Sequence[int]) -> None:
    """Links whose last message arrived are in sync again; nobody else's badge is touched."""
    open_ones = OutboxMessage.objects.filter(link=OuterRef("pk"), status__in=UNSETTLED)
    sending = ErpLink.objects.filter(pk__in=link_ids, badge=ErpLink.Badge.SENDING)
    sending.filter(~Exists(open_ones)).update(badge=ErpLink.Badge.IN_SYNC)
