"""Whether a line runs slower than its habit, or makes another rate than its forecasts expect, from stored hours."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Sum

from analytics.forecasts.history_rows import HOUR_MS, MINUTE_MS, Key, Measured, measured_of
from analytics.forecasts.shown import latest_forecast
from analytics.plant_day import instant_of
from analytics.signals.record import Found
from analytics.signals.slow import Hour, episodes
from mes.oee.fact_models import HourFact
from mes.oee.sources import to_ms
from mes.plant.models import Line
from mes.screens.frame import zone_named

if TYPE_CHECKING:
    from analytics.signals.watch import Looked

LOOK_BACK = timedelta(days=21)  # the 120 hours of habit of a line that works one shift, five days a week


def slow(line: Line, at: datetime) -> "Looked":
    """Slow running over the whole hours before `at`; nothing where the line has no hours yet.

    The figures say what was not counted as slow: minutes of stops, micro-stops and changing over in those hours.
    """
    until = at.replace(minute=0, second=0, microsecond=0)
    rolled = measured_of(line, until - LOOK_BACK, until)
    if not rolled:
        return {}
    zone = zone_named(line.area.site.time_zone)
    keys = sorted(rolled, key=lambda key: (key[0], key[1] or 0))
    micro = _micro_shares(line, until - LOOK_BACK, until)
    hours = [_hour(rolled[key], micro.get(key, 0.0), instant_of(key[0]).astimezone(zone).hour) for key in keys]
    found = episodes(hours)
    if not found or found[-1].ended is not None:
        return {None: None}
    last = found[-1]
    during = hours[last.began :]
    saw = {
        "slower": round(1 - last.pace, 4),
        "down_min": round(sum(hour.down_min or 0 for hour in during)),
        "changeover_min": round(sum(hour.changeover_min or 0 for hour in during)),
        "micro_min": round(sum(hour.short_stop_min or 0 for hour in during)),
        "until": instant_of(keys[-1][0] + HOUR_MS).isoformat(),
    }
    return {None: Found(instant_of(keys[last.began][0]), saw)}


def drift(line: Line, at: datetime) -> "Looked":
    """Whether the newest forecast of shifts saw a changed rate (a CUSUM); nothing where there is no forecast."""
    forecast = latest_forecast(line, "shift")
    if forecast is None or forecast.level == 0:
        return {}
    since = forecast.inputs.get("drift_since") or ""
    return {None: Found(datetime.fromisoformat(since), {}) if since else None}


def _hour(cell: Measured, micro_share: float, of_day: int) -> Hour:
    planned, down = cell.planned_ms / MINUTE_MS, cell.down_ms / MINUTE_MS
    seen = 1 - cell.unseen_ms / cell.planned_ms if cell.planned_ms else 0.0
    micro = down * micro_share
    return Hour(
        planned, seen, cell.item, float(cell.good), cell.ideal, cell.run_ms / MINUTE_MS, down - micro,
        cell.chg_ms / MINUTE_MS, micro, of_day,
    )  # fmt: skip


def _micro_shares(line: Line, start: datetime, end: datetime) -> dict[Key, float]:
    """How much of the time not running was micro-stops, 0 to 1."""
    rows = HourFact.objects.filter(line=line, hour__gte=start, hour__lt=end).values_list("hour", "shift_id")
    shares: dict[Key, float] = defaultdict(float)
    for hour, shift, stops, micro in rows.annotate(stops=Sum("unplanned_ms"), micro=Sum("micro_ms")).order_by():
        if stops + micro:
            shares[to_ms(hour), shift] = micro / (stops + micro)
    return shares
