"""The periodic jobs of calls: thin, safe to run twice."""

from celery import shared_task
from django.utils import timezone

from mes.andon.lost import controllers_watch
from mes.andon.notices import calls_escalate
from mes.andon.sending import notices_send


@shared_task(name="mes.andon.tasks.escalate")
def escalate() -> tuple[int, int]:
    """Watches controllers, then makes the notices that are due; gives raised and resolved calls of controllers."""
    now = timezone.now()
    found = controllers_watch(at=now)
    calls_escalate(at=now)
    return found


@shared_task(name="mes.andon.tasks.send")
def send() -> int:
    """Sends the notices that are due; gives how many."""
    return notices_send(at=timezone.now())
