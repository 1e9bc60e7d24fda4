"""The one writer of a poller process: takes polls from the engine's threads and stores them in batches."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum, auto

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from psycopg_pool import PoolTimeout

from mes.plc.engine import ExtraRead, Poll
from mes.plc.spool import Spool, SpoolError
from mes.tracking.bindings import ControllerPlan, readings_of
from mes.tracking.candidates import Recorded
from mes.tracking.health import HealthBook
from mes.tracking.ingest import MachineContext, ingest
from mes.tracking.news import News
from mes.tracking.reading import Reading
from mes.tracking.record import Recorder

log = logging.getLogger("mes.writer")

GATHER_S = 0.05  # how long a batch is gathered: it bounds the delay of a tile and the number of transactions
BATCH = 1000
RETRY_S = 1.0
AWAY = (OperationalError, InterfaceError, PoolTimeout)


class Outcome(Enum):
    """What became of an attempt to store."""

    STORED = auto()
    AWAY = auto()
    REFUSED = auto()


class Writer:
    """Stores polls in order. While the database is away they go to the spool, and from there in the same order."""

    def __init__(
        self,
        *,
        spool: Spool,
        news: News,
        plans: Callable[[], dict[str, ControllerPlan]],
        recorded: Callable[[], dict[str, Recorded]] = dict,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spool, self._news, self._plans, self._clock = spool, news, plans, clock
        self._queue: queue.SimpleQueue[Poll | None] = queue.SimpleQueue()
        self._recorded = recorded
        self._extra: queue.SimpleQueue[ExtraRead] = queue.SimpleQueue()
        self._recorder = Recorder()
        self._health = HealthBook()
        self._away_since: float | None = None
        self._retry_at = 0.0
        self._refusal = ""
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begins storing."""
        self._thread.start()

    def put(self, poll: Poll) -> None:
        """Called by the engine's threads: only queues."""
        self._queue.put(poll)

    def put_extra(self, read: ExtraRead) -> None:
        """Called by the engine's threads with values of unbound tags: only queues."""
        self._extra.put(read)

    def stop(self) -> None:
        """Stores what is queued and ends."""
        self._queue.put(None)
        self._thread.join(timeout=10)

    @property
    def backlog(self) -> int:
        """Polls not stored yet: in memory and on disk."""
        return self._queue.qsize() + len(self._spool)

    def _run(self) -> None:
        running = True
        while running:
            polls, running = self._gather()
            try:
                self.store(polls)
            except SpoolError:
                log.exception("%d polls are lost; the counters will show their pieces as a gap", len(polls))
            self._store_extra()

    def _store_extra(self) -> None:
        """Behind the polls; while the database is away values of unbound tags are let go, not spooled."""
        reads = [self._extra.get() for _ in range(self._extra.qsize())]
        if self._away_since is None:
            self._recorder.store(reads, self._recorded())

    def _gather(self) -> tuple[list[Poll], bool]:
        """What arrives within one gathering time; False when told to stop."""
        polls: list[Poll] = []
        until = self._clock() + GATHER_S
        while len(polls) < BATCH:
            try:
                poll = self._queue.get(timeout=max(until - self._clock(), 0.001))
            except queue.Empty:
                break
            if poll is None:
                return polls, False
            polls.append(poll)
        return polls, True

    def store(self, polls: Sequence[Poll]) -> None:
        """Stores a batch, behind everything that is still spooled; never raises because the database is away."""
        self._health.note(polls)
        if len(self._spool) or self._away_since is not None:
            self._spool.append(polls)
            if self._plans() and self._clock() >= self._retry_at:
                self._replay()
        elif polls and self._try(polls) is not Outcome.STORED:
            self._spool.append(polls)
        self._news.tell(sources=self._health.sources(away=self._away_since is not None))

    def _replay(self) -> None:
        """Moves the spool to the database in order, a batch at a time, as long as that works."""
        while True:
            rows = self._spool.peek(BATCH)
            outcome = self._try([poll for _, poll in rows])
            if outcome is Outcome.REFUSED:
                outcome = self._one_by_one(rows)
            if outcome is Outcome.AWAY or not rows:
                return
            self._spool.delete_through(rows[-1][0])
            if len(rows) < BATCH:
                return

    def _one_by_one(self, rows: Sequence[tuple[int, Poll]]) -> "Outcome":
        """Stores spooled polls singly; the one that cannot be stored is set aside, so that it holds up nobody."""
        for row, poll in rows:
            outcome = self._try([poll])
            if outcome is Outcome.AWAY:
                return outcome
            if outcome is Outcome.REFUSED:
                self._spool.quarantine(row, self._refusal)
                log.error("A poll of %s was set aside: %s", poll.controller, self._refusal)
            self._spool.delete_through(row)
        return Outcome.STORED

    def _try(self, polls: Sequence[Poll]) -> "Outcome":
        """Stores polls now, all or none."""
        try:
            close_old_connections()
            self._ingest(polls)
        except AWAY as error:
            connection.close()
            self._lost(error)
            return Outcome.AWAY
        except Exception as error:  # whatever is wrong with one poll must not end the storing of the others
            log.exception("A batch of %d polls could not be stored", len(polls))
            connection.close()
            self._refusal = f"{type(error).__name__}: {error}"
            return Outcome.REFUSED
        self._back()
        return Outcome.STORED

    def _ingest(self, polls: Sequence[Poll]) -> None:
        plans = self._plans()
        readings: list[Reading] = []
        contexts: dict[int, MachineContext] = {}
        for poll in polls:
            plan = plans.get(poll.controller)
            if plan is None:
                continue
            readings += readings_of(poll, plan)
            contexts |= {m.work_center: MachineContext(m.rules, m.bindings) for m in plan.machines}
        taken = ingest(readings, contexts, now=datetime.now(UTC)) if readings else None
        self._health.stored(polls)
        self._health.write(plans)
        if taken is not None:
            self._news.tell(touched=taken.touched)
            for work_center, detail in taken.quarantined:
                log.warning("Work center %s: count held back: %s", work_center, detail)

    def _lost(self, error: Exception) -> None:
        self._retry_at = self._clock() + RETRY_S
        if self._away_since is None:
            self._away_since = self._clock()
            log.warning("The database is away (%s); polling goes on into the spool", type(error).__name__)

    def _back(self) -> None:
        if self._away_since is not None:
            log.warning("The database is back after %.0f s", self._clock() - self._away_since)
            self._away_since = None
