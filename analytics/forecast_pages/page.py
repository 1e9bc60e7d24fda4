"""What the page of a line's forecasts shows, from stored rows: numbers with what came, the record, what it knew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.forecast_pages import words
from analytics.forecast_pages.overrides import overrides_of
from analytics.forecast_pages.read import (
    Point,
    came_between,
    points_of,
    shift_names,
    told_of,
)
from analytics.forecast_pages.tried import LeadError, Told, errors_by_lead, last_before, reliability
from analytics.models import Forecast, ForecastOverride, PlanSnapshot, ReadinessReport
from analytics.readiness.earned import HIGH_80, LOW_80
from mes.charting.bands import BandWords, Bucket, band_chart, reliability_chart
from mes.plant.models import Line
from mes.screens.frame import zone_named
from mes.screens.improve.page import Drawn
from mes.screens.words import NONE, number

WEEK = timedelta(days=7)
BACK = {"hour": timedelta(days=2), "shift": timedelta(days=7), "day": timedelta(days=28)}
"""How far back the chart goes."""
TRIED = {"hour": timedelta(days=14), "shift": timedelta(days=42), "day": timedelta(days=84)}
"""How far back forecasts are read for the curve of reliability and the error by lead."""


@dataclass(frozen=True, slots=True)
class Row:
    """A bucket in the table; `ahead`: not over yet. Texts are whole pieces, a dash where nothing is known."""

    starts_at: datetime
    name: str
    planned: str
    point: str
    band_80: str
    band_95: str
    actual: str
    naive: str
    said: ForecastOverride | None
    ahead: bool
    rest: bool
    outside: bool


class Fact(NamedTuple):
    """A thing the forecast knew, with its value."""

    name: str
    value: str


class Skill(NamedTuple):
    """The box beside the number."""

    off: str
    naive: str
    better: str
    held_80: str
    held_95: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Content:
    """Table and charts of a line and grain."""

    rows: list[Row]
    band: Drawn
    reliability: list[tuple[str, str]]
    curve: Drawn | None
    leads: list[tuple[str, str, str]]


def content_of(line: Line, grain: str, points: Sequence[Point], at: datetime) -> Content:
    """What was said and came before `at`, then `points` ahead; reads the shown forecasts of some weeks."""
    told = told_of(line, grain, at - TRIED[grain], at)
    last = last_before(told)
    came = came_between(line, grain, at - TRIED[grain] - WEEK, at + WEEK)
    # Of a bucket that runs, what was said before it began can be judged; what was said meanwhile is of its rest only.
    ahead = {one.starts_at: one for one in points if one.ends_at > at and not (one.rest and one.starts_at in last)}
    past = [one for one in last.values() if at - BACK[grain] <= one.starts_at < at and one.starts_at not in ahead]
    rows = bucket_rows(line, grain, past=past, ahead=list(ahead.values()), came=came, at=at)
    tried = reliability(last, came)
    return Content(
        rows=[row for row, _bucket in rows],
        band=drawn_band([bucket for _row, bucket in rows]),
        reliability=[(words.percent_text(level), words.percent_text(share)) for level, share in tried],
        curve=_drawn_curve(tried) if tried else None,
        leads=[_lead(one, grain) for one in errors_by_lead(told, came, grain) if one.judged],
    )


def bucket_rows(
    line: Line,
    grain: str,
    *,
    past: Sequence[Told],
    ahead: Sequence[Point],
    came: Mapping[datetime, float],
    at: datetime,
) -> list[tuple[Row, Bucket]]:
    """Each bucket as a row of the table and as drawn, in order of time."""
    points = [Point(one.starts_at, one.ends_at, one.planned_min, one.point, one.quantiles, rest=False) for one in past]
    points = sorted([*points, *(point for point in ahead if point.planned_min > 0)], key=lambda one: one.starts_at)
    starts = [point.starts_at for point in points]
    names = shift_names([line], starts) if grain == "shift" else {}
    said = overrides_of(line, grain, starts, at)
    found = []
    for point in points:
        name = bucket_name(point.starts_at, grain, line, names.get((line.pk, point.starts_at), ""))
        found.append(_row(point, name, came, said.get(point.starts_at), at))
    return found


def _row(
    point: Point, name: str, came: Mapping[datetime, float], said: ForecastOverride | None, at: datetime
) -> tuple[Row, Bucket]:
    actual, naive = came.get(point.starts_at), came.get(point.starts_at - WEEK)
    band = (point.q[LOW_80], point.q[HIGH_80]) if point.q else None
    row = Row(
        starts_at=point.starts_at,
        name=name,
        planned=number(point.planned_min / 60, 1),
        point=number(point.point),
        band_80=words.band_text(point.band_80) or NONE,
        band_95=words.band_text(point.band_95) or NONE,
        actual=number(actual),
        naive=number(naive),
        said=said,
        ahead=point.ends_at > at,
        rest=point.rest,
        outside=bool(band and actual is not None and not band[0] <= actual <= band[1]),
    )
    value = said.value if said else None
    return row, Bucket(name, point.point, point.band_80, point.band_95, actual, naive, value)


def bucket_name(starts_at: datetime, grain: str, line: Line, shift: str = "") -> str:
    """The bucket on the plant's clock: 11-23 Early, 11-23 14:00, 2026-11-23."""
    local = starts_at.astimezone(zone_named(line.area.site.time_zone))
    if grain == "day":
        return f"{local:%Y-%m-%d}"
    return f"{local:%m-%d} {shift or format(local, '%H:%M')}"


def skill_of(forecast: Forecast) -> Skill:
    """The record of a forecast as it stood when it was issued."""
    told = forecast.skill
    held = {
        name: _("%(share)s (%(held)s of %(judged)s)")
        % {
            "share": words.percent_text(told[name] / told["judged"]),
            "held": number(told[name]),
            "judged": number(told["judged"]),
        }
        if told["judged"]
        else NONE
        for name in ("held", "held_95")
    }
    return Skill(
        words.percent_text(told["error"]),
        words.percent_text(told["naive_error"]),
        words.percent_text(told["skill"]) if (told["skill"] or 0) >= 0 else _("none: worse than last week"),
        held["held"],
        held["held_95"],
        words.record_text(told, forecast.grain),
    )


def facts_of(forecast: Forecast) -> list[Fact]:
    """What a forecast knew, as it was stored with it."""
    told, snapshot, report = forecast.inputs, forecast.snapshot, forecast.readiness
    zone = forecast.line.area.site.time_zone
    return [
        Fact(_("Looks ahead from"), words.moment(forecast.origin, zone)),
        Fact(_("Computed"), words.moment(forecast.issued_at, zone)),
        Fact(_("Learnt from hours until"), words.moment(forecast.trained_through, zone)),
        Fact(_("Usable weeks"), number(told.get("weeks"), 1)),
        Fact(_("Planned hours nobody saw"), _missing(told)),
        Fact(_("Archived plans"), number(told.get("plans"))),
        Fact(
            _("Plan it knew"),
            _plan(snapshot, zone) if snapshot else _("none"),
        ),
        Fact(_("Readiness it had"), _readiness(report)),
    ]


def _plan(snapshot: PlanSnapshot, zone: str) -> str:
    orders = len(snapshot.orders)
    text = ngettext("%(n)s order, archived %(at)s", "%(n)s orders, archived %(at)s", orders)
    return text % {"n": number(orders), "at": words.moment(snapshot.taken_at, zone)}


def _missing(told: Mapping[str, Any]) -> str:
    counts = {"missing": number(told.get("missing_hours")), "all": number(told.get("planned_hours"))}
    return _("%(missing)s of %(all)s: left out, never taken for zero") % counts


def _readiness(report: ReadinessReport | None) -> str:
    return f"{number(report.r)}, {words.phase_text(report.phase)}" if report else _("not measured")


def _lead(found: LeadError, grain: str) -> tuple[str, str, str]:
    unit = timedelta(hours=1) if grain == "hour" else timedelta(days=1)
    name = _("%(a)s to %(b)s hours") if grain == "hour" else _("%(a)s to %(b)s days")
    ends = {"a": number(found.since / unit), "b": number(found.until / unit)}
    return name % ends, words.percent_text(found.error), number(found.judged)


def drawn_band(buckets: Sequence[Bucket]) -> Drawn:
    """The chart of buckets with the words for those who do not see it."""
    names = BandWords(
        _("forecast"), _("80 % band"), _("95 % band"), _("came"), _("same time last week"), _("said by a person")
    )
    chart = band_chart(buckets, unit=_("good pieces"), words=names)
    return Drawn("band", chart, _("Forecast with its bands and what came; the table below has the numbers."))


def _drawn_curve(tried: Sequence[tuple[float, float]]) -> Drawn:
    names = (_("quantile"), _("share of buckets"), _("what came"), _("as promised"))
    chart = reliability_chart(tried, words=names)
    return Drawn("curve", chart, _("Whether the quantiles meant what they said; the table beside has the numbers."))


def coming_points(forecast: Forecast, at: datetime) -> list[Point]:
    """Planned buckets of a forecast that are not over."""
    return [point for point in points_of(forecast) if point.ends_at > at and point.planned_min > 0]
