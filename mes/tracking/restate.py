"""A wrong state map is mended: stored raw codes of a stretch are read by the right one. Preview first, then apply."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from mes.downtime.models import Stop
from mes.journal.write import record
from mes.plant.changes import changed, refuse_if_locked
from mes.plant.models import WorkCenter
from mes.plc.models import StateMap, StateMapEntry, TagBinding
from mes.tracking import store
from mes.tracking.held import KIND, CountsRefused, why_from
from mes.tracking.late_write import spans_change, stops_change
from mes.tracking.models import StateCode, StateInterval
from mes.tracking.reading import Machine, OpenSpan, OpenStop, SpanClosed, StopClosed
from mes.tracking.reread import Halt, Piece, halts_of, reread, seconds_by_state

LONGEST = timedelta(days=100)


class RestateRefused(CountsRefused):
    """Nothing was changed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Restated:
    """What a stretch says now and what it would say: seconds per state, and how many stops begin in it."""

    before_s: dict[str, float]
    after_s: dict[str, float]
    stops_before: int
    stops_after: int

    @property
    def differs(self) -> bool:
        """Whether anything changes."""
        return self.before_s != self.after_s or self.stops_before != self.stops_after

    @property
    def rows(self) -> list[tuple[str, float, float]]:
        """(state, seconds before, seconds after), the longest first."""
        names = self.before_s.keys() | self.after_s.keys()
        rows = [(name, self.before_s.get(name, 0.0), self.after_s.get(name, 0.0)) for name in names]
        return sorted(rows, key=lambda row: (-max(row[1:]), row[0]))


@dataclass(frozen=True, slots=True)
class _Told:
    """The intervals and stops around a stretch, as stored and as read anew."""

    pieces: list[Piece]
    fresh: list[Piece]
    stops: list[Stop]

    def restated(self, start: datetime, end: datetime) -> Restated:
        begins = [stop.starts_at for stop in self.stops]
        halts = [halt.starts_at for halt in halts_of(self.fresh)]
        return Restated(
            seconds_by_state(self.pieces, start, end),
            seconds_by_state(self.fresh, start, end),
            sum(start <= at < end for at in begins),
            sum(start <= at < end for at in halts),
        )


def state_map_preview(
    *, work_center: WorkCenter, state_map: StateMap, start: datetime, end: datetime | None, at: datetime
) -> Restated:
    """What `state_map_restate` would change, without changing it."""
    _check(start, end, at)
    return _told(work_center, state_map, start, end).restated(start, end or at)


def state_map_restate(
    *,
    work_center: WorkCenter,
    state_map: StateMap,
    start: datetime,
    end: datetime | None,
    why: str,
    actor: str,
    at: datetime,
) -> Restated:
    """Reads the raw codes of [start, end) by `state_map` (`end` None: from then on, live readings too).

    The binding says so for that time, intervals and automatic stops are told anew, and stops keep their reasons. Needs
    no samples. Said twice the second finds nothing to change. Raises RestateRefused without a bound state tag or a
    reason; ShiftLocked where a locked shift lies in the stretch.
    """
    why = why_from(why)
    if not why:
        raise RestateRefused("Say why the codes are read otherwise: figures of the past change.")
    _check(start, end, at)
    with transaction.atomic():
        _hold_readings(work_center)
        refuse_if_locked(work_center, start, end or at)
        before = _rebind(work_center, state_map, start, end)
        told = _told(work_center, state_map, start, end)
        result = told.restated(start, end or at)
        if not result.differs and before == {state_map.code}:
            return result
        old = _machine(work_center, told.pieces, _as_halts(told.stops), told.stops)
        new = _machine(work_center, told.fresh, halts_of(told.fresh), told.stops)
        spans_change(work_center.pk, old, new)
        stops_change(work_center.pk, old, new)
        changed([(work_center.pk, start, end or at)], why="state_map_restate")
        data: dict[str, Any] = {"from": start, "to": end or at, "why": why}
        data["before"] = {"state_map": ", ".join(sorted(before)), **_minutes(result.before_s)}
        data["after"] = {"state_map": state_map.code, **_minutes(result.after_s)}
        record(actor=actor, at=at, action="state_map_restate", kind=KIND, code=work_center.code, data=data)
        return result


def _check(start: datetime, end: datetime | None, at: datetime) -> None:
    if (end or at) <= start:
        raise RestateRefused("The end lies before the start: check the two times.")
    if end is not None and end > at:
        raise RestateRefused("The end lies in the future: leave it empty to read by this map from then on.")
    if (end or at) - start > LONGEST:
        raise RestateRefused(f"At most {LONGEST.days} days are restated at once: do it in parts.")


def _hold_readings(work_center: WorkCenter) -> None:
    """Readings of the machine wait until this is done: they take the same locks."""
    bound = TagBinding.objects.filter(work_center=work_center, role="state")
    controllers = bound.values_list("controller__code", flat=True).distinct()
    store.cursors_lock(sorted({*(f"plc:{code}" for code in controllers), f"api:{work_center.code}"}))


def _rebind(work_center: WorkCenter, state_map: StateMap, start: datetime, end: datetime | None) -> set[str]:
    """Makes the state bindings of the stretch name the map; what they named before. A row keeps its latest part."""
    rows = TagBinding.objects.select_for_update(of=("self",)).select_related("state_map")
    touching = Q(valid_to=None) | Q(valid_to__gt=start)
    bound = rows.filter(touching, work_center=work_center, role="state").order_by("valid_from")
    bound = bound.filter(valid_from__lt=end) if end is not None else bound
    before: set[str] = set()
    for row in bound:
        before.add(row.state_map.code if row.state_map else "")
        if row.state_map_id != state_map.pk:
            _cut(row, state_map, start, end)
    if not before:
        raise RestateRefused(f"No state tag of {work_center.code} was bound in that time: there are no codes to read.")
    return before


def _cut(row: TagBinding, state_map: StateMap, start: datetime, end: datetime | None) -> None:
    was = row.state_map
    parts: list[tuple[datetime, datetime | None, StateMap | None]] = []
    if row.valid_from < start:
        parts.append((row.valid_from, start, was))
    last = row.valid_to if end is None or (row.valid_to is not None and row.valid_to <= end) else end
    parts.append((max(row.valid_from, start), last, state_map))
    if last != row.valid_to and last is not None:
        parts.append((last, row.valid_to, was))
    row.valid_from, row.valid_to, row.state_map = parts[-1]
    row.save(update_fields=["valid_from", "valid_to", "state_map"])
    for valid_from, valid_to, named in parts[:-1]:
        row.pk, row.valid_from, row.valid_to, row.state_map = None, valid_from, valid_to, named
        row._state.adding = True
        row.save(force_insert=True)


def _told(work_center: WorkCenter, state_map: StateMap, start: datetime, end: datetime | None) -> _Told:
    entries = StateMapEntry.objects.filter(state_map=state_map).values_list("raw_code", "state", "kind")
    meanings = {code: (state, kind) for code, state, kind in entries}
    stops = Stop.reported.filter(Q(ends_at=None) | Q(ends_at__gte=start), work_center=work_center, source="auto")
    stops = stops.filter(starts_at__lte=end) if end is not None else stops
    found = list(stops.order_by("starts_at"))
    lo = min([start, *(stop.starts_at for stop in found)])
    open_end = end is None or any(stop.ends_at is None for stop in found)
    hi = None if open_end else max([end, *(stop.ends_at for stop in found)])  # type: ignore[type-var]
    spans = StateInterval.objects.filter(Q(ends_at=None) | Q(ends_at__gte=lo), work_center=work_center)
    spans = spans.filter(starts_at__lte=hi) if hi is not None else spans
    pieces = [Piece(s.starts_at, s.ends_at, s.state, s.kind, s.raw_code, s.why) for s in spans.order_by("starts_at")]
    fresh = reread(pieces, _codes(work_center, lo, hi), meanings, start, end)
    return _Told(pieces, fresh, found)


def _codes(work_center: WorkCenter, lo: datetime, hi: datetime | None) -> list[tuple[datetime, int]]:
    rows = StateCode.objects.filter(work_center=work_center)
    before = rows.filter(at__lt=lo).order_by("-at").values_list("at", "raw_code").first()
    inside = rows.filter(at__gte=lo)
    inside = inside.filter(at__lte=hi) if hi is not None else inside
    return [*([before] if before else []), *inside.order_by("at").values_list("at", "raw_code")]


def _as_halts(stops: list[Stop]) -> list[Halt]:
    return [Halt(stop.starts_at, stop.ends_at, stop.state, stop.kind) for stop in stops]


def _machine(work_center: WorkCenter, pieces: list[Piece], halts: list[Halt], stored: list[Stop]) -> Machine:
    """Intervals and stops in the shape in which late observations are told, so that both are written alike."""
    machine = Machine(work_center.pk, None, {}, None, None)
    for piece in pieces:
        span = OpenSpan(None, piece.starts_at, piece.state, piece.kind, piece.raw_code, piece.why)
        if piece.ends_at is None:
            machine.span = span
        else:
            machine.closed_spans.append(SpanClosed(span, piece.ends_at))
    for halt in halts:
        stop = OpenStop(None, halt.starts_at, halt.state, halt.kind, _plc_code(halt, stored))
        if halt.ends_at is None:
            machine.stop = stop
        else:
            machine.closed_stops.append(StopClosed(stop, halt.ends_at))
    return machine


def _plc_code(halt: Halt, stored: list[Stop]) -> int | None:
    """The reason code of the stored stop that the standstill overlaps first."""
    for stop in stored:
        begins_before = halt.ends_at is None or stop.starts_at < halt.ends_at
        if begins_before and (stop.ends_at is None or stop.ends_at > halt.starts_at):
            return stop.plc_code
    return None


def _minutes(seconds: dict[str, float]) -> dict[str, str]:
    return {state: f"{spent / 60:.1f} min" for state, spent in sorted(seconds.items())}
