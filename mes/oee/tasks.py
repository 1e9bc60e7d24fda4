"""The periodic jobs of the figures."""

from celery import shared_task
from django.utils import timezone

from mes.oee.closing import shifts_turn
from mes.oee.policy_change import policies_follow
from mes.oee.rebuild import rebuild_check
from mes.oee.rollup import roll_all


@shared_task(name="mes.oee.tasks.follow_policies")
def follow_policies() -> int:
    """Notes which policy each machine follows; gives the number of machines with something new."""
    return policies_follow(at=timezone.now())


@shared_task(name="mes.oee.tasks.turn_shifts")
def turn_shifts() -> tuple[int, int]:
    """Closes shifts that have settled and locks old ones; gives how many of each."""
    return shifts_turn(at=timezone.now())


@shared_task(name="mes.oee.tasks.roll_up")
def roll_up() -> int:
    """Rolls hours that have settled and mends those that changed; gives the hours of machines and lines."""
    return roll_all(now=timezone.now())


@shared_task(name="mes.oee.tasks.check_rebuild")
def check_rebuild() -> None:
    """Once a day: a sample of rolled hours from raw rows. The tick may come as often as it likes."""
    rebuild_check(now=timezone.now())
