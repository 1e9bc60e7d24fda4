"""What stands of a line's forecast on the floor, the wall and the shift page: one number, its record, what to mend."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.forecast_pages import words
from analytics.forecast_pages.read import Point, Standing, forecasts_of_running, points_of, shift_names, standings
from analytics.models import Forecast
from analytics.phase_pages.floor import Word, floor_words
from analytics.signal_pages.floor import signal_words
from mes.plant.models import Line
from mes.screens.frame import zone_named
from mes.screens.templatetags.amounts import local_day_time
from mes.screens.words import number


@dataclass(frozen=True, slots=True)
class Headline:
    """A line in a line. `kind`: forecast, plan or refused; `what`: the shift meant; `mend`: the page that mends."""

    line: Line
    kind: str
    what: str
    number: str
    band: str
    record: str
    why: str
    mend: str
    drift: str
    fell: Word | None
    later: bool
    link: str
    signals: tuple[str, ...] = ()

    @property
    def needs(self) -> bool:
        """Whether somebody should look: no number, another rate, a phase that was lost, an open signal."""
        return bool(self.kind == "refused" or self.drift or self.fell or self.signals)


def headlines(lines: Sequence[Line], at: datetime) -> list[Headline]:
    """One for each line, in their order. Six queries however many lines there are."""
    standing, running, fallen = standings(lines, "shift", at), forecasts_of_running(lines, at), floor_words(lines)
    shown = {line.pk: _bucket(standing[line.pk], running.get(line.pk), at) for line in lines}
    starts = [point.starts_at for found in shown.values() if found for point in (found[1],)]
    names = shift_names(lines, starts)
    seen = signal_words(lines)
    told = (_headline(line, standing[line.pk], shown[line.pk], names, fallen.get(line.pk), at) for line in lines)
    return [replace(one, signals=tuple(seen.get(one.line.pk, ()))) for one in told]


def _bucket(standing: Standing, running: Forecast | None, at: datetime) -> tuple[Forecast, Point] | None:
    """The shift that runs, as it was forecast before it began; else the next one that is planned."""
    if standing.refused or standing.forecast is None:
        return None
    for forecast in (running, standing.forecast):
        for point in points_of(forecast) if forecast else ():
            if point.starts_at <= at < point.ends_at and not point.rest and forecast and point.planned_min > 0:
                return forecast, point
    ahead = (point for point in points_of(standing.forecast) if point.ends_at > at and point.planned_min > 0)
    found = next(ahead, None)
    return (standing.forecast, found) if found else None


def _headline(
    line: Line,
    standing: Standing,
    shown: tuple[Forecast, Point] | None,
    names: dict[tuple[int, datetime], str],
    fell: Word | None,
    at: datetime,
) -> Headline:
    page = reverse("line-forecast", args=[line.code])
    if shown is None:
        check = standing.checks[0] if standing.refused and standing.checks else None
        why = words.sentence(check) if check else _("No shift is planned in the days ahead.")
        mend = words.link(check, line.code) if check else ""
        return Headline(line, "refused", "", "", "", "", why, mend or page, "", fell, later=False, link=page)
    forecast, point = shown
    is_plan = forecast.level == 1
    return Headline(
        line=line,
        kind="plan" if is_plan else "forecast",
        what=_what(line, point, names, at),
        number=number(point.point),
        band="" if is_plan else words.band_text(point.band_80),
        record="" if is_plan else words.record_text(forecast.skill, "shift"),
        why="",
        mend="",
        drift=_drift(line, forecast),
        fell=fell,
        later=forecast.back_issued,
        link=page,
    )


def _what(line: Line, point: Point, names: dict[tuple[int, datetime], str], at: datetime) -> str:
    zone = zone_named(line.area.site.time_zone)
    name = names.get((line.pk, point.starts_at)) or _("Shift")
    if point.starts_at <= at:
        return _("%(shift)s, the rest of it") % {"shift": name} if point.rest else name
    told = {"shift": name, "time": f"{point.starts_at.astimezone(zone):%H:%M}"}
    if point.starts_at.astimezone(zone).date() != at.astimezone(zone).date():
        told["time"] = local_day_time(point.starts_at, line.area.site.time_zone)
    return _("%(shift)s from %(time)s") % told


def _drift(line: Line, forecast: Forecast) -> str:
    since = forecast.inputs.get("drift_since") or ""
    return local_day_time(datetime.fromisoformat(since), line.area.site.time_zone) if since else ""
