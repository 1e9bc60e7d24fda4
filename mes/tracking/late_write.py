"""Writes the difference between two tellings of the same stretch: counts, flags, state intervals, stops."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mes.downtime.layouts import layout_write, layouts_take, said_of
from mes.downtime.models import Stop
from mes.downtime.parts import Layout, laid
from mes.tracking import store
from mes.tracking.held import flag_forget
from mes.tracking.load import CountOwners
from mes.tracking.models import CountFlag, StateCode, StateInterval
from mes.tracking.reading import CountAdded, CountFlagged, Machine

FOR_EVER = datetime.max.replace(tzinfo=UTC)
_EXPLAINED = ("reason_id", "planned_limit_min", "note", "explained_by", "explained_at")


@dataclass(frozen=True, slots=True)
class _Piece:
    """An interval or a stop as told: `ends_at` None where it goes on."""

    starts_at: datetime
    ends_at: datetime | None
    fields: tuple[tuple[str, Any], ...]


def counts_change(work_center: int, counts: Sequence[CountAdded], owners: CountOwners) -> None:
    """Adds (or takes away) pieces in their minutes."""
    store.counts_add([(work_center, count) for count in counts], owners)


def flags_change(
    work_center: int, gone: Sequence[CountFlagged], come: Sequence[CountFlagged], owners: CountOwners
) -> None:
    """Takes back flags that the telling in order does not have, adds those it has."""
    for flag in gone:
        row = CountFlag.objects.filter(
            work_center=work_center,
            kind__in=(flag.kind, CountFlag.Kind.REPLACED),
            role=flag.role,
            from_at=flag.from_at,
            to_at=flag.to_at,
            quantity=flag.pieces,
        ).first()
        if row is not None:
            flag_forget(row)
    store.flags_add([(work_center, flag) for flag in come], owners)


def codes_change(work_center: int, old: Machine, new: Machine) -> None:
    """Takes back changes of the raw state code that the telling in order does not have, adds those it has."""
    stale = [at for at, code in old.codes if (at, code) not in new.codes]
    StateCode.objects.filter(work_center=work_center, at__in=stale).delete()
    StateCode.objects.bulk_create(
        (StateCode(work_center_id=work_center, at=at, raw_code=code) for at, code in new.codes),
        ignore_conflicts=True,
    )


def spans_change(work_center: int, old: Machine, new: Machine) -> None:
    """Replaces the state intervals that differ; one that both tellings leave open keeps its end as stored."""
    before, after = _spans(old), _spans(new)
    stale = [piece.starts_at for piece in before if piece not in after]
    StateInterval.objects.filter(work_center=work_center, starts_at__in=stale).delete()
    StateInterval.objects.bulk_create(
        StateInterval(
            work_center_id=work_center, starts_at=piece.starts_at, ends_at=piece.ends_at, **dict(piece.fields)
        )
        for piece in after
        if piece not in before
    )


def _spans(machine: Machine) -> list[_Piece]:
    told = [(closed.span, closed.ends_at) for closed in machine.closed_spans]
    open_span = [(machine.span, None)] if machine.span is not None else []
    return [
        _Piece(
            span.starts_at,
            end,
            (("state", span.state), ("kind", span.kind), ("raw_code", span.raw_code), ("why", span.why)),
        )
        for span, end in [*told, *open_span]
    ]


def stops_change(work_center: int, old: Machine, new: Machine) -> None:
    """Splits, merges and moves automatic stops. A stop that keeps its start stays the same row, with its reason.

    A new stop takes over the reason of the explained stop it lies in most. Where people had split one of those that
    are told otherwise, what they said of its parts is laid over the new telling.
    """
    before, after = _stops(old), _stops(new)
    starts = {piece.starts_at for piece in (*before, *after)}
    held = Stop.reported.select_for_update(of=("self",)).select_related("reason")
    rows = {row.starts_at: row for row in held.filter(work_center=work_center, starts_at__in=starts)}
    explained = [row for row in rows.values() if row.reason_id is not None]
    differing = {piece.starts_at for piece in {*before} ^ {*after}}
    words = layouts_take([row for start, row in rows.items() if row.split and start in differing])
    if words:
        words += [(row.starts_at, row.ends_at, Layout((), (said_of(row),))) for row in explained]
    was = {row.pk: (row.starts_at, row.ends_at) for row in explained}
    kept = {piece.starts_at for piece in after}
    Stop.objects.filter(pk__in=[row.pk for start, row in rows.items() if start not in kept]).delete()
    changed = [piece for piece in after if piece not in before and piece.starts_at in rows]
    # What shrinks makes room for what grows: two stops never overlap, not even on the way.
    for piece in sorted(changed, key=lambda piece: _grows(rows[piece.starts_at], piece)):
        row = rows[piece.starts_at]
        row.ends_at = piece.ends_at
        for name, value in piece.fields:
            setattr(row, name, value)
        row.version += 1
        row.save(update_fields=["ends_at", "version", *[name for name, _ in piece.fields]])
    for piece in after:
        if piece not in before and piece.starts_at not in rows:
            fresh = Stop(
                work_center_id=work_center, starts_at=piece.starts_at, ends_at=piece.ends_at, **dict(piece.fields)
            )
            _inherit(fresh, explained, was)
            fresh.save(force_insert=True)
            rows[piece.starts_at] = fresh
    _lay(words, [rows[piece.starts_at] for piece in after if piece not in before])


def _lay(words: Sequence[tuple[datetime, datetime | None, Layout]], rows: Sequence[Stop]) -> None:
    for row in rows:
        layout = laid(words, row.starts_at, row.ends_at)
        if layout != Layout():
            layout_write(row, layout)


def _stops(machine: Machine) -> list[_Piece]:
    told = [(closed.stop, closed.ends_at) for closed in machine.closed_stops if closed.ends_at > closed.stop.starts_at]
    open_stop = [(machine.stop, None)] if machine.stop is not None else []
    return [
        _Piece(stop.starts_at, end, (("state", stop.state), ("kind", stop.kind), ("plc_code", stop.plc_code)))
        for stop, end in [*told, *open_stop]
    ]


def _grows(row: Stop, piece: _Piece) -> bool:
    if row.ends_at is None:
        return False
    return piece.ends_at is None or piece.ends_at > row.ends_at


def _inherit(stop: Stop, explained: Sequence[Stop], was: dict[int, tuple[datetime, datetime | None]]) -> None:
    """Copies the reason of the explained stop that overlaps most, as it lay before the change."""

    def shared_s(row: Stop) -> float:
        start, end = was[row.pk]
        until = min(
            end or datetime.max.replace(tzinfo=start.tzinfo), stop.ends_at or datetime.max.replace(tzinfo=start.tzinfo)
        )
        return (until - max(start, stop.starts_at)).total_seconds()

    best = max(explained, key=shared_s, default=None)
    if best is not None and shared_s(best) > 0:
        for name in _EXPLAINED:
            setattr(stop, name, getattr(best, name))
