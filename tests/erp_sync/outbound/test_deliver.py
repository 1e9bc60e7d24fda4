"""Messages arrive once and in order, whatever fails: lost requests, lost answers, refusals, and a process that dies."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from erp_sync.errors import (
    AuthError,
    ConflictError,
    ErpError,
    MappingMissing,
    RejectedError,
    TransientError,
    WarningError,
)
from erp_sync.messages import Capability, OperationsResponse
from erp_sync.models import Attempt, Difference, ErpConnection, ErpLink, OutboxMessage
from erp_sync.outbound.claim import messages_claim
from erp_sync.outbound.write import message_write
from tests.erp_sync.outbound.booking_erp import Killed, failing
from tests.erp_sync.outbound.conftest import NOON, Floor

TOTALS = frozenset(Capability)
STEP_BY_STEP = TOTALS - {Capability.PUSH_CUMULATIVE}


def written(floor: Floor, link: ErpLink, *counts: int) -> list[OutboxMessage]:
    """A message after each of these counts."""
    found = []
    for number, good in enumerate(counts):
        floor.counts(link, good, minutes=60 * (number + 1))
        message = message_write(link, "test", NOON)
        assert message is not None
        found.append(message)
    return found


def test_a_message_arrives_and_the_link_knows_what_the_erp_has(floor: Floor) -> None:
    link = floor.link()
    written(floor, link, 2400)
    assert floor.deliver() == 1
    assert floor.deliver() == 0
    link.refresh_from_db()
    message = OutboxMessage.objects.get()
    assert (message.status, message.erp_document, message.attempts) == ("sent", "DOC-7-1", 1)
    assert message.sent_at is not None
    assert message.sent_at >= NOON
    assert (link.confirmed["good"], link.confirmed["sequence"]) == ({"value": "100", "unit": "pk24"}, 1)
    assert (link.version, link.badge) == ("v1", "in-sync")
    assert floor.erp.pushed[0].order.version == "v0"
    assert Attempt.objects.get().outcome == "applied"
    assert ErpConnection.objects.get().last_push_at == message.sent_at


def test_the_erp_is_asked_outside_of_any_transaction(floor: Floor) -> None:
    written(floor, floor.link(), 2400)
    depths: list[int] = []
    floor.erp.before = lambda message: depths.append(len(connection.savepoint_ids))
    floor.deliver()
    assert depths == [len(connection.savepoint_ids)]


def test_an_erp_that_takes_totals_gets_the_last_of_an_orders_messages(floor: Floor) -> None:
    link = floor.link()
    written(floor, link, 2400, 2400, 2400)
    assert floor.deliver() == 1
    assert floor.messages(link) == [(1, "collapsed", "100"), (2, "collapsed", "200"), (3, "sent", "300")]
    assert floor.erp.pushed[0].delta.good.value == 300


def test_an_erp_that_takes_increments_gets_every_message_in_sequence(floor: Floor) -> None:
    floor.erp.can = STEP_BY_STEP
    link, other = floor.link("7"), floor.link("8")
    written(floor, link, 2400, 2400)
    written(floor, other, 240)
    assert floor.deliver() == 3
    assert [sequence for key, sequence in floor.erp.taken if key == "7"] == [1, 2]
    assert [message.delta.good.value for message in floor.erp.pushed if message.order.key == "7"] == [100, 100]


def test_nothing_overtakes_a_message_that_waits(floor: Floor) -> None:
    floor.erp.can = STEP_BY_STEP
    link = floor.link()
    written(floor, link, 2400, 2400)
    floor.erp.before = failing(TransientError("Busy."))
    floor.deliver()
    assert floor.messages(link) == [(1, "pending", "100"), (2, "pending", "200")]
    assert floor.deliver(NOON + timedelta(seconds=4)) == 0
    assert floor.deliver(NOON + timedelta(seconds=6)) == 2
    assert floor.erp.taken == [("7", 1), ("7", 2)]


def test_an_erp_that_takes_nothing_while_an_order_runs_gets_its_end_only(floor: Floor) -> None:
    floor.erp.can = TOTALS - {Capability.PARTIAL}
    link = floor.link()
    written(floor, link, 2400)
    assert floor.deliver() == 0
    link.order.status = "completed"
    link.order.save()
    written_end = message_write(link, "order_complete", NOON)
    assert written_end is not None
    assert floor.deliver() == 1
    assert floor.messages(link) == [(1, "collapsed", "100"), (2, "sent", "100")]
    assert floor.erp.books["7"].final


@pytest.mark.parametrize(
    ("error", "status", "fault", "wait_s"),
    [
        (TransientError("Out of reach."), "pending", "transient", 5),
        (TransientError("Too many.", retry_after_s=90), "pending", "transient", 90),
        (RejectedError("Refused.", said="Quantity exceeds"), "dead", "rejected", 0),
        (WarningError("It asks back.", said="Under tolerance"), "dead", "warning", 0),
        (MappingMissing("No such item.", kind="item", code="X"), "dead", "mapping", 0),
        (AuthError("Login refused."), "pending", "auth", 5),
    ],
)
def test_each_kind_of_fault_is_tried_again_or_waits_for_a_person(
    floor: Floor, error: ErpError, status: str, fault: str, wait_s: int
) -> None:
    written(floor, floor.link(), 2400)
    floor.erp.before = failing(error)
    floor.deliver()
    message = OutboxMessage.objects.get()
    assert (message.status, message.fault, message.last_error, message.erp_said) == (
        status,
        fault,
        str(error),
        error.said,
    )
    assert message.due_at - NOON < timedelta(seconds=wait_s + 1)
    assert message.due_at - NOON >= timedelta(seconds=wait_s)
    assert Attempt.objects.get().outcome == fault


def test_a_refused_login_stops_the_connection_and_says_why(floor: Floor) -> None:
    first, second = floor.link("7"), floor.link("8")
    written(floor, first, 2400)
    written(floor, second, 240)
    floor.erp.before = failing(AuthError("Login refused."), times=9)
    assert floor.deliver() == 1
    stopped = ErpConnection.objects.get()
    assert (stopped.state, stopped.stopped_because) == ("stopped", "Login refused.")
    assert sorted(OutboxMessage.objects.values_list("status", "attempts")) == [("pending", 0), ("pending", 1)]


def test_three_tries_in_a_row_that_do_not_come_through_spare_the_others(floor: Floor) -> None:
    for key in "123456":
        written(floor, floor.link(key), 2400)
    floor.erp.before = failing(TransientError("Out of reach."), times=99)
    assert floor.deliver() == 3
    assert sorted(OutboxMessage.objects.values_list("attempts", flat=True)) == [0, 0, 0, 1, 1, 1]
    assert ErpConnection.objects.get().problem == "Out of reach."


def test_a_changed_order_is_read_anew_once_and_the_message_goes_out_with_the_new_version(floor: Floor) -> None:
    written(floor, floor.link(), 2400)
    floor.erp.before = failing(ConflictError("Changed meanwhile."))
    floor.deliver()
    assert [message.order.version for message in floor.erp.pushed] == ["v0", "v1"]
    assert OutboxMessage.objects.get().status == "sent"


def test_a_second_conflict_waits_for_a_planner_and_opens_a_difference(floor: Floor) -> None:
    link = floor.link()
    written(floor, link, 2400)
    floor.erp.before = failing(ConflictError("Changed meanwhile.", said="Records were modified"), times=2)
    floor.deliver()
    message, difference = OutboxMessage.objects.get(), Difference.objects.get()
    assert (message.status, message.fault, message.erp_said) == ("dead", "conflict", "Records were modified")
    assert (difference.field, difference.kind, difference.mes_value) == ("conflict", "change", "100")
    link.refresh_from_db()
    assert link.badge == "conflict"


def test_nothing_is_posted_while_the_clocks_are_more_than_five_minutes_apart(floor: Floor) -> None:
    written(floor, floor.link(), 2400)
    ErpConnection.objects.update(clock_skew_s=-301)
    assert floor.deliver() == 0
    ErpConnection.objects.update(clock_skew_s=299)
    assert floor.deliver() == 1


def test_a_mistake_of_ours_costs_its_own_message_only(floor: Floor) -> None:
    broken, whole = floor.link("7"), floor.link("8")
    written(floor, broken, 2400)
    written(floor, whole, 240)
    OutboxMessage.objects.filter(link=broken).update(payload={})
    floor.deliver()
    statuses = dict(OutboxMessage.objects.values_list("link__key", "fault"))
    assert statuses == {"7": "internal", "8": ""}


def test_what_somebody_else_leases_is_left_alone_until_the_lease_ran_out(floor: Floor) -> None:
    written(floor, floor.link(), 2400)
    assert len(messages_claim(floor.connection, TOTALS, "one", NOON, 10)) == 1
    assert messages_claim(floor.connection, TOTALS, "two", NOON, 10) == []
    assert floor.deliver(NOON + timedelta(seconds=59)) == 0
    assert floor.deliver(NOON + timedelta(seconds=61)) == 1
    assert OutboxMessage.objects.get().attempts == 2


def test_several_deliverers_at_once_send_each_message_once_and_in_sequence(
    transactional_db: None, floor: Floor
) -> None:
    floor.erp.can = STEP_BY_STEP
    for key in "123456":
        written(floor, floor.link(key), 2400, 2400)
    with ThreadPoolExecutor(3) as threads:
        tried = sum(threads.map(lambda _number: _delivered_apart(floor), range(3)))
    assert tried == 12
    pushed = [(message.order.key, message.sequence) for message in floor.erp.pushed]
    assert sorted(pushed) == [(key, sequence) for key in "123456" for sequence in (1, 2)]
    assert set(OutboxMessage.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_point_nothing_is_lost_and_nothing_doubled(floor: Floor, seed: int) -> None:
    dice = random.Random(seed)
    floor.erp.can = STEP_BY_STEP if seed % 2 else TOTALS
    links = [floor.link(key) for key in "123"]
    made = dict.fromkeys("123", 0)

    def fate(message: OperationsResponse) -> None:
        if dice.random() < 0.4:
            raise dice.choice([Killed(), TransientError("Lost."), ErpError("Something."), ConflictError("Changed.")])

    floor.erp.before = floor.erp.after = fate
    now = NOON
    for number in range(30):
        link = dice.choice(links)
        if number < 12:
            made[link.key] += 24 * (good := dice.randint(1, 9))
            floor.counts(link, 24 * good, minutes=60 * (number + 1))
            message_write(link, "test", now)
        else:  # a planner resends what a second conflict stopped
            OutboxMessage.objects.filter(status="dead", fault="conflict").update(status="pending", due_at=now)
        _until_killed(floor.deliver, now)
        now += timedelta(hours=2)
    floor.erp.before = floor.erp.after = lambda message: None
    for _again in range(8):
        OutboxMessage.objects.filter(status="dead").update(status="pending", due_at=now)
        floor.deliver(now)
        now += timedelta(hours=2)
    assert {key: book.good * 24 for key, book in floor.erp.books.items()} == {
        k: Decimal(n) for k, n in made.items() if n
    }
    for link in links:
        taken = [sequence for key, sequence in floor.erp.taken if key == link.key]
        assert taken == sorted(set(taken))
    assert set(OutboxMessage.objects.values_list("status", flat=True)) <= {"sent", "collapsed"}


def _until_killed(deliver: Callable[..., int], now: object) -> None:
    with suppress(Killed):
        deliver(now)


def _delivered_apart(floor: Floor) -> int:
    """What a process of its own sends, over and over until nothing is left that it may take."""
    tried = 0
    try:
        for _round in range(6):
            tried += floor.deliver()
    finally:
        connection.close()
    return tried
