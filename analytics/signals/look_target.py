"""How likely the running shift misses its plan: the forecast of the shift, what is made by now, and what is left."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Sum

from analytics.forecasts.shown import latest_forecast
from analytics.models import Signal
from analytics.readiness.earned import LEVELS, MEDIAN
from analytics.signals.record import Found
from analytics.signals.target import OVER_BELOW, TELL_FROM, risk_of_missing, share_left
from mes.hourly.models import HourPlan
from mes.oee.fact_models import HourFact
from mes.plant.models import Line, Shift

if TYPE_CHECKING:
    from analytics.signals.watch import Looked

STALE = timedelta(hours=36)
MOST_UNKNOWN = 0.1  # share of the time gone of which nobody saw what was made


def target(line: Line, at: datetime) -> "Looked":
    """The risk of the running shift. Nothing where it cannot be told: no plan, no forecast with a band, unseen time.

    Opens from a risk of .8 on and closes below .6; the shift's end closes it too. What is made counts in full, and the
    forecast of the shift for the share of the plan that is still to come.
    """
    shift = Shift.objects.filter(line=line, work_center=None, starts_at__lte=at, ends_at__gt=at).first()
    open_one = Signal.objects.filter(line=line, work_center=None, kind=Signal.Kind.TARGET, ended=None).first()
    if open_one is not None and (shift is None or open_one.saw["shift_starts_at"] != shift.starts_at.isoformat()):
        return {None: None}
    if shift is None:
        return {}
    hours = _plan(line, shift)
    planned, left = sum(pieces for *_span, pieces in hours), share_left(hours, at)
    made = _made(line, shift)
    quantiles = _quantiles(line, shift, hours, at)
    if not planned or made is None or quantiles is None:
        return {}
    total = [made + value * left for value in quantiles]
    risk = risk_of_missing(LEVELS, total, planned)
    if risk < (OVER_BELOW if open_one else TELL_FROM):
        return {None: None}
    saw = {
        "risk": round(risk, 3), "target": planned, "made": round(made), "expected": round(total[MEDIAN]),
        "shift": shift.name, "shift_starts_at": shift.starts_at.isoformat(),
    }  # fmt: skip
    return {None: Found(shift.starts_at, saw)}


def _plan(line: Line, shift: Shift) -> list[tuple[datetime, datetime, int]]:
    """The hours of the newest version of the shift's plan; empty where one of them has no number."""
    plan = HourPlan.objects.filter(line=line, work_center=None, shift=shift).order_by("-version").first()
    rows = list(plan.hours.values_list("starts_at", "ends_at", "pieces")) if plan else []
    return [] if any(pieces is None for *_span, pieces in rows) else [(a, b, int(n or 0)) for a, b, n in rows]


def _made(line: Line, shift: Shift) -> float | None:
    """Good pieces of the shift by now; None if more than a tenth of the time gone was not seen."""
    sums = HourFact.objects.filter(line=line, shift_id=shift.pk).aggregate(
        good=Sum("good_milli"), unknown=Sum("unknown_ms"), scheduled=Sum("scheduled_ms")
    )
    if sums["good"] is None or sums["unknown"] > MOST_UNKNOWN * sums["scheduled"]:
        return None
    return float(sums["good"]) / 1000


def _quantiles(
    line: Line, shift: Shift, hours: list[tuple[datetime, datetime, int]], at: datetime
) -> list[float] | None:
    """The shift's quantiles for all of it; a forecast made while it ran told only the rest, so it is scaled up."""
    forecast = latest_forecast(line, "shift")
    if forecast is None or forecast.level == 0 or at - forecast.origin > STALE:
        return None
    for point in forecast.points:
        if datetime.fromisoformat(point["starts_at"]) == shift.starts_at and point["q"]:
            whole = share_left(hours, max(forecast.origin, shift.starts_at))
            return [value / whole for value in point["q"]] if whole > 0 else None
    return None
