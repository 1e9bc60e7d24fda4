"""The periodic job of the plant: shifts for the coming weeks."""

import logging
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from celery import shared_task
from django.utils import timezone

from mes.plant.calendar import CalendarError
from mes.plant.models import Line
from mes.plant.shifts import shifts_materialise

HORIZON_DAYS = 28
logger = logging.getLogger(__name__)


@shared_task(name="mes.plant.tasks.materialise_shifts")
def materialise_shifts() -> None:
    """Keeps the shifts of every line ready: from yesterday to 28 days ahead."""
    lines_materialise(at=timezone.now())


def lines_materialise(*, at: datetime, days_back: int = 1, actor: str = "system") -> None:
    """The same for a given instant. A day the calendar cannot make true is left out and logged, the others are made."""
    for line in Line.objects.select_related("area__site"):
        today = at.astimezone(ZoneInfo(line.area.site.time_zone)).date()
        first, last = today - timedelta(days=days_back), today + timedelta(days=HORIZON_DAYS)
        try:
            shifts_materialise(line=line, first=first, last=last, actor=actor, at=at)
        except CalendarError:
            _day_by_day(line, first, last, actor, at)


def _day_by_day(line: Line, first: date, last: date, actor: str, at: datetime) -> None:
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        try:
            shifts_materialise(line=line, first=day, last=day, actor=actor, at=at)
        except CalendarError as error:
            logger.error("Line %s gets no shifts on %s: %s", line.code, day, error)
