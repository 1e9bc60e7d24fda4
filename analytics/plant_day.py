"""Days at the plant of a line, and instants of ms since 1970."""

from datetime import date, datetime, timedelta

from mes.oee.sources import EPOCH
from mes.plant.models import Line
from mes.screens.frame import zone_named


def day_at(line: Line, at: datetime) -> date:
    """The calendar day at the line's plant."""
    return at.astimezone(zone_named(line.area.site.time_zone)).date()


def instant_of(at_ms: int) -> datetime:
    """The instant so many ms after the beginning of 1970 UTC."""
    return EPOCH + timedelta(milliseconds=at_ms)
