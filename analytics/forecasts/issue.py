"""Issues forecasts of a line: each method its own, one of which is shown; stored with what it knew. Loads numpy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

import numpy as np
from django.db import transaction

from analytics.forecast.drift_alarm import alarms, open_alarm, standardised
from analytics.forecast.methods import METHODS as MODELS
from analytics.forecast.plain_rates import plan, rate28
from analytics.forecast.series import Cells, Grain, Past, Predicted, Queue
from analytics.forecasts.history import calendar_of, past_of, queues_of
from analytics.forecasts.ladder import RATE, Choice, Standing, choose
from analytics.forecasts.record import LAST, Came, figures, losses_by
from analytics.forecasts.shown import came_of, champion_of
from analytics.models import Forecast, PlanSnapshot, ReadinessReport
from analytics.plant_day import instant_of
from mes.journal.write import record
from mes.plant.models import Line, Shift

HORIZON = {"hour": 48, "shift": 21, "day": 14}
AHEAD_DAYS = {"hour": 2, "shift": 14, "day": 14}
FREE_DAYS = timedelta(days=4)  # a calendar may end with a long weekend
PLANS = timedelta(days=200)
WIDER = 1.5  # a band of a line that nobody saw for hours
DAY_MS = 86_400_000

Method = Callable[[Past, Cells, Sequence[Queue], Grain, int], Predicted | None]
METHODS: dict[str, tuple[int, Method]] = {"plan": (1, plan), "rate28": (2, rate28), **MODELS}
"""Name to rung and function. Of several on a rung the champion stands there, without one the first."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a line at an origin, for one grain."""

    past: Past
    ahead: Cells
    queues: Sequence[Queue]
    snapshot: PlanSnapshot | None
    report: ReadinessReport | None
    came: Mapping[str, list[Came]]


def forecasts_issue(
    *, line: Line, at: datetime, actor: str, origin: datetime | None = None, grains: Sequence[Grain] = get_args(Grain)
) -> list[Forecast]:
    """Issues the forecasts of a line from `origin` (now) on, by every method; returns those that are shown.

    What is shown is told by the ladder; a refusal is stored too, with the checks that say why. Only facts, plans and
    records from before the origin are used. Said twice for the same origin, the first stays.
    """
    return [_issue(line, origin or at, at, actor, grain, back=False) for grain in grains]


def back_issue(
    *, line: Line, origins: Sequence[datetime], at: datetime, actor: str, grains: Sequence[Grain] = get_args(Grain)
) -> int:
    """Issues what would have been said at past instants, the oldest first; marked, and never taken for what was shown.

    Hours, plans and outcomes from after each origin are not used; the calendar and readiness are those known now. Call
    `outcomes_join` before, so that each has the record of those before it. Returns how many origins there were.
    """
    for origin in sorted(origins):
        for grain in grains:
            _issue(line, origin, at, actor, grain, back=True)
    return len(origins)


def _issue(line: Line, origin: datetime, at: datetime, actor: str, grain: Grain, *, back: bool) -> Forecast:
    mine = Forecast.objects.filter(line=line, grain=grain, origin=origin, shown=True)
    stored = mine.first()
    if stored is not None:
        return stored
    known = _known(line, origin, grain, back=back)
    said = {name: made for name, (_, method) in METHODS.items() if (made := _said(method, known, grain)) is not None}
    champion = champion_of(line, grain)
    standing_on = _by_rung(said, champion.method if champion else "")
    losses = losses_by({name: known.came.get(name, []) for name in standing_on.values()}, LAST[grain])
    choice = choose(
        _standing(line, origin, grain, known, has_ideal=1 in standing_on),
        {rung: losses[name] for rung, name in standing_on.items() if name in losses},
    )
    chosen = standing_on.get(choice.level, "")
    rows = [_row(name, made, known, choice, shown=name == chosen) for name, made in said.items()]
    if not chosen:
        rows.append(_refusal(known, choice))
    for row in rows:
        row.line, row.grain, row.origin, row.issued_at, row.back_issued = line, grain, origin, at, back
    with transaction.atomic():
        Line.objects.select_for_update(of=("self",)).get(pk=line.pk)  # two workers: the second finds the first's
        stored = mine.first()
        if stored is None:
            Forecast.objects.bulk_create(rows)
            told: dict[str, Any] = {
                "grain": grain,
                "origin": origin,
                "level": choice.level,
                "method": chosen or "refused",
            }
            told |= {"before": None, "after": len(rows), "why": "issued late" if back else "issued"}
            record(actor=actor, at=at, action="forecasts_issue", kind="line", code=line.code, data=told)
    return stored or mine.get()


def _known(line: Line, origin: datetime, grain: Grain, *, back: bool) -> Known:
    reports = ReadinessReport.objects.filter(line=line)
    then = reports.filter(computed_at__lte=origin)
    report = then.order_by("-computed_at").first() or (reports.order_by("computed_at").first() if back else None)
    return Known(
        past_of(line, origin),
        calendar_of(line, origin, AHEAD_DAYS[grain]),
        queues_of(line, origin - PLANS, origin),
        PlanSnapshot.objects.filter(line=line, taken_at__lte=origin).order_by("-taken_at").first(),
        report,
        came_of(line, grain, origin),
    )


def _said(method: Method, known: Known, grain: Grain) -> Predicted | None:
    return method(known.past, known.ahead, known.queues, grain, HORIZON[grain])


def _by_rung(said: Mapping[str, Predicted], champion: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for name, made in said.items():
        if made.level not in found or name == champion:
            found[made.level] = name
    return found


def _standing(line: Line, origin: datetime, grain: Grain, known: Known, *, has_ideal: bool) -> Standing:
    last = Shift.objects.filter(line=line, starts_at__gte=origin).order_by("-ends_at").first()
    needs = timedelta(days=AHEAD_DAYS[grain]) - (FREE_DAYS if grain != "hour" else timedelta())
    reach = last.ends_at - origin if last else timedelta()
    queue = bool(known.queues and known.queues[-1].orders)
    return Standing(
        grain=grain,
        calendar_share=min(1.0, reach / needs),
        phase=known.report.phase if known.report else 0,
        has_ideal=has_ideal,
        weeks=_weeks(known.past),
        queue=queue,
        erp=queue,  # a line whose orders nobody archives forecasts without a plan
        gap=_gap(known.past, origin),
        drift=_drift(known.came),
    )


def _weeks(past: Past) -> float:
    """Weeks with at least half of their planned minutes seen."""
    week = past.start_ms // (7 * DAY_MS)
    seen = past.planned_min * past.cov * ~np.isnan(past.good)
    return float(
        sum(
            bool(planned > 0 and seen[week == n].sum() >= planned / 2)
            for n in np.unique(week)
            for planned in [past.planned_min[week == n].sum()]
        )
    )


def _gap(past: Past, origin: datetime) -> float | None:
    day = past.start_ms >= origin.timestamp() * 1000 - DAY_MS
    planned = float(past.planned_min[day].sum())
    return 1 - float((past.planned_min * past.cov)[day].sum()) / planned if planned else None


def _drift(came: Mapping[str, list[Came]]) -> str:
    rows = [row for row in came.get("shown", []) if row.point > 0]
    errors = standardised([row.actual for row in rows], [row.point for row in rows])
    alarm = open_alarm(alarms(errors), len(errors)) if errors else None
    return rows[alarm.began].starts_at.isoformat() if alarm else ""


def _row(name: str, made: Predicted, known: Known, choice: Choice, *, shown: bool) -> Forecast:
    banded = made.level >= RATE
    widen = WIDER if shown and choice.frozen else 1.0
    points = [
        {
            "starts_at": instant_of(int(made.start_ms[n])).isoformat(),
            "ends_at": _end(made, known.ahead, n).isoformat(),
            "planned_min": round(float(made.planned_min[n]), 3),
            "point": round(float(made.point[n]), 3),
            "q": [round(max(0.0, float(made.point[n] + widen * (q - made.point[n]))), 3) for q in made.quantiles[n]]
            if banded
            else [],
        }
        for n in range(len(made.bucket))
    ]
    return _stored(name, made.level, points, known, choice, shown=shown)


def _refusal(known: Known, choice: Choice) -> Forecast:
    return _stored("refused", 0, [], known, choice, shown=True)


def _stored(
    name: str, level: int, points: list[dict[str, Any]], known: Known, choice: Choice, *, shown: bool
) -> Forecast:
    past = known.past
    through = instant_of(int(past.start_ms[-1])) + timedelta(hours=1) if len(past.start_ms) else None
    planned = past.planned_min > 0
    return Forecast(
        method=name,
        level=level,
        shown=shown,
        trained_through=through,
        snapshot=known.snapshot,
        readiness=known.report,
        points=points,
        skill=figures(known.came.get("shown" if shown else name, []), 84).as_json(),
        checks=[asdict(check) for check in choice.checks] if shown else [],
        inputs={
            "weeks": _weeks(past),
            "planned_hours": int(planned.sum()),
            "missing_hours": int((np.isnan(past.good) & planned).sum()),
            "plans": len(known.queues),
            "frozen": choice.frozen,
            "drift_since": choice.drift,
            "band_80": choice.band_80,
            "band_95": choice.band_95,
        },
    )


def _end(made: Predicted, ahead: Cells, n: int) -> datetime:
    """The end of a bucket: of its last hour in the calendar."""
    if made.grain == "hour":
        return instant_of(int(made.start_ms[n])) + timedelta(hours=1)
    names = ahead.shift if made.grain == "shift" else ahead.day
    last = int(ahead.start_ms[names == made.bucket[n]].max())
    return instant_of(last - last % 3_600_000) + timedelta(hours=1)
