"""Readiness in words: names, formulas, what blocks a line, who mends it and where. Pages and the API say the same."""

from math import inf
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.readiness.gates import DAYS_OF_CONSISTENCY
from mes.screens.words import NONE, number

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DIMENSIONS: dict[str, "StrOrPromise"] = {
    "completeness": gettext_lazy("Completeness"),
    "timeliness": gettext_lazy("Timeliness"),
    "validity": gettext_lazy("Validity"),
    "consistency": gettext_lazy("Consistency"),
    "structure": gettext_lazy("Structure"),
    "quantity": gettext_lazy("Quantity"),
    "stability": gettext_lazy("Stability"),
}

PHASES: dict[int, "StrOrPromise"] = {
    0: gettext_lazy("No gate open yet"),
    1: gettext_lazy("Connected"),
    2: gettext_lazy("Contextualised"),
    3: gettext_lazy("ERP-integrated"),
    4: gettext_lazy("Predictive"),
    5: gettext_lazy("Adaptive"),
}

UNLOCKS: dict[int, "StrOrPromise"] = {
    1: gettext_lazy("tiles, counts and stops worth trusting"),
    2: gettext_lazy("OEE and Pareto worth comparing, control charts, outlook by plan arithmetic"),
    3: gettext_lazy("expected finish of orders, forecasts from the line's own rate"),
    4: gettext_lazy("forecasts with a band that was tried, signals of slow running and of stops to come"),
    5: gettext_lazy("better methods promoted by rule, proposals for another order of orders, limits that learn"),
}

OWNERS: dict[str, "StrOrPromise"] = {
    "controls": gettext_lazy("Controls engineering"),
    "it": gettext_lazy("IT"),
    "operations": gettext_lazy("Operations"),
    "planning": gettext_lazy("Planning"),
    "time": gettext_lazy("Nobody: it takes time"),
}

NAMES: dict[str, "StrOrPromise"] = {
    "heard": gettext_lazy("Planned time with data"),
    "unbroken": gettext_lazy("Planned time without long silences"),
    "completeness": gettext_lazy("Planned time with data, day by day"),
    "prompt": gettext_lazy("Readings at most two polls late"),
    "plausible": gettext_lazy("Minutes with plausible data"),
    "witness": gettext_lazy("Counts that a witness confirms"),
    "coded": gettext_lazy("Down time with a reason"),
    "linked": gettext_lazy("Running time on an order with an ideal rate"),
    "calendar": gettext_lazy("Shifts known 14 days ahead"),
    "archived": gettext_lazy("Days with an archived plan"),
    "weeks": gettext_lazy("Usable weeks"),
    "psi": gettext_lazy("Change of the hourly rate (PSI)"),
    "drift": gettext_lazy("Days without an open alarm of drift"),
    "fresh": gettext_lazy("Planned time with data, last 24 hours"),
    "queue": gettext_lazy("Days with orders in the archived plan"),
    "linked_95": gettext_lazy("Running time on an order, for a forecast"),
    "weeks_12": gettext_lazy("Usable weeks, for learning"),
    "own_forecasts": gettext_lazy("Own forecasts that came true or not"),
    "skill": gettext_lazy("Skill against the 28-day rate"),
    "held": gettext_lazy("80 % band held, last 84 shifts"),
    "held_long": gettext_lazy("80 % band held, 84 days"),
    "r": gettext_lazy("Readiness R"),
    "drift_open": gettext_lazy("Open alarm of drift"),
    "approver": gettext_lazy("Named approver"),
}

FORMULAS: dict[str, "StrOrPromise"] = {
    "heard": gettext_lazy(
        "Planned time in which it is known what the machines did / planned time. Polls are not counted one by one:"
        " silences of up to three polls do not show here."
    ),
    "unbroken": gettext_lazy("1 - planned time in silences longer than five polls / planned time."),
    "prompt": gettext_lazy(
        "Looks at the newest stored reading that found it at most two polls late / all looks, one every 15 seconds"
        " while the controller answers. A clock that is ahead by more than 2 seconds counts as late. Without an ERP"
        " connected the age of its data is no part of this; with one, its age stands on the planner's ERP pages."
    ),
    "plausible": gettext_lazy(
        "1 - minutes with more than 1.25 x the ideal rate, a count held back or a state code that is in no map /"
        " minutes with data. Repeated and out-of-order readings are dropped when they arrive and do not count here."
    ),
    "witness": gettext_lazy(
        "Only from sources this product did not feed: a neighbour's counter, pallet scans, counts by hand. Without any,"
        " the line is unwitnessed and the weight is shared among the other dimensions."
    ),
    "coded": gettext_lazy(
        "Unplanned down time (no micro-stops) whose reason was given within 24 hours / all of it. Reasons like other or"
        " unknown count for at most a tenth of the down time."
    ),
    "linked": gettext_lazy(
        "Planned running time on an order whose item has an ideal rate there / planned running time."
    ),
    "calendar": gettext_lazy("1 if shifts are known at least 14 days ahead, else 0."),
    "archived": gettext_lazy("Planned days whose order queue and shifts were archived / planned days."),
    "weeks": gettext_lazy(
        "Weeks of the last twelve in which at least half of the planned hours were observed, imported ones included."
        " Twelve weeks make the bands of a forecast trustworthy, below four they are wrong."
    ),
    "psi": gettext_lazy(
        "Population stability index of the hourly rate over its deciles: the last 28 days against the days before,"
        " up to 84. Needs 100 hours of each."
    ),
    "drift": gettext_lazy(
        "1 - days of the last 84 on which an alarm of drift was open / 28. Left out while nothing is forecast."
    ),
}

# Check -> the names of the pages that mend it, the first that exists; whether the page takes ?line=, and more.
_LINKS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "completeness": (("controllers",), {}),
    "heard": (("controllers",), {}),
    "unbroken": (("controllers",), {}),
    "prompt": (("controllers",), {}),
    "plausible": (("counts", "controllers"), {"line": "LINE"}),
    "witness": (("witness", "counts"), {"line": "LINE"}),
    "coded": (("stops",), {"need": "reason", "line": "LINE"}),
    "linked": (("orders",), {"line": "LINE"}),
    "calendar": (("calendar",), {"line": "LINE"}),
    "psi": (("improve-trends", "shifts"), {"line": "LINE"}),
    "drift": (("improve-trends", "shifts"), {"line": "LINE"}),
    "drift_open": (("improve-trends", "shifts"), {"line": "LINE"}),
    "fresh": (("controllers",), {}),
    "queue": (("orders",), {"line": "LINE"}),
    "linked_95": (("orders",), {"line": "LINE"}),
}

# Pages of the line itself.
_LINE_PAGES = {
    "weeks": "readiness-import",
    "weeks_12": "readiness-import",
    "approver": "line-phases",
    "r": "line-readiness",
    "own_forecasts": "line-forecast",
    "skill": "line-forecast",
    "held": "line-forecast",
    "held_long": "line-forecast",
}


def link_of(key: str, line: str) -> str:
    """The page on which a blocker can be mended; empty where there is none (only time helps)."""
    if key in _LINE_PAGES:
        try:
            return reverse(_LINE_PAGES[key], args=[line])
        except NoReverseMatch:
            return reverse("line-phases", args=[line])
    names, query = _LINKS.get(key, ((), {}))
    for name in names:
        try:
            path = reverse(name)
        except NoReverseMatch:
            continue
        filled = {word: line if value == "LINE" else value for word, value in query.items()}
        return f"{path}?{urlencode(filled)}" if filled else path
    return ""


def value_text(key: str, value: float | None) -> str:
    """A measure's value as people read it: percent, weeks, an index, yes or no."""
    if value is None:
        return NONE
    if key in ("calendar", "drift_open", "approver"):
        return _("yes") if value >= 1 else _("no")
    if key in ("weeks", "weeks_12"):
        return number(value, 1)
    if key in ("own_forecasts", "r"):
        return number(int(value))
    if key == "psi":
        return number(value, 2)
    percent = _cut(value * 100)
    return _("%(percent)s\u00a0%%") % {"percent": number(percent, 0 if percent == int(percent) else 1)}


def needs_text(check: dict[str, Any]) -> str:
    """What a check or blocker needs: "90 %", or "70 % to 90 %" where too much is as bad as too little."""
    key, most = check["key"], check.get("most")
    needs = value_text(key, check["needs"])
    if key == "skill":
        return _("more than %(needs)s") % {"needs": needs}
    return needs if most is None else _("%(needs)s to %(most)s") % {"needs": needs, "most": value_text(key, most)}


def _cut(percent: float) -> float:
    """One decimal, cut and not rounded: 89.96 % is not 90.0 %, of which a gate would say that it is too little."""
    return int(percent * 10 + 1e-6) / 10


def blocker_text(blocker: dict[str, Any]) -> str:
    """What is wrong and how much is needed, in one sentence that begins with what to do."""
    key, value = blocker["key"], blocker["value"]
    told = {
        "value": value_text(key, value),
        "needs": needs_text(blocker),
        "days": blocker["days"],
        "needs_days": blocker["needs_days"],
        "fortnight": DAYS_OF_CONSISTENCY,
    }
    if key == "witness" and (value is None or value >= blocker["needs"]):
        return (
            _("Find the wrong count: a witness contradicts one; none may do so on the last %(fortnight)s days.") % told
        )
    if value is None:
        return str(_UNMEASURED.get(key, gettext_lazy("%(name)s: not measured yet."))) % (told | {"name": NAMES[key]})
    if blocker["needs_days"] and blocker["needs"] <= value <= (blocker.get("most") or inf):
        sentence = _("Wait: “%(name)s” is good on %(days)s of the %(needs_days)s days in a row that are needed.")
        return sentence % (told | {"name": NAMES[key]})
    return str(_BLOCKED[key]) % told


_BLOCKED: dict[str, "StrOrPromise"] = {
    "completeness": gettext_lazy(
        "Mend the connection: on the worst of the last days there is data for %(value)s of the planned time; needs"
        " %(needs)s on %(needs_days)s days in a row."
    ),
    "heard": gettext_lazy("Mend the connection: there is data for %(value)s of the planned time; green is %(needs)s."),
    "unbroken": gettext_lazy(
        "Mend the long silences: %(value)s of the planned time is without them; green is %(needs)s."
    ),
    "prompt": gettext_lazy("Speed up the readings: %(value)s are at most two polls late; needs %(needs)s."),
    "plausible": gettext_lazy("Look at the counters: %(value)s of the minutes are plausible; needs %(needs)s."),
    "witness": gettext_lazy(
        "Find the wrong count: witnesses confirm %(value)s; needs %(needs)s on each of %(fortnight)s days."
    ),
    "coded": gettext_lazy("Code the stops: %(value)s of the down time has a reason; needs %(needs)s."),
    "linked": gettext_lazy(
        "Start orders at the machines: %(value)s of the running time is on an order with an ideal rate; needs"
        " %(needs)s."
    ),
    "calendar": gettext_lazy("Plan the shifts: they are not known for the next 14 days."),
    "archived": gettext_lazy("Wait: the plan is archived on %(value)s of the last planned days; needs %(needs)s."),
    "weeks": gettext_lazy("Wait, or import history: %(value)s usable weeks are recorded; needs %(needs)s."),
    "psi": gettext_lazy("Look at the rate: it changed by an index of %(value)s; green is %(needs)s."),
    "drift": gettext_lazy("Look at the rate: %(value)s of four weeks were without an alarm; green is %(needs)s."),
    "fresh": gettext_lazy(
        "Mend the connection: in the last 24 hours there is data for %(value)s of the planned time; needs %(needs)s."
    ),
    "queue": gettext_lazy("Bring orders in: %(value)s of the planned days had any in their plan; needs %(needs)s."),
    "linked_95": gettext_lazy(
        "Start orders at the machines: %(value)s of the running time is on an order with an ideal rate; a forecast"
        " needs %(needs)s."
    ),
    "weeks_12": gettext_lazy("Wait, or import history: %(value)s usable weeks are recorded; needs %(needs)s."),
    "own_forecasts": gettext_lazy("Wait: %(value)s of its forecasts could be compared so far; needs %(needs)s."),
    "skill": gettext_lazy("Look at the forecast: its skill against the 28-day rate is %(value)s; needs %(needs)s."),
    "held": gettext_lazy("Look at the forecast: its 80 %% band held %(value)s of the shifts; needs %(needs)s."),
    "held_long": gettext_lazy("Look at the forecast: its 80 %% band held %(value)s in 84 days; needs %(needs)s."),
    "r": gettext_lazy("Raise the readiness: R is %(value)s; needs %(needs)s."),
    "drift_open": gettext_lazy("Look at the rate: an alarm of drift is open."),
    "approver": gettext_lazy("Name who approves another method for this line's forecast."),
}

_UNMEASURED: dict[str, "StrOrPromise"] = {
    "completeness": gettext_lazy("Connect the line: nothing was heard of it yet."),
    "heard": gettext_lazy("Connect the line: nothing was heard of it yet."),
    "plausible": gettext_lazy("Connect the line: there is no minute with data yet."),
    "prompt": gettext_lazy("Wait: how late readings come was not looked at in the last planned days yet."),
    "coded": gettext_lazy("Wait: no stop was longer than a micro-stop yet, so none could get a reason."),
    "linked": gettext_lazy("Wait: no machine ran in planned time yet, so none could run on an order."),
    "archived": gettext_lazy("Wait: no planned day has passed yet."),
    "psi": gettext_lazy("Wait: too few hours are recorded to tell whether the rate changed."),
    "linked_95": gettext_lazy("Wait: no machine ran in planned time yet, so none could run on an order."),
    "skill": gettext_lazy("Wait: no forecast could be compared with the 28-day rate yet."),
    "held": gettext_lazy("Wait: no forecast of a shift has come true or not yet."),
    "held_long": gettext_lazy("Wait: no forecast of a shift has come true or not yet."),
    "drift_open": gettext_lazy("Wait: nobody watches for drift before the line forecasts."),
}


def gain_text(blocker: dict[str, Any]) -> str:
    """What mending it wins: less error of forecasts where that was measured, and the phase it holds shut."""
    parts = []
    if blocker["gain"] is not None and blocker["gain"] >= 0.005:
        percent = number(blocker["gain"] * 100)
        parts.append(_("about %(percent)s %% less error in forecasts") % {"percent": percent})
    if blocker["phase"]:
        told = {"phase": blocker["phase"], "unlocks": UNLOCKS[blocker["phase"]]}
        parts.append(_("opens phase %(phase)s (%(unlocks)s)") % told)
    if not blocker["phase"] and blocker["r_gain"] >= 0.5:
        parts.append(_("%(points)s points of readiness") % {"points": number(blocker["r_gain"])})
    return ", ".join(parts) or _("little by itself")


def when_text(blocker: dict[str, Any]) -> str:
    """When it can be done at best, if everything goes well from now on; empty where time alone says nothing."""
    days = blocker["wait_days"]
    if days is None:
        return ""
    if not days:
        return _("at best when this day has ended")
    told = {"days": days, "day": blocker.get("ready_on") or ""}
    if blocker["key"] in ("weeks", "weeks_12"):
        return _("at best in %(weeks)s weeks, on %(day)s") % (told | {"weeks": number(days / 7, 1)})
    if not told["day"]:
        return _("at best after %(days)s planned days, which are not in the calendar yet") % told
    return _("at best after %(days)s planned days, on %(day)s") % told
