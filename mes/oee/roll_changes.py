"""Changes of the past that wait to be rolled: taken in portions, gone when done, kept while a shift is locked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from mes.plant.models import ChangedStretch, Shift, WorkCenter
from mes.plant.shift_of import shifts_of

MOST = 200  # changes a turn takes at once


class Change(NamedTuple):
    """What a turn takes of one row: its end, as far back as a turn reaches. The row begins at `since`; what is left of
    it then ends at `rest`."""

    row: int
    work_center: int
    start: datetime
    end: datetime
    rest: datetime | None
    since: datetime
    why: str


def changes_waiting(machines: Sequence[WorkCenter] | None, *, most: timedelta) -> tuple[list[Change], bool]:
    """The oldest changes of these machines (of all without), each at most `most` of its time; whether others wait.

    A change that lies in a locked shift waits until that is reopened (R44).
    """
    rows = unlocked(ChangedStretch.objects.filter(work_center__archived=False))
    if machines is not None:
        rows = rows.filter(work_center__in=machines)
    found = []
    taken = list(rows.order_by("pk")[: MOST + 1])
    for row in taken[:MOST]:
        start = max(row.starts_at, row.ends_at - most)
        rest = start if start > row.starts_at else None
        found.append(Change(row.pk, row.work_center_id, start, row.ends_at, rest, row.starts_at, row.why))
    return found, len(taken) > MOST


def unlocked(rows: QuerySet[ChangedStretch]) -> QuerySet[ChangedStretch]:
    """Without the changes that lie wholly in a locked shift of their machine or its line."""
    whose = Q(work_center=OuterRef("work_center")) | Q(work_center=None, line=OuterRef("work_center__line"))
    around = Q(
        starts_at__lte=OuterRef("starts_at"), ends_at__gte=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at")
    )
    return rows.exclude(Exists(Shift.objects.filter(whose, around, locked_at__isnull=False)))


def locked_shifts(machines: Sequence[WorkCenter], start: datetime, end: datetime) -> set[int]:
    """Ids of the locked shifts of these machines and their lines that touch [start, end)."""
    whose = Q(line__in={wc.line_id for wc in machines}) | Q(work_center__in=machines)
    rows = Shift.objects.filter(whose, starts_at__lt=end, ends_at__gt=start, locked_at__isnull=False)
    return set(rows.values_list("pk", flat=True))


def changes_settle(machines: Sequence[WorkCenter], changes: Sequence[Change]) -> None:
    """Takes what was rolled out of the queue. What lies in a locked shift, or further back, goes on waiting."""
    if not changes:
        return
    start, end = min(change.start for change in changes), max(change.end for change in changes)
    follow = shifts_of(machines, start, end)
    stay = []
    for change in changes:
        if change.rest is not None:
            stay.append((change, change.since, change.rest))
        for shift in follow.get(change.work_center, []):
            since, until = max(shift.starts_at, change.start), min(shift.ends_at, change.end)
            if shift.locked_at is not None and since < until:
                stay.append((change, since, until))
    ChangedStretch.objects.filter(pk__in=[change.row for change in changes]).delete()
    ChangedStretch.objects.bulk_create(
        ChangedStretch(work_center_id=change.work_center, starts_at=since, ends_at=until, why=change.why)
        for change, since, until in stay
    )
