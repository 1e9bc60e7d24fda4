"""Celery tasks of the live room."""

from celery import shared_task
from celery.signals import worker_shutting_down

from mes.live.broadcast import broadcast_claim, broadcast_stop


@shared_task
def claim_broadcast() -> None:
    """Offers this worker process the broadcast. The lease decides; the tick may come twice."""
    broadcast_claim()


@worker_shutting_down.connect
def give_back(**kwargs: object) -> None:
    """A worker that is told to stop frees the broadcast at once."""
    broadcast_stop()
