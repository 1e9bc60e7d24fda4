"""Stored forecasts as they are read: the latest that is shown, one as it was, and what forecasts came to."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from analytics.forecasts.record import Came
from analytics.models import Champion, Forecast, Outcome
from mes.plant.models import Line

WEEK = timedelta(days=7)
LOOK_BACK = timedelta(days=126)  # 84 planned shifts of a line that works one a day, five days a week
LEAD = {"hour": timedelta(hours=24), "shift": timedelta(days=2), "day": timedelta(days=2)}
"""The last forecast before a bucket is never older than this, or it is not one of that bucket."""


def latest_forecast(line: Line, grain: str) -> Forecast | None:
    """The newest forecast that was chosen to be shown, which may be a refusal (level 0); None before the first."""
    return Forecast.objects.filter(line=line, grain=grain, shown=True).order_by("-origin").first()


def forecast_at(line: Line, grain: str, at: datetime) -> Forecast | None:
    """The forecast that was shown at an instant, as it was; one made later for an earlier origin was not shown."""
    rows = Forecast.objects.filter(line=line, grain=grain, shown=True, issued_at__lte=at, back_issued=False)
    return rows.order_by("-origin").first()


def champion_of(line: Line, grain: str) -> Champion | None:
    """The method that is the champion now."""
    return Champion.objects.filter(line=line, grain=grain, until=None).first()


def came_of(line: Line, grain: str, before: datetime) -> dict[str, list[Came]]:
    """Method to the planned buckets it forecast that were over and seen before an instant, in order of time.

    Of each bucket the last forecast before it began counts, shown or in the shadow; "shown" are those that were shown.
    """
    since = before - LOOK_BACK
    rows = Outcome.objects.filter(line=line, grain=grain, ends_at__lte=before, starts_at__gte=since - WEEK)
    seen = {
        at: (planned, good)
        for at, planned, good in rows.values_list("starts_at", "planned_min", "good")
        if good is not None
    }
    best: dict[tuple[str, datetime], tuple[datetime, Came]] = {}
    said = Forecast.objects.filter(
        line=line, grain=grain, level__gt=0, origin__gte=since - LEAD[grain], origin__lt=before
    )
    for method, shown, origin, points in said.values_list("method", "shown", "origin", "points").iterator(100):
        for point in points:
            starts_at = datetime.fromisoformat(point["starts_at"])
            if starts_at not in seen or seen[starts_at][0] <= 0 or not origin <= starts_at < origin + LEAD[grain]:
                continue
            naive = seen.get(starts_at - WEEK, (0.0, None))[1]
            came = Came(starts_at, seen[starts_at][1], point["point"], tuple(point["q"] or ()), naive)
            for name in (method, "shown") if shown else (method,):
                known = best.get((name, starts_at))
                if known is None or known[0] < origin:
                    best[name, starts_at] = (origin, came)
    return _by_method((name, came) for (name, _), (_, came) in best.items())


def _by_method(found: Iterable[tuple[str, Came]]) -> dict[str, list[Came]]:
    by: dict[str, list[Came]] = defaultdict(list)
    for name, came in sorted(found, key=lambda entry: entry[1].starts_at):
        by[name].append(came)
    return dict(by)
