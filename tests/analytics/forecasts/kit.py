"""Weeks of a line made by hand: a shift of eight hours on each working day, so many good pieces in each hour."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from analytics.models import PlanSnapshot, ReadinessReport
from mes.oee.fact_models import HourFact
from mes.oee.policies import policy_store
from mes.oee.policy import Policy
from mes.oee.stored import COLUMNS
from mes.plant.models import Shift
from tests.production.small_plant import SmallPlant

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIN = 60_000
MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)


def worked(plant: SmallPlant, days: int, good: Callable[[int, int], int], ahead: int = 21) -> datetime:
    """So many days in a row from MONDAY on with `good(day, hour)` pieces, and shifts to come; gives their end."""
    Shift.objects.all().delete()
    policy = policy_store(Policy(name="plain"), at=MONDAY)
    told = dict.fromkeys(COLUMNS, 0) | {"calendar_ms": 60 * MIN, "scheduled_ms": 60 * MIN, "run_ms": 60 * MIN}
    rows = []
    for day in range(days + ahead):
        start = MONDAY + day * DAY
        shift = Shift.objects.create(
            line=plant.line_1, name="Early", production_date=start.date(), starts_at=start, ends_at=start + 8 * HOUR
        )
        if day < days:
            rows += [
                HourFact(
                    line=plant.line_1, hour=start + hour * HOUR, shift=shift, item=plant.cola, policy=policy,
                    recorded_at=start, **told | {"good_milli": 1000 * good(day, hour)},
                )
                for hour in range(8)
            ]  # fmt: skip
    HourFact.objects.bulk_create(rows)
    return MONDAY + days * DAY


def ready(plant: SmallPlant, at: datetime, phase: int = 4, r: float = 90.0) -> ReadinessReport:
    """A stored readiness of line 1."""
    return ReadinessReport.objects.create(
        line=plant.line_1, day=at.date(), computed_at=at, asked_by="system", r=r, r_with_time=r, phase=phase,
        scores={}, gates=[], blockers=[], inputs={},
    )  # fmt: skip


def planned(plant: SmallPlant, at: datetime, cycle_s: str = "0.8") -> PlanSnapshot:
    """An archived queue of one running order of cola."""
    order = {"number": "A", "item": "COLA-05", "quantity": "90000", "good": "0", "status": "running"}
    return PlanSnapshot.objects.create(
        line=plant.line_1, kind="change", day=at.date(), slot=at, taken_at=at, digest=str(at), orders=[order],
        shifts=[], ideals={"COLA-05": {"PACK": cycle_s}},
    )  # fmt: skip
