"""Signals in words: what was seen, since when, and how often the kind was right. Pages, the floor and the API agree."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.models import Signal
from analytics.signals.record import Right
from mes.screens.templatetags.amounts import local_day_time
from mes.screens.words import number

# The look of a state of the floor; the word always stands beside it.
FACES = {
    "slow": "slow", "drift": "slow", "target": "down", "rule": "quality", "still": "no_data", "falls": "no_data",
    "clock": "no_data", "silent": "no_data",
}  # fmt: skip


def saw_text(signal: Signal) -> str:
    """What was seen, in one sentence with its figures."""
    return _SAYS[signal.kind](signal.saw)


def since_text(signal: Signal) -> str:
    """From when to when, in the plant's time."""
    zone = signal.line.area.site.time_zone
    told = {"since": local_day_time(signal.began, zone)}
    if signal.ended is None:
        return _("since %(since)s") % told
    told["until"] = local_day_time(signal.ended, zone)
    return _("from %(since)s until %(until)s") % told


def right_text(right: Right | None) -> str:
    """How often this kind was right at the line."""
    if right is None:
        return _("no record yet")
    return _("right %(n)s of %(all)s") % {"n": right.right, "all": right.judged}


def place_text(signal: Signal) -> str:
    """The machine where there is one, else the line."""
    return signal.work_center.name if signal.work_center else signal.line.name


def _slow(saw: dict[str, Any]) -> str:
    told = {"percent": f"{100 * saw['slower']:.0f}", "down": saw["down_min"], "micro": saw["micro_min"]}
    told |= {"changeover": saw["changeover_min"]}
    return (
        _(
            "While it runs it makes %(percent)s %% less than is its habit with this product. Not counted: %(down)s min"
            " of stops, %(micro)s min of micro-stops and %(changeover)s min of changing over."
        )
        % told
    )


def _drift(saw: dict[str, Any]) -> str:
    return _("Shifts make steadily another amount than their forecasts expect.")


def _target(saw: dict[str, Any]) -> str:
    told = {"percent": f"{100 * saw['risk']:.0f}", "shift": saw["shift"], "made": number(saw["made"])}
    told |= {"target": number(saw["target"]), "expected": number(saw["expected"])}
    return (
        _(
            "%(shift)s will miss its plan of %(target)s with a risk of %(percent)s %%: %(made)s were made, %(expected)s"
            " are expected at its end."
        )
        % told
    )


def _rule(saw: dict[str, Any]) -> str:
    charts = []
    for chart in saw["charts"]:
        why = [_("out of limits")] if chart["out"] else []
        charts.append(f"{chart['name']} ({', '.join([*why, *chart['rules']])})")
    return _("The newest check signals: %(charts)s.") % {"charts": "; ".join(charts)}


def _still(saw: dict[str, Any]) -> str:
    return _("The machine runs, but no counter has moved for %(n)s minutes.") % {"n": saw["minutes"]}


def _falls(saw: dict[str, Any]) -> str:
    parts = []
    if saw["falls"]:
        n = saw["falls"]
        parts.append(ngettext("The counter fell back %(n)s time", "The counter fell back %(n)s times", n) % {"n": n})
    if saw["held"]:
        n = saw["held"]
        parts.append(ngettext("%(n)s count was held back", "%(n)s counts were held back", n) % {"n": n})
    return _("%(what)s within an hour.") % {"what": "; ".join(parts)}


def _clock(saw: dict[str, Any]) -> str:
    if saw["ahead_s"]:
        return _("The newest reading is %(s)s s ahead of the server's clock.") % {"s": saw["ahead_s"]}
    told = {"late": saw["looks"] - saw["prompt"], "looks": saw["looks"]}
    return _("%(late)s of %(looks)s looks found no reading in time.") % told


def _silent(saw: dict[str, Any]) -> str:
    return _("Nothing has been heard of the machine: what it does is unknown.")


_SAYS: dict[str, Callable[[dict[str, Any]], str]] = {
    "slow": _slow, "drift": _drift, "target": _target, "rule": _rule, "still": _still, "falls": _falls,
    "clock": _clock, "silent": _silent,
}  # fmt: skip
