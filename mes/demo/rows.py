"""The story as rows of PostgreSQL tables (pure): what COPY writes for states, stops and counts."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from mes.demo.causes import RUNNING, LineStory
from mes.demo.past import DAY_MS, HOUR_MS, LONG_MS, MINUTE_MS, LinePast, Standstill
from mes.demo.pieces import Minutes

NONE = "{" + ",".join(["0"] * 60) + "}"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Keys:
    """Database keys a line's rows refer to: machines and reasons by code; per campaign its order and item; shifts."""

    machines: Mapping[str, int]
    reasons: Mapping[str, int]
    orders: Sequence[int]
    items: Sequence[int]
    shifts: Sequence[tuple[int, int]]  # (start in ms, key), in order of time


def instant(at_ms: int) -> datetime:
    """An instant from ms since 1970."""
    return _EPOCH + timedelta(milliseconds=at_ms)


def state_rows(machine: int, standstills: Sequence[Standstill], start_ms: int) -> Iterator[tuple[object, ...]]:
    """Machine, start, end, state, kind, raw code, why: gap-free, the last one open and running."""
    at = start_ms
    for stand in standstills:
        if stand.start_ms > at:
            yield (machine, instant(at), instant(stand.start_ms), RUNNING[0], "run", RUNNING[1], "")
        begin, end = instant(max(stand.start_ms, at)), instant(stand.end_ms)
        yield (machine, begin, end, stand.state[0], stand.kind, stand.state[1], "")
        at = stand.end_ms
    yield (machine, instant(at), None, RUNNING[0], "run", RUNNING[1], "")


def stop_rows(
    line: LineStory, machine: int, standstills: Sequence[Standstill], keys: Keys, now_ms: int, dice: Random
) -> Iterator[tuple[object, ...]]:
    """Machine, start, end, state, kind, PLC code, reason, note, who explained it and when, source, version.

    Most long stops are explained within minutes, the latest ones less; micro-stops almost never.
    """
    for stand in standstills:
        told = dice.random() < _explained_share(stand, now_ms)
        by, when = ("", None)
        if told:
            by = "samira" if dice.random() < 0.15 else line.operator
            when = instant(min(stand.end_ms + int(dice.uniform(20, 400) * 1000), now_ms))
        plc_code = stand.plc_code if dice.random() < 0.93 else None
        reason = keys.reasons[stand.reason] if told else None
        yield (
            *(machine, instant(stand.start_ms), instant(stand.end_ms), stand.state[0], stand.kind, plc_code),
            *(reason, "", by, when, "auto", 2 if told else 1),
        )


def _explained_share(stand: Standstill, now_ms: int) -> float:
    if stand.reason in ("FORMAT", "FLAVOUR", "CIP", "SERVICE", "MEETING"):
        return 1.0
    if stand.end_ms - stand.start_ms < LONG_MS:
        return 0.04
    if now_ms - stand.end_ms < 2 * HOUR_MS:
        return 0.5
    return 0.84 if stand.kind == "waiting" else 0.92


def count_rows(
    machine: int, made: Minutes, past: LinePast, keys: Keys, start_ms: int, now_ms: int
) -> Iterator[tuple[object, ...]]:
    """Machine, hour, shift, order, item, three minute arrays and their sums, for each hour and order with pieces."""
    begins = [campaign.start_ms for campaign in past.campaigns]
    shift_starts = [start for start, _ in keys.shifts]
    for hour in range(start_ms, now_ms, HOUR_MS):
        shift = bisect_right(shift_starts, hour) - 1
        borders = [hour, *(begin for begin in begins if hour < begin < hour + HOUR_MS), hour + HOUR_MS]
        for since, until in pairwise(borders):
            good, scrap = [0] * 60, [0] * 60
            first, last = (since - start_ms) // MINUTE_MS, min((until - start_ms) // MINUTE_MS, len(made.good))
            place = (since - hour) // MINUTE_MS
            good[place : place + last - first] = made.good[first:last]
            scrap[place : place + last - first] = made.scrap[first:last]
            if any(good) or any(scrap):
                number = max(0, bisect_right(begins, since) - 1)
                yield (
                    *(machine, instant(hour), keys.shifts[shift][1] if shift >= 0 else None),
                    *(keys.orders[number], keys.items[number]),
                    *(_array(good), _array(scrap), NONE, sum(good), sum(scrap), 0),
                )


def _array(values: list[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def story_start(now_ms: int, days: int) -> int:
    """The full hour at which a story of so many days begins."""
    return (now_ms - days * DAY_MS) // HOUR_MS * HOUR_MS
