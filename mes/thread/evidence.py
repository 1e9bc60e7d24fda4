"""What an evidence pack says of an order: its whole thread, digests of its readings, and its part of the journal."""

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.utils import translation

from mes.journal.models import JournalEntry
from mes.materials.models import Lot
from mes.plant.models import Line
from mes.production.models import Run, WorkOrder
from mes.quality.models import Check
from mes.thread.canonical import canonical
from mes.thread.find import node_of
from mes.thread.node import plain_event
from mes.thread.tell import run_code
from mes.tracking.models import Sample

FORMAT = "millwright-evidence/1"
MOST_PAGES = 500  # of 100 events
MOST_LINKS = 200_000


class PackTooLarge(Exception):
    """More than a pack holds; the text says what to do."""


def evidence_of(number: str, lines: QuerySet[Line], *, actor: str, at: datetime) -> dict[str, Any] | None:
    """The content of a pack, in English; None for an order that is not on these lines.

    Raises PackTooLarge beyond 50,000 events or 200,000 journal entries between the first and the last one.
    """
    order = WorkOrder.objects.filter(number=number, line__in=lines).first()
    if order is None:
        return None
    with translation.override("en"):
        thread = _thread(number, lines, at)
        readings = [_readings(run, at) for run in _runs(order)]
    return {
        "format": FORMAT,
        "about": {"kind": "order", "code": number},
        "made_at": at.isoformat(),
        "made_by": actor,
        "thread": thread,
        "readings": readings,
        "journal": _journal(order),
    }


def _thread(number: str, lines: QuerySet[Line], at: datetime) -> dict[str, Any]:
    node = node_of("order", number, lines, now=at)
    if node is None:
        raise LookupError(number)
    thread = node.plain()
    for _turn in range(MOST_PAGES):
        if not node.following:
            return thread | {"next": None}
        node = node_of("order", number, lines, now=at, after=node.following)
        if node is None:
            raise LookupError(number)
        thread["events"] += [plain_event(event) for event in node.events]
    raise PackTooLarge(f"Order {number} has more than {MOST_PAGES * 100} events: export its runs one by one.")


def _runs(order: WorkOrder) -> QuerySet[Run]:
    return Run.objects.filter(order=order).select_related("work_center").order_by("starts_at", "pk")


def _readings(run: Run, at: datetime) -> dict[str, Any]:
    """How many readings a run has and the SHA-256 of all of them: as long as they are kept, they can be compared."""
    end = run.ends_at or at
    rows = Sample.objects.filter(work_center=run.work_center_id, at__gte=run.starts_at, at__lt=end).order_by("at", "id")
    digest, count = hashlib.sha256(), 0
    ends: list[list[Any]] = []
    fields = ("at", "role", "stream", "fence", "seq", "raw", "text", "quality")
    for row in rows.values_list(*fields).iterator(chunk_size=5000):
        said = [row[0].isoformat(), *row[1:]]
        digest.update(canonical(said) + b"\n")
        ends = [ends[0] if ends else said, said]
        count += 1
    found = {"run": run_code(run), "from": run.starts_at.isoformat(), "to": end.isoformat(), "count": count}
    return found | {"sha256": digest.hexdigest(), "first_and_last": ends}


def _journal(order: WorkOrder) -> dict[str, Any]:
    """The order's entries in full, and of every entry between the first and the last one its number and hash."""
    mine = JournalEntry.objects.filter(_about(order))
    shown = list(mine.exclude(seq=None).order_by("seq"))
    waiting = mine.filter(seq=None).count()
    if not shown:
        return {"entries": [], "chain": [], "unsealed": waiting}
    first, last = shown[0].seq or 0, shown[-1].seq or 0
    if last - first > MOST_LINKS:
        raise PackTooLarge(
            f"Between the first and the last entry about order {order.number} lie {last - first} entries of the"
            f" journal; a pack holds {MOST_LINKS}."
        )
    chain = JournalEntry.objects.filter(seq__gte=first, seq__lte=last).order_by("seq").values_list("seq", "hash")
    return {
        "entries": [entry_plain(entry) for entry in shown],
        "chain": [list(pair) for pair in chain],
        "unsealed": waiting,
    }


def _about(order: WorkOrder) -> Q:
    wanted = Q(kind="work-order", code=order.number)
    wanted |= Q(kind="lot", code__in=Lot.objects.filter(order=order).values("number"), data__item=order.item.code)
    checks = [str(key) for key in Check.objects.filter(order=order).values_list("key", flat=True)[:2000]]
    wanted |= Q(kind="characteristic", data__after__key__in=checks) | Q(kind="check", code__in=checks)
    wanted |= Q(kind="characteristic", data__before__key__in=checks)
    for place, start in Run.objects.filter(order=order).values_list("work_center__code").annotate(s=Min("starts_at")):
        runs = Run.objects.filter(order=order, work_center__code=place)
        ends = [end for end in runs.values_list("ends_at", flat=True) if end is not None]
        until = Q(at__lte=max(ends)) if len(ends) == runs.count() else Q()
        wanted |= Q(kind="work-center", code=place, at__gte=start) & until
        wanted |= Q(kind="stop", code__startswith=f"{place}@", at__gte=start) & until
    return wanted


def entry_plain(entry: JournalEntry) -> dict[str, Any]:
    """A journal entry as its hash is made of it."""
    return {
        "seq": entry.seq,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "written_at": entry.written_at.isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "kind": entry.kind,
        "code": entry.code,
        "data": entry.data,
    }
