"""What is kept of tries to send: old ones of settled messages go, the messages stay for good."""

from datetime import datetime, timedelta

from erp_sync.models import Attempt, OutboxMessage

KEPT = timedelta(days=90)
"""Longer than a quarter is open in any ERP's books: by then nobody asks any more which try brought it there."""
Status = OutboxMessage.Status
_SETTLED = (Status.SENT, Status.DISCARDED, Status.COLLAPSED)


def tries_forget(now: datetime) -> int:
    """Drops tries of more than 90 days ago whose message is settled; gives how many.

    The message keeps what was posted, when, under which document of the ERP and who decided. A message that still waits
    for somebody keeps all its tries, however old.
    """
    return Attempt.objects.filter(at__lt=now - KEPT, message__status__in=_SETTLED).delete()[0]
