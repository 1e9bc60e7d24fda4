"""Stored counts as spans: pieces per hour row, order and ideal cycle, and those of gaps and by hand."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from mes.oee.elements import CountSpan
from mes.oee.sources import MachineRows, to_ms
from mes.tracking.models import CountFlag, CountHour


def count_spans(rows: MachineRows, start: datetime, end: datetime) -> list[CountSpan]:
    """Every count that touches [start, end): minutes that begin in it (R3), and gaps whole, also beyond it.

    Give the window to `elements_from`, which takes of a gap what lies in it; so the parts of any partition add up.
    """
    return [*hour_spans(rows, rows.counts, start, end), *flag_spans(rows, rows.flags, start, end)]


def hour_spans(rows: MachineRows, counts: Iterable[CountHour], start: datetime, end: datetime) -> Iterator[CountSpan]:
    """Pieces of hour rows whose minutes begin in [start, end), per ideal cycle and scheduled stretch."""
    for row in counts:
        if row.hour >= end or row.hour <= start - timedelta(hours=1):
            continue
        groups: dict[tuple[Decimal | None, int | None], list[int]] = defaultdict(list)
        begun = rows.shift_start(row.shift_id) or row.hour
        for minute in range(60):
            if not (row.good[minute] or row.scrap[minute] or row.rework[minute]):
                continue
            # A minute in which the row's shift began is counted from there; it is a pulse, never shared out by time.
            at = max(row.hour + timedelta(minutes=minute), begun)
            if start <= at < end:
                # Overtime and "not scheduled" begin and end inside an hour: minutes of each stretch go together.
                groups[rows.ideal_ms(row.item_id, at), rows.span_at(at)].append(minute)
        for (ideal_ms, _span), minutes in groups.items():
            pulse = to_ms(max(row.hour + timedelta(minutes=minutes[0]), begun))
            good, scrap, rework = (sum(a[m] for m in minutes) for a in (row.good, row.scrap, row.rework))
            item, order = row.item.code if row.item else None, row.order.number if row.order else None
            excluded = row.order is not None and row.order.excluded
            yield CountSpan(pulse, pulse, item, good, scrap, rework, ideal_ms, excluded=excluded, order=order)


def flag_spans(rows: MachineRows, flags: Iterable[CountFlag], start: datetime, end: datetime) -> Iterator[CountSpan]:
    """Gaps that touch [start, end), whole, and what was entered by hand in it."""
    for flag in flags:
        gap = flag.kind == "gap" and flag.to_at > flag.from_at
        inside = flag.from_at < end and flag.to_at > start if gap else start <= flag.from_at < end
        if not inside:
            continue
        pieces = int(flag.quantity)
        good, scrap, rework = (pieces if flag.role == role else 0 for role in ("good", "scrap", "rework"))
        item, order = flag.item.code if flag.item else None, flag.order.number if flag.order else None
        ideal_ms = rows.ideal_ms(flag.item_id, flag.to_at)
        first, last = to_ms(flag.from_at), to_ms(flag.to_at)
        excluded = flag.order is not None and flag.order.excluded
        made = (good, scrap, rework, ideal_ms, flag.kind == "gap")
        yield CountSpan(first, last, item, *made, excluded=excluded, order=order)


def made_in(spans: Iterable[CountSpan], window: tuple[int, int]) -> tuple[int, int, int]:
    """Good, scrap and rework of spans in a window; of a gap the share that lies in it, in whole pieces."""
    good = scrap = rework = 0
    for span in spans:
        part = max(span.start_ms, window[0]), min(span.end_ms, window[1])
        whole = span.start_ms, span.end_ms
        good += shared_out(int(span.good), whole, part)
        scrap += shared_out(int(span.scrap), whole, part)
        rework += shared_out(int(span.rework), whole, part)
    return good, scrap, rework


def shared_out(pieces: int, whole: tuple[int, int], part: tuple[int, int]) -> int:
    """The pieces of a stretch that fall into a part of it: whole ones, and the parts of a partition add up exactly."""
    length = whole[1] - whole[0]
    if length <= 0:
        return pieces
    return pieces * (part[1] - whole[0]) // length - pieces * (part[0] - whole[0]) // length
