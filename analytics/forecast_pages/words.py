"""Forecasts in words: one number with its band, its record beside it, why there is none, and where that is mended."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.readiness_pages import words
from mes.screens.templatetags.amounts import local_day_time
from mes.screens.words import NONE, number, percent

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

GRAINS: dict[str, "StrOrPromise"] = {
    "shift": gettext_lazy("Shifts"),
    "hour": gettext_lazy("Hours"),
    "day": gettext_lazy("Days"),
}

LEVELS: dict[int, "StrOrPromise"] = {
    0: gettext_lazy("Refused: no number is shown"),
    1: gettext_lazy("Plan: ideal rate of the planned items x planned hours, no forecast yet"),
    2: gettext_lazy("Rate: good pieces per planned minute of the last 28 days, with a band of what buckets had of it"),
    3: gettext_lazy("Model: planned hours x ideal rate x calendar factors x the line's own level"),
    4: gettext_lazy("Ensemble: the model and a time series of the remaining order queue, weighed together"),
}

RUNGS: dict[str, "StrOrPromise"] = {
    "2": gettext_lazy("forecast by the 28-day rate"),
    "3": gettext_lazy("forecast by the model"),
    "4": gettext_lazy("forecast by the ensemble"),
}

METHODS: dict[str, "StrOrPromise"] = {
    "refused": gettext_lazy("none"),
    "plan": gettext_lazy("plan arithmetic"),
    "rate28": gettext_lazy("rate of the last 28 days"),
    "mes_rate": gettext_lazy("rate model"),
    "ens2": gettext_lazy("ensemble of rate model and SARIMAX"),
}

_SENTENCES: dict[str, "StrOrPromise"] = {
    "none_yet": gettext_lazy("Wait: the first forecast of this line is made in its first night."),
    "stale": gettext_lazy(
        "Look at the worker: the newest forecast is %(value)s hours old, at most %(needs)s are allowed."
    ),
    "fell_back": gettext_lazy("Wait for the next forecast: the line fell back after the last one was made."),
    "no_calendar": gettext_lazy("Plan the shifts: only %(percent)s of the days ahead have a known calendar."),
    "phase_too_low": gettext_lazy("Raise the line from phase %(value)s to phase %(needs)s: see what blocks it."),
    "no_ideal_rate": gettext_lazy("Enter ideal rates: none is known of the items planned here."),
    "weeks_too_few": gettext_lazy(
        "Wait, or import history: %(weeks)s usable weeks are recorded, %(needs)s are needed."
    ),
    "no_queue": gettext_lazy("Bring orders in: no queue of orders was archived, so the plan is not used."),
    "gap": gettext_lazy(
        "Mend the connection: %(percent)s of the planned time of 24 hours was not seen; the band is wider."
    ),
    "record_missing": gettext_lazy("Wait: the %(rung)s has too short a record to be tried against simpler ways."),
    "record_worse": gettext_lazy(
        "The %(rung)s is not shown: its error is %(percent)s of that of a simpler way, and must be 98 %% or less."
    ),
}

# Key of a check's link -> name of the page, whether it is of the line itself, what it takes as query.
_PAGES: dict[str, tuple[str, bool, dict[str, str]]] = {
    "calendar": ("calendar", False, {"line": "LINE"}),
    "readiness": ("line-readiness", True, {}),
    "phases": ("line-phases", True, {}),
    "history_import": ("readiness-import", True, {}),
    "ideal_cycles": ("orders", False, {"line": "LINE"}),
    "orders": ("orders", False, {"line": "LINE"}),
    "forecast_record": ("line-forecast", True, {}),
    "line_forecast": ("line-forecast", True, {}),
    "data_health": ("controllers", False, {}),
}


def method_text(method: str) -> str:
    """A method's name; those of the engine are names already."""
    return str(METHODS.get(method, method))


def sentence(check: dict[str, Any]) -> str:
    """A check in one sentence that begins with what to do."""
    key, value, needs = check["sentence"], check["value"], check["needs"]
    name, rung = key, ""
    if key.startswith("record_"):
        name, _sep, rung = key.rpartition("_")
    if name not in _SENTENCES:
        told = {"key": check["key"], "value": number(value, 1), "needs": number(needs, 1)}
        return _("%(key)s is %(value)s, needs %(needs)s.") % told
    told = {
        "value": number(value),
        "needs": number(needs),
        "weeks": number(value, 1),
        "percent": percent_text(value),
        "rung": RUNGS.get(rung, rung),
    }
    return str(_SENTENCES[name]) % told


def link(check: dict[str, Any], line: str) -> str:
    """The page on which a check can be mended; empty where there is none."""
    name, own, query = _PAGES.get(check["link"], ("", False, {}))
    try:
        path = reverse(name, args=[line] if own else [])
    except NoReverseMatch:
        return ""
    filled = {word: line if value == "LINE" else value for word, value in query.items()}
    return f"{path}?{urlencode(filled)}" if filled else path


def percent_text(share: float | None) -> str:
    """0.094 -> 9 %; None -> dash."""
    return NONE if share is None else _("%(percent)s\u00a0%%") % {"percent": percent(share)}


def moment(at: datetime | None, zone: str) -> str:
    """An instant on the plant's clock; a dash where there is none."""
    return local_day_time(at, zone)


def band_text(band: tuple[float, float] | None) -> str:
    """Whole pieces, as nobody makes half of one: 351–455; empty without a band."""
    return f"{number(band[0])}–{number(band[1])}" if band else ""


def record_text(skill: dict[str, Any], grain: str) -> str:
    """The record that stands beside a number; says so where there is none yet."""
    if not skill.get("buckets") or skill.get("error") is None:
        return _("no record yet")
    told = {
        "n": number(skill["buckets"]),
        "off": percent_text(skill["error"]),
        "naive": percent_text(skill["naive_error"]),
        "held": percent_text(skill["held"] / skill["judged"]) if skill["judged"] else "",
    }
    parts = [str(_OFF[grain]) % told]
    if skill["naive_error"] is not None:
        parts.append(str(_NAIVE[grain]) % told)
    if skill["judged"]:
        parts.append(_("band held %(held)s") % told)
    return ", ".join(parts)


_OFF: dict[str, "StrOrPromise"] = {
    "hour": gettext_lazy("last %(n)s hours off by %(off)s"),
    "shift": gettext_lazy("last %(n)s shifts off by %(off)s"),
    "day": gettext_lazy("last %(n)s days off by %(off)s"),
}

_NAIVE: dict[str, "StrOrPromise"] = {
    "hour": gettext_lazy("same hour last week %(naive)s"),
    "shift": gettext_lazy("same shift last week %(naive)s"),
    "day": gettext_lazy("same day last week %(naive)s"),
}

WHYS: dict[str, "StrOrPromise"] = {
    "first": gettext_lazy("first one"),
    "promoted": gettext_lazy("better by the rule"),
    "approved": gettext_lazy("better by the rule, and approved"),
    "rolled_back": gettext_lazy("sent back: its successor did worse"),
}


def phase_text(phase: int) -> str:
    """A phase with its name."""
    return f"{phase} {words.PHASES[phase]}"
