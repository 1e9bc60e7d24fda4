"""What machines and lines did in stretches of time, by shift, order and item, from loaded rows: what roll-ups hold."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from mes.oee.counted import flag_spans, hour_spans
from mes.oee.elements import ZERO, CountSpan, Elements, add_up, elements_by
from mes.oee.facts import owned_time, stop_spans
from mes.oee.line import Station, serial_pieces
from mes.oee.places import exit_of
from mes.oee.policy import Policy
from mes.oee.sources import MachineRows, to_ms
from mes.oee.timeline import Owned
from mes.plant.models import Line, WorkCenter
from mes.tracking.models import CountHour

HOUR = timedelta(hours=1)
PlaceKey = tuple[Literal["work_center", "line"], int]
_Key = tuple[str | None, str | None]  # order number, item code
_NOBODY: _Key = (None, None)


class Part(NamedTuple):
    """Elements of one shift, order and item (ids), read by one policy."""

    shift: int | None
    order: int | None
    item: int | None
    policy: Policy
    elements: Elements


def _key(said: Owned | CountSpan) -> _Key:
    return said.order, said.item


class Reckoner:
    """Answers for a line and its machines: what each did in a stretch inside [start, end), for which rows are loaded.

    Built once for many stretches: who owns the time is found for all of it at once, then cut. Every stretch must lie in
    one UTC hour; parts of stretches add up exactly to the parts of any stretch made of them.
    """

    def __init__(
        self,
        line: Line,
        machines: Sequence[WorkCenter],
        rows: dict[int, MachineRows],
        start: datetime,
        end: datetime,
        *,
        now: datetime,
    ) -> None:
        self._line, self._machines = line, list(machines)
        self._of = {wc.pk: _MachineTime(rows[wc.pk], start, end, now) for wc in machines}
        self._orders = {number: pk for one in self._of.values() for number, pk in one.orders.items()}
        self._items = {code: pk for one in self._of.values() for code, pk in one.items.items()}

    def machine(self, pk: int, since: datetime, until: datetime) -> list[Part]:
        """A machine's parts; those of nothing are left out."""
        one = self._of[pk]
        found: list[Part] = []
        for start, end, shift in one.by_shift(since, until):
            window = to_ms(start), to_ms(end)
            stops = [stop for stop in one.stops if window[0] <= stop.start_ms < window[1]]
            parts = elements_by(
                one.owned(*window), one.counts(start, end), by=_key, rest=_NOBODY, window=window, stops=stops
            )
            found += self._parts(parts, shift, one.policy_at(window[0]))
        return found

    def line(self, since: datetime, until: datetime) -> list[Part]:
        """The line's parts: parallel machines sum, a serial line is its exit's output at its bottlenecks (R38)."""
        if self._line.flow == "parallel" or len(self._machines) == 1:
            return _summed(part for wc in self._machines for part in self.machine(wc.pk, since, until))
        leaving = exit_of(self._machines)
        one = self._of[leaving.pk]
        found: list[Part] = []
        for start, end, shift in one.by_shift(since, until):
            for first, last in self._by_ideals(start, end):
                window = to_ms(first), to_ms(last)
                stations = [
                    Station(wc.code, "", mine.owned(*window), mine.counts(first, last), wc.pk == leaving.pk)
                    for wc in self._machines
                    for mine in [self._of[wc.pk]]
                ]
                owned, counts, _ = serial_pieces(stations, self._ideals(first), where=self._line.code)
                parts = elements_by(owned, counts, by=_key, rest=_NOBODY, window=window)
                found += self._parts(parts, shift, one.policy_at(window[0]))
        return _summed(found)

    def _parts(self, parts: dict[_Key, Elements], shift: int | None, policy: Policy) -> list[Part]:
        return [
            Part(shift, self._orders.get(order or ""), self._items.get(item or ""), policy, elements)
            for (order, item), elements in parts.items()
            if elements != ZERO
        ]

    def _ideals(self, at: datetime) -> dict[tuple[str, str], Decimal]:
        found = {
            (wc.code, code): self._of[wc.pk].rows.ideal_ms(pk, at)
            for wc in self._machines
            for code, pk in self._items.items()
        }
        return {key: ideal for key, ideal in found.items() if ideal is not None}

    def _by_ideals(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """[start, end) cut where an ideal cycle of any machine begins or ends (R35)."""
        cycles = [cycle for one in self._of.values() for of_item in one.rows.ideals.values() for cycle in of_item]
        edges = {at for cycle in cycles for at in (cycle.valid_from, cycle.valid_to) if at and start < at < end}
        return list(pairwise(sorted({start, end} | edges)))


class _MachineTime:
    """A machine's owned time and counts, found fast by hour."""

    def __init__(self, rows: MachineRows, start: datetime, end: datetime, now: datetime) -> None:
        self.rows = rows
        read = owned_time(rows, start, end, now=now)
        self._owned = [owned for piece in read for owned in piece.owned]
        self._starts = [owned.start_ms for owned in self._owned]
        self._policies = [(piece.window[0], piece.policy) for piece in read]
        self.stops = stop_spans(rows, now)
        self._by_hour: dict[datetime, list[CountHour]] = defaultdict(list)
        for row in rows.counts:
            self._by_hour[row.hour].append(row)
        made: list[Any] = [*rows.runs, *rows.counts, *rows.flags]
        self.orders: dict[str, int] = {row.order.number: row.order_id for row in made if row.order}
        self.items: dict[str, int] = {row.item.code: row.item_id for row in made if row.item}

    def owned(self, start_ms: int, end_ms: int) -> list[Owned]:
        """The owned pieces in [start, end), cut at its ends."""
        found = []
        for piece in self._owned[max(0, bisect_right(self._starts, start_ms) - 1) :]:
            if piece.start_ms >= end_ms:
                break
            if piece.end_ms > start_ms:
                found.append(piece.cut(start_ms, end_ms))
        return found

    def counts(self, start: datetime, end: datetime) -> list[CountSpan]:
        """Counts that touch a stretch of one UTC hour."""
        hour = start.replace(minute=0, second=0, microsecond=0)
        rows = self._by_hour.get(hour, [])
        return [*hour_spans(self.rows, rows, start, end), *flag_spans(self.rows, self.rows.flags, start, end)]

    def policy_at(self, at_ms: int) -> Policy:
        """The policy in force at an instant."""
        return next(policy for since, policy in reversed(self._policies) if since <= at_ms)

    def by_shift(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime, int | None]]:
        """[since, until) cut at the borders of shifts, each piece with its shift's id."""
        here = [shift for shift in self.rows.shifts if shift.starts_at < until and shift.ends_at > since]
        edges = {at for shift in here for at in (shift.starts_at, shift.ends_at) if since < at < until}
        return [
            (start, end, next((s.pk for s in reversed(here) if s.starts_at <= start < s.ends_at), None))
            for start, end in pairwise(sorted({since, until} | edges))
        ]


def _summed(parts: Iterable[Part]) -> list[Part]:
    sums: dict[tuple[int | None, int | None, int | None, Policy], list[Elements]] = defaultdict(list)
    for part in parts:
        sums[part.shift, part.order, part.item, part.policy].append(part.elements)
    return [Part(*key, add_up(elements)) for key, elements in sums.items()]
