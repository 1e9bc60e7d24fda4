"""What buckets came to, joined with forecasts by night, and again as facts of the past are mended. Loads numpy."""

from datetime import datetime, timedelta
from typing import get_args

import numpy as np

from analytics.forecast.buckets import made
from analytics.forecast.series import Grain
from analytics.forecasts.history import past_of
from analytics.models import Outcome
from analytics.plant_day import instant_of
from mes.plant.models import Line

AGAIN = timedelta(days=28)  # facts older than that are settled; the first join takes all there are


def outcomes_join(*, line: Line, at: datetime) -> int:
    """Stores what the line's buckets came to that ended before `at`: new ones, and those of 28 days anew.

    Returns how many were stored. A bucket of which too little was seen has no good: no forecast is judged by it. Said
    twice, the same is there. Machines join; the facts themselves are in the journal of who changed them.
    """
    past = past_of(line, at)
    joined = 0
    for grain in get_args(Grain):
        newest = Outcome.objects.filter(line=line, grain=grain).order_by("-starts_at").first()
        since = newest.starts_at - AGAIN if newest else None
        found, good, cov = made(past, grain)
        rows = [
            Outcome(
                line=line,
                grain=grain,
                starts_at=starts_at,
                ends_at=instant_of(int(found.end_ms[n])),
                planned_min=float(found.planned_min[n]),
                good=None if np.isnan(good[n]) else float(good[n]),
                cov=float(cov[n]),
                joined_at=at,
            )
            for n in range(len(found.number))
            if found.end_ms[n] <= at.timestamp() * 1000
            and ((starts_at := instant_of(int(found.start_ms[n]))) and (since is None or starts_at >= since))
        ]
        Outcome.objects.bulk_create(
            rows,
            batch_size=2000,
            update_conflicts=True,
            unique_fields=["line", "grain", "starts_at"],
            update_fields=["ends_at", "planned_min", "good", "cov", "joined_at"],
        )
        joined += len(rows)
    return joined
