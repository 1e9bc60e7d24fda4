"""The short-lived process that fits and forecasts: `python -m analytics.forecasts.child`; no other loads statistics.

It ends after a few seconds, so its 100 MB and more are never kept by a worker. Killed at any point, its run is free
again after a minute, and what it stored stays: every step may be repeated.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import django

TAKES_NEW_S = 10.0  # Celery allows its task 20 s, and a line needs up to some seconds


def work_off(*, until_s: float, clock: Callable[[], datetime]) -> int:
    """Forecasts shifts that began, then takes nightly runs as long as there is time; gives how many were done."""
    from analytics.forecasts.issue import forecasts_issue
    from analytics.forecasts.refits import refit_claim, shifts_to_forecast

    begun = time.monotonic()
    for line, origin in shifts_to_forecast(at=clock()):
        forecasts_issue(line=line, at=clock(), actor="system", origin=origin, grains=("shift",))
    done = 0
    while time.monotonic() - begun < until_s:
        held = refit_claim(at=clock())
        if held is None:
            break
        done += _refit(held, clock)
    return done


def _refit(held: Any, clock: Callable[[], datetime]) -> bool:
    """One run: its steps in order, each of which may be repeated. Stops where another worker has it by now."""
    from analytics.forecasts.refits import refit_done, refit_fail, refit_step
    from analytics.models import Refit

    refit = Refit.objects.select_related("line__area__site").get(pk=held.pk)
    cpu_s = time.process_time()
    steps = _steps(refit)
    for n, (name, step) in enumerate(steps):
        if not refit_step(held, name, n / len(steps), at=clock()):
            return False
        try:
            step(clock())
        except Exception as error:  # whatever it was, the run says so and is tried again
            refit_fail(held, f"The step '{name}' failed: {error.__class__.__name__}: {error}"[:1000], at=clock())
            return False
    return refit_done(held, at=clock(), cpu_s=time.process_time() - cpu_s)


def _steps(refit: Any) -> list[tuple[str, Callable[[datetime], object]]]:
    """Its origin is when it was asked for, so that a repeat finds what the killed worker stored."""
    from analytics.forecasts.champions import champions_judge
    from analytics.forecasts.issue import METHODS, forecasts_issue
    from analytics.forecasts.ladder import MODEL
    from analytics.forecasts.outcomes import outcomes_join

    line, origin, actor = refit.line, refit.asked_at, refit.asked_by
    models = [name for name, (rung, _) in METHODS.items() if rung >= MODEL]

    def judge(at: datetime) -> None:
        if models:
            champions_judge(line=line, at=at, challengers=models, first=models[0])

    def issue(grain: Any) -> Callable[[datetime], object]:
        return lambda at: forecasts_issue(line=line, at=at, actor=actor, origin=origin, grains=(grain,))

    return [
        ("outcomes", lambda at: outcomes_join(line=line, at=at)),
        ("champions", judge),
        ("hours", issue("hour")),
        ("shifts", issue("shift")),
        ("days", issue("day")),
    ]


def main() -> int:
    """Works off what waits; 0 always: what failed is said in its row."""
    os.nice(5)  # the floor comes first
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.config.settings")
    django.setup()
    work_off(until_s=TAKES_NEW_S, clock=lambda: datetime.now(UTC))
    return 0


if __name__ == "__main__":
    sys.exit(main())
