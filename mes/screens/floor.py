"""The floor: every machine a person may see, by area and line, and one machine's day. Same tiles as the live push."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from mes.live import tiles as live
from mes.live.day import day_for
from mes.people.access import lines_for
from mes.screens import machine_day, words
from mes.screens.andon_words import call_words
from mes.screens.calendar_said import schedule_context
from mes.screens.face import Face, Tile, face, overall_oee
from mes.screens.frame import clock_of, zone_named
from mes.screens.gate import machine_or_404
from mes.screens.said import said_words
from mes.screens.witness import doubted_names, witness_context


class Group(NamedTuple):
    """The machines of one line."""

    line: str
    line_name: str
    area_name: str
    shift: str
    faces: list[Face]


class Chip(NamedTuple):
    """A filter: its key in the address, its word, how many machines it shows."""

    key: str
    word: str
    state: str
    machines: int
    href: str
    current: bool


NEEDS = "needs"


@login_required
@require_safe
@gzip_page
def floor(request: HttpRequest) -> HttpResponse:
    """`/floor/`: all tiles. `?state=` filters (a palette state or `needs`), `?sort=needs` puts trouble first."""
    now = datetime.now(UTC)
    tiles = live.tiles_for(request.user, now=now)
    state, sort = request.GET.get("state", ""), request.GET.get("sort", "")
    faces = [face(tile, now) for tile in tiles.values()]
    zone = zone_named(clock_of(request, now).zone)
    groups = grouped(faces, request.user, zone, trouble_first=sort == NEEDS)
    context = live_context(request, now, "") | {
        "groups": groups,
        "chips": chips(faces, state, sort),
        "sort": {"href": _address(state, "" if sort == NEEDS else NEEDS), "current": sort == NEEDS},
        "hidden_codes": [one.tile["code"] for one in faces if not shown(one, state)],
        "sum": summary(faces),
        "late_min": words.LATE_MIN,
        "doubted": doubted_names(request.user),
    }
    return render(request, "floor/floor.html", context)


@login_required
@require_safe
@gzip_page
def work_center(request: HttpRequest, code: str) -> HttpResponse:
    """`/floor/<work-center>/`: the machine now, its timeline, stops, hours, and where the time went."""
    now = datetime.now(UTC)
    day = day_for(request.user, code, now=now)
    if day is None:
        raise Http404(code)
    tile, place = day["tile"], machine_or_404(request.user, code)
    zone = clock_of(request, now).zone
    context = live_context(request, now, f"work-center:{code}") | {
        "face": face(tile, now),
        "day": day,
        "zone": zone,
        "picture": machine_day.picture(day, now, zone_named(zone)),
        "owners": machine_day.owners(day["elements"]),
        "hours": machine_day.hours(day["hours"]),
        "source": live.sources_for(request.user).get(tile["source"] or ""),
        **schedule_context(request, place, now),
        **witness_context(place, tile, now),
    }
    return render(request, "floor/work_center.html", context)


def live_context(request: HttpRequest, now: datetime, topics: str) -> dict[str, Any]:
    """What frame/live.html needs: topics of the socket, the words live.js writes, and the time of this paint."""
    zone = zone_named(clock_of(request, now).zone)
    return {
        "topics": topics,
        "painted_at": f"{now.astimezone(zone):%H:%M:%S}",
        "live_words": {
            "live": _("live"),
            "stale": _("STALE"),
            "linkLive": _("Live"),
            "linkFirst": _("Connecting"),
            "linkStale": _("No live data"),
            "banner": _("No live data since %s. The values below are the last known ones."),
            "noOrder": _("No order"),
            "pieces": _("pcs"),
            "minutes": _("min"),
            "days": _("%(days)d d %(hours)d h"),
            "possible": _("%(low)s to %(high)s %% possible, part of the time is unknown"),
            "none": _("none"),
            "gone": _("no longer shown to you"),
            "isDown": _("%s is down"),
            "lateMin": words.LATE_MIN,
            "ranks": {known.state: known.rank for known in words.STATES},
            "behindRank": words.BEHIND_RANK,
            "group": formats.get_format("THOUSAND_SEPARATOR"),
            "decimal": formats.get_format("DECIMAL_SEPARATOR"),
            **call_words(),
            **said_words(),
        },
    }


def grouped(faces: list[Face], user: object, zone: tzinfo, *, trouble_first: bool) -> list[Group]:
    """Faces by line, in plant order or with the line in most trouble first."""
    by_line: dict[str, list[Face]] = {}
    for one in faces:
        by_line.setdefault(one.tile["line"], []).append(one)
    lines = {line.code: line for line in lines_for(user).filter(code__in=by_line).select_related("area")}
    groups = []
    for code, members in by_line.items():
        if trouble_first:
            members.sort(key=lambda one: one.rank)
        line = lines.get(code)
        line_name, area_name = (line.name, line.area.name) if line else (code, members[0].tile["area"])
        groups.append(Group(code, line_name, area_name, shift_text(members[0].tile, zone), members))
    if trouble_first:
        groups.sort(key=lambda group: min(one.rank for one in group.faces))
    return groups


def shift_text(tile: Tile, zone: tzinfo) -> str:
    """E.g. 'Early 06:00 to 14:00'; empty outside of shifts."""
    start, end = words.parsed(tile["shift_start"]), words.parsed(tile["shift_end"])
    if not tile["shift"] or start is None or end is None:
        return _("no shift now")
    times = {"start": f"{start.astimezone(zone):%H:%M}", "end": f"{end.astimezone(zone):%H:%M}"}
    return f"{tile['shift']} {_('%(start)s to %(end)s') % times}"


def shown(one: Face, state: str) -> bool:
    """Whether the filter lets a machine through; an unknown filter lets everything through."""
    if state == NEEDS:
        return one.rank <= words.BEHIND_RANK
    known = {known.state for known in words.STATES}
    return state not in known or one.tile["state"] == state


def chips(faces: list[Face], state: str, sort: str) -> list[Chip]:
    """All, those that need a person, and one chip per state with its count."""
    rows = [("", _("All"), ""), (NEEDS, _("Needs me"), "")]
    rows += [(known.state, str(known.word), known.state) for known in words.STATES]
    return [
        Chip(key, word, css, sum(shown(one, key) for one in faces), _address(key, sort), key == state)
        for key, word, css in rows
    ]


def summary(faces: list[Face]) -> Mapping[str, Any]:
    """The header row: OEE over machines, how many are stopped or behind, and the oldest stop nobody explained."""
    oee, known = overall_oee(one.tile for one in faces)
    unexplained = [one for one in faces if one.tile["needs_reason"] and one.tile["since"]]
    return {
        "oee": words.percent(oee),
        "known": known,
        "all": len(faces),
        "down": sum(one.tile["state"] == "down" for one in faces),
        "waiting": sum(one.tile["state"] == "waiting" for one in faces),
        "late": sum(one.late for one in faces),
        "oldest": min(unexplained, key=lambda one: one.tile["since"], default=None),
    }


def _address(state: str, sort: str) -> str:
    chosen = {key: value for key, value in (("state", state), ("sort", sort)) if value}
    return "?" + urlencode(chosen) if chosen else "/floor/"
