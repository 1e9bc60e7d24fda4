"""The broadcaster: one leased thread that turns news into tiles and sends them to everybody."""

import json
import logging
import os
import socket
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import redis
from django.db import DatabaseError, close_old_connections, connection
from psycopg_pool import PoolTimeout

from mes.leases.hold import RENEW_S, TRUST_S, lease_give_back, lease_renew, lease_take
from mes.live.book import TileBook, fragment
from mes.live.send import Sender
from mes.live.tiles import iso
from mes.tracking.news import facts_channel, news_channel, news_client

log = logging.getLogger("mes.broadcast")

LEASE = "broadcast"
TICK_S = 0.5  # no browser gets more than two frames a second
BEAT_S = 1.0
RELOAD_S = 30.0  # machines added, lines renamed, shifts changed
MEET_S = 2.0  # news of a machine without a tile: it was added just now, or it is archived and somebody still polls it
REDIS_AWAY = (redis.RedisError, OSError, TimeoutError)


class Broadcaster:
    """Lives while it holds the lease. A new holder has a new `boot`, so browsers take a fresh snapshot."""

    def __init__(self, owner: str, fence: int) -> None:
        self.owner, self.fence = owner, fence
        self.boot = uuid.uuid4().hex[:12]
        self.lost = threading.Event()
        self._book, self._sender = TileBook(), Sender()
        self._touched: set[int] = set()
        self._strangers: set[int] = set()
        self._sources: dict[str, dict[str, Any]] = {}
        self._lseq: dict[str, int] = {}
        self._complained = ""
        self._frames = 0
        self._thread = threading.Thread(target=self._run, name="broadcast", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still works and holds the lease."""
        return self._thread.is_alive() and not self.lost.is_set()

    def stop(self) -> None:
        """Ends the thread and frees the lease."""
        self.lost.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        trusted_until = time.monotonic() + TRUST_S
        renew_at = beat_at = tick_at = reload_at = meet_at = look_at = 0.0
        pubsub = news_client().pubsub(ignore_subscribe_messages=True)
        while not self.lost.is_set():
            self._listen(pubsub)
            now = time.monotonic()
            if now >= renew_at:
                renew_at = now + RENEW_S
                trusted_until = self._renew(trusted_until)
            if now > trusted_until:
                break
            if now >= beat_at:
                beat_at = now + BEAT_S
                self._guarded(self._beat)
            self._strangers |= self._touched - self._book.known()
            due = now >= reload_at or (self._strangers and now >= meet_at)
            if due and self._guarded(self._survey if reload_at else self._reload):
                reload_at, meet_at, self._strangers = now + RELOAD_S, now + MEET_S, set()
            if now >= tick_at and (self._touched or now >= look_at):
                # News goes out at once unless a frame went out just before; without news, ageing tiles are looked at.
                sent_before = self._frames
                self._guarded(self._tick)
                look_at = now + TICK_S
                tick_at = now + TICK_S if self._frames > sent_before else now
            else:
                self._guarded(lambda: self._book.renew(datetime.now(UTC)))
        self.lost.set()
        self._sender.stop()
        self._guarded(lambda: lease_give_back(names=[LEASE], owner=self.owner))
        connection.close()

    def _listen(self, pubsub: "redis.client.PubSub") -> None:
        """Takes in what the pollers say; waits a moment when there is nothing."""
        try:
            if not pubsub.subscribed:
                pubsub.subscribe(news_channel(), facts_channel())
            message = pubsub.get_message(timeout=0.05)
            while message is not None:
                self._hear(message["channel"].decode(), json.loads(message["data"]))
                message = pubsub.get_message(timeout=0)
        except REDIS_AWAY as error:
            self._complain(f"Redis is away ({type(error).__name__}); browsers show their values as stale")
            pubsub.close()
            self.lost.wait(0.5)

    def _hear(self, channel: str, news: dict[str, Any]) -> None:
        if channel == facts_channel():
            self._sender.facts(news, boot=self.boot, at=_now_text())
            return
        self._touched.update(news["touched"])
        self._sources.update(news["sources"])

    def _renew(self, trusted_until: float) -> float:
        try:
            close_old_connections()
            if lease_renew(fences={LEASE: self.fence}, owner=self.owner):
                return time.monotonic() + TRUST_S
            log.warning("Another process broadcasts now")
            self.lost.set()
        except (DatabaseError, PoolTimeout):
            # Nobody else can take the lease while the database is away; the beat goes on and tells it.
            connection.close()
            return time.monotonic() + TRUST_S
        return trusted_until

    def _guarded(self, step: Any) -> bool:
        """Runs a step; a database or Redis that is away is said once and tried again."""
        try:
            step()
        except (DatabaseError, PoolTimeout) as error:
            connection.close()
            self._complain(f"The database is away ({type(error).__name__}); tiles wait")
            return False
        except REDIS_AWAY as error:
            self._complain(f"Redis is away ({type(error).__name__}); browsers show their values as stale")
            return False
        if self._complained:
            log.warning("Broadcasting works again")
            self._complained = ""
            self._guarded(self._reload)
        return True

    def _complain(self, text: str) -> None:
        if text != self._complained:
            log.warning(text)
        self._complained = text

    def _beat(self) -> None:
        self._sender.beat(self._sources, boot=self.boot, at=_now_text())

    def _reload(self) -> None:
        now = datetime.now(UTC)
        before = {code: dict(tile) for tiles in self._book.lines().values() for code, tile in tiles.items()}
        self._book.load(now)
        lines = {
            line: {code: tile for code, tile in tiles.items() if before.get(code) != tile}
            for line, tiles in self._book.lines().items()
        }
        self._send_lines({line: tiles for line, tiles in lines.items() if tiles})
        self._keep(list(self._book.lines()))

    def _survey(self) -> None:
        self._send_lines(self._book.survey(datetime.now(UTC)))
        self._keep(list(self._book.lines()))

    def _tick(self) -> None:
        touched, self._touched = self._touched, set()
        try:
            changes = self._book.turn(touched, datetime.now(UTC))
        except Exception:
            self._touched |= touched
            raise
        if changes:
            self._send_lines(changes)
            self._keep(list(changes))

    def _send_lines(self, changes: dict[str, dict[str, Any]]) -> None:
        if not changes:
            return
        self._frames += 1
        frames = {}
        for line, tiles in changes.items():
            self._lseq[line] = self._lseq.get(line, 0) + 1
            frames[line] = (self._lseq[line], fragment(tiles))
        self._sender.lines(frames, boot=self.boot, at=_now_text())

    def _keep(self, lines: list[str]) -> None:
        whole = self._book.lines()
        self._sender.keep(
            {
                line: json.dumps({"boot": self.boot, "lseq": self._lseq.get(line, 0), "text": fragment(whole[line])})
                for line in lines
            }
        )


def _now_text() -> str:
    return iso(datetime.now(UTC)) or ""


_current: Broadcaster | None = None
_starting = threading.Lock()


def broadcast_claim() -> bool:
    """Begins to broadcast if nobody does; True when this process is the broadcaster afterwards."""
    global _current
    with _starting:
        if _current is not None and _current.alive:
            return True
        owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        fence = lease_take(name=LEASE, owner=owner)
        if fence is None:
            return False
        _current = Broadcaster(owner, fence)
        log.info("This process broadcasts the tiles (fence %d)", fence)
        return True


def broadcast_stop() -> None:
    """Ends broadcasting in this process, if it did."""
    if _current is not None:
        _current.stop()
