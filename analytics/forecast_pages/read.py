"""Stored forecasts as pages and the API read them: what may be said of a line now, and what was said and came."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from analytics.forecast_pages.tried import Told
from analytics.forecasts.ladder import PHASE_OF, PLAN, RATE
from analytics.models import Forecast, Outcome, PhaseState
from analytics.phases.state import states_of
from analytics.readiness.earned import HIGH_80, LOW_80
from mes.plant.models import Line, Shift

STALE = timedelta(hours=36)
"""Each night makes a new forecast; one that is older than a night that failed and half a day is shown no more."""


@dataclass(frozen=True, slots=True)
class Point:
    """A bucket of a forecast; of one that ran already, what it will still make. `q`: eleven quantiles, or none."""

    starts_at: datetime
    ends_at: datetime
    planned_min: float
    point: float
    q: tuple[float, ...]
    rest: bool

    @property
    def band_80(self) -> tuple[float, float] | None:
        """The ends of the 80 % band."""
        return (self.q[LOW_80], self.q[HIGH_80]) if self.q else None

    @property
    def band_95(self) -> tuple[float, float] | None:
        """The ends of the 95 % band."""
        return (self.q[0], self.q[-1]) if self.q else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What may be said of a line: `refused` tells that no number is shown; `checks`: why not, or why not more."""

    forecast: Forecast | None
    refused: bool
    checks: list[dict[str, Any]]

    @property
    def is_plan(self) -> bool:
        """Whether the number is plan arithmetic and no forecast."""
        return not self.refused and self.forecast is not None and self.forecast.level == PLAN


def points_of(forecast: Forecast) -> list[Point]:
    """The buckets of a forecast in order of time."""
    found = []
    for point in forecast.points:
        starts_at = datetime.fromisoformat(point["starts_at"])
        rest = starts_at < forecast.origin
        ends_at = datetime.fromisoformat(point["ends_at"])
        q = tuple(point["q"] or ())
        found.append(Point(starts_at, ends_at, point["planned_min"], point["point"], q, rest))
    return sorted(found, key=lambda point: point.starts_at)


def standing(forecast: Forecast | None, state: PhaseState | None, at: datetime) -> Standing:
    """What may be said at an instant, given the newest forecast and where the line stands then.

    A forecast is refused that is too old, or that a line made before its data decayed: it stops rather than guess.
    """
    if forecast is None:
        return Standing(None, True, [_check("issued", None, 1, "none_yet", "line_forecast")])
    if forecast.level == 0:
        return Standing(forecast, True, forecast.checks)
    if state is not None and state.phase < PHASE_OF[PLAN]:
        return Standing(forecast, True, [_check("phase", state.phase, PHASE_OF[PLAN], "phase_too_low", "readiness")])
    fell = state is not None and state.fell_from is not None and state.since > forecast.issued_at
    if fell and state is not None and forecast.level >= RATE:
        return Standing(forecast, True, [_check("phase", state.phase, state.fell_from or 0, "fell_back", "phases")])
    hours = (at - forecast.origin) / timedelta(hours=1)
    if at - forecast.origin > STALE:
        return Standing(forecast, True, [_check("age", hours, STALE / timedelta(hours=1), "stale", "line_forecast")])
    return Standing(forecast, False, forecast.checks)


def _check(key: str, value: float | None, needs: float, sentence: str, link: str) -> dict[str, Any]:
    return {"key": key, "value": value, "needs": needs, "sentence": sentence, "link": link}


def standings(lines: Sequence[Line], grain: str, at: datetime) -> dict[int, Standing]:
    """Line (by id) to what may be said of it now. Two queries."""
    newest = {row.line_id: row for row in _newest(lines, grain)}
    states = states_of(lines)
    return {line.pk: standing(newest.get(line.pk), states.get(line.pk), at) for line in lines}


def forecasts_of_running(lines: Sequence[Line], at: datetime) -> dict[int, Forecast]:
    """Line (by id) to the newest forecast of shifts from before its running shift began (without one: from before now).

    A forecast that was made while the shift ran speaks of its rest only.
    """
    running = Shift.objects.filter(line=OuterRef("line"), work_center=None, starts_at__lte=at, ends_at__gt=at)
    begun = Coalesce(Subquery(running.order_by("starts_at").values("starts_at")[:1]), at)
    rows = _newest(lines, "shift").annotate(begun=begun).filter(origin__lte=F("begun"), level__gt=0)
    return {row.line_id: row for row in rows}


def _newest(lines: Sequence[Line], grain: str) -> QuerySet[Forecast]:
    rows = Forecast.objects.filter(line__in=list(lines), grain=grain, shown=True)
    return rows.order_by("line_id", "-origin").distinct("line_id")


def told_of(line: Line, grain: str, since: datetime, until: datetime) -> list[Told]:
    """What the shown forecasts with an origin in [since, until) said of planned buckets; plans have no quantiles."""
    rows = Forecast.objects.filter(line=line, grain=grain, shown=True, level__gt=0, origin__gte=since, origin__lt=until)
    return [
        Told(
            origin,
            datetime.fromisoformat(point["starts_at"]),
            datetime.fromisoformat(point["ends_at"]),
            point["planned_min"],
            point["point"],
            tuple(point["q"] or ()),
        )
        for origin, points in rows.order_by("origin").values_list("origin", "points").iterator(100)
        for point in points
        if point["planned_min"] > 0
    ]


def came_between(line: Line, grain: str, since: datetime, until: datetime) -> dict[datetime, float]:
    """Start of each bucket in [since, until) that was seen well enough, to its good pieces."""
    rows = Outcome.objects.filter(line=line, grain=grain, starts_at__gte=since, starts_at__lt=until)
    told = rows.order_by("starts_at").values_list("starts_at", "good")
    return {starts_at: good for starts_at, good in told if good is not None}


def shift_names(lines: Iterable[Line], starts: Iterable[datetime]) -> dict[tuple[int, datetime], str]:
    """(line id, start) to the name of the shift that begins then. One query."""
    rows = Shift.objects.filter(line__in=list(lines), work_center=None, starts_at__in=set(starts))
    return {(line, starts_at): name for line, starts_at, name in rows.values_list("line_id", "starts_at", "name")}
