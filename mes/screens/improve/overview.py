"""`/improve/`: the sentence a supervisor needs first, OEE over time, the largest losses, targets against OEE."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.utils.translation import gettext as _

from mes.charting.charts import Bar, bar_chart
from mes.losses.stop_minutes import Group, Lost, TooMuch, grouped, own_losses, stop_minutes
from mes.oee.figures import Figure, figures, figures_by
from mes.oee.places import Place
from mes.oee.witnessed import bounded, heard_of
from mes.production.models import Item
from mes.production.targets import targets_of
from mes.screens import words
from mes.screens.improve.asked import Asked
from mes.screens.improve.kpis import BY_FIELD, FOUR, faint, scaled
from mes.screens.improve.page import Content, Drawn, losses_page
from mes.screens.improve.pareto import COLOURS, MIN_MS, href, minutes_and_stops, sentence, unexplained
from mes.screens.improve.series import group_for, whole_and_parts, why
from mes.screens.improve.tables import Column, Row, Table
from mes.screens.improve.target_words import machines_for, place_targets, share_of
from mes.screens.improve.trends import trend_of, trend_table
from mes.screens.improve.waterfall import sentence as six_sentence
from mes.screens.improve.waterfall import six_table
from mes.screens.templatetags.explaining import why_address

TOP = 5
NO_OEE = ("mixed-units", "not-scheduled", "no-data", "no-ideal")
"""Notes that say why a place has no OEE of its own; the table of its lines may have theirs."""
MOST_LINES = 60
"""Lines of a site that are compared with their targets on one page; each costs a roll-up of its own."""


@losses_page("overview", keep=["group"])
def overview(asked: Asked, request: HttpRequest) -> Content:
    """The page."""
    figure, parts = whole_and_parts(asked, group_for(asked))
    losses: list[Lost] = []
    too_much = ""
    try:
        losses = stop_minutes(asked.place.work_centers, *asked.window, now=asked.now)
    except TooMuch as refused:
        too_much = str(refused)
    top = grouped(own_losses(losses) or losses, "machine_reason")[:TOP]
    oee = BY_FIELD["oee"]
    tables = [
        top_table(asked, top),
        six_table(asked, figure),
        target_table(asked),
        trend_table(asked, parts, oee),
    ]
    shown = bounded(figure.kpi, heard_of(asked.place, figure.start, figure.end))
    more = {
        "four": [four(asked, figure, one.field) for one in FOUR],
        "target": scaled(share_of(place_targets(asked), asked.end), 100),
        "low": scaled(shown.oee_low, 100),
        "high": scaled(shown.oee_high, 100),
        "between": shown.oee_low != shown.oee_high,
        "faint": faint(figure),
        "second": six_sentence(asked, figure),
        "unexplained": unexplained(asked, losses),
        "too_much": too_much,
        "missing": next((note.text for note in figure.kpi.notes if note.code in NO_OEE), ""),
    }
    charts = [top_chart(asked, top)]
    if any(part.figure.kpi.oee is not None for part in parts):
        charts.append(trend_of(asked, parts, oee))
    return Content(tables, charts, too_much or sentence(asked, losses), figure, more)


def four(asked: Asked, figure: Figure, field: str) -> dict[str, object]:
    """OEE or a factor as its card shows it: name, text, and where it is explained."""
    measure = BY_FIELD[field]
    text = words.number(measure.value(figure), measure.digits)
    return {"name": measure.name, "text": text, "why": why(asked, figure, field), "field": field}


def top_table(asked: Asked, top: Sequence[Group]) -> Table:
    """The largest stop losses by machine and reason."""
    most = top[0].lost_ms if top else 0
    rows = [
        Row(
            [group.name, group.lost_ms / MIN_MS, group.stops],
            href=href(asked, "machine_reason", group.key),
            share=group.lost_ms / most if most else None,
        )
        for group in top
    ]
    columns = [
        Column("loss", _("Machine and reason")),
        Column("minutes", _("Lost"), "min", 1),
        Column("stops", _("Stops"), "", 0),
    ]
    return Table("top", _("Largest stop losses"), columns, rows, _("No planned time was lost to stops."))


def top_chart(asked: Asked, top: Sequence[Group]) -> Drawn:
    """The same as bars."""
    bars = [
        Bar(
            group.name,
            group.lost_ms / MIN_MS,
            COLOURS.get(group.key.rpartition("/")[2], "@down"),
            href(asked, "machine_reason", group.key),
            minutes_and_stops(group),
        )
        for group in top
    ]
    return Drawn(
        "top", bar_chart(bars, unit="min"), _("The largest stop losses as bars; the table has the same numbers")
    )


def target_table(asked: Asked) -> Table:
    """Target against OEE: of a site's or area's lines, of a line's machines, of a machine's items (R41)."""
    kind = asked.place.kind
    found = _items(asked) if kind == "work_center" else _machines(asked) if kind == "line" else _lines(asked)
    rows = []
    for name, figure, target, address in found:
        oee = scaled(figure.kpi.oee, 100)
        goal = scaled(target, 100)
        ahead = None if oee is None or goal is None else oee - goal
        values = [name, goal, oee, ahead, scaled(figure.kpi.coverage, 100)]
        rows.append(Row(values, href=address[0], why=address[1], faint=faint(figure), strong=(ahead or 0) < 0))
    word = {"work_center": _("Item"), "line": _("Machine")}.get(kind, _("Line"))
    columns = [
        Column("what", word),
        Column("target", _("Target"), "%", 1),
        Column("oee", _("OEE"), "%", 1),
        Column("ahead", _("To target"), _("points"), 1, signed=True),
        Column("known", _("Time with data"), "%", 0),
    ]
    return Table("targets", _("Targets against what was reached"), columns, rows, _("Nothing was made in this time."))


Compared = list[tuple[str, Figure, float | None, tuple[str, str]]]


def _lines(asked: Asked) -> Compared:
    targets = targets_of(asked.place.work_centers, asked.end)
    found: Compared = []
    for line, machines in asked.place.lines[:MOST_LINES]:
        [figure] = figures(Place("line", line.code, machines), [asked.window], now=asked.now)
        goal = share_of([targets[wc.pk] for wc in machines_for(machines)], asked.end)
        explained = why_address("line", line.code, figure.start, figure.end)
        found.append((line.name, figure, goal, (asked.query(line=line.code), explained)))
    return found


def _machines(asked: Asked) -> Compared:
    targets = targets_of(asked.place.work_centers, asked.end)
    found: Compared = []
    for wc in asked.place.work_centers:
        [figure] = figures(Place("work_center", wc.code, [wc]), [asked.window], now=asked.now)
        explained = why_address("work_center", wc.code, figure.start, figure.end)
        goal = share_of([targets[wc.pk]], asked.end)
        found.append((wc.name, figure, goal, (asked.query(work_center=wc.code), explained)))
    return found


def _items(asked: Asked) -> Compared:
    machine = asked.place.work_centers[0]
    targets = targets_of([machine], asked.end)[machine.pk]
    parts = figures_by(asked.place, "item", asked.window, now=asked.now)
    pks = dict(Item.objects.filter(code__in=[p.key["item"] for p in parts if p.key["item"]]).values_list("code", "pk"))
    return [
        (part.key["item"], part, float(targets.at(pks.get(part.key["item"]), asked.end)), ("", ""))
        for part in parts
        if part.key["item"]
    ]
