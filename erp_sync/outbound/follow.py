"""The journal is followed by its numbers: what was entered on the floor becomes messages, each exactly once.

A fact and its journal entry are one transaction, so nothing that happened is missed; the messages of a stretch of the
journal and the mark behind it are one transaction too, so nothing is written twice whenever a process dies.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from erp_sync.models import ErpConnection, ErpLink, FollowMark, OutboxMessage
from erp_sync.outbound.codes import Codes
from erp_sync.outbound.told import CLOSES, ENDS, TAPS, numbers_of_shift, numbers_told
from erp_sync.outbound.write import messages_write
from mes.journal.models import JournalEntry
from mes.plant.models import Shift
from mes.production.lifecycle import BEGUN, OVER
from mes.production.models import Run

BATCH = 500
CHUNK = 200  # orders that are read and written at once
INTERVAL, APPROVAL = "interval", "approval"
_Posting = ErpConnection.Posting
_FOLLOWED = (ErpConnection.State.LIVE, ErpConnection.State.STOPPED)
_MAPPED = "erp-mapping"


def follow(now: datetime) -> int:
    """Writes what is to be told of everything sealed in the journal, and what is due by interval: how many messages.

    A stopped connection goes on gathering. Two at once: the second leaves a connection to the first. At most a batch of
    entries per connection; what is left comes with the next call.
    """
    written = 0
    for connection in ErpConnection.objects.filter(state__in=_FOLLOWED).select_related("site"):
        written += follow_connection(connection, now)
    return written


def follow_connection(connection: ErpConnection, now: datetime) -> int:
    """One connection: the next stretch of its journal, and its interval. The mark moves with what is written."""
    with transaction.atomic():
        mark = _mark(connection)
        if mark is None:
            return 0
        entries, until = _entries(mark)
        told = _told(connection, entries)
        if _interval_due(connection, mark, now):
            told = _running(connection) | told
            mark.interval_at = now
        elif until == mark.seq:
            return 0
        written = _write(connection, told, now)
        mark.seq = until
        mark.save(update_fields=["seq", "interval_at"])
        return written


def _mark(connection: ErpConnection) -> FollowMark | None:
    """The connection's mark, held by this transaction; None while another one holds it. New ones begin at the end."""
    if not FollowMark.objects.filter(connection=connection).exists():
        FollowMark.objects.bulk_create([FollowMark(connection=connection, seq=_end())], ignore_conflicts=True)
    return FollowMark.objects.select_for_update(skip_locked=True).filter(connection=connection).first()


def _end() -> int:
    return JournalEntry.objects.aggregate(seq=Max("seq"))["seq"] or 0


def _entries(mark: FollowMark) -> tuple[list[JournalEntry], int]:
    """The next entries that matter, and up to which number of the journal they are all."""
    end = _end()
    matter = JournalEntry.objects.filter(seq__gt=mark.seq, seq__lte=end, action__in=TAPS | CLOSES)
    mapped = JournalEntry.objects.filter(seq__gt=mark.seq, seq__lte=end, kind=_MAPPED)
    found = list((matter | mapped).order_by("seq")[:BATCH])
    return found, (found[-1].seq or end) if len(found) == BATCH else end


def _told(connection: ErpConnection, entries: Iterable[JournalEntry]) -> dict[str, str]:
    """Order numbers with what led to the message, as the site chose to post."""
    entries = list(entries)
    taps = [entry for entry in entries if entry.action in TAPS]
    numbers: dict[str, str] = {}
    if connection.posting == _Posting.TAP:
        numbers = numbers_told(taps)
    elif connection.posting == _Posting.INTERVAL:
        ended = numbers_told(entry for entry in taps if entry.action in ENDS)
        numbers = ended | _corrected(numbers_told(taps))
    else:
        closed = numbers_of_shift(entry for entry in entries if entry.action in CLOSES)
        numbers = _approved(dict.fromkeys(closed, APPROVAL) | _corrected(numbers_told(taps)))
    if any(entry.kind == _MAPPED for entry in entries):
        waiting = OutboxMessage.objects.filter(link__connection=connection, fault=OutboxMessage.Fault.MAPPING)
        numbers |= dict.fromkeys(
            waiting.filter(status=OutboxMessage.Status.DEAD).values_list("link__order__number", flat=True), "mapping"
        )
    return numbers


def _corrected(numbers: dict[str, str]) -> dict[str, str]:
    """Of these orders those that are over: what comes now is a correction."""
    over = ErpLink.objects.filter(order__number__in=numbers, order__status__in=OVER)
    return {number: numbers[number] for number in over.values_list("order__number", flat=True)}


def _approved(numbers: dict[str, str]) -> dict[str, str]:
    """Of these orders those with no run in a shift that is not closed yet: all that is told of them is approved.

    An order that goes on into the next shift is told when that one is closed too; its totals cannot be divided.
    """
    runs = Run.objects.filter(order__number__in=numbers).select_related("work_center", "order")
    waiting: set[str] = set()
    for run in runs:
        shifts = Shift.objects.filter(line=run.work_center.line_id, closed_at=None, ends_at__gt=run.starts_at)
        shifts = shifts.filter(starts_at__lt=run.ends_at) if run.ends_at else shifts
        if run.ends_at is None or shifts.exists():
            waiting.add(run.order.number)
    return {number: cause for number, cause in numbers.items() if number not in waiting}


def _interval_due(connection: ErpConnection, mark: FollowMark, now: datetime) -> bool:
    """Machines count without an entry in the journal, so running orders are looked at every so often."""
    if connection.posting == _Posting.APPROVAL:
        return False
    period = timedelta(minutes=max(connection.posting_interval_min, 1))
    return mark.interval_at is None or now - mark.interval_at >= period


def _running(connection: ErpConnection) -> dict[str, str]:
    begun = ErpLink.objects.filter(connection=connection, order__status__in=BEGUN)
    return dict.fromkeys(begun.values_list("order__number", flat=True), INTERVAL)


def _write(connection: ErpConnection, told: dict[str, str], now: datetime) -> int:
    """The messages. All links are held first, in the order of their ids, so that two writers never wait for each other
    and what is read of the orders then is no older than what anybody else told."""
    codes = Codes(connection, now)
    links = ErpLink.objects.filter(connection=connection, order__number__in=told)
    rows = links.select_for_update(no_key=True, of=("self",)).order_by("pk")
    held = list(rows.values_list("pk", "order__number"))
    chunks = (held[start : start + CHUNK] for start in range(0, len(held), CHUNK))
    return sum(messages_write({pk: told[str(number)] for pk, number in chunk}, now, codes) for chunk in chunks)
