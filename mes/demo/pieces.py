"""Pieces of one demo line, minute by minute (pure): made only while running, and never more than came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from mes.demo.causes import LineStory
from mes.demo.past import DAY_MS, MINUTE_MS, LinePast, Standstill


@dataclass
class Minutes:
    """Good and scrap of one machine for each minute of the story."""

    good: list[int] = field(default_factory=list)
    scrap: list[int] = field(default_factory=list)


def line_pieces(
    line: LineStory,
    past: LinePast,
    cycles_s: Mapping[tuple[str, str], float],
    start_ms: int,
    now_ms: int,
    dice: Random,
) -> dict[str, Minutes]:
    """Pieces of each machine from `start_ms` (a full minute) to `now_ms`. `cycles_s`: (item, machine) to ideal s.

    The bottleneck sets the pace at a speed that changes from day to day. A machine after it makes what came in, one
    before it what is taken out, each no faster than its own ideal cycle and only in the time it ran.
    """
    minutes = -(-(now_ms - start_ms) // MINUTE_MS)
    running = {m: run_ms(past.standstills[m], start_ms, now_ms, minutes) for m in line.machines}
    cycles = {m: _cycle_ms(line, past, cycles_s, m, start_ms, minutes) for m in line.machines}
    made: dict[str, Minutes] = {}
    middle = line.machines.index(line.bottleneck)
    made[line.bottleneck] = _pace(line, running[line.bottleneck], cycles[line.bottleneck], dice)
    for machine, before in zip(line.machines[middle + 1 :], line.machines[middle:], strict=False):
        offered = made[before].good
        made[machine] = _follow(offered, running[machine], cycles[machine], line.scrap[machine], feeds=False)
    for machine, after in reversed(list(zip(line.machines[:middle], line.machines[1 : middle + 1], strict=True))):
        wanted = [good + scrap for good, scrap in zip(made[after].good, made[after].scrap, strict=True)]
        made[machine] = _follow(wanted, running[machine], cycles[machine], line.scrap[machine], feeds=True)
    return made


def run_ms(standstills: Sequence[Standstill], start_ms: int, now_ms: int, minutes: int) -> list[int]:
    """Milliseconds in which the machine ran, for each minute."""
    out = [MINUTE_MS] * minutes
    end_ms = start_ms + minutes * MINUTE_MS
    for begin, end in [*((s.start_ms, s.end_ms) for s in standstills), (now_ms, end_ms)]:
        at = max(begin, start_ms)
        while at < min(end, end_ms):
            minute = (at - start_ms) // MINUTE_MS
            border = min(start_ms + (minute + 1) * MINUTE_MS, end)
            out[minute] -= border - at
            at = border
    return out


def _cycle_ms(
    line: LineStory,
    past: LinePast,
    cycles_s: Mapping[tuple[str, str], float],
    machine: str,
    start_ms: int,
    minutes: int,
) -> list[float]:
    begins = [(campaign.start_ms - start_ms) // MINUTE_MS for campaign in past.campaigns]
    values = [cycles_s[campaign.item, machine] * 1000 for campaign in past.campaigns]
    out: list[float] = []
    for number, (begin, value) in enumerate(zip(begins, values, strict=True)):
        end = begins[number + 1] if number + 1 < len(begins) else minutes
        out += [value] * (end - begin)
    return out


def _pace(line: LineStory, running: list[int], cycles: list[float], dice: Random) -> Minutes:
    made = Minutes()
    scrap_share = line.scrap[line.bottleneck]
    days = [dice.uniform(0.945, 0.985) for _ in range(len(running) // (24 * 60) + 2)]
    last_week = len(running) - 7 * DAY_MS // MINUTE_MS
    wears = any(cause.reason == "VALVE" for cause in line.causes)
    carry = lost = 0.0
    for minute, (ran, cycle) in enumerate(zip(running, cycles, strict=True)):
        carry += ran / cycle * days[minute // (24 * 60)]
        total = int(carry)
        carry -= total
        worn = max(0, minute - last_week) / (7 * 24 * 60) if wears else 0.0
        lost += total * scrap_share * (1 + 4 * worn)
        scrap = min(int(lost), total)
        lost -= scrap
        made.good.append(total - scrap)
        made.scrap.append(scrap)
    return made


def _follow(offered: list[int], running: list[int], cycles: list[float], scrap_share: float, *, feeds: bool) -> Minutes:
    """A machine beside the bottleneck: `offered` are the pieces that reach it, or (feeds) that are taken from it."""
    made = Minutes()
    waiting, lost = 0, 0.0
    for came, ran, cycle in zip(offered, running, cycles, strict=True):
        waiting += came
        moved = min(waiting, int(ran / cycle))
        waiting -= moved
        lost += moved * scrap_share
        scrap = min(int(lost), moved)
        lost -= scrap
        made.good.append(moved if feeds else moved - scrap)
        made.scrap.append(scrap)
    return made
