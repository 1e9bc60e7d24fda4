"""Tells the broadcaster over Redis what changed and how fresh each controller is; loses nothing that matters."""

import json
import logging
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import redis
from django.conf import settings

BEAT_S = 1.0
log = logging.getLogger("mes.news")


def news_channel() -> str:
    """Where pollers and actions say what changed just now."""
    return f"{settings.REDIS_NAMESPACE}:news"


def facts_channel() -> str:
    """Where the roll-ups say which lines' past figures changed."""
    return f"{settings.REDIS_NAMESPACE}:facts"


def news_client() -> "redis.Redis":
    """A Redis client that gives up fast: news is only worth sending now."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1)


class News:
    """Merges what changed until it can be sent: at once, and at least every second as the end-to-end heartbeat."""

    def __init__(self) -> None:
        self._client = news_client()
        self._sources: dict[str, dict[str, Any]] = {}
        self._touched: set[int] = set()
        self._wake = threading.Condition()
        self._stopped = self._lost = False
        self._thread = threading.Thread(target=self._run, name="news", daemon=True)
        self._thread.start()

    def tell(self, *, touched: Iterable[int] = (), sources: dict[str, dict[str, Any]] | None = None) -> None:
        """Notes machines whose tile may have changed and the state of controllers; never blocks."""
        with self._wake:
            self._touched.update(touched)
            self._sources.update(sources or {})
            self._wake.notify()

    def forget(self, codes: Iterable[str]) -> None:
        """Stops vouching for controllers that this process no longer polls."""
        with self._wake:
            for code in codes:
                self._sources.pop(code, None)

    def stop(self) -> None:
        """Ends the sender."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join(timeout=3)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait(timeout=BEAT_S)
                if self._stopped:
                    return
                touched, self._touched = self._touched, set()
                message = json.dumps({"sources": self._sources, "touched": sorted(touched)})
            if not self._send(message):
                with self._wake:
                    self._touched |= touched

    def _send(self, message: str) -> bool:
        try:
            self._client.publish(news_channel(), message)
        except redis.RedisError as error:
            if not self._lost:
                log.warning("Redis does not take news (%s); samples are stored all the same", type(error).__name__)
            self._lost = True
            return False
        if self._lost:
            log.warning("Redis takes news again")
        self._lost = False
        return True


def touched_tell(touched: Iterable[int]) -> None:
    """Says once that tiles of these machines may have changed. Raises RedisError; what is stored stays stored."""
    _say(news_channel(), {"sources": {}, "touched": sorted(touched)})


def facts_tell(lines: Iterable[str], start: datetime, end: datetime) -> None:
    """Says once that figures of these lines (codes) in [start, end) are other ones now, so that open pages look again.

    Raises RedisError; what is stored stays stored.
    """
    said = {"lines": sorted(set(lines)), "from": start.isoformat(), "to": end.isoformat()}
    _say(facts_channel(), said)


def _say(channel: str, message: dict[str, Any]) -> None:
    client = news_client()
    try:
        client.publish(channel, json.dumps(message))
    finally:
        client.close()
