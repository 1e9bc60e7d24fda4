"""Which stretch of a machine's past a batch of readings changed (pure): roll-ups of settled hours must be told."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from mes.tracking.reading import Machine, Reading

Stretch = tuple[datetime, datetime]


def stretches_changed(
    machines: Iterable[Machine],
    readings: Iterable[Reading],
    heard_before: Mapping[int, datetime | None],
    *,
    settled_before: datetime,
) -> list[tuple[int, datetime, datetime]]:
    """(work center, start, end) of every machine whose batch reaches back behind `settled_before`.

    The usual batch reaches back a second and gives nothing. A machine that was silent, or whose polls waited in the
    spool, is told from when it was last heard; a back-dated stop (R18) or a tag that came back, from where they begin.
    """
    seen: dict[int, Stretch] = {}
    for reading in readings:
        first, last = seen.get(reading.work_center, (reading.at, reading.at))
        seen[reading.work_center] = (min(first, reading.at), max(last, reading.at))
    found = []
    for machine in machines:
        first, last = seen[machine.work_center]
        start = min([heard_before.get(machine.work_center) or first, *_back_to(machine)])
        if start < settled_before:
            found.append((machine.work_center, start, last))
    return found


def _back_to(machine: Machine) -> Iterable[datetime]:
    """Instants at which something of the past was decided by what was just read."""
    yield from (closed.ends_at for closed in machine.closed_spans)
    yield from (closed.ends_at for closed in machine.closed_stops)
    yield from (flag.from_at for flag in machine.flags)
