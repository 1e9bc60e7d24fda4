"""Stretches of a machine's past that changed (the queue that mends roll-ups), and the lock that stops edits."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from mes.plant.models import ChangedStretch, WorkCenter
from mes.plant.shift_of import shifts_of

# Hours that ended longer ago than this are rolled up; anything stored before that edge must be said here.
# It is longer than any micro-stop threshold: whether a standstill at an hour's end is a micro-stop is known by then.
SETTLE = timedelta(minutes=15)


class ShiftLocked(Exception):
    """Nothing was changed: the shift's figures are locked. The text says which shift, and who can reopen it."""


def changed(stretches: Iterable[tuple[int, datetime, datetime]], *, why: str) -> None:
    """Says, inside the writer's transaction, that facts of machines changed: (work center id, start, end) each.

    Half-open; an instant may be given as start = end. What lies in the future costs nothing: it is looked at when it is
    past. Said twice it is recomputed once or twice, with the same result.
    """
    ChangedStretch.objects.bulk_create(
        ChangedStretch(work_center_id=machine, starts_at=start, ends_at=max(start, end), why=why[:60])
        for machine, start, end in stretches
    )


def refuse_if_locked(work_center: WorkCenter, start: datetime, end: datetime) -> None:
    """Raises ShiftLocked when a person's edit of [start, end) would change a locked shift (R44)."""
    shifts = shifts_of([work_center], start, max(end, start + timedelta(milliseconds=1)))[work_center.pk]
    shift = next((shift for shift in shifts if shift.locked_at is not None), None)
    if shift is not None:
        raise ShiftLocked(
            f"Shift {shift.name} of {shift.production_date} on {work_center.line.code} is locked: its figures"
            " are final. A manager or an admin can reopen it on the shift's page, with a reason."
        )
