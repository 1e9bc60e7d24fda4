"""Celery tasks of tracking: thin, short, safe to run twice."""

from datetime import UTC, datetime, timedelta

from celery import shared_task
from celery.signals import worker_shutting_down

from mes.tracking.host import host, stop_host
from mes.tracking.retention import CANDIDATES, SAMPLES, partitions_turn


@shared_task
def claim_controllers() -> None:
    """Offers this worker process the controllers that nobody polls. The lease decides; the tick may come twice."""
    host().claim(at=datetime.now(UTC))


@shared_task
def turn_partitions() -> None:
    """Makes the sample partitions of the next days and drops those past their retention."""
    for table in (SAMPLES, CANDIDATES):
        partitions_turn(today=datetime.now(UTC).date(), keep=timedelta(days=90), table=table)


@worker_shutting_down.connect
def give_back(**kwargs: object) -> None:
    """A worker that is told to stop frees its controllers at once."""
    stop_host()
