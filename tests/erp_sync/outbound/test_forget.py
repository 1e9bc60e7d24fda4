"""Old tries go, messages stay: the log of what went to the ERP does not grow without end."""

from datetime import UTC, datetime, timedelta

import pytest

from erp_sync.models import Attempt, OutboxMessage
from erp_sync.outbound.forget import tries_forget
from mes.plant.models import Site
from tests.erp_sync.erp_rows import connection, link
from tests.erp_sync.erp_rows import message as message_of

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "days", "left"),
    [
        *(("sent", 91, 0), ("discarded", 91, 0), ("collapsed", 91, 0)),
        *(("sent", 89, 1), ("dead", 400, 1), ("parked", 400, 1), ("pending", 400, 1), ("leased", 400, 1)),
    ],
)
def test_tries_of_settled_messages_go_after_ninety_days_and_their_message_stays(
    status: str, days: int, left: int
) -> None:
    erp = connection(Site.objects.create(code="FORGET", name="Forget", time_zone="Europe/Berlin"), NOW)
    message = message_of(link(erp, "7", NOW), NOW, status=status)
    Attempt.objects.create(message=message, at=NOW - timedelta(days=days), duration_ms=5, outcome="applied")
    assert tries_forget(NOW) == 1 - left
    assert Attempt.objects.count() == left
    assert OutboxMessage.objects.count() == 1
    assert tries_forget(NOW) == 0
