"""The live socket: a snapshot, then frames as the broadcaster made them, and the heartbeat. No query per message."""

import asyncio
import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import redis.asyncio as aioredis
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user

from mes.live.book import fragment
from mes.live.scope import Wanted, key_of, origin_allowed, topics_in, wanted
from mes.live.send import BEAT_GROUP, FLOOR_GROUP, SOURCES_KEY, person_group
from mes.live.tiles import in_plant_order, iso, tiles_of
from mes.people.models import Person
from mes.plant.models import WorkCenter

RECHECK_S = 30
_clients: dict[int, "aioredis.Redis"] = {}


def _client() -> "aioredis.Redis":
    """One Redis client per event loop, shared by all sockets of the process."""
    loop = id(asyncio.get_running_loop())
    if loop not in _clients:
        _clients[loop] = aioredis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1)
    return _clients[loop]


class LiveConsumer(AsyncWebsocketConsumer):
    """One browser. Frames carry this socket's own `seq` without gaps; a lost line frame leads to a new snapshot."""

    async def connect(self) -> None:
        """Checks origin and identity, then sends the snapshot of everything asked for and allowed."""
        self.headers = dict(self.scope["headers"])
        self.seq, self.boot = 0, ""
        self.lseq: dict[str, int] = {}
        self.checker: asyncio.Task[None] | None = None
        self.wanted = Wanted({}, ())
        self.person: Person | None = None
        if not origin_allowed(self.headers) or not await self._identify():
            await self.close(code=4403)
            return
        await self.accept()
        await self._join()
        self.checker = asyncio.create_task(self._recheck())

    async def disconnect(self, code: int) -> None:
        """Leaves every group."""
        if self.checker is not None:
            self.checker.cancel()
        for group in self._groups():
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A client may only ask for a new snapshot; anything else ends the socket."""
        try:
            message = json.loads(text_data or "")
        except ValueError:
            message = None
        if not isinstance(message, dict) or message.get("type") != "resync":
            await self.close(code=4400)
            return
        await self._snapshot()

    async def floor_frame(self, event: dict[str, Any]) -> None:
        """One tick's changes of all lines from the broadcaster: those of ours go on, or a snapshot if one was lost."""
        ours = {line: frame for line, frame in event["lines"].items() if line in self.wanted.lines}
        if not ours:
            return
        if event["boot"] != self.boot or any(lseq > self.lseq.get(line, 0) + 1 for line, (lseq, _) in ours.items()):
            await self._snapshot()
            return
        texts = [self._narrow(line, text) for line, (lseq, text) in ours.items() if lseq > self.lseq.get(line, 0)]
        self.lseq |= {line: max(lseq, self.lseq.get(line, 0)) for line, (lseq, _) in ours.items()}
        body = ",".join(filter(None, texts))
        if body:
            self.seq += 1
            head = f'{{"type":"tiles","boot":{json.dumps(self.boot)},"seq":{self.seq},"at":"{event["at"]}","d":{{'
            await self.send(text_data=head + body + "}}")

    async def beat_frame(self, event: dict[str, Any]) -> None:
        """The heartbeat that began at the poller; it tells how fresh each controller is."""
        text = f'{{"type":"beat","boot":{json.dumps(self.boot)},"seq":{self.seq},"at":"{event["at"]}","sources":'
        await self.send(text_data=text + _own_sources(event["text"], self.codes) + "}")

    async def facts_frame(self, event: dict[str, Any]) -> None:
        """Past figures of lines changed: pages that show them look again."""
        ours = sorted(set(event["lines"]) & set(self.wanted.lines))
        if ours:
            said = {"lines": ours, "from": event["from"], "to": event["to"]}
            head = {"type": "facts", "boot": self.boot, "seq": self.seq, "at": event["at"]}
            await self.send(text_data=json.dumps(head | said))

    async def kicked(self, event: dict[str, Any]) -> None:
        """The person logged out, was deactivated or lost rights: the browser must come again."""
        await self.close(code=4401)

    async def _identify(self) -> bool:
        self.key = await database_sync_to_async(key_of)(self.headers)
        self.person = None if self.key else await self._session_person()
        return self.key is not None or self.person is not None

    async def _session_person(self) -> Person | None:
        def load() -> Person | None:
            session = self.scope.get("session")
            if session is None or not session.exists(session.session_key):
                return None
            user = get_user(_SessionOnly(session))  # type: ignore[arg-type]
            return user if isinstance(user, Person) and user.is_active else None

        return await database_sync_to_async(load)()

    async def _join(self) -> None:
        self.wanted = await database_sync_to_async(wanted)(self.person, self.key, topics_in(self.scope["query_string"]))
        self.codes = await database_sync_to_async(self._sources_of)()
        for group in self._groups():
            await self.channel_layer.group_add(group, self.channel_name)
        for topic in self.wanted.refused:
            reason = "unknown, or not one of yours"
            await self.send(text_data=json.dumps({"type": "refused", "topic": topic, "reason": reason}))
        await self._snapshot()

    def _groups(self) -> list[str]:
        own = [person_group(self.person.pk)] if self.person else []
        return [FLOOR_GROUP, BEAT_GROUP, *own]

    def _sources_of(self) -> frozenset[str]:
        bound = WorkCenter.objects.filter(line__code__in=self.wanted.lines)
        return frozenset(bound.exclude(bindings=None).values_list("bindings__controller__code", flat=True).distinct())

    def _narrow(self, line: str, text: str) -> str:
        """The whole ready text, or only the wanted machines of it for a socket that watches single machines."""
        machines = self.wanted.lines.get(line)
        if machines is None:
            return text
        return fragment({code: tile for code, tile in json.loads("{" + text + "}").items() if code in machines})

    async def _snapshot(self) -> None:
        """Everything as last sent by the broadcaster; computed here only while there is no broadcaster."""
        lines = list(self.wanted.lines)
        kept, sources = await self._kept(lines)
        boots = {line["boot"] for line in kept.values()}
        if len(kept) < len(lines) or len(boots) > 1:
            computed = await database_sync_to_async(self._computed)([line for line in lines if line not in kept])
            kept = {line: kept.get(line) or computed[line] for line in lines}
        self.boot = max(boots, key=lambda boot: [line["boot"] for line in kept.values()].count(boot), default="")
        self.lseq = {line: found["lseq"] for line, found in kept.items()}
        text = ",".join(filter(None, (self._narrow(line, found["text"]) for line, found in kept.items())))
        self.seq += 1
        head = f'{{"type":"snapshot","boot":{json.dumps(self.boot)},"seq":{self.seq},"at":"{_now()}","tiles":{{'
        await self.send(text_data=head + text + '},"sources":' + _own_sources(sources, self.codes) + "}")

    async def _kept(self, lines: list[str]) -> tuple[dict[str, dict[str, Any]], str]:
        """What the broadcaster keeps of these lines, and how fresh it last said the controllers are (JSON text)."""
        try:
            sources, *texts = await _client().mget([SOURCES_KEY, *(f"mes:line:{line}" for line in lines)])
        except (aioredis.RedisError, OSError):
            return {}, "{}"
        kept = {line: json.loads(text) for line, text in zip(lines, texts, strict=True) if text}
        return kept, str(sources, "utf-8") if isinstance(sources, bytes) else "{}"

    @staticmethod
    def _computed(lines: list[str]) -> dict[str, dict[str, Any]]:
        machines = in_plant_order(WorkCenter.objects.filter(line__code__in=lines, archived=False))
        tiles = tiles_of(machines, now=datetime.now(UTC))
        return {
            line: {
                "boot": "",
                "lseq": 0,
                "text": fragment({code: tile for code, tile in tiles.items() if tile["line"] == line}),
            }
            for line in lines
        }

    async def _recheck(self) -> None:
        """Rights may change while a socket is open: looked at again twice a minute, and at once by a kick."""
        while True:
            await asyncio.sleep(RECHECK_S)
            before = self.wanted
            if not await self._identify():
                await self.close(code=4401)
                return
            topics = topics_in(self.scope["query_string"])
            if await database_sync_to_async(wanted)(self.person, self.key, topics) != before:
                await self.close(code=4401)
                return


@lru_cache(maxsize=256)
def _own_sources(text: str, codes: frozenset[str]) -> str:
    """Only the controllers of one's own lines: others one does not even learn of. The same for many sockets."""
    return json.dumps({code: source for code, source in json.loads(text).items() if code in codes})


class _SessionOnly:
    """What Django's get_user needs of a request: the session."""

    def __init__(self, session: Any) -> None:
        self.session = session


def _now() -> str:
    return iso(datetime.now(UTC)) or ""
