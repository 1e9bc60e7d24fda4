"""The periodic jobs of handovers and reports."""

from celery import shared_task
from django.utils import timezone

from mes.handover.reports import mails_send, reports_make
from mes.handover.sign import handovers_turn


@shared_task(name="mes.handover.tasks.open_handovers")
def open_handovers() -> int:
    """Opens the handovers of shifts that near their end; gives how many."""
    return handovers_turn(at=timezone.now())


@shared_task(name="mes.handover.tasks.send_reports")
def send_reports() -> tuple[int, int]:
    """Makes the reports of closed shifts and sends what is due; gives how many of each."""
    return reports_make(at=timezone.now()), mails_send(at=timezone.now())
