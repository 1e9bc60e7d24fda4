"""The figures of a place for a stretch of time and for its days, shifts or hours, with names for charts and tables."""

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.oee.figures import Figure, figures
from mes.oee.parts_of_time import windows_of
from mes.screens.improve.asked import Asked, AskedWrong
from mes.screens.templatetags.amounts import local_day_time
from mes.screens.templatetags.explaining import why_address

GROUPS = {"day": gettext_lazy("Days"), "shift": gettext_lazy("Shifts"), "hour": gettext_lazy("Hours")}
MOST_PARTS = 750


class Part(NamedTuple):
    """A day, shift or hour: its name, and what the place did in it."""

    name: str
    figure: Figure


def group_for(asked: Asked) -> str:
    """The parts a person would ask for: what the address says, else hours of a day, shifts of some, days of many."""
    chosen = asked.more.get("group", "")
    if chosen in GROUPS:
        return chosen
    return "hour" if asked.days <= 1 else "shift" if asked.days <= 4 else "day"


def whole_and_parts(asked: Asked, group: str) -> tuple[Figure, list[Part]]:
    """The figure of the whole time and of each part, in one call. Raises AskedWrong for too many parts."""
    named = windows_of(asked.place, group, *asked.window)
    if len(named) > MOST_PARTS:
        said = _("%(n)d parts are more than a page can show (%(most)d): choose days, or a shorter time.")
        raise AskedWrong(said % {"n": len(named), "most": MOST_PARTS})
    windows = [asked.window, *(window for _key, window in named)]
    whole, *parts = figures(asked.place, windows, now=asked.now)
    names = [_name(key, window[0], asked.zone) for key, window in named]
    return whole, [Part(name, figure) for name, figure in zip(names, parts, strict=True)]


def whole(asked: Asked, start: datetime | None = None, end: datetime | None = None) -> Figure:
    """The figure of the time asked for, or of another one."""
    [found] = figures(asked.place, [(start or asked.start, end or asked.end)], now=asked.now)
    return found


def why(asked: Asked, figure: Figure, kpi: str = "oee") -> str:
    """The address that explains a KPI of the figure."""
    return why_address(asked.place.kind, asked.place.code, figure.start, figure.end, kpi)


def _name(key: dict[str, object], start: datetime, zone: str) -> str:
    if "day" in key:
        return str(key["day"])
    if "shift" in key:
        return f"{key['production_date']} {key['shift']}"
    return local_day_time(start, zone)
