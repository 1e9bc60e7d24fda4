"""The filters of the list of stops: all of them stand in the address, so that a list can be sent to somebody."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.downtime.models import Stop
from mes.downtime.queries import stops_in, stops_that_need_a_reason
from mes.people.access import work_centers_for
from mes.plant.models import Line, Shift, WorkCenter
from mes.screens.gate import line_or_404, machine_or_404, storable

SINCE = {
    "8h": (timedelta(hours=8), gettext_lazy("last 8 hours")),
    "24h": (timedelta(hours=24), gettext_lazy("last 24 hours")),
    "7d": (timedelta(days=7), gettext_lazy("last 7 days")),
    "30d": (timedelta(days=30), gettext_lazy("last 30 days")),
}
USUAL = "7d"
LEAST = (5, 15, 60)


class Filters(NamedTuple):
    """What the address asks for. Everything is optional; codes outside the person's lines are 404.

    `least_min`: stops of at least so many minutes; `mine`: those the person explained.
    """

    need: bool
    line: Line | None
    place: WorkCenter | None
    shift: Shift | None
    least_min: int = 0
    since: str = USUAL
    mine: bool = False

    def query(self, **change: Any) -> str:
        """The address with some of the filters changed."""
        shift = f"{self.shift.production_date}/{self.shift.name}" if self.shift else ""
        values = {
            "need": "reason" if self.need else "",
            "line": self.line.code if self.line else "",
            "work-center": self.place.code if self.place else "",
            "shift": shift,
            "least": self.least_min or "",
            "since": self.since if self.since != USUAL else "",
            "mine": "1" if self.mine else "",
        }
        for name, value in change.items():
            values[name.replace("_", "-")] = value
        return "?" + urlencode({name: value for name, value in values.items() if value})


def filters_of(request: HttpRequest) -> Filters:
    """Reads the filters of the address. The shift `DATE/NAME` is one of the chosen line (or machine's line)."""
    get = request.GET
    place = machine_or_404(request.user, get["work-center"]) if get.get("work-center") else None
    line = line_or_404(request.user, get["line"]) if get.get("line") else place.line if place else None
    shift = _shift(line, get["shift"]) if get.get("shift") and line else None
    least, since = get.get("least") or "0", get.get("since") or USUAL
    if not re.fullmatch(r"\d{1,4}", least, re.ASCII) or since not in SINCE:
        raise Http404("filter")
    return Filters(get.get("need") == "reason", line, place, shift, int(least), since, get.get("mine") == "1")


def _shift(line: Line, text: str) -> Shift:
    day, _slash, name = text.partition("/")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", day, re.ASCII):
        raise Http404("shift")
    try:
        found = Shift.objects.filter(
            line=line, work_center=None, production_date=date.fromisoformat(day), name=storable(name)
        ).first()
    except ValueError as error:
        raise Http404("shift") from error
    if found is None:
        raise Http404("shift")
    return found


def stops_of(user: object, filters: Filters, now: datetime) -> tuple[QuerySet[Stop], set[int]]:
    """All stops of the chosen places, time and length, and the ids of those that need a reason."""
    places = work_centers_for(user)
    if filters.place:
        places = places.filter(pk=filters.place.pk)
    elif filters.line:
        places = places.filter(line=filters.line)
    window = (now - SINCE[filters.since][0], now)
    start, end = (filters.shift.starts_at, filters.shift.ends_at) if filters.shift else window
    scope = stops_in(places, start, end)
    if filters.least_min:
        length = timedelta(minutes=filters.least_min)
        scope = scope.filter(Q(ends_at=None, starts_at__lte=now - length) | Q(ends_at__gte=F("starts_at") + length))
    return scope, set(stops_that_need_a_reason(scope, now).values_list("pk", flat=True))


def asked_for(scope: QuerySet[Stop], filters: Filters, asking: set[int], who: str) -> QuerySet[Stop]:
    """The stops the list shows: all of the scope, only those that need a reason, only those `who` explained."""
    found = scope.filter(pk__in=asking) if filters.need else scope
    return found.filter(explained_by=who) if filters.mine else found


def chips(filters: Filters, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The filters one tap away."""
    shown = [
        {"label": _("Needs a reason"), "href": filters.query(need="reason"), "current": filters.need},
        {"label": _("All stops"), "href": filters.query(need=""), "current": not filters.need},
    ]
    if len(lines) > 1:
        every = filters.query(line="", work_center="", shift="")
        shown.append({"label": _("Every line"), "href": every, "current": filters.line is None})
        shown += [
            {
                "label": line.name,
                "href": filters.query(line=line.code, work_center="", shift=""),
                "current": filters.line == line,
            }
            for line in lines
        ]
    return shown


def more_chips(filters: Filters) -> list[dict[str, Any]]:
    """Since when, how long at least, and only mine."""
    shown = [
        {
            "label": word,
            "href": filters.query(since=key, shift=""),
            "current": filters.since == key and not filters.shift,
        }
        for key, (_length, word) in SINCE.items()
    ]
    for least in LEAST:
        current = filters.least_min == least
        label = _("%(n)d min and longer") % {"n": least}
        shown.append({"label": label, "href": filters.query(least="" if current else least), "current": current})
    mine = filters.query(mine="" if filters.mine else "1")
    shown.append({"label": _("Explained by me"), "href": mine, "current": filters.mine})
    return shown
