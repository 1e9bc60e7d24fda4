"""The tallies of a stored report in words: what a measure was divided from, and the days one by one."""

from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from analytics.readiness.labels import STOPS_NEEDED, SUBGROUPS_NEEDED
from analytics.readiness.tallies import DayTally, part_of
from analytics.readiness_pages.words import value_text
from mes.screens.words import NONE, number

HOUR_MS = 3_600_000
TIMES = ("heard", "unbroken", "coded", "linked")
SHARES = ("heard", "unbroken", "prompt", "plausible", "coded", "linked")


class DayRow(NamedTuple):
    """One planned day: its hours, its shares in the order of SHARES, whether its plan is archived."""

    day: str
    planned_h: str
    shares: list[str]
    archived: bool


def tallies_of(days: list[dict[str, Any]]) -> list[DayTally]:
    """The stored days as tallies again. Fields a later version no longer knows are left out."""
    known = DayTally.__dataclass_fields__
    return [DayTally(**{name: value for name, value in day.items() if name in known}) for day in days]


def day_rows(days: list[dict[str, Any]]) -> list[DayRow]:
    """The days of a report, the latest first."""
    return [
        DayRow(
            str(day.day),
            number(day.planned_ms / HOUR_MS, 1),
            [value_text(key, part_of(key, day).value) for key in SHARES],
            day.archived,
        )
        for day in reversed(tallies_of(days))
    ]


def parts_of(key: str, inputs: dict[str, Any]) -> str:
    """The sums a measure was divided from, e.g. "90.0 h of 120.0 h"; empty where there was no division."""
    if key == "calendar":
        days = inputs["calendar_days"]
        return _("known %(days)s days ahead") % {"days": NONE if days is None else number(days, 1)}
    if key == "psi":
        told = {"recent": inputs["rate_hours"], "before": inputs["rate_hours_before"]}
        return _("%(recent)s hours against %(before)s") % told
    try:
        shares = [part_of(key, day) for day in tallies_of(inputs["days"])]
    except KeyError:
        return ""
    part, whole = sum(share.part for share in shares), sum(share.whole for share in shares)
    if key in TIMES:
        told_h = {"part": number(part / HOUR_MS, 1), "whole": number(whole / HOUR_MS, 1)}
        return _("%(part)s h of %(whole)s h") % told_h
    return _("%(part)s of %(whole)s") % {"part": number(part), "whole": number(whole)}


def labels_of(inputs: dict[str, Any]) -> list[str]:
    """What the line's figures are labelled with: imported weeks, no ERP, reasons and charts with too little behind."""
    said = []
    if inputs.get("imported_weeks", 0) >= 0.05:
        told = {"n": number(inputs["imported_weeks"], 1), "all": number(inputs["usable_weeks"], 1)}
        said.append(_("%(n)s of %(all)s usable weeks are imported: this product did not see them itself.") % told)
    if "erp" in inputs and not inputs["erp"]:
        said.append(_("No ERP sends this line orders: from phase 2 on it has the forecast without a plan."))
    few = [f"{name} ({n})" for name, n in inputs.get("reasons", []) if n < STOPS_NEEDED]
    if few:
        told_few = {"needs": STOPS_NEEDED, "names": ", ".join(few)}
        said.append(_("Reasons with fewer than %(needs)s stops, whose means say little: %(names)s.") % told_few)
    young = [f"{name} ({n})" for name, n in inputs.get("charts", []) if n < SUBGROUPS_NEEDED]
    if young:
        told_few = {"needs": SUBGROUPS_NEEDED, "names": ", ".join(young)}
        said.append(_("Control charts with fewer than %(needs)s subgroups are provisional: %(names)s.") % told_few)
    return said
