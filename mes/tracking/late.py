"""Late observations: history between their neighbours is made again, exactly as if they had come in order (R24)."""

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime

from django.db import connection
from django.db.models import Q

from mes.downtime.models import Stop
from mes.plant.changes import changed
from mes.tracking import load, store
from mes.tracking import observe_samples as samples
from mes.tracking.ingest import MachineContext
from mes.tracking.late_write import codes_change, counts_change, flags_change, spans_change, stops_change
from mes.tracking.models import StateInterval
from mes.tracking.observe_samples import Observation, merged
from mes.tracking.reading import CountAdded, CountFlagged, LastValue, Machine, OpenSpan, OpenStop, Reading
from mes.tracking.track import take

Group = tuple[datetime, list[Observation]]


def late_take(
    stream: str, work_center: int, fresh: dict[datetime, list[Observation]], context: MachineContext
) -> list[CountFlagged]:
    """Inserts observations, at least one of which is not newer than all stored ones. Returns counts held back anew.

    History is told twice from the neighbour before: as it was heard, and with the new ones in their places. As soon as
    both tell the same again the rest is unchanged; the differences until there are written.
    """
    first = min(fresh)
    begin = samples.last_before(stream, work_center, first) or first
    old = _machine_before(stream, work_center, begin)
    new = deepcopy(old)
    last: Reading | None = None
    upto = begin
    left, met = set(fresh), False
    for at, stored, added in _told(samples.readings_from(stream, work_center, begin), fresh):
        if stored:
            take(old, merged(stream, work_center, stored), context.rules)
        last, upto = merged(stream, work_center, stored + added), at
        take(new, last, context.rules)
        left.discard(at)
        if not left and _same(old, new):
            met = True
            break
    _write(work_center, old, new, None if met else last, context)
    changed([(work_center, begin, upto)], why="late observations")
    return _held_anew(old, new)


def _told(
    stored: Iterator[Group], fresh: dict[datetime, list[Observation]]
) -> Iterator[tuple[datetime, list[Observation], list[Observation]]]:
    """Every instant in order: what is stored of it and what is new of it."""
    waiting = sorted(fresh)
    for at, group in stored:
        while waiting and waiting[0] < at:
            yield waiting[0], [], fresh[waiting.pop(0)]
        yield at, group, fresh[waiting.pop(0)] if waiting and waiting[0] == at else []
    for at in waiting:
        yield at, [], fresh[at]


def _machine_before(stream: str, work_center: int, at: datetime) -> Machine:
    """The machine as it was before an instant at which something was observed, from samples, intervals and stops."""
    covers = Q(starts_at__lt=at) & (Q(ends_at=None) | Q(ends_at__gte=at))
    span = StateInterval.objects.filter(covers, work_center=work_center).order_by("starts_at").first()
    stop = Stop.reported.filter(covers, work_center=work_center, source="auto").order_by("starts_at").first()
    values, heard_at = _values_before(stream, work_center, at)
    return Machine(
        work_center,
        heard_at,
        values,
        OpenSpan(None, span.starts_at, span.state, span.kind, span.raw_code, span.why) if span else None,
        OpenStop(None, stop.starts_at, stop.state, stop.kind, _code_before(stream, work_center, stop.starts_at, at))
        if stop
        else None,
    )


_LATEST = """
SELECT roles.role, found.raw, found.text, found.at, found.quality
FROM unnest(%s::text[]) AS roles(role), LATERAL (
  SELECT raw, text, at, quality FROM tracking_sample
  WHERE work_center_id = %s AND role = roles.role AND stream = %s AND at < %s {good}
  ORDER BY at DESC, quality = 'bad', seq DESC LIMIT 1) AS found
"""


def _values_before(stream: str, work_center: int, at: datetime) -> tuple[dict[str, LastValue], datetime | None]:
    """The last value of each signal before an instant, and when the machine was last heard before it."""
    roles = [*samples.SIGNALS, "alive"]
    with connection.cursor() as cursor:
        cursor.execute(_LATEST.format(good="AND quality <> 'bad'"), [roles, work_center, stream, at])
        good = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(_LATEST.format(good=""), [roles, work_center, stream, at])
        lost = {row[0] for row in cursor.fetchall() if row[4] == "bad"}
    heard = good.pop("alive", None)
    values = {
        role: LastValue(raw, text or "", read_at, read_at, lost=role in lost)
        for role, (raw, text, read_at, _) in good.items()
    }
    return values, heard[2] if heard else None


def _code_before(stream: str, work_center: int, start: datetime, at: datetime) -> int | None:
    """The first reason code that was said in a stop before an instant."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT raw FROM (SELECT DISTINCT ON (at) at, raw, quality FROM tracking_sample"
            " WHERE work_center_id = %s AND role = 'reason' AND stream = %s AND at >= %s AND at < %s"
            " AND quality <> 'bad' ORDER BY at, seq DESC) AS said"
            " WHERE quality = 'good' AND raw <> 0 ORDER BY at LIMIT 1",
            [work_center, stream, start, at],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _same(old: Machine, new: Machine) -> bool:
    """Whether both will tell the same of whatever comes next."""
    return _future(old) == _future(new)


def _future(machine: Machine) -> tuple[object, ...]:
    span, stop = machine.span, machine.stop
    return (
        machine.heard_at,
        {role: (value.raw, value.text, value.at, value.lost) for role, value in machine.values.items()},
        (span.starts_at, span.state, span.kind, span.why) if span else None,
        (stop.starts_at, stop.state, stop.kind, stop.plc_code) if stop else None,
    )


def _write(work_center: int, old: Machine, new: Machine, last: Reading | None, context: MachineContext) -> None:
    """Writes what differs. `last`: the newest reading, where history was told to its end; then cursors move too."""
    counts = _net(old.counts, new.counts)
    gone, come = Counter(old.flags), Counter(new.flags)
    instants = [count.at for count in counts]
    instants += [at for flag in (come - gone) for at in (flag.from_at, flag.to_at)]
    owners = load.count_owners({work_center: instants} if instants else {})
    counts_change(work_center, counts, owners)
    flags_change(work_center, list((gone - come).elements()), list((come - gone).elements()), owners)
    codes_change(work_center, old, new)
    spans_change(work_center, old, new)
    stops_change(work_center, old, new)
    if last is not None:
        for value in new.values.values():
            value.dirty = True
        store.signals_move([new], {work_center: context})
        store.cursors_move([last])


def _net(old: list[CountAdded], new: list[CountAdded]) -> list[CountAdded]:
    """What must be added to the stored counts, instant by instant; what stays the same cancels out."""
    sums: Counter[tuple[str, datetime, int | None, int | None]] = Counter()
    for sign, counts in ((-1, old), (1, new)):
        for count in counts:
            sums[count.role, count.at, count.order, count.item] += sign * count.pieces
    return [CountAdded(role, at, n, order, item) for (role, at, order, item), n in sums.items() if n]


def _held_anew(old: Machine, new: Machine) -> list[CountFlagged]:
    return [flag for flag in new.flags if flag.kind == "quarantine" and flag not in old.flags]
