"""Reading quality: the order a check is about, the checks as charts want them, the limits in force, what is on hold."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from mes.plant.models import WorkCenter
from mes.production.models import Run, WorkOrder
from mes.quality.judging import ChartKind, Reading, frozen
from mes.quality.models import Characteristic, Check, ControlLimits, Hold, Nonconformance
from mes.quality.spc.chart import Baseline

AFTER_THE_RUN = timedelta(hours=12)
"""So long after an order's run ended a check without a newer run still belongs to it: the last piece, a laboratory."""


def characteristics_of(work_centers: Iterable[WorkCenter]) -> QuerySet[Characteristic]:
    """What is checked on these machines, without the archived."""
    found = Characteristic.objects.filter(work_center__in=list(work_centers), archived=False)
    return found.select_related("work_center__line__area__site", "item").prefetch_related("triggers")


def run_of(work_center: WorkCenter, at: datetime) -> Run | None:
    """The run a check at this instant is about: the one that ran, else the one that ended up to 12 h before."""
    runs = Run.objects.filter(work_center=work_center, starts_at__lte=at).select_related("order", "item")
    run = runs.order_by("-starts_at").first()
    if run is None or (run.ends_at is not None and run.ends_at <= at - AFTER_THE_RUN):
        return None
    return run


def checks_of(characteristic: Characteristic) -> QuerySet[Check]:
    """Its checks in the order of time, those that were taken back among them: on a chart they are gaps."""
    found = Check.objects.filter(characteristic=characteristic)
    return found.select_related("order", "limits").order_by("at", "id")


def reading_of(check: Check) -> Reading:
    """A check as the charts see it."""
    return Reading(tuple(check.values), check.found, check.size)


def with_gaps(checks: Sequence[Check]) -> list[Check | None]:
    """The checks with a gap where the item changed: neighbours of two items are no neighbours of one process."""
    found: list[Check | None] = []
    for number, check in enumerate(checks):
        if number and check.item_id != checks[number - 1].item_id:
            found.append(None)
        found.append(check)
    return found


def readings_of(checks: Sequence[Check | None]) -> list[Reading | None]:
    """Gaps stay gaps; a check that could not be made, or was taken back, is one."""
    return [None if check is None or _is_gap(check) else reading_of(check) for check in checks]


def _is_gap(check: Check) -> bool:
    return check.verdict == Check.Verdict.MISSED or check.withdrawn_at is not None


def limits_versions(characteristic: Characteristic) -> list[ControlLimits]:
    """The frozen limits of its present chart, the oldest first; those of a chart it had before judge nothing."""
    return list(characteristic.limits.filter(chart=characteristic.chart).order_by("since"))


def limits_at(versions: Iterable[ControlLimits], at: datetime) -> ControlLimits | None:
    """The version in force at an instant, None before the first."""
    return max((one for one in versions if one.since <= at), key=lambda one: one.since, default=None)


def baseline_in(limits: ControlLimits) -> Baseline:
    """Frozen limits as the charts take them."""
    return frozen(ChartKind(limits.chart), limits.center, limits.sigma, limits.samples, provisional=limits.provisional)


def open_holds(work_centers: Iterable[WorkCenter]) -> QuerySet[Hold]:
    """What is on hold on these machines, the oldest first."""
    found = Hold.objects.filter(work_center__in=list(work_centers), released_at=None)
    return found.select_related(
        "characteristic", "work_center__line__area__site", "order", "check_out", "nonconformance"
    ).order_by("opened_at")


def open_reports(order: WorkOrder) -> QuerySet[Nonconformance]:
    """Reports about the order that nobody has decided yet, the oldest first."""
    return Nonconformance.objects.filter(order=order, status=Nonconformance.Status.OPEN).order_by("pk")
