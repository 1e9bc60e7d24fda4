"""Who worked on a line in a shift: people who signed on, by name, and hours of those without one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from mes.labour.models import Crew, SignOn
from mes.plant.models import WorkCenter

SECOND = timedelta(seconds=1)


def staffing(machines: Sequence[WorkCenter], start: datetime, end: datetime, *, now: datetime) -> dict[str, Any]:
    """People with their seconds inside [start, end), the longest first, and person-seconds of crews without names.

    Open stretches count until `now`. Worked: Ana 06:00-14:00 in an early shift of 06:00-14:00: 28,800 s; two people
    without a name for an hour: 7,200 s. Nobody signed on: no people and 0.
    """
    until = min(end, now)
    touching = Q(starts_at__lt=until) & (Q(ends_at=None) | Q(ends_at__gt=start))
    people: dict[str, dict[str, Any]] = {}
    signed = SignOn.objects.filter(touching, work_center__in=machines).select_related("person")
    for row in signed.order_by("starts_at", "pk"):
        name = row.person.get_full_name() or row.person.get_username()
        one = people.setdefault(row.person.get_username(), {"name": name, "worked_s": 0, "still_on": False})
        one["worked_s"] += _inside_s(row.starts_at, row.ends_at, start, until)
        one["still_on"] = row.ends_at is None
    crews = Crew.objects.filter(touching, work_center__in=machines)
    unnamed_s = sum(row.people * _inside_s(row.starts_at, row.ends_at, start, until) for row in crews)
    return {"people": sorted(people.values(), key=lambda one: (-one["worked_s"], one["name"])), "unnamed_s": unnamed_s}


def _inside_s(starts_at: datetime, ends_at: datetime | None, start: datetime, until: datetime) -> int:
    return max(0, (min(ends_at or until, until) - max(starts_at, start)) // SECOND)
