"""Due messages are sent: leased, pushed outside of any transaction, and what became of them stored together.

Killed at any point nothing is lost (the lease runs out and the message is sent again) and nothing doubled (totals and
the same event id: the ERP ends with the effect of one).
"""

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from erp_sync.connections import ConnectionRefused, connection_stop, exchange_failed, opened, posting_blocked
from erp_sync.connector import ErpConnector
from erp_sync.errors import ErpError
from erp_sync.messages import Capability
from erp_sync.models import ErpConnection, OutboxMessage
from erp_sync.outbound.claim import LEASE, leases_reap, messages_claim
from erp_sync.outbound.outcome import outcomes_store, release
from erp_sync.outbound.push import Sent, message_push
from mes.leases.hold import lease_give_back, lease_take

Fault = OutboxMessage.Fault
BATCH = 50  # messages, each of another order, whose outcome is stored together
STORE_S = 5.0  # but no later than this, far inside the lease
BUDGET_S = 20.0  # of one call: a task ends before the next but one begins
GIVE_UP = 3  # tries in a row that did not come through: the ERP is away, the others need not find it out


class Clock:
    """The caller's instant, going on: a call may take longer than a lease."""

    def __init__(self, now: datetime) -> None:
        self.began, self.start = now, time.monotonic()

    def now(self) -> datetime:
        """The instant given plus what has passed since."""
        return self.began + timedelta(seconds=self.elapsed_s())

    def elapsed_s(self) -> float:
        """Seconds since it was given."""
        return time.monotonic() - self.start


def deliver_due(now: datetime, limit: int = 500, *, budget_s: float = BUDGET_S) -> int:
    """Sends up to `limit` due messages of every live connection, for at most about `budget_s`; how many were tried.

    A connection whose clock is more than 5 minutes off posts nothing. Several may run at once.
    """
    leases_reap(now)
    clock, tried = Clock(now), 0
    live = ErpConnection.objects.filter(state=ErpConnection.State.LIVE).select_related("site")
    for connection in live:
        if anything_due(connection, now):
            tried += deliver_connection(connection, clock, limit, budget_s=budget_s)
    return tried


def deliver_alone(connection: ErpConnection, now: datetime, limit: int = 500) -> int:
    """Sends what is due to one connection, unless another process does: an ERP is not asked twice at once."""
    name, owner = f"erp:{connection.code}:deliver", secrets.token_hex(8)
    if lease_take(name=name, owner=owner, seconds=LEASE.total_seconds()) is None:
        return 0
    try:
        return deliver_connection(connection, Clock(now), limit)
    finally:
        lease_give_back(names=[name], owner=owner)


def anything_due(connection: ErpConnection, now: datetime) -> bool:
    """Whether something may be sent now; never while the clocks are more than 5 minutes apart."""
    due = OutboxMessage.objects.filter(link__connection=connection, status=OutboxMessage.Status.PENDING)
    return not posting_blocked(connection) and due.filter(due_at__lte=now).exists()


def deliver_connection(connection: ErpConnection, clock: Clock, limit: int, *, budget_s: float = BUDGET_S) -> int:
    """Drains one connection over one open connector, batch by batch, until nothing is due or the ERP is away."""
    owner, tried = secrets.token_hex(8), 0
    try:
        with opened(connection) as erp:
            capabilities = erp.capabilities()
            if Capability.PUSH not in capabilities:
                return 0
            while tried < limit and clock.elapsed_s() < budget_s:
                batch = messages_claim(connection, capabilities, owner, clock.now(), min(BATCH, limit - tried))
                done = _send(connection, erp, batch, owner, clock)
                tried += len(done)
                if not batch or len(done) < len(batch) or _away(done):
                    break
    except ErpError as error:
        exchange_failed(connection, error, clock.now())
    return tried


def _send(
    connection: ErpConnection, erp: ErpConnector, batch: Sequence[OutboxMessage], owner: str, clock: Clock
) -> list[Sent]:
    """Pushes a batch and stores what became of it; what was not reached is given back. The tries that were made."""
    done: list[Sent] = []
    unstored: list[Sent] = []
    stored_at = clock.elapsed_s()
    for message in batch:
        unstored.append(message_push(erp, message, clock.now()))
        done.append(unstored[-1])
        stop = done[-1].fault == Fault.AUTH or _away(done)
        if stop or clock.elapsed_s() - stored_at > STORE_S:
            outcomes_store(connection, unstored, owner, clock.now())
            unstored, stored_at = [], clock.elapsed_s()
        if stop:
            break
    outcomes_store(connection, unstored, owner, clock.now())
    release(batch[len(done) :], owner)
    if done and done[-1].fault == Fault.AUTH:
        _stop(connection, done[-1], clock.now())
    return done


def _away(done: Sequence[Sent]) -> bool:
    last = done[-GIVE_UP:]
    return len(last) == GIVE_UP and all(one.fault == Fault.TRANSIENT for one in last)


def _stop(connection: ErpConnection, sent: Sent, at: datetime) -> None:
    """The login is refused: every further try would be too, until a person has mended it."""
    with suppress(ConnectionRefused):
        connection_stop(connection, str(sent.error), "system", at)
