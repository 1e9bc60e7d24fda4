"""The one door to the channel layer, and the tiles as last sent, for whoever connects next."""

import asyncio
import json
import threading
from collections.abc import Mapping
from typing import Any

from channels.layers import get_channel_layer

from mes.tracking.news import news_client

BEAT_GROUP = "beat"
FLOOR_GROUP = "floor"  # every socket: one message a tick for all lines, each takes out of it what it may see
SOURCES_KEY = "mes:sources"
KEEP_S = 120  # a stored line nobody renews is no snapshot any more


def person_group(pk: int) -> str:
    """The group of one person's sockets: to end them when rights change."""
    return f"person.{pk}"


class Sender:
    """Sends to groups from ordinary threads: one event loop of its own, so that the layer keeps its connections."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sender", daemon=True)
        self._thread.start()
        self._layer = get_channel_layer()
        self._client = news_client()

    def lines(self, frames: Mapping[str, tuple[int, str]], *, boot: str, at: str) -> None:
        """All lines' changes of one tick: line to its `lseq` and its changed fields as ready JSON text
        `"CODE":{...},"CODE":{...}`; raises when Redis is away."""
        self._send(FLOOR_GROUP, {"type": "floor.frame", "boot": boot, "at": at, "lines": dict(frames)})

    def beat(self, sources: Mapping[str, Any], *, boot: str, at: str) -> None:
        """The heartbeat of all sources, as ready JSON text, kept for snapshots; raises when Redis is away."""
        text = json.dumps(sources)
        self._send(BEAT_GROUP, {"type": "beat.frame", "boot": boot, "at": at, "text": text})
        self._client.set(SOURCES_KEY, text, ex=KEEP_S)

    def facts(self, said: Mapping[str, Any], *, boot: str, at: str) -> None:
        """Past figures changed: `lines` (codes), `from` and `to`; raises when Redis is away."""
        self._send(FLOOR_GROUP, {"type": "facts.frame", "boot": boot, "at": at, **said})

    def keep(self, lines: Mapping[str, str]) -> None:
        """Stores whole lines (JSON text with boot, lseq and tiles) for snapshots; raises when Redis is away."""
        pipe = self._client.pipeline(transaction=False)
        for code, text in lines.items():
            pipe.set(f"mes:line:{code}", text, ex=KEEP_S)
        pipe.execute()

    def stop(self) -> None:
        """Ends the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=2)

    def _send(self, group: str, message: dict[str, Any]) -> None:
        asyncio.run_coroutine_threadsafe(self._layer.group_send(group, message), self._loop).result(timeout=3)


async def kick(person: int) -> None:
    """Ends every socket of a person: after log-out, deactivation or a change of rights."""
    layer = get_channel_layer()
    if layer is not None:
        await layer.group_send(person_group(person), {"type": "kicked"})
