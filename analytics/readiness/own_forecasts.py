"""A line's own forecasts as readiness asks for them: stored ones by shift, joined with what the shifts came to."""

from datetime import datetime, timedelta

from analytics.models import Approver, Forecast, Outcome
from analytics.readiness.earned import SHIFTS, SIMPLER, Said, days_of, drift, held_share, judged, skill
from analytics.readiness.tallies import Earned
from mes.plant.models import Line

RECORD = timedelta(days=84)
LEAD = timedelta(days=2)  # the last forecast before a shift is never older, or it is not one of that shift


def earned_of(line: Line, now: datetime) -> Earned:
    """What the forecasts of the last 84 days came to, shown or in the shadow, and who may approve a new champion."""
    seen = Outcome.objects.filter(
        line=line, grain="shift", starts_at__gte=now - RECORD, ends_at__lte=now, planned_min__gt=0, good__isnull=False
    )
    actual = {at: good for at, good in seen.values_list("starts_at", "good") if good is not None}
    approver = Approver.objects.filter(line=line, until=None).values_list("name", flat=True).first() or ""
    shifts = judged(_said(line, now), actual) if actual else []
    drift_days, drift_open = drift(shifts)
    return Earned(
        forecasts=len(shifts),
        skill=skill(shifts),
        held=held_share(shifts[-SHIFTS:]),
        held_long=held_share(shifts),
        record_days=days_of(shifts, now),
        drift_days=drift_days,
        drift_open=drift_open,
        approver=approver,
    )


def _said(line: Line, now: datetime) -> list[Said]:
    rows = Forecast.objects.filter(
        line=line, grain="shift", level__gte=SIMPLER, origin__gte=now - RECORD - LEAD, origin__lte=now
    )
    found = []
    for origin, level, points in rows.values_list("origin", "level", "points").iterator(chunk_size=100):
        for point in points:
            starts_at = datetime.fromisoformat(point["starts_at"])
            if point.get("q") and origin <= starts_at < origin + LEAD:
                found.append(Said(starts_at, origin, level, tuple(point["q"])))
    return found
