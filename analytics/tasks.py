"""Celery tasks of analytics: thin, short, safe to run twice."""

import subprocess
import sys
from datetime import UTC, datetime
from uuid import UUID

from celery import shared_task
from django.conf import settings

from analytics.forecasts.refits import refits_offer, work_waits
from analytics.looks import looks_forget, readings_look
from analytics.phases.watch import lines_out_of_step
from analytics.plans import plans_archive
from analytics.readiness.report import lines_due, readiness_measure
from analytics.signals.watch import line_watch
from mes.plant.models import Line

CHILD_S = 18  # killed then, before the task itself would be; its run is taken up by the next


@shared_task
def look_at_readings() -> None:
    """Looks once at how late the newest readings are."""
    readings_look(at=datetime.now(UTC))


@shared_task
def archive_plans() -> None:
    """Archives the plans that changed and those of a new day."""
    plans_archive(at=datetime.now(UTC))


@shared_task
def measure_due() -> None:
    """Hands out the nightly runs that are due, one task a line: a large plant takes longer than one task may."""
    for line in lines_due(datetime.now(UTC)):
        measure_line.delay(line.code)


@shared_task
def watch_lines() -> None:
    """Measures lines again that fell silent or came back, so that they change their phase within the day."""
    for line, key in lines_out_of_step(datetime.now(UTC)):
        measure_line.delay(line.code, "system", str(key))


@shared_task
def measure_line(code: str, actor: str = "system", key: str | None = None) -> None:
    """Measures one line: of the day, or with a key because somebody asked."""
    line = Line.objects.select_related("area__site").filter(code=code).first()
    if line is not None:
        readiness_measure(line=line, actor=actor, at=datetime.now(UTC), key=UUID(key) if key else None)


@shared_task
def forget_looks() -> None:
    """Drops looks that no report can use any more."""
    looks_forget(at=datetime.now(UTC))


@shared_task
def watch_signals() -> None:
    """Hands out the looks for signals, one task a line."""
    for code in Line.objects.values_list("code", flat=True):
        watch_line_signals.delay(code)


@shared_task
def watch_line_signals(code: str) -> None:
    """Looks once for signals of a line."""
    line = Line.objects.select_related("area__site").filter(code=code).first()
    if line is not None:
        line_watch(line=line, at=datetime.now(UTC))


@shared_task
def offer_refits() -> None:
    """Puts up the nightly forecasts of the lines that are due, unless the admin wants none."""
    if settings.FORECASTS:
        refits_offer(at=datetime.now(UTC))


@shared_task
def work_off_refits() -> None:
    """Lets a child work off forecasts for some seconds; statistics are loaded there and nowhere else."""
    if work_waits(at=datetime.now(UTC)):
        command = (sys.executable, "-m", "analytics.forecasts.child")
        subprocess.run(command, cwd=settings.BASE_DIR, check=True, timeout=CHILD_S)
