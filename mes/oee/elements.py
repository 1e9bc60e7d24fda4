"""Additive elements of one machine and stretch of time (pure): what KPIs are made of. Sums are exact; divide last."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import reduce
from operator import attrgetter
from typing import Any, TypeVar

from mes.oee.intervals import overlap_ms, overlaps, union
from mes.oee.seen import StopSpan
from mes.oee.timeline import Owned, Owner
from mes.tracking.states import Kind

Quantity = Decimal | int
# Ideal times are sums of products of short decimals; should one ever not fit, it fails loudly instead of rounding.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class CountSpan:
    """Pieces counted from `start_ms` on (a minute's, a pulse's), or, for a `gap`, somewhere in [start_ms, end_ms).

    `good` excludes rework (R33); the total is the sum.

    `ideal_cycle_ms`: the item's ideal cycle at that time (R35), None where unknown. `gap`: the counter spanned a time
    without data (R25). `startup`: the scrap is start-up scrap (R34). `excluded`: made on a trial order (R36).
    `order`: the number of the order it was made for.
    """

    start_ms: int
    end_ms: int
    item: str | None
    good: Quantity = 0
    scrap: Quantity = 0
    rework: Quantity = 0
    ideal_cycle_ms: Decimal | None = None
    gap: bool = False
    startup: bool = False
    excluded: bool = False
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Elements:
    """Sums that add over time, machines, items and orders (R37). Times in integer ms, ideal times in exact decimal ms.

    The seven owners sum to `scheduled_ms`. Parts of them: `waiting_ms` (starved or blocked) and `failure_ms` of
    `unplanned_ms`; `run_in_planned_ms` of `run_ms`; `bridged_ms` of `unknown_ms`, over which a counter spanned (R25);
    `order_ms` is scheduled time with an order active. `ideal_total_known_ms` is the part of `ideal_total_ms` made in
    known time. `no_ideal_total` pieces have no ideal cycle. What was made outside the schedule is apart.
    """

    calendar_ms: int = 0
    scheduled_ms: int = 0
    run_ms: int = 0
    setup_ms: int = 0
    planned_stop_ms: int = 0
    unplanned_ms: int = 0
    micro_ms: int = 0
    no_order_ms: int = 0
    unknown_ms: int = 0
    unscheduled_run_ms: int = 0
    waiting_ms: int = 0
    failure_ms: int = 0
    run_in_planned_ms: int = 0
    bridged_ms: int = 0
    order_ms: int = 0
    failures: int = 0
    repairs: int = 0
    repair_ms: int = 0
    good: Quantity = 0
    total: Quantity = 0
    scrap: Quantity = 0
    rework: Quantity = 0
    startup_scrap: Quantity = 0
    gap_total: Quantity = 0
    unscheduled_good: Quantity = 0
    unscheduled_total: Quantity = 0
    no_ideal_total: Quantity = 0
    no_ideal_unscheduled: Quantity = 0
    ideal_good_ms: Decimal = _NONE
    ideal_total_ms: Decimal = _NONE
    ideal_total_known_ms: Decimal = _NONE
    ideal_scrap_ms: Decimal = _NONE
    ideal_startup_ms: Decimal = _NONE
    ideal_unscheduled_good_ms: Decimal = _NONE
    no_ideal_items: frozenset[str] = frozenset()

    def __add__(self, other: "Elements") -> "Elements":
        """The elements of both; exact, so the order of adding never matters (R48)."""
        return add_up((self, other))

    @property
    def unbridged_ms(self) -> int:
        """Unknown time in which nobody knows what was made."""
        return self.unknown_ms - self.bridged_ms


_columns = attrgetter(*(field.name for field in fields(Elements)))
ZERO = Elements()


def add_up(parts: Iterable[Elements]) -> Elements:
    """The sum of any number of elements; ZERO for none. Exact, so the order of adding never matters (R48)."""
    columns: list[Any] = [_sum(column) for column in zip(*map(_columns, parts), strict=True)]
    return Elements(*columns)


def _sum(column: tuple[Any, ...]) -> Any:
    kinds = set(map(type, column))
    if kinds == {int}:
        return sum(column)
    if kinds == {frozenset}:
        return frozenset().union(*column)
    return reduce(_EXACT.add, column)


def elements_from(
    owned: Sequence[Owned],
    counts: Iterable[CountSpan] = (),
    *,
    window: tuple[int, int] | None = None,
    stops: Iterable[StopSpan] = (),
) -> Elements:
    """Elements of owned time and counts (R25, R33-R37).

    `window` (already cut at now) gives the calendar time and leaves out what lies beyond it; without it the calendar
    time is the owned time and every count is taken. A count belongs to the window, and to scheduled time, where it
    begins (R3); only a gap's count is shared out by time, in whole units. So the parts of any partition of a window
    add up exactly. `stops` give the number of failures, each counted where it starts.
    """
    return elements_by(owned, counts, by=lambda _: None, rest=None, window=window, stops=stops)[None]


Key = TypeVar("Key")


def elements_by(
    owned: Sequence[Owned],
    counts: Iterable[CountSpan] = (),
    *,
    by: Callable[[Owned | CountSpan], Key],
    rest: Key,
    window: tuple[int, int] | None = None,
    stops: Iterable[StopSpan] = (),
) -> dict[Key, Elements]:
    """`elements_from` shared out by what `by` says of a stretch of time and of a count; the parts add up to it exactly.

    What is scheduled, known and bridged is judged by the whole, so a count keeps its place also where its key owns no
    time. `rest` gets the calendar time that nothing owns, and failures that begin in it; it is always in the answer.
    """
    ground = _Ground.of(owned, window)
    pieces: dict[Key, list[Owned]] = defaultdict(list)
    for piece in owned:
        pieces[by(piece)].append(piece)
    sums: dict[Key, dict[str, Any]] = defaultdict(dict, {key: _times(mine) for key, mine in pieces.items()})
    if window is not None:
        unowned = max(0, window[1] - window[0]) - sum(piece.duration_ms for piece in owned)
        sums[rest]["calendar_ms"] = sums[rest].get("calendar_ms", 0) + unowned
    kept = [count for count in counts if not count.excluded]
    for count in kept:
        _count(sums[by(count)], count, ground)
    for stop in {stop for stop in stops if stop.klass == "failure" and ground.begins_in_window(stop.start_ms)}:
        here = next((piece for piece in owned if piece.start_ms <= stop.start_ms < piece.end_ms), None)
        _put(sums[by(here) if here else rest], failures=1)
    gaps = union((gap.start_ms, gap.end_ms) for gap in kept if gap.gap)
    for key, mine in pieces.items() if gaps else ():
        unknown = union((piece.start_ms, piece.end_ms) for piece in mine if piece.owner is Owner.UNKNOWN)
        _put(sums[key], bridged_ms=overlap_ms(unknown, gaps))
    return {key: Elements(**sums[key]) for key in {**dict.fromkeys(sums), rest: None}}


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where counts fall: the window, scheduled time, and the unknown part of it."""

    window: tuple[int, int] | None
    scheduled: list[tuple[int, int]]
    unknown: list[tuple[int, int]]

    @classmethod
    def of(cls, owned: Sequence[Owned], window: tuple[int, int] | None) -> "_Ground":
        inside = (piece for piece in owned if piece.owner is not Owner.UNSCHEDULED_RUN)
        unknown = (piece for piece in owned if piece.owner is Owner.UNKNOWN)
        return cls(
            window,
            union((piece.start_ms, piece.end_ms) for piece in inside),
            union((piece.start_ms, piece.end_ms) for piece in unknown),
        )

    def begins_in_window(self, at_ms: int) -> bool:
        return self.window is None or self.window[0] <= at_ms < self.window[1]


_FIELD_OF = {
    Owner.RUN: "run_ms",
    Owner.SETUP: "setup_ms",
    Owner.PLANNED_STOP: "planned_stop_ms",
    Owner.UNPLANNED_STOP: "unplanned_ms",
    Owner.MICRO_STOP: "micro_ms",
    Owner.NO_ORDER: "no_order_ms",
    Owner.UNKNOWN: "unknown_ms",
    Owner.UNSCHEDULED_RUN: "unscheduled_run_ms",
}


def _times(owned: Sequence[Owned]) -> dict[str, Any]:
    sums: Counter[str] = Counter()
    for piece in owned:
        length = piece.duration_ms
        sums[_FIELD_OF[piece.owner]] += length
        sums["calendar_ms"] += length
        if piece.owner is Owner.UNSCHEDULED_RUN:
            continue
        sums["scheduled_ms"] += length
        sums["order_ms"] += length if piece.order is not None and piece.klass != "trial" else 0
        sums["run_in_planned_ms"] += length if piece.owner is Owner.RUN and piece.planned else 0
        if piece.owner is Owner.UNPLANNED_STOP:
            sums["failure_ms"] += length if piece.klass == "failure" else 0
            sums["waiting_ms"] += length if piece.klass is None and piece.kind is Kind.WAITING else 0
    return dict(sums)


def _share(quantity: Quantity, count: CountSpan, parts: Sequence[tuple[int, int]]) -> Quantity:
    """The part of a quantity that falls into `parts` of its span, in whole units of its last digit.

    Each instant has a running total, rounded down; a part gets the difference between its ends. So the shares of any
    partition add up exactly.
    """
    length = count.end_ms - count.start_ms
    if isinstance(quantity, Decimal):
        places = max(0, -int(quantity.as_tuple().exponent))
        return Decimal(_share(int(quantity.scaleb(places)), count, parts)).scaleb(-places)
    return sum(
        quantity * (until - count.start_ms) // length - quantity * (since - count.start_ms) // length
        for since, until in parts
    )


def _count(sums: dict[str, Any], count: CountSpan, ground: _Ground) -> None:
    """Add a count's pieces: those in scheduled time, the part of them made in the dark, and those outside."""
    if not count.gap or count.end_ms <= count.start_ms:  # a sample lies where it begins: give it an instant's length
        count = replace(count, end_ms=count.start_ms + 1)
    span = (count.start_ms, count.end_ms)
    mine = overlaps(*span, [ground.window]) if ground.window else [span]
    lit = [part for span in mine for part in overlaps(*span, ground.scheduled)]
    dark = [part for span in mine for part in overlaps(*span, ground.unknown)] if count.gap else []
    good, scrap, rework = (_share(quantity, count, lit) for quantity in (count.good, count.scrap, count.rework))
    total = good + scrap + rework
    unseen = sum(_share(quantity, count, dark) for quantity in (count.good, count.scrap, count.rework)) if dark else 0
    _put(sums, good=good, scrap=scrap, rework=rework, total=total)
    _put(sums, gap_total=total if count.gap else 0, startup_scrap=scrap if count.startup else 0)
    ideal = count.ideal_cycle_ms
    if ideal is not None:
        _put(sums, ideal_good_ms=_EXACT.multiply(ideal, good), ideal_total_ms=_EXACT.multiply(ideal, total))
        _put(sums, ideal_total_known_ms=_EXACT.multiply(ideal, total - unseen))
        _put(sums, ideal_scrap_ms=_EXACT.multiply(ideal, scrap))
        _put(sums, ideal_startup_ms=_EXACT.multiply(ideal, scrap) if count.startup else 0)
    elif total:
        _put(sums, no_ideal_total=total, no_ideal_items=frozenset({count.item or "?"}))
    if lit != mine:
        _outside(sums, count, mine, good, total)


def _outside(
    sums: dict[str, Any], count: CountSpan, mine: Sequence[tuple[int, int]], good: Quantity, total: Quantity
) -> None:
    """What of a count was made outside the schedule: it is shown apart and enters TEEP only."""
    quantities = (count.good, count.scrap, count.rework)
    outside = _share(count.good, count, mine) - good
    everything = sum(_share(quantity, count, mine) for quantity in quantities)
    _put(sums, unscheduled_good=outside, unscheduled_total=everything - total)
    if count.ideal_cycle_ms is not None:
        _put(sums, ideal_unscheduled_good_ms=_EXACT.multiply(count.ideal_cycle_ms, outside))
    else:
        _put(sums, no_ideal_unscheduled=everything - total)


def _put(sums: dict[str, Any], **more: Any) -> None:
    for name, value in more.items():
        if value:
            sums[name] = _sum((sums[name], value)) if name in sums else value
