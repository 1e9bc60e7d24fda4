"""The periodic job of the boards."""

from celery import shared_task
from django.utils import timezone

from mes.hourly.plans import hours_plan_turn


@shared_task(name="mes.hourly.tasks.fix_plans")
def fix_plans() -> int:
    """Fixes the original plans of the shifts that run now; gives how many."""
    return hours_plan_turn(at=timezone.now())
