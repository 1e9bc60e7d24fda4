"""What planners decide: each says so in the journal, and said twice it happens once."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from erp_sync.errors import ConflictError, RejectedError, TransientError, WarningError
from erp_sync.models import Difference, ErpConnection, ErpLink, OutboxMessage
from erp_sync.outbound.decisions import (
    DecisionRefused,
    mes_value_keep,
    message_discard,
    message_retry,
    outage_over,
    warning_accept,
)
from erp_sync.outbound.write import message_write
from mes.journal.models import JournalEntry
from tests.erp_sync.outbound.booking_erp import failing
from tests.erp_sync.outbound.conftest import NOON, Floor

LATER = NOON + timedelta(minutes=1)


def refused(floor: Floor, error: Exception, times: int = 1) -> tuple[ErpLink, OutboxMessage]:
    """A message that met this error when it was sent."""
    link = floor.link()
    floor.counts(link, 2400)
    message_write(link, "test", NOON)
    floor.erp.before = failing(error, times)  # type: ignore[arg-type]
    floor.deliver()
    return link, OutboxMessage.objects.get()


def said(action: str) -> int:
    return JournalEntry.objects.filter(action=action).count()


def test_retry_sends_a_refused_message_again_once(floor: Floor) -> None:
    _link, message = refused(floor, RejectedError("Refused."))
    assert message_retry(message, "paula", LATER)
    assert not message_retry(message, "paula", LATER)
    assert said("message_retry") == 1
    assert floor.deliver(LATER) == 1
    with pytest.raises(DecisionRefused, match="arrived"):
        message_retry(message, "paula", LATER)


def test_after_an_outage_everything_that_waited_for_it_goes_at_once(floor: Floor) -> None:
    links = [floor.link(key) for key in "12"]
    for link in links:
        floor.counts(link, 2400)
        message_write(link, "test", NOON)
    floor.erp.before = failing(TransientError("Out of reach.", retry_after_s=3600), times=2)
    floor.deliver()
    assert floor.deliver(LATER) == 0
    assert outage_over(floor.connection, "paula", LATER) == 2
    assert outage_over(floor.connection, "paula", LATER) == 0
    assert floor.deliver(LATER) == 2


def test_discard_needs_a_reason_and_lets_the_next_message_go(floor: Floor) -> None:
    link, message = refused(floor, RejectedError("Refused."))
    floor.counts(link, 240, minutes=60)
    message_write(link, "test", NOON)
    assert floor.deliver() == 0
    for bad in ("", "  ", "x" * 301, "a\0b"):
        with pytest.raises(DecisionRefused):
            message_discard(message, bad, "paula", LATER)
    assert message_discard(message, "Booked by hand.", "paula", LATER)
    assert not message_discard(message, "Booked by hand.", "paula", LATER)
    assert said("message_discard") == 1
    assert floor.deliver(LATER) == 1
    assert floor.messages(link) == [(1, "discarded", "100"), (2, "sent", "110")]


def test_an_accepted_warning_goes_out_with_the_word_of_the_planner(floor: Floor) -> None:
    _link, message = refused(floor, WarningError("It asks back.", said="Under tolerance"))
    assert warning_accept(message, "paula", LATER)
    assert not warning_accept(message, "paula", LATER)
    assert said("warning_accept") == 1
    floor.deliver(LATER)
    assert [message.accept_warning for message in floor.erp.pushed] == [False, True]
    with pytest.raises(DecisionRefused):
        warning_accept(OutboxMessage.objects.create(**_plain_row(_link)), "paula", LATER)


def test_an_accepted_message_is_not_swallowed_by_a_later_one(floor: Floor) -> None:
    link, message = refused(floor, WarningError("It asks back."))
    warning_accept(message, "paula", LATER)
    floor.counts(link, 240, minutes=60)
    message_write(link, "test", LATER)
    assert floor.deliver(LATER) == 2
    assert [pushed.sequence for pushed in floor.erp.pushed] == [1, 1, 2]


def test_our_value_is_kept_after_a_conflict_and_the_difference_is_settled(floor: Floor) -> None:
    link, message = refused(floor, ConflictError("Changed."), times=2)
    difference = Difference.objects.get()
    assert mes_value_keep(difference, "paula", LATER, "counted again")
    assert not mes_value_keep(difference, "paula", LATER, "counted again")
    assert not mes_value_keep(message, "paula", LATER)
    difference.refresh_from_db()
    assert (difference.resolution, difference.resolved_by, difference.why) == ("mes", "paula", "counted again")
    floor.deliver(LATER)
    link.refresh_from_db()
    assert (OutboxMessage.objects.get().status, link.badge) == ("sent", "in-sync")
    assert said("mes_value_keep") == 1


def test_a_difference_of_totals_is_settled_by_telling_them_once_more(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 2400)
    message_write(link, "test", NOON)
    floor.deliver()
    row = Difference.objects.create(link=link, field="good", kind="erp-ahead", opened_at=NOON, seen_at=NOON)
    assert mes_value_keep(row, "paula", LATER)
    assert floor.messages(link) == [(1, "sent", "100"), (2, "pending", "100")]
    state = Difference.objects.create(link=link, field="order-state", kind="state", opened_at=NOON, seen_at=NOON)
    with pytest.raises(DecisionRefused):
        mes_value_keep(state, "paula", LATER)


def test_what_waits_for_a_closed_period_goes_to_the_first_open_day_when_a_planner_says_so(floor: Floor) -> None:
    ErpConnection.objects.update(closed_until=date(2026, 3, 31), closed_period="hold")
    link = floor.link()
    floor.counts(link, 2400)
    message = message_write(link, "test", NOON)
    assert message is not None
    assert message_retry(message, "paula", LATER)
    floor.deliver(LATER)
    assert floor.erp.pushed[0].posting_date == "2026-04-01"


def _plain_row(link: ErpLink) -> dict[str, object]:
    message = OutboxMessage.objects.get()
    about = {"created_at": NOON, "due_at": NOON, "payload": message.payload, "cause": "test", "status": "dead"}
    return about | {"event_id": uuid4(), "link": link, "sequence": 99, "fault": "rejected"}
