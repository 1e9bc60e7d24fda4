"""Lines whose data decayed, or came back, since they were measured: they are measured again, not only by night."""

from datetime import datetime
from uuid import UUID, uuid5

from analytics.models import ReadinessReport
from analytics.readiness.gates import FRESH
from analytics.readiness.inputs import fresh_share
from analytics.readiness.report import latest_reports
from analytics.readiness.sources import last_day
from mes.plant.models import Line

_OWN = UUID("6a1c2f5e-0b9d-4c55-9a67-2f3f9f0d6c11")


def lines_out_of_step(at: datetime) -> list[tuple[Line, UUID]]:
    """Lines of which the last 24 hours tell another thing than their newest report, with the key to measure them by.

    The key is one of the line and the hour, so a line is measured at most once an hour however often this is asked. A
    line never measured is left to the nightly run, and one for which nothing was planned says nothing.
    """
    lines = list(Line.objects.select_related("area__site"))
    reports = latest_reports(lines)
    found = []
    for line in lines:
        report = reports.get(line.pk)
        if report is None:
            continue
        share = fresh_share(last_day(line, at), at)
        if share is not None and (share < FRESH) != _said_stale(report):
            found.append((line, uuid5(_OWN, f"{line.pk} {at:%Y-%m-%d %H}")))
    return found


def _said_stale(report: ReadinessReport) -> bool:
    fresh = report.inputs.get("fresh")
    return fresh is not None and fresh < FRESH
