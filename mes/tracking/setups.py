"""When the setup of a run ended: when somebody said so, or with the run's first good piece."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mes.production.models import SetupPhase
from mes.tracking.models import CountHour


@dataclass(frozen=True, slots=True)
class Setup:
    """The setup phase of a run in [starts_at, ends_at); `ends_at` None: it goes on. `by` is empty for a counted end."""

    starts_at: datetime
    ends_at: datetime | None
    by: str


def setups_of(run_ids: Iterable[int]) -> dict[int, Setup]:
    """The setup phases of some runs, by run id; runs that went on with the same order have none.

    A counted end is the beginning of the minute of the first good piece, so it is up to a minute early.
    """
    found: dict[int, Setup] = {}
    phases = SetupPhase.objects.filter(run__in=list(run_ids)).select_related("run")
    for phase in phases:
        ends_at = phase.ends_at or _first_good(phase) or phase.run.ends_at
        found[phase.run_id] = Setup(phase.starts_at, ends_at, phase.ended_by)
    return found


def _first_good(phase: SetupPhase) -> datetime | None:
    run = phase.run
    first_hour = run.starts_at.replace(minute=0, second=0, microsecond=0)
    hours = CountHour.objects.filter(
        work_center=run.work_center_id, order=run.order_id, hour__gte=first_hour, good_sum__gt=0
    )
    if run.ends_at is not None:
        hours = hours.filter(hour__lt=run.ends_at)
    for hour, minutes in hours.order_by("hour").values_list("hour", "good"):
        for minute, pieces in enumerate(minutes):
            at = hour + timedelta(minutes=minute)
            if pieces > 0 and at + timedelta(minutes=1) > run.starts_at:
                return max(at, run.starts_at)
    return None
