"""Readiness reports: computed and stored, nightly or when somebody asks; read as the latest and as a history."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from analytics.models import ReadinessReport
from analytics.phases.state import phase_follow
from analytics.plant_day import day_at
from analytics.readiness.assess import assess, blockers_json, gates_json, inputs_json, scores_json
from analytics.readiness.inputs import inputs_of
from analytics.readiness.tallies import WINDOW_DAYS
from mes.journal.write import record
from mes.plant.models import Line, Shift
from mes.screens.frame import zone_named

NIGHT_HOUR = 2  # local; the day before is settled by then
HISTORY = timedelta(days=365)
CALENDAR_DAYS = ("weeks", "weeks_12", "held_long")  # waited for in days of the calendar, not in planned ones


def readiness_measure(*, line: Line, actor: str, at: datetime, key: UUID | None = None) -> ReadinessReport | None:
    """Computes the readiness of a line from all facts up to `at` and stores it with its inputs.

    Without a key it is the run of that day at the plant, of which there is one; with a key it is what a person asked
    for by a form. None where that run is stored already: said twice, it is computed and stored once.
    """
    day = day_at(line, at)
    twin = (
        ReadinessReport.objects.filter(key=key) if key else ReadinessReport.objects.filter(line=line, day=day, key=None)
    )
    if twin.exists():
        return None
    inputs = inputs_of(line, at)
    found = assess(inputs)
    ahead = _days_ahead(line, day)
    report = ReadinessReport(
        line=line,
        day=day,
        computed_at=at,
        asked_by=actor,
        key=key,
        r=found.r,
        r_with_time=found.r_with_time,
        phase=found.phase,
        scores=scores_json(found),
        gates=gates_json(found),
        blockers=[blocker | {"ready_on": _ready_on(blocker, day, ahead)} for blocker in blockers_json(found)],
        inputs=inputs_json(inputs),
    )
    data = {"r": round(found.r, 1), "phase": found.phase, "blockers": [blocker.key for blocker in found.blockers]}
    try:
        with transaction.atomic():
            report.save(force_insert=True)
            record(actor=actor, at=at, action="readiness_measure", kind="line", code=line.code, data=data)
            phase_follow(report)
    except IntegrityError:  # another worker was faster
        return None
    return report


def _days_ahead(line: Line, day: date) -> list[date]:
    """The planned days to come, the next one first."""
    coming = Shift.objects.filter(line=line, production_date__gt=day).order_by("production_date")
    return list(coming.values_list("production_date", flat=True).distinct()[:WINDOW_DAYS])


def _ready_on(blocker: dict[str, Any], day: date, ahead: Sequence[date]) -> str | None:
    """The day on which a blocker can be gone at best; None where time alone does not help, or the calendar ends."""
    wait = blocker["wait_days"]
    if not wait:
        return None
    if blocker["key"] in CALENDAR_DAYS:
        return (day + timedelta(days=wait)).isoformat()
    return ahead[wait - 1].isoformat() if wait <= len(ahead) else None


def lines_due(at: datetime) -> list[Line]:
    """Lines without their run of today, from the small hours on; a line that has none at all is due at once."""
    nightly = ReadinessReport.objects.filter(line=OuterRef("pk"), key=None).order_by("-day").values("day")[:1]
    due: list[Line] = []
    for line in Line.objects.select_related("area__site").annotate(ran=Subquery(nightly)):
        local = at.astimezone(zone_named(line.area.site.time_zone))
        if line.ran is None or (line.ran < local.date() and local.hour >= NIGHT_HOUR):
            due.append(line)
    return due


def latest_reports(lines: Iterable[Line]) -> dict[int, ReadinessReport]:
    """Line (by id) to its latest report; lines never measured are missing."""
    newest = ReadinessReport.objects.filter(line=OuterRef("pk")).order_by("-computed_at").values("pk")[:1]
    found = Line.objects.filter(pk__in=[line.pk for line in lines]).annotate(newest=Subquery(newest))
    rows = ReadinessReport.objects.filter(pk__in=[line.newest for line in found if line.newest is not None])
    return {report.line_id: report for report in rows}


def history_of(line: Line, now: datetime) -> QuerySet[ReadinessReport]:
    """The last report of each day of the past year, the oldest day first; inputs are left out."""
    rows = ReadinessReport.objects.filter(line=line, computed_at__gte=now - HISTORY)
    return rows.order_by("day", "-computed_at").distinct("day").defer("inputs", "gates", "blockers")
