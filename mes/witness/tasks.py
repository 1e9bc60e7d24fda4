"""The periodic job: weighs the settled hours of the last two days and judges every counter."""

from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from mes.witness.states import states_judge
from mes.witness.tallies import tallies_weigh
from mes.witness.weigh import hours_weigh

WEIGHED = timedelta(hours=48)


@shared_task(name="mes.witness.tasks.weigh")
def weigh() -> None:
    """Every ten minutes; what is weighed already and did not change costs no write."""
    weigh_all(now=timezone.now())


def weigh_all(*, now: datetime, back: timedelta = WEIGHED) -> None:
    """The same for a given instant; `back` further for history that was loaded at once."""
    hours_weigh(now - back, now, now=now)
    tallies_weigh(now - back)
    states_judge(now=now)
