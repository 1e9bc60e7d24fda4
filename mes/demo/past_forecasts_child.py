"""The short-lived process that forecasts the demo's story: `python -m mes.demo.past_forecasts_child`.

Each forecast is made from what was known at the beginning of its shift, is marked as issued late, and stays. Killed at
any point, the next one goes on where it was.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import django

TAKES_NEW_S = 11.0  # Celery allows its task 20 s, and one shift needs less than one


def past_forecasts_work(*, until_s: float, clock: Callable[[], datetime]) -> int:
    """Forecasts shifts of the story for so many seconds, the oldest first; gives how many were forecast."""
    from analytics.forecasts.issue import back_issue
    from analytics.forecasts.outcomes import outcomes_join
    from analytics.models import ReadinessReport
    from analytics.readiness.report import readiness_measure
    from mes.demo.past_forecasts import past_forecasts_end, past_forecasts_waiting

    begun, done = time.monotonic(), 0
    while time.monotonic() - begun < until_s and (waiting := past_forecasts_waiting()) is not None:
        line = waiting.line
        if not ReadinessReport.objects.filter(line=line).exists():  # started before the hour of the nightly run
            key = uuid5(NAMESPACE_URL, f"millwright:demo:readiness:{line.pk}")
            readiness_measure(line=line, actor="demo", at=clock(), key=key)
        outcomes_join(line=line, at=clock())
        for origin in waiting.origins:
            if time.monotonic() - begun >= until_s:
                return done
            back_issue(line=line, origins=[origin], at=clock(), actor="demo")
            done += 1
        past_forecasts_end(line=line, at=clock())
    return done


def main() -> int:
    """Works off what waits; 0 always."""
    os.nice(5)  # the floor comes first
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.config.settings")
    django.setup()
    past_forecasts_work(until_s=TAKES_NEW_S, clock=lambda: datetime.now(UTC))
    return 0


if __name__ == "__main__":
    sys.exit(main())
