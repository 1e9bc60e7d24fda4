"""What every losses page shares: its address is read, its tables can be taken along as files, mistakes are told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from mes.charting.charts import Chart
from mes.losses.stop_minutes import TooMuch
from mes.oee.figures import Figure
from mes.people.access import may
from mes.screens import words
from mes.screens.export import csv_answer, xlsx_answer
from mes.screens.improve.asked import SPANS, Asked, AskedWrong, NoPlace, asked_of, iso
from mes.screens.improve.tables import Table, about, named
from mes.screens.templatetags.amounts import local_day_time

PAGES = {
    "overview": ("improve", gettext_lazy("Overview")),
    "pareto": ("improve-pareto", gettext_lazy("Stops")),
    "waterfall": ("improve-waterfall", gettext_lazy("Waterfall")),
    "trends": ("improve-trends", gettext_lazy("Trends")),
    "compare": ("improve-compare", gettext_lazy("Compare")),
    "costs": ("improve-costs", gettext_lazy("Costs")),
    "targets": ("improve-targets", gettext_lazy("Targets")),
    "policies": ("policies", gettext_lazy("Policies")),
    "readiness": ("readiness", gettext_lazy("Readiness")),  # of an upper package: known by its address only
    "forecast": ("forecasts", gettext_lazy("Forecast")),  # likewise
    "phases": ("phases", gettext_lazy("Phases")),  # likewise
    "signals": ("signals", gettext_lazy("Signals")),  # likewise
}
"""Page to the name of its address and its word, in the order of the tabs."""


class Drawn(NamedTuple):
    """A chart with the words for those who do not see it; its numbers stand in a table of the same page."""

    key: str
    chart: Chart
    words: str


@dataclass
class Content:
    """What a page shows: tables in order, charts, its leading sentence, and whatever else its template wants."""

    tables: Sequence[Table]
    charts: Sequence[Drawn] = ()
    sentence: str = ""
    figure: Figure | None = None
    more: dict[str, Any] = field(default_factory=dict)


Build = Callable[[Asked, HttpRequest], Content]
View = Callable[[HttpRequest], HttpResponse]


def losses_page(name: str, *, keep: Sequence[str] = ()) -> Callable[[Build], View]:
    """A page of this name (its address, its template, its files) from a function that fills it."""

    def decorate(build: Build) -> View:
        @login_required
        @require_safe
        @wraps(build)
        def view(request: HttpRequest) -> HttpResponse:
            now = datetime.now(UTC)
            try:
                asked = asked_of(request, now, keep)
                content = build(asked, request)
            except (AskedWrong, TooMuch) as wrong:
                return render(request, "improve/wrong.html", {"why": str(wrong), "here": name}, status=400)
            except NoPlace:
                return render(request, "improve/wrong.html", {"why": no_place_words(), "here": ""})
            file = _file(request, name, asked, content)
            return file or render(request, f"improve/{name}.html", _context(request, name, asked, content))

        return view

    return decorate


def no_place_words() -> str:
    """What a person without machines reads."""
    return _("No line with machines is assigned to you. Ask an admin to give you one.")


def _context(request: HttpRequest, name: str, asked: Asked, content: Content) -> dict[str, Any]:
    return {
        "query": "?" + request.GET.urlencode() + ("&" if request.GET else ""),
        "here": name,
        "asked": asked,
        "options": asked.options(),
        "spans": [(key, word, asked.query(range=key), key == asked.span) for key, word in SPANS.items()],
        "tabs": tabs(name, asked, request.user),
        "tables": {table.key: table for table in content.tables},
        "charts": {drawn.key: drawn for drawn in content.charts},
        "sentence": content.sentence,
        "figure": content.figure,
        "notes": [note.text for note in content.figure.kpi.notes] if content.figure else [],
        **content.more,
    }


def tabs(here: str, asked: Asked, user: object) -> list[tuple[str, str, bool]]:
    """Name, address and whether it is this page, of each losses page; the place and the time go along."""
    query = asked.query(**dict.fromkeys(asked.more, ""))
    shown = {page: said for page, said in PAGES.items() if page != "costs" or may(user, "see_costs")}
    return [(str(word), reverse(address) + query, page == here) for page, (address, word) in shown.items()]


def _file(request: HttpRequest, name: str, asked: Asked, content: Content) -> HttpResponse | None:
    """The tables as a file where the address asks for one: `format=csv|xlsx`, `table=` names one of them."""
    wanted, key = request.GET.get("format", ""), request.GET.get("table", "")
    if not wanted:
        return None
    table = named(content.tables, key) if key else None
    if wanted not in ("csv", "xlsx") or (key and table is None) or not content.tables:
        raise Http404(wanted)
    file = f"{name}-{asked.place.code}-{asked.first_day}"
    if wanted == "csv":
        return csv_answer(table or content.tables[0], about_of(asked, content.figure), file)
    return xlsx_answer([table] if table else content.tables, about_of(asked, content.figure), file)


def about_of(asked: Asked, figure: Figure | None) -> list[tuple[str, str]]:
    """What a file's numbers are of: place, time, policy and how much of the time is known."""
    coverage = figure.kpi.coverage if figure else None
    return about(
        (_("Place"), f"{asked.name} ({asked.place.kind} {asked.place.code})"),
        (_("From"), f"{iso(asked.start)} ({local_day_time(asked.start, asked.zone)} {asked.zone})"),
        (_("To"), f"{iso(asked.end)} ({local_day_time(asked.end, asked.zone)} {asked.zone})"),
        (_("Policy"), figure.policy.label if figure else ""),
        (_("Time with data"), f"{words.percent(coverage)} %" if coverage is not None else ""),
        (_("Written"), iso(asked.now)),
    )
