"""Celery tasks of the controllers' room: thin, short, safe to run twice. They run in the poller, never in the web."""

from datetime import UTC, datetime

from celery import shared_task
from django.conf import settings

from mes.plc.commission import browse_answer


@shared_task
def browse_controller(request_id: int) -> None:
    """Answers one request of the commissioning page."""
    browse_answer(request_id=request_id, at=datetime.now(UTC), loopback_only=not settings.PRODUCTION)
