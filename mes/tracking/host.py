"""Hosts the poll engine in a worker process: leases say which controllers, the writer stores what they say."""

import fcntl
import itertools
import logging
import math
import os
import socket
import threading
import time
import uuid
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from psycopg_pool import PoolTimeout

from mes.leases.hold import RENEW_S, lease_give_back, lease_owners, lease_renew, lease_take
from mes.plc.engine import PollEngine
from mes.plc.spool import Spool
from mes.plc.tasks import browse_controller
from mes.tracking.bindings import ControllerPlan, controller_plans
from mes.tracking.candidates import CandidateBook, Recorded, candidates_ask
from mes.tracking.news import News
from mes.tracking.writer import Writer

log = logging.getLogger("mes.poller")


def own_spool_file(folder: Path) -> tuple[Path, IO[str]]:
    """A spool file of this process alone: the first one nobody holds, so that what a killed process left is replayed.

    The returned lock file must stay open; the operating system frees it when the process ends, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in itertools.count():
        lock = (folder / f"poller-{number}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        return folder / f"poller-{number}.sqlite3", lock
    raise AssertionError("unreachable")


class PollerHost:
    """The engine, its leases and its writer. One per process; `claim` is called by short ticks."""

    def __init__(self) -> None:
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        path, self._spool_lock = own_spool_file(settings.DATA_DIR / "spool")
        self.spool = Spool(path, max_bytes=settings.SPOOL_BYTES)
        self.news = News()
        self.plans: dict[str, ControllerPlan] = {}
        self.fences: dict[str, int] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.candidates = CandidateBook()
        self.recorded: dict[str, Recorded] = {}
        self.writer = Writer(spool=self.spool, news=self.news, plans=lambda: self.plans, recorded=lambda: self.recorded)
        self.engine = PollEngine(sink=self.writer.put, extra_sink=self.writer.put_extra)
        self.writer.start()
        self._renewer = threading.Thread(target=self._renew_for_ever, name="leases", daemon=True)
        self._renewer.start()

    def claim(self, *, at: datetime) -> int:
        """Reads the plans, takes free controllers up to a fair share, gives back what is too much; returns how many."""
        recorded = self._candidates(at)
        plans = controller_plans(at=at, recorded=recorded)
        with self._lock:
            self._presence()
            self._drop([code for code in self.fences if code not in plans], why="no longer configured")
            share = math.ceil(len(plans) / max(len(lease_owners("poller:")), 1))
            owners = lease_owners("plc:")
            for code in sorted(plans):
                if len(self.fences) < share and f"plc:{code}" not in owners and code not in self.fences:
                    fence = lease_take(name=f"plc:{code}", owner=self.owner)
                    if fence is not None:
                        self.fences[code] = fence
                        log.info("%s is polled by this process (fence %d)", code, fence)
            if len(self.fences) > share + 1:
                self._drop(sorted(self.fences)[-1:], why="another poller shares the work")
            self.plans, self.recorded = plans, recorded
            for code, fence in self.fences.items():
                self.engine.take(plans[code].spec, fence)
        return len(self.fences)

    def _candidates(self, at: datetime) -> dict[str, Recorded]:
        """What is recorded of unbound tags. New controllers are asked for their tag list first, by a task of its own.

        Nothing in here may cost a bound reading: a fault is logged and nothing is recorded until it is gone.
        """
        try:
            for request in candidates_ask(at=at):
                browse_controller.apply_async((request.pk,), retry=False)
            return self.candidates.recorded(at=at)
        except (DatabaseError, PoolTimeout):
            raise
        except Exception:
            log.exception("Unbound tags are not recorded")
            return {}

    def stop(self) -> None:
        """Stops polling, stores what is queued and frees the leases for others."""
        self._stop.set()
        self._renewer.join(timeout=3)
        self.engine.stop(2.0)
        self.writer.stop()
        self.news.stop()
        try:
            lease_give_back(names=[f"plc:{code}" for code in self.fences] + [self._name], owner=self.owner)
        except (DatabaseError, PoolTimeout):
            log.warning("The database is away; the leases run out by themselves")

    @property
    def _name(self) -> str:
        return f"poller:{self.owner}"

    def _presence(self) -> None:
        if self._name not in lease_owners(self._name):
            lease_take(name=self._name, owner=self.owner)

    def _drop(self, codes: list[str], *, why: str) -> None:
        for code in codes:
            log.info("%s is no longer polled by this process: %s", code, why)
            self.engine.drop(code)
            self.fences.pop(code, None)
        self.news.forget(codes)
        lease_give_back(names=[f"plc:{code}" for code in codes], owner=self.owner)

    def _renew_for_ever(self) -> None:
        while not self._stop.wait(RENEW_S):
            stuck = self.engine.stuck(time.monotonic())
            if stuck:
                # A thread that hangs inside a library cannot be killed; only a new process helps.
                log.critical("Polling of %s hangs; this process ends and is started anew", ", ".join(stuck))
                os._exit(70)
            try:
                close_old_connections()
                self._renew()
            except (DatabaseError, PoolTimeout):
                # Nobody else can take a lease either while the database is away: polling goes on into the spool.
                connection.close()

    def _renew(self) -> None:
        with self._lock:
            names = {f"plc:{code}": fence for code, fence in self.fences.items()}
            kept = lease_renew(fences=names, owner=self.owner)
            lost = [code for code in self.fences if f"plc:{code}" not in kept]
            if lost:
                self._drop(lost, why="another poller holds its lease")
            lease_take(name=self._name, owner=self.owner)
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE leases_lease SET until = clock_timestamp() + interval '10 seconds' WHERE name = %s",
                    [self._name],
                )


_host: PollerHost | None = None
_starting = threading.Lock()


def host() -> PollerHost:
    """The host of this process, made at the first call."""
    global _host
    with _starting:
        if _host is None:
            _host = PollerHost()
        return _host


def stop_host() -> None:
    """Stops this process's host if it was ever started."""
    if _host is not None:
        _host.stop()
