"""How long an order's machines ran, were set up and stood, in machine-milliseconds: two machines count twice."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from mes.downtime.models import Reason, Stop
from mes.production.models import Run, WorkOrder
from mes.tracking.setups import setups_of

_MS = timedelta(milliseconds=1)
_TOLD = ("down", "setup")
"""Kinds of stops that are told by their reason; a machine that waits or idles shows the loss of another one."""


@dataclass(slots=True)
class MachineTime:
    """Run and setup time, and standstills by reason and machine, all in machine-milliseconds."""

    run_ms: int = 0
    setup_ms: int = 0
    stood_ms: dict[tuple[Reason | None, str], int] = field(default_factory=lambda: defaultdict(int))


def machine_time_of(order: WorkOrder, until: datetime) -> MachineTime:
    """The order's runs up to `until`, in four queries. Without runs: all zero.

    Setup is the beginning of a run; a stop counts outside it, for the part inside the run. The rest is run time, less
    stops of every kind. A machine whose state is unknown has no stop there, so it counts as running.
    """
    told = MachineTime()
    runs = [run for run in Run.objects.filter(order=order).select_related("work_center") if run.starts_at < until]
    if not runs:
        return told
    setups = setups_of([run.pk for run in runs])
    stops = _stops(runs, until)
    for run in runs:
        start, end = run.starts_at, min(run.ends_at or until, until)
        phase = setups.get(run.pk)
        ready = min(max(phase.ends_at or end, start), end) if phase else start
        told.setup_ms += (ready - start) // _MS
        told.run_ms += (end - ready) // _MS
        for stop in stops[run.work_center_id]:
            ms = _overlap_ms(stop, ready, end)
            told.run_ms -= ms
            if ms and stop.kind in _TOLD:
                told.stood_ms[stop.reason, run.work_center.code] += ms
    return told


def _stops(runs: Iterable[Run], until: datetime) -> dict[int, list[Stop]]:
    first = min(run.starts_at for run in runs)
    touches = Q(starts_at__lt=until) & (Q(ends_at=None) | Q(ends_at__gt=first))
    rows = Stop.objects.filter(touches, work_center__in={run.work_center_id for run in runs})
    found: dict[int, list[Stop]] = defaultdict(list)
    for stop in rows.select_related("reason__parent"):
        found[stop.work_center_id].append(stop)
    return found


def _overlap_ms(stop: Stop, start: datetime, end: datetime) -> int:
    return max(0, (min(stop.ends_at or end, end) - max(stop.starts_at, start)) // _MS)
