"""`/improve/pareto/`: what stopped the machines, by minutes or by number; `/improve/stops/`: the stops behind a bar."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mes.charting.charts import Bar, pareto_chart
from mes.downtime.queries import stop_ref
from mes.losses.stop_minutes import (
    NO_REASON,
    SHORT,
    WAITING,
    Group,
    Lost,
    grouped,
    own_losses,
    stop_minutes,
    stops_listed,
    without_reason,
)
from mes.oee.losses import pareto as ranked
from mes.screens import words
from mes.screens.improve.asked import Asked
from mes.screens.improve.page import Content, Drawn, losses_page
from mes.screens.improve.series import whole
from mes.screens.improve.tables import Column, Row, Table
from mes.screens.templatetags.amounts import local_day_time

MIN_MS = 60_000
BARS = 15
MOST_STOPS = 300
BY = {
    "reason": gettext_lazy("Reason"),
    "machine": gettext_lazy("Machine"),
    "machine_reason": gettext_lazy("Machine and reason"),
    "item": gettext_lazy("Item"),
    "shift": gettext_lazy("Shift"),
    "crew": gettext_lazy("Crew"),
}
COUNTED = {"minutes": gettext_lazy("Minutes"), "stops": gettext_lazy("Number of stops")}
ONLY = ("reason", "item", "shift", "crew", "machine")
COLOURS = {NO_REASON: "@no_data", WAITING: "@waiting", SHORT: "@slow"}


@losses_page("pareto", keep=["by", "count"])
def pareto(asked: Asked, request: HttpRequest) -> Content:
    """The page of bars."""
    by, count = asked.more.get("by", "reason"), asked.more.get("count", "minutes")
    by, count = by if by in BY else "reason", count if count in COUNTED else "minutes"
    losses = stop_minutes(asked.place.work_centers, *asked.window, now=asked.now)
    groups = grouped(losses, by)
    table = pareto_table(asked, groups, by, count)
    more = {
        "bys": [(word, asked.query(by=key), key == by) for key, word in BY.items()],
        "counts": [(word, asked.query(count=key), key == count) for key, word in COUNTED.items()],
        "unexplained": unexplained(asked, losses),
    }
    return Content([table], [drawn(asked, groups, by, count)], sentence(asked, losses), whole(asked), more)


@losses_page("stops", keep=ONLY)
def stop_list(asked: Asked, request: HttpRequest) -> Content:
    """The stops behind a bar, the longest first. An empty filter means: without one (no order, no crew)."""
    get = request.GET
    only = {name: asked.more.get(name, "") for name in ONLY if name in get}
    places = [wc for wc in asked.place.work_centers if only.get("machine", wc.code) == wc.code]
    found = stops_listed(places, *asked.window, now=asked.now, only=only, most=MOST_STOPS + 1) if places else []
    rows = [
        Row(
            [
                stop.work_center.name,
                local_day_time(stop.starts_at, asked.zone),
                local_day_time(stop.ends_at, asked.zone) if stop.ends_at else _("still"),
                ms / MIN_MS,
                stop.state,
                stop.reason.name if stop.reason else "",
                stop.note,
                stop.explained_by,
            ],
            href=reverse("stop", args=[stop_ref(stop)]) if stop.pk else "",
        )
        for stop, ms in found[:MOST_STOPS]
    ]
    heads = [(_("Machine"), None), (_("From"), None), (_("To"), None), (_("In planned time"), 1)]
    heads += [(_("State"), None), (_("Reason"), None), (_("Note"), None), (_("By"), None)]
    keys = ("machine", "from", "to", "minutes", "state", "reason", "note", "by")
    columns = [
        Column(key, head, "min" if digits else "", digits) for key, (head, digits) in zip(keys, heads, strict=True)
    ]
    table = Table("stops", _("Stops, the longest first"), columns, rows, _("No stop of this kind in this time."))
    back = asked.query(**dict.fromkeys(ONLY, ""))
    more = {"only": [*only_words(only)], "cut": MOST_STOPS if len(found) > MOST_STOPS else 0, "back": back}
    return Content([table], more=more)


def only_words(only: dict[str, str]) -> list[str]:
    """What narrows the list, in words."""
    return [f"{BY[name]}: {value or words.NONE}" for name, value in only.items()]


def pareto_table(asked: Asked, groups: Sequence[Group], by: str, count: str) -> Table:
    """Every group with its minutes, stops, mean length, and running share of what is counted."""
    measure = {group.key: group.lost_ms if count == "minutes" else group.stops for group in groups}
    known = {group.key: group for group in groups}
    rows = []
    for bar in ranked(measure):
        group = known[bar.key]
        rows.append(
            Row(
                [
                    group.name,
                    group.lost_ms / MIN_MS,
                    group.stops,
                    group.lost_ms / MIN_MS / group.stops if group.stops else None,
                    None if bar.share is None else bar.share * 100,
                    None if bar.cumulative is None else bar.cumulative * 100,
                ],
                href=href(asked, by, group.key),
                share=bar.share,
            )
        )
    columns = [
        Column(by, BY[by]),
        Column("minutes", _("Lost"), "min", 1),
        Column("stops", _("Stops"), "", 0),
        Column("mean", _("Mean"), "min", 1),
        Column("share", _("Share"), "%", 1),
        Column("running", _("Running share"), "%", 1),
    ]
    return Table("pareto", _("What stopped the machines"), columns, rows, _("No planned time was lost to stops."))


def drawn(asked: Asked, groups: Sequence[Group], by: str, count: str) -> Drawn:
    """The largest bars with the running share of all."""
    measure = {group.key: group.lost_ms / MIN_MS if count == "minutes" else group.stops for group in groups}
    known = {group.key: group for group in groups}
    bars, shares = [], []
    for row in ranked({key: int(value * MIN_MS) for key, value in measure.items()})[:BARS]:
        group = known[row.key]
        text = minutes_and_stops(group)
        reason = group.key.rpartition("/")[2]
        colour = COLOURS.get(reason, "@down") if by in ("reason", "machine_reason") else "@down"
        bars.append(Bar(group.name, float(measure[row.key]), colour, href(asked, by, group.key), text))
        shares.append(row.cumulative)
    unit = "min" if count == "minutes" else _("stops")
    chart = pareto_chart(bars, shares, unit=unit, share_word=_("Running share"))
    return Drawn("pareto", chart, _("The largest bars with the running share; the table below has every one"))


def href(asked: Asked, by: str, key: str) -> str:
    """The address of the stops behind a bar."""
    only = {by: key}
    if by == "machine_reason":
        machine, _slash, reason = key.partition("/")
        only = {"machine": machine, "reason": reason}
    empty = "".join(f"&{name}=" for name, value in only.items() if not value)
    return reverse("improve-stops") + asked.query(**dict.fromkeys(asked.more, ""), **only) + empty


def sentence(asked: Asked, losses: Sequence[Lost]) -> str:
    """The largest loss in words, what a supervisor reads first: machine and reason, minutes, stops."""
    groups = grouped(own_losses(losses) or losses, "machine_reason")
    if not groups or not groups[0].lost_ms:
        return _("No planned time was lost to stops %(when)s.") % {"when": asked.said}
    first = groups[0]
    said = _("Biggest loss %(when)s: %(what)s, %(amount)s.")
    return said % {"when": asked.said, "what": first.name, "amount": minutes_and_stops(first)}


def minutes_and_stops(group: Group) -> str:
    """ "312 min, 41 stops"."""
    stops = ngettext("%(n)s stop", "%(n)s stops", group.stops) % {"n": words.number(group.stops)}
    return _("%(minutes)s min, %(stops)s") % {"minutes": words.number(group.lost_ms / MIN_MS), "stops": stops}


def unexplained(asked: Asked, losses: Sequence[Lost]) -> dict[str, str] | None:
    """How much of the stop time that should have a reason has none, and where to give one; None where all is told."""
    without, asking = without_reason(losses)
    if not without:
        return None
    said = _("%(share)s %% of the stop time that should have a reason has none: %(minutes)s min.")
    text = said % {"share": words.percent(without / asking), "minutes": words.number(without / MIN_MS)}
    return {"text": text, "href": href(asked, "reason", NO_REASON)}
