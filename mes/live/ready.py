"""Whether the floor lives: used by `up` to say so, and by /readyz."""

from datetime import datetime, timedelta

from mes.plc.models import ControllerHealth
from mes.tracking.models import MachineCursor

FRESH = timedelta(seconds=10)


def tile_has_moved(*, since: datetime) -> bool:
    """True once a machine was heard after `since`: its tile moves."""
    return MachineCursor.objects.filter(heard_at__gt=since).exists()


def poller_is_fresh(*, now: datetime) -> bool:
    """True when no controller is configured, or one was stored within the last seconds, good or lost."""
    rows = ControllerHealth.objects.filter(controller__enabled=True)
    return not rows.exists() or rows.filter(last_good_at__gt=now - FRESH).exists()
