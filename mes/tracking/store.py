"""Writes what a batch means, in bulk SQL: cursors, counts, flags, intervals, stops, samples."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Q

from mes.downtime.layouts import whole_end
from mes.downtime.models import Stop
from mes.tracking.load import CountOwners, Owner
from mes.tracking.models import CountFlag, StateCode, StateInterval
from mes.tracking.reading import CountAdded, CountFlagged, Machine, OpenSpan, OpenStop, Reading, Value

if TYPE_CHECKING:
    from mes.tracking.ingest import MachineContext


def cursors_lock(streams: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Locks each stream's cursor (made when new) and returns its (fence, seq); two pollers take turns here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tracking_streamcursor (stream, fence, seq) SELECT unnest(%s::text[]), 0, -1"
            " ON CONFLICT DO NOTHING",
            [list(streams)],
        )
        cursor.execute(
            "SELECT stream, fence, seq FROM tracking_streamcursor WHERE stream = ANY(%s) ORDER BY stream FOR UPDATE",
            [list(streams)],
        )
        return {stream: (fence, seq) for stream, fence, seq in cursor.fetchall()}


def cursors_move(readings: Sequence[Reading]) -> None:
    """Sets each stream's cursor to its newest reading."""
    newest = {reading.stream: reading for reading in sorted(readings, key=lambda r: (r.fence, r.seq))}
    rows = list(newest.values())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracking_streamcursor c SET fence = n.fence, seq = n.seq, at = n.at"
            " FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[]) AS n(stream, fence, seq, at)"
            " WHERE c.stream = n.stream",
            [[r.stream for r in rows], [r.fence for r in rows], [r.seq for r in rows], [r.at for r in rows]],
        )


def just_after(reading: Reading, heard_at: datetime) -> Reading:
    """The reading one millisecond after the last one of its machine."""
    return replace(reading, at=heard_at + timedelta(milliseconds=1))


def counts_add(counts: Sequence[tuple[int, CountAdded]], owners: CountOwners) -> None:
    """Adds pieces to their minutes: one upsert per machine, hour, shift and order."""
    rows: dict[tuple, dict[str, list[int]]] = defaultdict(lambda: {r: [0] * 60 for r in ("good", "scrap", "rework")})
    for work_center, count in counts:
        owner = _said(owners.at(work_center, count.at), count)
        hour = count.at.replace(minute=0, second=0, microsecond=0)
        rows[(work_center, hour, owner.shift, owner.order, owner.item)][count.role][count.at.minute] += count.pieces
    if not rows:
        return
    columns = zip(
        *(
            [*key, *(_array_text(values) for values in minutes.values()), *(sum(values) for values in minutes.values())]
            for key, minutes in sorted(rows.items(), key=lambda row: row[0][:2])
        ),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS_ADD, [list(column) for column in columns])


# The minutes travel as text that PostgreSQL reads as an array: quoting 180 numbers a row one by one took a third of
# the time of a batch. Arrays of zeros are not added, which is most of scrap and nearly all of rework.
_COUNTS_ADD = """
INSERT INTO tracking_counthour AS c (work_center_id, hour, shift_id, order_id, item_id, good, scrap, rework,
 good_sum, scrap_sum, rework_sum)
SELECT n.wc, n.hour, n.shift, n.ord, n.item, n.good::int[], n.scrap::int[], n.rework::int[], n.g, n.s, n.r
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[],
 %s::text[], %s::text[], %s::text[], %s::int[], %s::int[], %s::int[])
 AS n(wc, hour, shift, ord, item, good, scrap, rework, g, s, r)
ON CONFLICT (work_center_id, hour, shift_id, order_id, item_id) DO UPDATE SET
 good = CASE WHEN excluded.good = array_fill(0, '{60}') THEN c.good ELSE add_minutes(c.good, excluded.good) END,
 scrap = CASE WHEN excluded.scrap = array_fill(0, '{60}') THEN c.scrap ELSE add_minutes(c.scrap, excluded.scrap) END,
 rework = CASE WHEN excluded.rework = array_fill(0, '{60}') THEN c.rework
  ELSE add_minutes(c.rework, excluded.rework) END,
 good_sum = c.good_sum + excluded.good_sum, scrap_sum = c.scrap_sum + excluded.scrap_sum,
 rework_sum = c.rework_sum + excluded.rework_sum
"""


def _array_text(values: list[int]) -> str:
    return f"{{{','.join(map(str, values))}}}"


def _said(owner: Owner, count: CountAdded | CountFlagged) -> Owner:
    """The owner of pieces: the order or item that their source named, else whose run it was."""
    if count.order is not None:
        return Owner(owner.shift, count.order, count.item)
    if count.item is not None and count.item != owner.item:
        return Owner(owner.shift, None, count.item)
    return owner


def flags_add(flags: Sequence[tuple[int, CountFlagged]], owners: CountOwners) -> None:
    """Stores pieces made in a gap and implausible counts, with the order only if one order covers the stretch."""
    rows = []
    for work_center, flag in flags:
        owner = _said(owners.over(work_center, flag.from_at, flag.to_at), flag)
        rows.append(
            CountFlag(
                work_center_id=work_center,
                kind=flag.kind,
                role=flag.role,
                quantity=flag.pieces,
                from_at=flag.from_at,
                to_at=flag.to_at,
                shift_id=owner.shift,
                order_id=owner.order,
                item_id=owner.item,
                detail=flag.detail,
            )
        )
    CountFlag.objects.bulk_create(rows)


def spans_write(machines: Sequence[Machine]) -> None:
    """Ends the intervals that ended, then inserts what is new: the constraint never sees two open ones."""
    fresh: list[StateInterval] = []
    for machine in machines:
        for closed in machine.closed_spans:
            span = closed.span
            if span.row is not None:
                StateInterval.objects.filter(pk=span.row).update(
                    ends_at=closed.ends_at, state=span.state, kind=span.kind, raw_code=span.raw_code, why=span.why
                )
            else:
                fresh.append(_interval(machine, span, closed.ends_at))
        if machine.span is not None and machine.span_dirty:
            span = machine.span
            if span.row is not None:
                StateInterval.objects.filter(pk=span.row).update(
                    state=span.state, kind=span.kind, raw_code=span.raw_code, why=span.why
                )
            else:
                fresh.append(_interval(machine, machine.span, None))
    StateInterval.objects.bulk_create(fresh)


def _interval(machine: Machine, span: OpenSpan, ends_at: datetime | None) -> StateInterval:
    return StateInterval(
        work_center_id=machine.work_center,
        starts_at=span.starts_at,
        ends_at=ends_at,
        state=span.state,
        kind=span.kind,
        raw_code=span.raw_code,
        why=span.why,
    )


def stops_write(machines: Sequence[Machine]) -> None:
    """Ends the stops that ended, then inserts new ones; a stop that lasted no time at all leaves no row.

    A stop that people split ends with its parts.
    """
    fresh: list[Stop] = []
    for machine in machines:
        for closed in machine.closed_stops:
            stop = closed.stop
            lasted = closed.ends_at > stop.starts_at
            if stop.row is not None and lasted:
                standing = Stop.objects.filter(pk=stop.row, ends_at=None)
                if not standing.update(ends_at=closed.ends_at, plc_code=stop.plc_code):
                    whole_end(stop.row, closed.ends_at, stop.plc_code)
            elif stop.row is not None:
                Stop.reported.filter(pk=stop.row).delete()  # whatever was said of it, the journal has it
            elif lasted:
                fresh.append(_stop(machine, stop, closed.ends_at))
        if machine.stop is not None and machine.stop_dirty:
            if machine.stop.row is not None:
                said = Q(pk=machine.stop.row) | Q(whole=machine.stop.row)
                Stop.every.filter(said).update(plc_code=machine.stop.plc_code)
            else:
                fresh.append(_stop(machine, machine.stop, None))
    Stop.objects.bulk_create(fresh)


def _stop(machine: Machine, stop: OpenStop, ends_at: datetime | None) -> Stop:
    return Stop(
        work_center_id=machine.work_center,
        starts_at=stop.starts_at,
        ends_at=ends_at,
        state=stop.state,
        kind=stop.kind,
        plc_code=stop.plc_code,
    )


def codes_add(machines: Sequence[Machine]) -> None:
    """Keeps the changes of raw state codes."""
    rows = [StateCode(work_center_id=m.work_center, at=at, raw_code=code) for m in machines for at, code in m.codes]
    if rows:
        StateCode.objects.bulk_create(rows, ignore_conflicts=True)


def signals_move(machines: Sequence[Machine], contexts: "dict[int, MachineContext]") -> None:
    """Writes when each machine was heard, and the last raw value of every signal that changed or was lost."""
    heard = [(m.work_center, m.heard_at, contexts[m.work_center].rules.fresh_s) for m in machines if m.heard_at]
    changed = [
        (m.work_center, role, contexts[m.work_center].bindings.get(role), v.raw, v.text, v.at, v.changed_at, v.lost)
        for m in machines
        for role, v in m.values.items()
        if v.dirty
    ]
    with connection.cursor() as cursor:
        if heard:
            cursor.execute(
                "INSERT INTO tracking_machinecursor (work_center_id, heard_at, silence_s)"
                " SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::float8[])"
                " ON CONFLICT (work_center_id) DO UPDATE SET heard_at = excluded.heard_at,"
                " silence_s = excluded.silence_s",
                [list(column) for column in zip(*heard, strict=True)],
            )
        if changed:
            cursor.execute(
                "INSERT INTO tracking_signalcursor (work_center_id, role, binding_id, raw, text, at, changed_at, lost)"
                " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::text[],"
                " %s::timestamptz[], %s::timestamptz[], %s::boolean[])"
                " ON CONFLICT (work_center_id, role) DO UPDATE SET binding_id = excluded.binding_id,"
                " raw = excluded.raw, text = excluded.text, at = excluded.at, changed_at = excluded.changed_at,"
                " lost = excluded.lost",
                [list(column) for column in zip(*changed, strict=True)],
            )


def samples_copy(samples: Sequence[tuple[Reading, str, Value]]) -> None:
    """Appends samples with COPY."""
    if not samples:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY tracking_sample (at, work_center_id, role, stream, fence, seq, raw, text, quality) FROM STDIN"
        ) as copy,
    ):
        for r, role, v in samples:
            copy.write_row((r.at, r.work_center, role, r.stream, r.fence, r.seq, v.raw, v.text, v.quality))
