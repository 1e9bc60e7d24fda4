"""The demo's one periodic job: a record of forecasts for its story, made in the background."""

import subprocess
import sys

from celery import shared_task
from django.conf import settings

from mes.demo.past_forecasts import past_forecasts_waiting

CHILD_S = 18  # killed then, before the task itself would be; the next one goes on


@shared_task(name="mes.demo.tasks.forecast_the_past")
def forecast_the_past() -> None:
    """Lets a child forecast some shifts of the story; statistics are loaded there only. Does nothing without a demo."""
    if settings.FORECASTS and past_forecasts_waiting() is not None:
        command = (sys.executable, "-m", "mes.demo.past_forecasts_child")
        subprocess.run(command, cwd=settings.BASE_DIR, check=True, timeout=CHILD_S)
