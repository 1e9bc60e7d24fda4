"""Reads what a batch needs: machines as stored, and who owns a count at an instant. A few queries per batch."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from mes.downtime.models import Stop
from mes.plant.models import WorkCenter
from mes.plant.shift_of import INSTANT, shifts_of
from mes.production.models import Run
from mes.tracking.models import MachineCursor, SignalCursor, StateInterval
from mes.tracking.reading import LastValue, Machine, OpenSpan, OpenStop

if TYPE_CHECKING:
    from mes.tracking.ingest import MachineContext


@dataclass(frozen=True, slots=True)
class Owner:
    """Shift, order and item that a count belongs to; None where there was none."""

    shift: int | None
    order: int | None
    item: int | None


class CountOwners:
    """Answers for a machine and an instant: which shift and which order's run was it (R3, R26)?"""

    def __init__(self, shifts: dict[int, list[tuple]], runs: dict[int, list[tuple]]) -> None:
        self._shifts, self._runs = shifts, runs

    def at(self, work_center: int, instant: datetime) -> Owner:
        """The owner of a count at that instant; a count on a border belongs to what begins there."""
        shift = _covering(self._shifts.get(work_center, []), instant)
        run = _covering(self._runs.get(work_center, []), instant)
        return Owner(shift[2] if shift else None, run[2] if run else None, run[3] if run else None)

    def over(self, work_center: int, start: datetime, end: datetime) -> Owner:
        """The owner of pieces made somewhere between: an order or shift only if it covers the whole stretch (R26)."""
        first, last = self.at(work_center, start), self.at(work_center, end)
        return Owner(
            first.shift if first.shift == last.shift else None,
            first.order if first.order == last.order else None,
            first.item if first.order == last.order else None,
        )


def _covering(rows: list[tuple], instant: datetime) -> tuple | None:
    """The row (start, end, ...) with start <= instant < end from rows sorted by start; an end of None is open."""
    index = bisect_right([row[0] for row in rows], instant) - 1
    if index < 0:
        return None
    row = rows[index]
    return row if row[1] is None or instant < row[1] else None


def count_owners(instants: Mapping[int, Iterable[datetime]]) -> CountOwners:
    """Loads the shifts and runs that the given instants of each machine can fall into. Four queries at most."""
    if not instants:
        return CountOwners({}, {})
    moments = [instant for times in instants.values() for instant in times]
    first, last = min(moments), max(moments)
    runs: dict[int, list[tuple]] = defaultdict(list)
    rows = Run.objects.filter(Q(ends_at=None) | Q(ends_at__gt=first), work_center__in=instants, starts_at__lte=last)
    for run in rows.order_by("starts_at").values_list("work_center_id", "starts_at", "ends_at", "order_id", "item_id"):
        runs[run[0]].append(run[1:])
    shifts = shifts_of(WorkCenter.objects.filter(pk__in=instants).only("line_id"), first, last + INSTANT)
    return CountOwners(
        {pk: [(shift.starts_at, shift.ends_at, shift.pk) for shift in rows] for pk, rows in shifts.items()}, runs
    )


def machines(work_centers: set[int], contexts: "Mapping[int, MachineContext]") -> dict[int, Machine]:
    """The machines as stored. A cursor of another tag than the one bound now is not continued: it starts anew."""
    found = {pk: Machine(pk, None, {}, None, None) for pk in work_centers}
    heard = MachineCursor.objects.filter(work_center__in=work_centers)
    for pk, heard_at in heard.values_list("work_center_id", "heard_at"):
        found[pk].heard_at = heard_at
    # Plain tuples: making a model object of every signal took a third of the time of a batch.
    signals = SignalCursor.objects.filter(work_center__in=work_centers)
    columns = ("work_center_id", "role", "binding_id", "raw", "text", "at", "changed_at", "lost")
    for pk, role, binding, raw, text, read_at, changed_at, lost in signals.values_list(*columns):
        machine, context = found[pk], contexts[pk]
        if context.bindings.get(role, binding) != binding:
            continue
        at = read_at if lost or context.rules.pushed else machine.heard_at or read_at
        machine.values[role] = LastValue(raw, text, at, changed_at, lost=lost)
    for span in StateInterval.objects.filter(work_center__in=work_centers, ends_at=None):
        found[span.work_center_id].span = OpenSpan(
            span.pk, span.starts_at, span.state, span.kind, span.raw_code, span.why
        )
    for stop in Stop.reported.filter(work_center__in=work_centers, ends_at=None):
        found[stop.work_center_id].stop = OpenStop(stop.pk, stop.starts_at, stop.state, stop.kind, stop.plc_code)
    return found
