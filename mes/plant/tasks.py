"""The periodic job of the plant: shifts for the coming weeks."""

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from celery import shared_task
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mes.plant.calendar import CalendarError
from mes.plant.models import Line, OtherDay, OwnShifts, WorkCenter
from mes.plant.shifts import own_shifts_materialise, shifts_materialise

logger = logging.getLogger(__name__)


@shared_task(name="mes.plant.tasks.materialise_shifts")
def materialise_shifts() -> None:
    """Keeps the shifts of every line ready: from yesterday to MES_SHIFT_HORIZON_DAYS ahead."""
    lines_materialise(at=timezone.now())


def lines_materialise(
    *, at: datetime, days_back: int = 1, actor: str = "system", lines: Iterable[Line] | None = None
) -> None:
    """The same for a given instant, for all lines or some, with their machines that have a calendar of their own.

    A day the calendar cannot make true is left out and logged, the others are made.
    """
    chosen = Line.objects.select_related("area__site")
    if lines is not None:
        chosen = chosen.filter(pk__in=[line.pk for line in lines])
    for line in chosen:
        first, last = _days(line, at, days_back)
        _made(f"Line {line.code}", partial(shifts_materialise, line=line, actor=actor, at=at), first, last)
    for machine in _machines_apart(at).filter(line__in=chosen):
        # Never into the past: what a machine did before it had shifts of its own belongs to its line's.
        first, last = _days(machine.line, at, 1)
        make = partial(own_shifts_materialise, machine=machine, actor=actor, at=at)
        _made(f"Work center {machine.code}", make, first, last)


def _machines_apart(at: datetime) -> QuerySet[WorkCenter]:
    """Machines with a calendar of their own, and those that still follow one."""
    own = OwnShifts.objects.filter(work_center=OuterRef("pk"), ends_at=None)
    other = OtherDay.objects.filter(work_center=OuterRef("pk"), date__gte=at.date() - timedelta(days=2))
    rows = WorkCenter.objects.filter(Q(shift_pattern__isnull=False) | Exists(own) | Exists(other), archived=False)
    return rows.select_related("line__area__site").order_by("pk")


def _days(line: Line, at: datetime, days_back: int) -> tuple[date, date]:
    today = at.astimezone(ZoneInfo(line.area.site.time_zone)).date()
    return today - timedelta(days=days_back), today + timedelta(days=settings.SHIFT_HORIZON_DAYS)


def _made(what: str, make: Callable[..., object], first: date, last: date) -> None:
    try:
        make(first=first, last=last)
        return
    except CalendarError:
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    for day in days:
        try:
            make(first=day, last=day)
        except CalendarError as error:
            logger.error("%s gets no shifts on %s: %s", what, day, error)
