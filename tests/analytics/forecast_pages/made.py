"""Forecasts of shifts made by hand: what pages and the API are asked about."""

from datetime import datetime, timedelta
from typing import Any

from analytics.models import Forecast, Outcome, PlanSnapshot, ReadinessReport
from mes.plant.models import Line, Shift

HOUR = timedelta(hours=1)
SHIFT = 8 * HOUR
RECORD = {
    "buckets": 84, "error": 0.09, "naive_error": 0.27, "naive_buckets": 84, "skill": 2 / 3, "judged": 84, "held": 68,
    "held_95": 80, "pinball": 31.0,
}  # fmt: skip
NO_RECORD = {
    "buckets": 0, "error": None, "naive_error": None, "naive_buckets": 0, "skill": None, "judged": 0, "held": 0,
    "held_95": 0, "pinball": None,
}  # fmt: skip
INPUTS = {"weeks": 14.5, "planned_hours": 900, "missing_hours": 12, "plans": 80, "frozen": False, "drift_since": ""}


def quantiles(point: float) -> list[float]:
    """80 %: point - 61 to point + 43, as in the sentence of the tile; 95 %: 30 pieces more on both sides."""
    return [
        point - 91, point - 61, point - 45, point - 30, point - 15, point, point + 9, point + 18, point + 30,
        point + 43, point + 73,
    ]  # fmt: skip


def bucket(starts_at: datetime, point: float, length: timedelta = SHIFT, *, band: bool = True) -> dict[str, Any]:
    """A bucket as it is stored."""
    return {
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + length).isoformat(),
        "planned_min": length / timedelta(minutes=1),
        "point": point,
        "q": quantiles(point) if band else [],
    }


def forecast(line: Line, origin: datetime, points: list[dict[str, Any]], **more: Any) -> Forecast:
    """A shown forecast of shifts, made when it looks ahead from; `more` replaces any of its fields."""
    told: dict[str, Any] = {
        "line": line, "grain": "shift", "method": "ens2", "level": 4, "shown": True, "origin": origin,
        "issued_at": origin, "back_issued": False, "trained_through": origin, "points": points, "skill": RECORD,
        "checks": [], "inputs": INPUTS,
    }  # fmt: skip
    return Forecast.objects.create(**told | more)


def check(key: str, value: float | None, needs: float, sentence: str, link: str) -> dict[str, Any]:
    """A check as the ladder stores it."""
    return {"key": key, "value": value, "needs": needs, "sentence": sentence, "link": link}


def shift(line: Line, name: str, starts_at: datetime) -> Shift:
    """A shift of eight hours."""
    return Shift.objects.create(
        line=line, name=name, production_date=starts_at.date(), starts_at=starts_at, ends_at=starts_at + SHIFT
    )


def came(line: Line, starts_at: datetime, good: float | None, grain: str = "shift") -> Outcome:
    """What a bucket came to."""
    return Outcome.objects.create(
        line=line, grain=grain, starts_at=starts_at, ends_at=starts_at + SHIFT, planned_min=480, good=good, cov=1,
        joined_at=starts_at + SHIFT,
    )  # fmt: skip


def snapshot(line: Line, at: datetime) -> PlanSnapshot:
    """An archived plan of one order."""
    return PlanSnapshot.objects.create(
        line=line, kind="change", day=at.date(), slot=at, taken_at=at, digest="d", orders=[{"number": "A"}], shifts=[],
        ideals={},
    )  # fmt: skip


def readiness(line: Line, at: datetime, phase: int = 4) -> ReadinessReport:
    """A readiness of 88."""
    return ReadinessReport.objects.create(
        line=line, day=at.date(), computed_at=at, asked_by="system", r=88.0, r_with_time=90.0, phase=phase, scores=[],
        gates=[], blockers=[], inputs={},
    )  # fmt: skip
