"""Additive elements of one machine and stretch of time (pure): what KPIs are made of. Sums are exact; divide last."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

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
    """Pieces made in [start_ms, end_ms); equal times: a pulse. `good` excludes rework (R33); the total is the sum.

    `ideal_cycle_ms`: the item's ideal cycle at that time (R35), None where unknown. `gap`: the counter spanned a time
    without data (R25). `startup`: the scrap is start-up scrap (R34). `excluded`: made on a trial order (R36).
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
    ideal_good_ms: Decimal = _NONE
    ideal_total_ms: Decimal = _NONE
    ideal_total_known_ms: Decimal = _NONE
    ideal_scrap_ms: Decimal = _NONE
    ideal_startup_ms: Decimal = _NONE
    ideal_unscheduled_good_ms: Decimal = _NONE
    no_ideal_items: frozenset[str] = frozenset()

    def __add__(self, other: "Elements") -> "Elements":
        """The elements of both; exact, so the order of adding never matters (R48)."""
        sums: Any = (_add(getattr(self, name), getattr(other, name)) for name in _NAMES)
        return Elements(*sums)

    @property
    def unbridged_ms(self) -> int:
        """Unknown time in which nobody knows what was made."""
        return self.unknown_ms - self.bridged_ms


_NAMES = tuple(field.name for field in fields(Elements))
ZERO = Elements()


def _add(one: Quantity | frozenset[str], other: Quantity | frozenset[str]) -> Quantity | frozenset[str]:
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one | other
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    return _EXACT.add(one, other)  # type: ignore[arg-type]  # (decimals and integers only)


def add_up(parts: Iterable[Elements]) -> Elements:
    """The sum of any number of elements; ZERO for none."""
    total = ZERO
    for part in parts:
        total = total + part
    return total


def elements_from(
    owned: Sequence[Owned],
    counts: Iterable[CountSpan] = (),
    *,
    window: tuple[int, int] | None = None,
    stops: Iterable[StopSpan] = (),
) -> Elements:
    """Elements of owned time and counts (R25, R33-R37).

    `window` (already cut at now) clips counts and gives the calendar time; without it the calendar time is the owned
    time and counts are taken whole. A count span that reaches over the window's or the schedule's edge is shared out
    by time in whole units, so that the parts of any partition add up to the whole. `stops` give the number of
    failures, each counted where it starts. A pulse on a border belongs to the later side (R3).
    """
    counts = list(counts)
    ground = _Ground.of(owned)
    elements = add_up([_times(owned, window), *(_counted(count, ground, window) for count in counts)])
    bridged = overlap_ms(ground.unknown, union((count.start_ms, count.end_ms) for count in _gaps(counts)))
    failures = {stop for stop in stops if stop.klass == "failure" and _begins_in(stop.start_ms, window)}
    return elements + Elements(bridged_ms=bridged, failures=len(failures))


def _gaps(counts: Iterable[CountSpan]) -> Iterable[CountSpan]:
    return (count for count in counts if count.gap and not count.excluded)


def _begins_in(at_ms: int, window: tuple[int, int] | None) -> bool:
    return window is None or window[0] <= at_ms < window[1]


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where counts fall: scheduled time, and the unknown part of it."""

    scheduled: list[tuple[int, int]]
    unknown: list[tuple[int, int]]

    @classmethod
    def of(cls, owned: Sequence[Owned]) -> "_Ground":
        inside = (piece for piece in owned if piece.owner is not Owner.UNSCHEDULED_RUN)
        unknown = (piece for piece in owned if piece.owner is Owner.UNKNOWN)
        return cls(
            union((piece.start_ms, piece.end_ms) for piece in inside),
            union((piece.start_ms, piece.end_ms) for piece in unknown),
        )


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


def _times(owned: Sequence[Owned], window: tuple[int, int] | None) -> Elements:
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
    if window is not None:
        sums["calendar_ms"] = max(0, window[1] - window[0])
    times: Any = sums
    return Elements(**times)


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


def _parts(count: CountSpan, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return overlaps(count.start_ms, count.end_ms, spans)


def _counted(count: CountSpan, ground: _Ground, window: tuple[int, int] | None) -> Elements:
    if count.excluded:
        return ZERO
    if count.end_ms <= count.start_ms:
        at = count.start_ms
        if not _begins_in(at, window):
            return ZERO
        inside = any(since <= at < until for since, until in ground.scheduled)
        dark = count.gap and any(since <= at < until for since, until in ground.unknown)
        return _made(count, lambda quantity: quantity if inside else 0, lambda quantity: quantity if dark else 0) + (
            ZERO if inside else _outside(count, count.good, count.good + count.scrap + count.rework)
        )
    mine = [(count.start_ms, count.end_ms)] if window is None else _parts(count, [window])
    inside_parts = [part for span in mine for part in overlaps(*span, ground.scheduled)]
    dark_parts = [part for span in mine for part in overlaps(*span, ground.unknown)] if count.gap else []

    def all_of(quantity: Quantity) -> Quantity:
        return _share(quantity, count, mine)

    def inside_of(quantity: Quantity) -> Quantity:
        return _share(quantity, count, inside_parts)

    def dark_of(quantity: Quantity) -> Quantity:
        return _share(quantity, count, dark_parts)

    good = all_of(count.good) - inside_of(count.good)
    bad = sum(all_of(quantity) - inside_of(quantity) for quantity in (count.scrap, count.rework))
    return _made(count, inside_of, dark_of) + _outside(count, good, good + bad)


def _outside(count: CountSpan, good: Quantity, total: Quantity) -> Elements:
    ideal = count.ideal_cycle_ms
    ideal_good = _EXACT.multiply(ideal, good) if ideal is not None else _NONE
    return Elements(unscheduled_good=good, unscheduled_total=total, ideal_unscheduled_good_ms=ideal_good)


def _made(
    count: CountSpan, inside_of: Callable[[Quantity], Quantity], dark_of: Callable[[Quantity], Quantity]
) -> Elements:
    good, scrap, rework = inside_of(count.good), inside_of(count.scrap), inside_of(count.rework)
    total = good + scrap + rework
    dark = dark_of(count.good) + dark_of(count.scrap) + dark_of(count.rework)
    pieces = Elements(
        good=good,
        total=total,
        scrap=scrap,
        rework=rework,
        startup_scrap=scrap if count.startup else 0,
        gap_total=total if count.gap else 0,
    )
    ideal = count.ideal_cycle_ms
    if ideal is None:
        named = frozenset({count.item or "?"}) if total else frozenset[str]()
        return pieces + Elements(no_ideal_total=total, no_ideal_items=named)
    return pieces + Elements(
        ideal_good_ms=_EXACT.multiply(ideal, good),
        ideal_total_ms=_EXACT.multiply(ideal, total),
        ideal_total_known_ms=_EXACT.multiply(ideal, total - dark),
        ideal_scrap_ms=_EXACT.multiply(ideal, scrap),
        ideal_startup_ms=_EXACT.multiply(ideal, scrap) if count.startup else _NONE,
    )
