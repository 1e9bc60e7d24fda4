"""A line's readiness inputs at an instant: tallies of its last planned days, and what is known beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from analytics.plant_day import instant_of
from analytics.readiness.counts import hourly_rates
from analytics.readiness.drift import psi
from analytics.readiness.gates import DAYS_OF_CONSISTENCY
from analytics.readiness.labels import has_erp, stops_by_reason, subgroups_by_chart
from analytics.readiness.machine_time import MachineTime, added, beside, day_of, observed_by_hour, usable_weeks
from analytics.readiness.own_forecasts import earned_of
from analytics.readiness.sources import LOOK_BACK, LineTime, line_time
from analytics.readiness.spans import HOUR_MS, common, length_ms
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
    observed = [observed_by_hour(machine) for machine in found.machines.values()]
    weeks = usable_weeks(beside(observed, found.imported), to_ms(now))
    return Inputs(
        days=tuple(_with_witness(line, found, tallies)),
        calendar_days=_days_ahead(found, now),
        usable_weeks=weeks,
        imported_weeks=max(0.0, weeks - usable_weeks(observed, to_ms(now))),
        fresh=fresh_share(found.machines, now),
        erp=has_erp(line),
        reasons=stops_by_reason(line, found.days[-WINDOW_DAYS:], now),
        charts=subgroups_by_chart(line, now),
        earned=earned_of(line, now),
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
    return replace(whole, archived=day in found.archived, queued=day in found.queued, running=day == found.running)


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


def fresh_share(machines: Mapping[int, MachineTime], now: datetime) -> float | None:
    """Share of the planned time of the last 24 hours with data; None where nothing was planned."""
    window = [(to_ms(now) - DAY_S * 1000, to_ms(now))]
    planned_ms = heard_ms = 0
    for machine in machines.values():
        planned = common(sorted(span for spans in machine.planned.values() for span in spans), window)
        planned_ms += length_ms(planned)
        heard_ms += length_ms(common(planned, machine.known))
    return heard_ms / planned_ms if planned_ms else None


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
