"""The demo's planned stops in its calendar: what the story says was cleaned and serviced, and what is still to come."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from mes.demo.causes import LINES, LineStory
from mes.demo.past import DAY_MS, MINUTE_MS, appointment_ms, local
from mes.demo.rows import instant, story_start
from mes.demo.story import DAYS
from mes.downtime.models import Reason
from mes.plant.models import Line, PlannedMaintenance


def maintenance_write(*, now: datetime) -> None:
    """Writes the appointments of every line from the story's first day to the end of the calendar.

    In a transaction of the caller. A planner, or a forecast, then knows of them before they come.
    """
    start_ms = story_start(int(now.timestamp() * 1000), DAYS)
    end_ms = int((now + timedelta(days=settings.SHIFT_HORIZON_DAYS)).timestamp() * 1000)
    names = dict(Reason.objects.values_list("code", "name"))
    for story in LINES:
        line = Line.objects.select_related("area__site").get(code=story.code)
        zone = ZoneInfo(line.area.site.time_zone)
        PlannedMaintenance.objects.bulk_create(
            PlannedMaintenance(line=line, name=names[reason], starts_at=instant(since), ends_at=instant(until))
            for reason, since, until in _appointments(story, start_ms, end_ms, zone)
        )


def _appointments(story: LineStory, start_ms: int, end_ms: int, zone: ZoneInfo) -> Iterator[tuple[str, int, int]]:
    for at in range(start_ms, end_ms, DAY_MS):
        day = local(at, zone).date()
        for appointment in story.appointments:
            begin = appointment_ms(appointment, day, zone)
            if day.weekday() in appointment.days and begin > start_ms:
                yield appointment.reason, begin, begin + appointment.minutes * MINUTE_MS
