"""Phases in words: what each opens, and why a line fell back. Pages, the floor and the API say the same."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.models import PhaseState
from analytics.readiness_pages import words
from mes.screens.templatetags.amounts import local_day_time

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FEATURES: dict[str, "StrOrPromise"] = {
    "plan_outlook": gettext_lazy("outlook by plan arithmetic"),
    "no_plan_forecast": gettext_lazy("forecast without a plan"),
    "order_eta": gettext_lazy("expected finish of orders"),
    "rate_forecast": gettext_lazy("forecast from the line's own rate"),
    "band_80": gettext_lazy("forecast with an 80 % band"),
    "slow_running": gettext_lazy("signals of slow running and drift"),
    "stop_risk": gettext_lazy("risk of a stop, from 50 stops on"),
    "band_95": gettext_lazy("95 % band, from twelve weeks on"),
    "promotion": gettext_lazy("better methods promoted by rule"),
    "resequencing": gettext_lazy("proposals for another order of orders"),
    "learned_limits": gettext_lazy("alarm limits that learn"),
}

# Status icon of each phase on the map; the word always stands beside it.
ICONS = {0: "no_data", 1: "controllers", 2: "stops", 3: "orders", 4: "improve", 5: "quality"}


def why_text(why: list[dict[str, Any]]) -> str:
    """What shut the gate, the first reason only: "Planned time with data, day by day 62 %, needs 90 %"."""
    if not why:
        return _("a gate before it shut")
    first = why[0]
    told = {
        "name": words.NAMES[first["key"]],
        "value": words.value_text(first["key"], first["value"]),
        "needs": words.needs_text(first),
    }
    sentence = _("“%(name)s” is %(value)s, needs %(needs)s") % told
    more = len(why) - 1
    return sentence if not more else _("%(first)s; and %(n)s more") % {"first": sentence, "n": more}


def fell_text(state: PhaseState) -> str:
    """From where a line fell, since when and why; empty where it lost nothing."""
    if state.fell_from is None:
        return ""
    told = {
        "before": words.PHASES[state.fell_from],
        "after": words.PHASES[state.phase],
        "since": local_day_time(state.since, state.line.area.site.time_zone),
        "why": why_text(state.why),
    }
    return _("Fell back from “%(before)s” to “%(after)s” on %(since)s: %(why)s.") % told
