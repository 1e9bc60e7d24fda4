"""`/explain/`: why a number is what it is. The page behind every "Why?"."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from mes.oee.explain import Counted, Explanation, Interval, Part, explain
from mes.oee.explain_formulas import KPIS, lasting, title_of
from mes.oee.facts import elements_s
from mes.oee.places import POLICIES, Place
from mes.people.access import lines_for, may, work_centers_for
from mes.screens import machine_day
from mes.screens.frame import zone_named
from mes.screens.gate import line_or_404, machine_or_404, storable

KINDS = ("work_center", "line", "area", "site")
LONGEST = timedelta(days=366)


class Asked(NamedTuple):
    """The question of an address."""

    place: Place
    start: datetime
    end: datetime
    kpi: str
    policy: str
    as_of: datetime | None


class BadQuestion(Exception):
    """The address cannot be read; the text says what to change."""


@login_required
@require_safe
@gzip_page
def explained(request: HttpRequest) -> HttpResponse:
    """`/explain/?work_center=|line=|area=|site=&from=&to=[&kpi=][&policy=][&as_of=]`, as `GET /api/v1/kpi/explain/`."""
    now = datetime.now(UTC)
    common = {
        "kinds": kind_words(),
        "kpis": [(name, title_of(name)) for name in KPIS],
        "policies": sorted(POLICIES),
    }
    try:
        asked = question(request)
    except BadQuestion as mistake:
        context = common | {"mistake": str(mistake) if request.GET else "", "given": request.GET}
        return render(request, "explain/ask.html", context, status=400 if request.GET else 200)
    policy = POLICIES[asked.policy] if asked.policy else None
    window = (asked.start, asked.end)
    found = explain(asked.place, window, now=now, kpi=asked.kpi, policy=policy, as_of=asked.as_of)
    zone = asked.place.work_centers[0].line.area.site.time_zone
    return render(
        request,
        "explain/explain.html",
        common | page(found, asked, zone) | {"may_compare": may(request.user, "compare_policies")},
    )


def kind_words() -> list[tuple[str, str]]:
    """The kinds of places with their words."""
    return [("work_center", _("Machine")), ("line", _("Line")), ("area", _("Area")), ("site", _("Site"))]


def question(request: HttpRequest) -> Asked:
    """What the address asks. Raises BadQuestion for a mistake, Http404 for a place that is not the person's."""
    named = [(kind, request.GET[kind]) for kind in KINDS if request.GET.get(kind)]
    if len(named) != 1:
        raise BadQuestion(_("Choose one place: a machine, a line, an area or a site."))
    start, end = _instant(request, "from"), _instant(request, "to")
    as_of = _instant(request, "as_of") if request.GET.get("as_of") else None
    if start is None or end is None or not start < end:
        raise BadQuestion(_("Give both ends of the time; it must begin before it ends."))
    if end - start > LONGEST:
        raise BadQuestion(_("More than 366 days cannot be explained at once."))
    kpi, policy = request.GET.get("kpi") or "oee", request.GET.get("policy", "")
    if kpi not in KPIS:
        raise BadQuestion(_("There is no number of that name: choose one of the list."))
    if policy and policy not in POLICIES:
        raise BadQuestion(_("There is no policy of that name: choose one of the list."))
    return Asked(place_or_404(request.user, *named[0]), start, end, kpi, policy, as_of)


def place_or_404(user: object, kind: str, code: str) -> Place:
    """The place with its machines on the person's lines, in plant order; 404 where there are none."""
    if kind == "work_center":
        return Place(kind, code, [machine_or_404(user, code)])
    machines = work_centers_for(user).select_related("line__area__site")
    machines = machines.order_by("line__position", "line__code", "position", "code")
    if kind == "line":
        machines = machines.filter(line=line_or_404(user, code))
    else:
        lookup = {"area": "line__area__code", "site": "line__area__site__code"}[kind]
        machines = machines.filter(line__in=lines_for(user), **{lookup: storable(code)})
    found = list(machines)
    if not found:
        raise Http404(code)
    return Place(kind, code, found)


def _instant(request: HttpRequest, name: str) -> datetime | None:
    """A time with offset, as the links write it, or local UTC minutes as the form sends them."""
    text = request.GET.get(name, "").strip().replace(" ", "+")
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None


def page(found: Explanation, asked: Asked, zone: str) -> dict[str, Any]:
    """Variables of the page."""
    tz, elements = zone_named(zone), found.figure.elements
    words = {element.removesuffix("_s"): word for element, _key, word in machine_day.owner_words()}
    words["unscheduled_run"] = _("Run outside the schedule")
    owners = machine_day.owners(elements_s(elements)) if elements else None
    return {
        "asked": asked,
        "given": {"kpi": asked.kpi, "policy": asked.policy},
        "from_text": _utc(asked.start),
        "to_text": _utc(asked.end),
        "place_word": dict(kind_words())[asked.place.kind],
        "place_name": _name(asked.place),
        "title": title_of(asked.kpi),
        "found": found,
        "formula": found.formula,
        "terms": _terms(found),
        "begins": _clock(found.figure.start, tz),
        "ends": _clock(found.figure.end, tz),
        "zone": zone,
        "owners": owners,
        "explained_s": found.explained_ms / 1000,
        "intervals": [_row(piece, words, tz) for piece in found.intervals],
        "unknown": [_row(piece, words, tz) for piece in found.unknown],
        "unknown_s": elements.unknown_ms / 1000 if elements else 0,
        "counts": [_count(row, tz) for row in found.counts],
        "good_listed": sum(row.good for row in found.counts),
        "below": [_part(part, found, asked) for part in found.below],
        "days": [_part(part, found, asked) for part in found.days],
        "edits": [(_clock(edit.at, tz), edit) for edit in found.edits],
        "notes": found.figure.kpi.notes,
        "coverage": found.figure.kpi.coverage,
    }


def _name(place: Place) -> str:
    wc = place.work_centers[0]
    named = {"work_center": wc, "line": wc.line, "area": wc.line.area, "site": wc.line.area.site}[place.kind]
    return named.name


def _terms(found: Explanation) -> list[dict[str, Any]]:
    """Each quantity of the formula, and in words what it is made of: "scheduled time 8 h 0 min − planned stops ..."."""
    terms = [*found.formula.over, *found.formula.under] if found.formula else []
    return [
        {
            "term": term,
            "made_of": " ".join(
                f"{sign} {word} {lasting(amount) if term.kind == 'time' else amount}".strip()
                for sign, word, amount in term.made_of
            ),
        }
        for term in terms
    ]


def _row(piece: Interval, words: dict[str, str], tz: tzinfo) -> dict[str, Any]:
    return {
        "start": _clock(piece.start, tz),
        "end": _clock(piece.end, tz),
        "seconds": piece.ms / 1000,
        "owner": piece.owner,
        "word": words[piece.owner],
        "piece": piece,
    }


def _count(row: Counted, tz: tzinfo) -> dict[str, Any]:
    ideal_s = None if row.ideal_ms is None else row.ideal_ms / 1000
    pieces = row.good + row.scrap + row.rework
    return {
        "start": _clock(row.start, tz),
        "end": _clock(row.end, tz) if row.end else "",
        "row": row,
        "ideal_s": None if ideal_s is None else f"{ideal_s.normalize():f}",
        "ideal_time": None if ideal_s is None else float(ideal_s * pieces),
    }


def _part(part: Part, found: Explanation, asked: Asked) -> dict[str, Any]:
    """A day asks for the same place, a machine or a line for itself."""
    day = part.kind == "day"
    elements = part.elements
    shown = found.formula
    value = "–" if part.value is None or shown is None else _like(part.value, shown.unit)
    return {
        "kind": asked.place.kind if day else part.kind,
        "code": asked.place.code if day else part.code,
        "label": part.code,
        "start": part.start,
        "end": part.end,
        "value": value,
        "scheduled_s": elements.scheduled_ms / 1000 if elements else None,
        "unknown_s": elements.unknown_ms / 1000 if elements else None,
        "good": elements.good if elements else None,
    }


def _like(value: float, unit: str) -> str:
    if unit == "%":
        return f"{value * 100:.1f} %"
    return lasting(round(value * 1000)) if unit == "s" else f"{value:.1f}"


def _clock(instant: datetime, tz: tzinfo) -> str:
    """Wall time to the second at the plant, with the offset where the clock change makes it ambiguous (R7)."""
    local = instant.astimezone(tz)
    ambiguous = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%Y-%m-%d %H:%M:%S}" + (local.isoformat()[-6:] if ambiguous else "")


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"
