"""What the address of a losses page asks for: a place, a stretch of time, and back to the same address."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.oee.places import Place
from mes.people.access import work_centers_for
from mes.plant.calendar import day_bounds
from mes.plant.models import Shift, WorkCenter
from mes.screens.frame import zone_named
from mes.screens.gate import storable

KINDS = ("work_center", "line", "area", "site")
ORDER = ("line__area__site__code", "line__area__code", "line__position", "line__code", "position", "code")
LONGEST = timedelta(days=366)
YEARS = range(2000, 2200)
SPANS = {
    "7d": gettext_lazy("Last 7 days"),
    "30d": gettext_lazy("Last 30 days"),
    "shift": gettext_lazy("This shift, or the last one"),
}
DAYS = {"7d": 7, "30d": 30}


class AskedWrong(Exception):
    """The address asks for something that cannot be shown; the text says what, and how to mend it."""


class NoPlace(Exception):
    """The person has no machine to look at."""


@dataclass(frozen=True)
class Option:
    """A place to choose: the value in the form, its name, and how deep it stands."""

    value: str
    name: str
    depth: int
    current: bool


@dataclass(frozen=True)
class Asked:
    """A place and a stretch of time up to now. `span` is a key of SPANS, or "" where the address gives two instants."""

    place: Place
    name: str
    zone: str
    start: datetime
    end: datetime
    span: str
    now: datetime
    machines: Sequence[WorkCenter] = field(repr=False)
    more: dict[str, str] = field(default_factory=dict)

    @property
    def window(self) -> tuple[datetime, datetime]:
        """[start, end) in UTC; the end is not after now."""
        return self.start, self.end

    @property
    def days(self) -> float:
        """How long the stretch is."""
        return (self.end - self.start) / timedelta(days=1)

    @property
    def first_day(self) -> date:
        """The first day at the site."""
        return self.start.astimezone(zone_named(self.zone)).date()

    @property
    def last_day(self) -> date:
        """The last day at the site that the stretch touches."""
        return (self.end - timedelta(microseconds=1)).astimezone(zone_named(self.zone)).date()

    @property
    def said(self) -> str:
        """The time in words, as a sentence goes on: "in the last 7 days"."""
        if self.span in DAYS:
            return _("in the last %(n)d days") % {"n": DAYS[self.span]}
        if self.span:
            return _("in this shift")
        if self.first_day == self.last_day:
            return _("on %(day)s") % {"day": self.first_day}
        return _("from %(first)s to %(last)s") % {"first": self.first_day, "last": self.last_day}

    def query(self, **change: Any) -> str:
        """The address of the same question, with some of it changed; an empty value leaves a part out."""
        values = {self.place.kind: self.place.code}
        values |= {"range": self.span} if self.span else {"from": iso(self.start), "to": iso(self.end)}
        values |= self.more
        for name, value in change.items():
            if name in KINDS:
                values = {key: kept for key, kept in values.items() if key not in KINDS}
            if name in ("range", "from_", "to"):
                values = {key: kept for key, kept in values.items() if key not in ("range",)}
            values[name.rstrip("_").replace("__", "-")] = value
        if values.get("range"):
            values = {key: kept for key, kept in values.items() if key not in ("from", "to")}
        return "?" + urlencode({key: value for key, value in values.items() if value not in ("", None)})

    def options(self) -> list[Option]:
        """The places the person can choose, from the site down."""
        found: dict[str, Option] = {}
        for wc in self.machines:
            line, area = wc.line, wc.line.area
            for depth, (kind, node) in enumerate(
                (("site", area.site), ("area", area), ("line", line), ("work_center", wc))
            ):
                value = f"{kind}:{node.code}"
                current = (kind, node.code) == (self.place.kind, self.place.code)
                found.setdefault(value, Option(value, node.name, depth, current))
        return list(found.values())


def asked_of(request: HttpRequest, now: datetime, keep: Sequence[str] = ()) -> Asked:
    """Reads the address. `keep` names what else of it belongs to the question of this page.

    Raises Http404 for a place outside the person's lines, AskedWrong for a time that makes no sense, NoPlace for a
    person without machines.
    """
    machines = list(work_centers_for(request.user).select_related("line__area__site").order_by(*ORDER))
    if not machines:
        raise NoPlace
    place, name = _place(request, machines)
    zone = place.work_centers[0].line.area.site.time_zone
    start, end, span = _window(request, place, zone, now)
    more = {key: storable(request.GET[key])[:80] for key in keep if request.GET.get(key)}
    return Asked(place, name, zone, start, end, span, now, machines, more)


def iso(instant: datetime) -> str:
    """An instant as it stands in addresses: ISO 8601 in UTC with Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_in(text: str, zone: str, *, last: bool) -> datetime:
    """An ISO instant with offset, or a day at the site: its begin, or as the `last` day its end. Raises AskedWrong."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            day = date.fromisoformat(text)
            if day.year in YEARS:
                return day_bounds(day, zone_named(zone))[1 if last else 0]
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None and instant.year in YEARS:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise AskedWrong(
        _("“%(text)s” is no time: write a day like 2026-11-22, or an instant like 2026-11-22T06:00:00Z.")
        % {"text": text[:40]}
    )


def _place(request: HttpRequest, machines: list[WorkCenter]) -> tuple[Place, str]:
    chosen = request.GET.get("place", "")
    named = [(kind, request.GET[kind]) for kind in KINDS if request.GET.get(kind)]
    if chosen:
        kind, _colon, code = chosen.partition(":")
        if kind not in KINDS:
            raise Http404(chosen)
        named = [(kind, code)]
    if not named:
        one_line = len({wc.line_id for wc in machines}) == 1
        first = machines[0].line
        named = [("line", first.code) if one_line else ("site", first.area.site.code)]
    if len(named) > 1:
        raise AskedWrong(_("The address names more than one place: leave one of them."))
    kind, code = named[0]
    above = {
        "work_center": lambda wc: wc,
        "line": lambda wc: wc.line,
        "area": lambda wc: wc.line.area,
        "site": lambda wc: wc.line.area.site,
    }[kind]
    found = [wc for wc in machines if above(wc).code == code]
    if not found:
        raise Http404(code)
    return Place(kind, code, found), above(found[0]).name


def _window(request: HttpRequest, place: Place, zone: str, now: datetime) -> tuple[datetime, datetime, str]:
    get = request.GET
    span = get.get("range", "")
    if span not in SPANS and (get.get("from") or get.get("to")):
        start, end = _between(get.get("from", ""), get.get("to", ""), zone, now)
        return start, min(end, now), ""
    if span == "shift":
        first = place.work_centers[0].line
        shifts = Shift.objects.filter(work_center=None, line=first, starts_at__lt=now).order_by("-starts_at")
        last = shifts.first()
        if last is None:
            raise AskedWrong(_("No shift has begun on %(line)s: choose another time.") % {"line": first.name})
        return last.starts_at, min(last.ends_at, now), span
    span = span if span in DAYS else "7d"
    today = now.astimezone(zone_named(zone)).date()
    begin, _end = day_bounds(today - timedelta(days=DAYS[span] - 1), zone_named(zone))
    return begin, now, span


def _between(first: str, last: str, zone: str, now: datetime) -> tuple[datetime, datetime]:
    if not first or not last:
        raise AskedWrong(_("One end of the time is missing: give both “from” and “to”."))
    start, end = instant_in(first, zone, last=False), instant_in(last, zone, last=True)
    if start >= end:
        raise AskedWrong(_("“From” must lie before “to”."))
    if start >= now:
        raise AskedWrong(_("That time has not begun yet: there is nothing to show of it."))
    if end - start > LONGEST:
        raise AskedWrong(_("More than 366 days cannot be shown at once: choose a shorter time."))
    return start, end
