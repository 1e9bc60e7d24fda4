"""The demo's twelve weeks before Millwright, hour by hour (pure): the same line, told more coarsely."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from mes.demo.causes import LineStory, Mood
from mes.demo.past import DAY_MS, HOUR_MS, MINUTE_MS, Campaign, Standstill, line_past

OLDER_DAYS = 84
DAYS_AFTER = 28  # the weeks that follow, which Millwright saw
_PLANNED = ("CIP", "SERVICE", "MEETING")
_CHANGES = ("FORMAT", "FLAVOUR")
_FASTEST, _SLOWEST = 0.985, 0.945  # of the ideal rate, as in the weeks that Millwright saw


@dataclass(frozen=True, slots=True)
class OlderHour:
    """An hour as an old system would export it: minutes of the line, pieces at its exit, what it made last."""

    start_ms: int
    planned_min: float
    good: int
    item: str
    ideal: float
    run_min: float
    down_min: float
    chg_min: float


@dataclass(frozen=True, slots=True)
class OlderOrder:
    """An order of those weeks: `planned` pieces were asked for before it began, `made` says what stood by when."""

    item: str
    start_ms: int
    end_ms: int
    planned: int
    made: tuple[tuple[int, int], ...]  # (end of an hour in ms, pieces good by then), in order of time


@dataclass(slots=True)
class _Part:
    """What one order had of one hour, in ms."""

    planned_ms: int
    run_ms: int
    down_ms: int
    chg_ms: int


def older_weeks(
    line: LineStory, cycles_s: Mapping[tuple[str, str], float], end_ms: int, zone: ZoneInfo, dice: Random
) -> tuple[list[OlderHour], list[OlderOrder]]:
    """The hours and orders of the twelve weeks that end at `end_ms`, a full hour. `cycles_s`: (item, machine) to s.

    Shifts, items, rates and troubles are those of the weeks that follow, less what is special about the last of them,
    so that a forecast sees no break. The same dice make the same weeks.
    """
    start_ms = end_ms - OLDER_DAYS * DAY_MS
    calm = replace(line, causes=tuple(replace(cause, mood=_before(cause.mood)) for cause in line.causes))
    past = line_past(calm, start_ms, end_ms, zone, dice)
    stands = past.standstills[line.bottleneck]
    kept = 1.0
    for machine in line.machines[line.machines.index(line.bottleneck) :]:
        kept *= 1 - line.scrap[machine]
    speeds = [dice.uniform(_SLOWEST, _FASTEST) for _ in range(OLDER_DAYS + 1)]
    begins = [campaign.start_ms for campaign in past.campaigns]
    made: list[list[tuple[int, int]]] = [[] for _ in begins]
    hours = []
    first = 0
    for hour in range(start_ms, end_ms, HOUR_MS):
        while first < len(stands) and stands[first].end_ms <= hour:
            first += 1
        parts = list(_parts(hour, begins, stands[first:]))
        rates = [HOUR_MS / 1000 / cycles_s[past.campaigns[n].item, line.bottleneck] for n, _ in parts]
        speed = speeds[(hour - start_ms) // DAY_MS] * kept
        good = [int(part.run_ms / HOUR_MS * rate * speed) for (_, part), rate in zip(parts, rates, strict=True)]
        for (number, _), pieces in zip(parts, good, strict=True):
            made[number].append((hour + HOUR_MS, pieces + (made[number][-1][1] if made[number] else 0)))
        hours.append(_hour(hour, parts, rates, sum(good), past.campaigns))
    return hours, [_order(line, cycles_s, *one) for one in zip(past.campaigns, made, strict=True)]


def _before(mood: Mood) -> Mood:
    """The mood as it was when the weeks that follow were still to come."""
    return lambda days_ago, local: mood(days_ago + DAYS_AFTER, local)


def _parts(hour: int, begins: Sequence[int], stands: Sequence[Standstill]) -> Iterator[tuple[int, _Part]]:
    """Number of the order to what it had of the hour; `stands` are those that end after the hour began."""
    number = max(0, bisect_right(begins, hour) - 1)
    edges = [hour, *(begin for begin in begins[number + 1 : number + 3] if begin < hour + HOUR_MS), hour + HOUR_MS]
    for place, (since, until) in enumerate(pairwise(edges)):
        lost = {"planned": 0, "change": 0, "down": 0}
        for stand in stands:
            if stand.start_ms >= until:
                break
            kind = "planned" if stand.reason in _PLANNED else "change" if stand.reason in _CHANGES else "down"
            lost[kind] += max(0, min(stand.end_ms, until) - max(stand.start_ms, since))
        planned = until - since - lost["planned"]
        yield number + place, _Part(planned, planned - lost["change"] - lost["down"], lost["down"], lost["change"])


def _hour(
    hour: int, parts: Sequence[tuple[int, _Part]], rates: Sequence[float], good: int, campaigns: Sequence[Campaign]
) -> OlderHour:
    most = max(parts, key=lambda entry: entry[1].planned_ms)[0]
    return OlderHour(
        start_ms=hour,
        planned_min=round(sum(part.planned_ms for _, part in parts) / MINUTE_MS, 3),
        good=good,
        item=campaigns[most].item,
        ideal=round(sum(part.planned_ms / HOUR_MS * rate for (_, part), rate in zip(parts, rates, strict=True)), 1),
        run_min=round(sum(part.run_ms for _, part in parts) / MINUTE_MS, 3),
        down_min=round(sum(part.down_ms for _, part in parts) / MINUTE_MS, 3),
        chg_min=round(sum(part.chg_ms for _, part in parts) / MINUTE_MS, 3),
    )


def _order(
    line: LineStory, cycles_s: Mapping[tuple[str, str], float], campaign: Campaign, made: Sequence[tuple[int, int]]
) -> OlderOrder:
    """Planned in round numbers from what the line usually does, so that plans are kept about and never exactly."""
    cycle_s = cycles_s[campaign.item, line.bottleneck]
    step = 500 if cycle_s < 1 else 20
    planned = max(step, round((campaign.end_ms - campaign.start_ms) / 1000 / cycle_s * 0.85 / step) * step)
    return OlderOrder(campaign.item, campaign.start_ms, campaign.end_ms, planned, tuple(made))
