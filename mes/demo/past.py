"""The past of one demo line (pure): orders one after the other, stops, and how they spread along the line."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from mes.demo.causes import STOPPED, WAITING, Appointment, Cause, LineStory

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MINUTE_MS = 60_000
GAP_MS = 150_000  # the least time between two events of a line, so that their effects never overlap
CALM_MS = 180_000  # everything runs when the live data takes over
LONG_MS = 120_000  # what people are asked about: longer than a micro-stop


@dataclass(frozen=True)
class Campaign:
    """One order's time on the line, whole minutes; `changeover_ms` of it at the beginning is setup."""

    start_ms: int
    end_ms: int
    item: str
    changeover_ms: int
    reason: str
    plc_code: int


@dataclass(frozen=True)
class Event:
    """Something that stops a machine, or (machine None) the whole line."""

    start_ms: int
    end_ms: int
    machine: str | None
    state: tuple[str, int]
    reason: str
    plc_code: int


@dataclass(frozen=True)
class Standstill:
    """A stretch in which one machine does not run."""

    start_ms: int
    end_ms: int
    state: tuple[str, int]
    kind: str
    reason: str
    plc_code: int | None


@dataclass
class LinePast:
    """What happened on a line between two instants."""

    campaigns: list[Campaign]
    standstills: dict[str, list[Standstill]] = field(default_factory=dict)


def line_past(line: LineStory, start_ms: int, now_ms: int, zone: ZoneInfo, dice: Random) -> LinePast:
    """Makes up the past of a line from `start_ms` to `now_ms`; the same dice make the same past."""
    campaigns = list(_campaigns(line, start_ms, now_ms, zone, dice))
    events = [*_changeovers(campaigns), *_appointments(line, start_ms, now_ms, zone)]
    events = _apart(events, [])
    events = _apart(events, sorted(_troubles(line, start_ms, now_ms, zone, dice), key=lambda event: event.start_ms))
    events = [event for event in events if event.end_ms < now_ms - CALM_MS]
    past = LinePast(campaigns, {machine: [] for machine in line.machines})
    for event in events:
        _spread(line, event, past)
    return past


def local(at_ms: int, zone: ZoneInfo) -> datetime:
    """Wall time of an instant in ms since 1970."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def _campaigns(line: LineStory, start_ms: int, now_ms: int, zone: ZoneInfo, dice: Random) -> Iterator[Campaign]:
    current_from = now_ms - int(dice.uniform(2.5, 5) * HOUR_MS)
    begins = [start_ms]
    while True:
        at = begins[-1] + int(dice.uniform(9, 17) * HOUR_MS)
        monday = _next_monday(begins[-1] + 4 * HOUR_MS, zone)
        if monday < at + 5 * HOUR_MS:  # the week begins with a changeover
            at = monday
        if at > current_from - 4 * HOUR_MS:
            break
        begins.append(at)
    begins = [at // MINUTE_MS * MINUTE_MS for at in (*begins, current_from)]
    item = dice.randrange(len(line.items))
    for number, begin in enumerate(begins):
        end = begins[number + 1] if number + 1 < len(begins) else now_ms
        big = local(begin, zone).weekday() == 0 and local(begin, zone).hour == 6
        minutes = dice.uniform(45, 70) if big else dice.uniform(14, 26)
        reason, plc_code = ("FORMAT", 501) if big else ("FLAVOUR", 502)
        yield Campaign(begin, end, line.items[item], int(minutes * MINUTE_MS) if number else 0, reason, plc_code)
        item = (item + dice.randrange(1, len(line.items))) % len(line.items)


def _next_monday(after_ms: int, zone: ZoneInfo) -> int:
    there = local(after_ms, zone)
    day = there.date() + timedelta(days=-there.weekday() % 7)
    monday = datetime(day.year, day.month, day.day, 6, 20, tzinfo=zone)
    if monday <= there:
        monday += timedelta(days=7)
    return int(monday.timestamp()) * 1000


def _changeovers(campaigns: list[Campaign]) -> list[Event]:
    return [
        Event(c.start_ms, c.start_ms + c.changeover_ms, None, STOPPED, c.reason, c.plc_code)
        for c in campaigns
        if c.changeover_ms
    ]


def _appointments(line: LineStory, start_ms: int, now_ms: int, zone: ZoneInfo) -> Iterator[Event]:
    for appointment in line.appointments:
        day = local(start_ms, zone).date()
        while (begin := appointment_ms(appointment, day, zone)) < now_ms:
            if day.weekday() in appointment.days and begin > start_ms:
                end = begin + appointment.minutes * MINUTE_MS
                yield Event(begin, end, None, STOPPED, appointment.reason, appointment.plc_code)
            day += timedelta(days=1)


def appointment_ms(appointment: Appointment, day: date, zone: ZoneInfo) -> int:
    """When the appointment of a local day begins, in ms since 1970."""
    minutes = int(appointment.hour * 60)
    return int(datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone).timestamp()) * 1000


def _troubles(line: LineStory, start_ms: int, now_ms: int, zone: ZoneInfo, dice: Random) -> Iterator[Event]:
    for hour in range(start_ms, now_ms, HOUR_MS):
        there = local(hour, zone)
        days_ago = (now_ms - hour) / DAY_MS
        for cause in line.causes:
            expected = cause.per_day / 24 * cause.mood(days_ago, there)
            for _ in range(_poisson(expected, dice)):
                yield _trouble(cause, hour + dice.randrange(HOUR_MS), dice)


def _trouble(cause: Cause, at_ms: int, dice: Random) -> Event:
    lasts_s = min(max(dice.lognormvariate(math.log(cause.median_s), cause.spread), 8), 3 * 3600)
    return Event(at_ms, at_ms + int(lasts_s * 1000), cause.machine, cause.state, cause.reason, cause.plc_code)


def _poisson(expected: float, dice: Random) -> int:
    limit, product, count = math.exp(-expected), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count


def _apart(firm: list[Event], more: list[Event]) -> list[Event]:
    """The firm events and those further ones that keep their distance from all others, in order of time."""
    kept: list[Event] = []
    for event in sorted(firm, key=lambda event: event.start_ms):
        if not kept or event.start_ms >= kept[-1].end_ms + GAP_MS:
            kept.append(event)
    out: list[Event] = []
    index = 0
    for event in more:
        while index < len(kept) and kept[index].start_ms <= event.start_ms:
            out.append(kept[index])
            index += 1
        free_from = out[-1].end_ms + GAP_MS if out else 0
        free_until = kept[index].start_ms - GAP_MS if index < len(kept) else event.end_ms
        if event.start_ms >= free_from and event.end_ms <= free_until:
            out.append(event)
    return [*out, *kept[index:]]


def _spread(line: LineStory, event: Event, past: LinePast) -> None:
    """The machine stops; its neighbours follow when the buffer between them is empty or full."""
    if event.machine is None:
        for place, machine in enumerate(line.machines):
            begin, end = event.start_ms + place * 15_000, event.end_ms + place * 12_000
            past.standstills[machine].append(Standstill(begin, end, event.state, "down", event.reason, event.plc_code))
        return
    source = line.machines.index(event.machine)
    for place, machine in enumerate(line.machines):
        distance = abs(place - source)
        begin, end = event.start_ms + distance * line.buffer_s * 1000, event.end_ms + distance * 3_000
        if distance == 0:
            told = Standstill(begin, end, event.state, "down", event.reason, event.plc_code)
        elif end - begin >= 10_000:
            reason, plc_code = ("BLOCKED", 402) if place < source else ("STARVED", 401)
            told = Standstill(begin, end, WAITING, "waiting", reason, plc_code)
        else:
            continue
        past.standstills[machine].append(told)
