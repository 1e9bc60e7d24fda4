"""Which day it is at the plant of a line."""

from datetime import date, datetime

from mes.plant.models import Line
from mes.screens.frame import zone_named


def day_at(line: Line, at: datetime) -> date:
    """The calendar day at the line's plant."""
    return at.astimezone(zone_named(line.area.site.time_zone)).date()
