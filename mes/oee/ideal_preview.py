"""What another ideal cycle would do to the past: the shifts and KPIs that change, before anybody changes them (R35)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mes.oee.facts import facts_by_window
from mes.oee.formulas import Kpi
from mes.plant.models import Shift, WorkCenter
from mes.plant.shift_of import shifts_of

SHIFTS = 60  # a longer stretch shows its latest ones


@dataclass(frozen=True, slots=True)
class ShiftChange:
    """A shift whose KPIs change: as they are and as they would be."""

    shift: Shift
    before: Kpi
    after: Kpi


@dataclass(frozen=True, slots=True)
class Preview:
    """The shifts that change, in order of time, how many were looked at, and how many older ones were not."""

    changes: list[ShiftChange]
    looked_at: int
    left_out: int


def preview_of(
    change: Callable[[], object], *, work_center: WorkCenter, start: datetime, end: datetime, now: datetime
) -> Preview:
    """Does the change, figures the machine's shifts in [start, end), and takes it back: nothing is stored.

    So the preview is exactly what applying gives. Raises what the change raises.
    """
    shifts = shifts_of([work_center], start, min(end, now))[work_center.pk]
    looked = shifts[-SHIFTS:]
    windows = [(shift.starts_at, shift.ends_at) for shift in looked]
    with transaction.atomic():
        before = facts_by_window([work_center], windows, now=now)
        change()
        after = facts_by_window([work_center], windows, now=now)
        transaction.set_rollback(True)
    pairs = [
        ShiftChange(shift, was[work_center.code].kpi, will[work_center.code].kpi)
        for shift, was, will in zip(looked, before, after, strict=True)
    ]
    changes = [
        one
        for one in pairs
        if (one.before.oee, one.before.performance, one.before.quality)
        != (one.after.oee, one.after.performance, one.after.quality)
    ]
    return Preview(changes, len(looked), len(shifts) - len(looked))
