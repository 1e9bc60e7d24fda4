"""A line's readiness inputs at an instant: tallies of its last planned days, and what is known beside them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from analytics.plant_day import instant_of
from analytics.readiness.counts import hourly_rates
from analytics.readiness.drift import psi
from analytics.readiness.gates import DAYS_OF_CONSISTENCY
from analytics.readiness.machine_time import added, day_of, observed_by_hour, usable_weeks
from analytics.readiness.sources import LOOK_BACK, LineTime, line_time
from analytics.readiness.spans import HOUR_MS
from analytics.readiness.tallies import WINDOW_DAYS, DayTally, Inputs
from analytics.readiness.witnessed import witnessed
from mes.oee.sources import to_ms
from mes.plant.models import Line

DAY_S = 86_400
RECENT_HOURS = WINDOW_DAYS * 24


def inputs_of(line: Line, now: datetime) -> Inputs:
    """Everything readiness is computed from, from stored facts up to `now`. Partial from a line's first fact on."""
    found = line_time(line, now, detail_days=WINDOW_DAYS)
    days = found.days[-WINDOW_DAYS:]
    tallies = [_tally(found, day) for day in days]
    recent, before = _rates(found, now)
    word = witnessed(line, _begin(found, days[-DAYS_OF_CONSISTENCY:], now), now)
    return Inputs(
        days=tuple(_with_witness(line, found, tallies)),
        calendar_days=_days_ahead(found, now),
        usable_weeks=usable_weeks([observed_by_hour(machine) for machine in found.machines.values()], to_ms(now)),
        psi=psi(recent, before),
        rate_hours=len(recent),
        rate_hours_before=len(before),
        timed=found.polled,
        witness=word.status,
        consistency=word.share,
        evidence=word.evidence,
    )


def _tally(found: LineTime, day: date) -> DayTally:
    whole = added(day, [day_of(machine, day) for machine in found.machines.values()])
    return replace(whole, archived=day in found.archived, running=day == found.running)


def _with_witness(line: Line, found: LineTime, tallies: Sequence[DayTally]) -> list[DayTally]:
    """The last fourteen days with what the witnesses say of each; older ones are not asked for."""
    told = []
    for tally in tallies:
        if tally.day in {one.day for one in tallies[-DAYS_OF_CONSISTENCY:]}:
            spans = [span for machine in found.machines.values() for span in machine.planned.get(tally.day, [])]
            start, end = min(span[0] for span in spans), max(span[1] for span in spans)
            word = witnessed(line, instant_of(start), instant_of(end))
            tally = replace(tally, witness=word.status, consistency=word.share)
        told.append(tally)
    return told


def _begin(found: LineTime, days: Sequence[date], now: datetime) -> datetime:
    starts = [spans[0][0] for machine in found.machines.values() for day in days if (spans := machine.planned.get(day))]
    return instant_of(min(starts)) if starts else now


def _rates(found: LineTime, now: datetime) -> tuple[list[float], list[float]]:
    """Hourly rates of the last 28 days, and of the days before them up to 84."""
    rates = hourly_rates(found.machines, found.outputs, now - LOOK_BACK, now)
    border = to_ms(now) // HOUR_MS - RECENT_HOURS
    recent = [rate for hour, rate in rates.items() if hour >= border]
    return recent, [rate for hour, rate in rates.items() if hour < border]


def _days_ahead(found: LineTime, now: datetime) -> float | None:
    if found.calendar_until is None or found.calendar_until <= now:
        return None
    return (found.calendar_until - now).total_seconds() / DAY_S
