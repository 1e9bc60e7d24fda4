"""What one machine's time tells about its data (pure): time heard, silences, stops with reasons, linked running."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, takewhile
from operator import attrgetter, itemgetter

from analytics.readiness.spans import HOUR_MS, Span, Spans, by_hour, common, length_ms, without
from analytics.readiness.tallies import DayTally

LONG_POLLS = 5
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class StopTime:
    """An unplanned stop, no micro-stop. `coded`: its reason came within a day; `vague`: it is one like "other"."""

    start_ms: int
    end_ms: int
    coded: bool
    vague: bool


@dataclass(slots=True)
class MachineTime:
    """A machine since its first fact, all spans disjoint and in order.

    `planned` by day; `known`: what it did is known; `unread`: its state code is in no map; `running`; `linked`: an
    order with an ideal rate is on it; `failing`: minutes since 1970 with a count that cannot be true; `poll_ms`:
    between two polls.
    """

    planned: dict[date, list[Span]] = field(default_factory=dict)
    known: list[Span] = field(default_factory=list)
    unread: list[Span] = field(default_factory=list)
    running: list[Span] = field(default_factory=list)
    linked: list[Span] = field(default_factory=list)
    stops: Sequence[StopTime] = ()
    failing: frozenset[int] = frozenset()
    looks: dict[int, tuple[int, int]] = field(default_factory=dict)  # UTC hour -> (looks, prompt)
    poll_ms: float = 1000.0


def day_of(machine: MachineTime, day: date) -> DayTally:
    """The tally of one machine and planned day; of a day without planned time an empty one."""
    planned = machine.planned.get(day, [])
    heard = common(planned, machine.known)
    unread = common(planned, machine.unread)
    hours = by_hour(planned)
    looks = [machine.looks[hour] for hour in hours if hour in machine.looks]
    running = common(planned, machine.running)
    coded, vague, down = _stops(machine.stops, planned)
    minutes = {minute for spans in (heard, unread) for span in spans for minute in _minutes(span)}
    failing = {minute for span in unread for minute in _minutes(span)} | (machine.failing & minutes)
    return DayTally(
        day,
        planned_ms=length_ms(planned),
        heard_ms=length_ms(heard),
        gap_ms=_long_silence_ms(machine, planned),
        looks=sum(look[0] for look in looks),
        prompt=sum(look[1] for look in looks),
        read_minutes=len(minutes),
        failing_minutes=len(failing),
        down_ms=down,
        coded_ms=coded,
        vague_ms=vague,
        run_ms=length_ms(running),
        linked_ms=length_ms(common(running, machine.linked)),
    )


def added(day: date, parts: Sequence[DayTally]) -> DayTally:
    """The machines of a line together."""
    names = (
        *("planned_ms", "heard_ms", "gap_ms", "looks", "prompt", "read_minutes", "failing_minutes"),
        *("down_ms", "coded_ms", "vague_ms", "run_ms", "linked_ms"),
    )
    return DayTally(day, **{name: sum(getattr(part, name) for part in parts) for name in names})


def observed_by_hour(machine: MachineTime) -> dict[int, tuple[int, int]]:
    """UTC hour to (planned ms, of that heard ms)."""
    planned = sorted(span for spans in machine.planned.values() for span in spans)
    heard = by_hour(common(planned, machine.known))
    return {hour: (ms, heard.get(hour, 0)) for hour, ms in by_hour(planned).items()}


def beside(
    own: Sequence[dict[int, tuple[int, int]]], imported: dict[int, tuple[int, int]]
) -> list[dict[int, tuple[int, int]]]:
    """The hours of the machines and the imported ones of their line: an hour of which a machine tells anything wins."""
    seen = {hour for one in own for hour, (_, heard) in one.items() if heard}
    added_hours = {hour: part for hour, part in imported.items() if hour not in seen}
    kept = [{hour: part for hour, part in one.items() if hour not in added_hours} for one in own]
    return [*kept, added_hours]


def usable_weeks(hours: Sequence[dict[int, tuple[int, int]]], now_ms: int, most: int = 12) -> float:
    """Weeks back from now, at most `most`, in which at least half of the planned hours were observed.

    An hour of a machine is observed where at least half of its planned time is known. A week that the line has not
    lived through counts as the part it has: three hours are 3/168.
    """
    begins = min((hour for one in hours for hour in one), default=None)
    if begins is None:
        return 0.0
    found = 0.0
    for week in range(most):
        end = now_ms / HOUR_MS - week * 168
        lived = min(1.0, (end - begins) / 168)
        if lived <= 0:
            break
        planned = [part for one in hours for hour, part in one.items() if end - 168 <= hour < end]
        if planned and sum(2 * known >= ms for ms, known in planned) * 2 >= len(planned):
            found += lived
    return found


def _long_silence_ms(machine: MachineTime, planned: Spans) -> int:
    """Planned time in silences longer than five polls. A silence may begin before the planned time and end after it."""
    if not planned:
        return 0
    begin, end = planned[0][0], planned[-1][1]
    # As much of the known time as tells how long the silences at both ends are.
    first = max(0, bisect_right(machine.known, begin, key=itemgetter(1)) - 1)
    last = bisect_left(machine.known, end, key=itemgetter(0)) + 1
    heard = machine.known[first:last]
    begin, end = min([begin, *(span[0] for span in heard[:1])]), max([end, *(span[1] for span in heard[-1:])])
    long = [span for span in without([(begin, end)], heard) if span[1] - span[0] > LONG_POLLS * machine.poll_ms]
    return length_ms(common(planned, long))


def _stops(stops: Sequence[StopTime], planned: Spans) -> tuple[int, int, int]:
    coded = vague = down = 0
    if not planned:
        return coded, vague, down
    first = bisect_right(stops, planned[0][0], key=attrgetter("end_ms"))
    for stop in takewhile(lambda stop: stop.start_ms < planned[-1][1], islice(stops, first, None)):
        within = length_ms(common([(stop.start_ms, stop.end_ms)], planned))
        down += within
        coded += within if stop.coded else 0
        vague += within if stop.coded and stop.vague else 0
    return coded, vague, down


def _minutes(span: Span) -> range:
    return range(span[0] // MINUTE_MS, -(-span[1] // MINUTE_MS))
