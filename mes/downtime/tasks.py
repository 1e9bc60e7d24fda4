"""Celery tasks of stops: thin, short, safe to run twice."""

from datetime import UTC, datetime

from celery import shared_task

from mes.downtime.ruling import stops_explain_by_rules


@shared_task
def explain_by_rules() -> None:
    """Gives stops without a reason the one of the first rule that fits."""
    stops_explain_by_rules(at=datetime.now(UTC))
