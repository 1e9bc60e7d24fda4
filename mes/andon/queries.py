"""Reading calls: those that are open, by machine, and those of a time."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from mes.andon.models import Call, CallCategory
from mes.plant.models import Line


def open_calls(lines: QuerySet[Line]) -> QuerySet[Call]:
    """Open calls on these lines: the highest level first, then the oldest."""
    return calls_on(lines).filter(closed_at=None).order_by("-level", "raised_at", "pk")


def calls_on(lines: QuerySet[Line]) -> QuerySet[Call]:
    """All calls on these lines, the newest first."""
    rows = Call.objects.select_related("work_center__line__area__site", "category", "controller")
    return rows.filter(work_center__line__in=lines)


def raised_between(lines: QuerySet[Line], start: datetime, end: datetime) -> QuerySet[Call]:
    """Calls that were raised in [start, end), open ones too."""
    return calls_on(lines).filter(raised_at__gte=start, raised_at__lt=end)


def open_by_machine(work_centers: Sequence[int]) -> dict[int, list[Call]]:
    """Machine to its open calls, the one that needs people most first."""
    found: dict[int, list[Call]] = {}
    rows = Call.objects.filter(work_center__in=work_centers, closed_at=None).select_related("category")
    for call in rows.order_by("-level", "raised_at", "pk"):
        found.setdefault(call.work_center_id, []).append(call)
    return found


def buttons() -> list[CallCategory]:
    """What people can call for, in the order of the buttons."""
    return list(CallCategory.objects.filter(archived=False, automatic=False))
