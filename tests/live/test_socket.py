"""The live socket against a real Daphne, PostgreSQL and Valkey: snapshot, frames, beat, refusals."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets
from django.db import connection
from django.test import Client

from mes.leases.hold import lease_take
from mes.live.broadcast import Broadcaster
from mes.live.send import kick
from mes.people.keys import api_key_create
from mes.plant.models import WorkCenter
from mes.tracking.news import facts_tell, touched_tell
from tests.live.conftest import Floor, make_floor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def live_floor(transactional_db: None) -> Floor:
    """The small floor around the present moment: the broadcaster reads the real clock."""
    return make_floor(datetime.now(UTC))


@pytest.fixture(scope="module")
def origin(django_db_setup: None, redis_url: str) -> Iterator[str]:
    """A Daphne of its own on the test database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    database = urlsplit(os.environ["MES_DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"]).geturl()
    env = os.environ | {"MES_DATABASE_URL": database, "MES_ORIGINS": url, "MES_ENV": "test"}
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "mes.config.asgi:application"]
    child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(url + "/healthz", timeout=1)
                break
            except OSError:
                assert time.monotonic() < until, "Daphne did not start"
                time.sleep(0.05)
        yield url
    finally:
        child.terminate()
        child.wait(10)


@pytest.fixture
def broadcaster(live_floor: Floor) -> Iterator[Broadcaster]:
    """A real broadcaster in this process."""
    fence = lease_take(name="broadcast", owner="test")
    assert fence is not None
    thread = Broadcaster("test", fence)
    yield thread
    thread.stop()


def headers_of(person: Any, origin: str) -> dict[str, str]:
    client = Client()
    client.force_login(person)
    return {"Origin": origin, "Cookie": f"sessionid={client.cookies['sessionid'].value}"}


def talk(origin: str, headers: dict[str, str], script: Any, topics: str = "") -> Any:
    """Opens a socket and runs `script(ws)` on it."""

    async def go() -> Any:
        address = origin.replace("http", "ws") + "/ws/live/" + (f"?topics={topics}" if topics else "")
        async with websockets.connect(address, additional_headers=headers, open_timeout=10) as ws:
            return await asyncio.wait_for(script(ws), 20)

    return asyncio.run(go())


async def next_of(ws: Any, *kinds: str) -> dict[str, Any]:
    while True:
        message = json.loads(await ws.recv())
        if message["type"] in kinds:
            return message


async def snapshot_of_the_broadcaster(ws: Any) -> dict[str, Any]:
    """Asks again until the broadcaster has begun: from then on every change comes as a frame."""
    first = await next_of(ws, "snapshot")
    while not first["boot"]:
        await asyncio.sleep(0.2)
        await ws.send('{"type": "resync"}')
        first = await next_of(ws, "snapshot")
    return first


def test_the_snapshot_holds_the_tiles_of_ones_own_lines_only(live_floor: Floor, origin: str) -> None:
    got = talk(origin, headers_of(live_floor.outsider, origin), lambda ws: next_of(ws, "snapshot"))
    assert set(got["tiles"]) == {"PACK-2"}
    assert got["seq"] == 1


def test_a_count_arrives_as_the_changed_fields_only(live_floor: Floor, origin: str, broadcaster: Broadcaster) -> None:
    from mes.tracking.news import News

    start = datetime.now(UTC) - timedelta(seconds=3)
    live_floor.hear(start, good=100)

    async def script(ws: Any) -> tuple[dict, dict]:
        first = await snapshot_of_the_broadcaster(ws)
        loop, news = asyncio.get_running_loop(), News()
        await loop.run_in_executor(None, lambda: live_floor.hear(start + timedelta(seconds=2), good=104, scrap=1))
        news.tell(touched=[live_floor.filler.pk])
        while True:
            frame = await next_of(ws, "tiles")
            if "good" in frame["d"].get("FILL-1", {}):
                news.stop()
                return first, frame

    first, frame = talk(origin, headers_of(live_floor.supervisor, origin), script)
    assert first["tiles"]["FILL-1"]["good"] == 0
    assert (frame["d"]["FILL-1"]["good"], frame["d"]["FILL-1"]["scrap"]) == (4, 1)
    assert "name" not in frame["d"]["FILL-1"]
    assert frame["boot"] == first["boot"]


def test_a_machine_that_was_added_is_followed_from_its_first_word(
    live_floor: Floor, origin: str, broadcaster: Broadcaster
) -> None:
    """Its tile may be on a screen already: a page is drawn from the database, not from the broadcaster's book."""

    def add() -> int:
        line = live_floor.filler.line
        return int(WorkCenter.objects.create(code="CAP-1", name="Capper", line=line, is_exit=False).pk)

    async def script(ws: Any) -> dict:
        await snapshot_of_the_broadcaster(ws)
        machine = await asyncio.get_running_loop().run_in_executor(None, add)
        touched_tell([machine])
        while True:
            frame = await next_of(ws, "tiles")
            if "CAP-1" in frame["d"]:
                return dict(frame["d"]["CAP-1"])

    # The script is given 20 s; the broadcaster looks at the whole plant every 30 s.
    tile = talk(origin, headers_of(live_floor.supervisor, origin), script)
    assert (tile["name"], tile["line"]) == ("Capper", "L1")


def test_corrected_figures_are_told_to_those_who_may_see_the_line(
    live_floor: Floor, origin: str, broadcaster: Broadcaster
) -> None:
    long_ago = datetime(2026, 2, 3, 4, 0, tzinfo=UTC)

    async def script(ws: Any) -> dict:
        await snapshot_of_the_broadcaster(ws)
        facts_tell(["L1"], long_ago, long_ago + timedelta(hours=1))
        facts_tell(["L1", "L2"], long_ago, long_ago + timedelta(hours=2))
        return await next_of(ws, "facts")

    told = talk(origin, headers_of(live_floor.outsider, origin), script)
    assert told["lines"] == ["L2"]
    assert (told["from"], told["to"]) == ("2026-02-03T04:00:00+00:00", "2026-02-03T06:00:00+00:00")


def test_the_beat_carries_the_pollers_word_and_only_ones_own_controllers(
    live_floor: Floor, origin: str, broadcaster: Broadcaster
) -> None:
    from mes.tracking.news import News

    news = News()
    news.tell(sources={"PLC-1": {"as_of": "T1", "comm": "online"}, "PLC-9": {"as_of": "T9", "comm": "online"}})

    async def script(ws: Any) -> dict:
        while True:
            beat = await next_of(ws, "beat")
            if beat["sources"]:
                return beat

    beat = talk(origin, headers_of(live_floor.supervisor, origin), script)
    news.stop()
    assert beat["sources"] == {"PLC-1": {"as_of": "T1", "comm": "online"}}
    later = talk(origin, headers_of(live_floor.supervisor, origin), lambda ws: next_of(ws, "snapshot"))
    assert later["sources"] == beat["sources"]  # who comes later need not wait for a beat


def test_a_topic_of_another_line_is_refused_like_one_that_does_not_exist(live_floor: Floor, origin: str) -> None:
    async def script(ws: Any) -> list[dict]:
        return [json.loads(await ws.recv()) for _ in range(3)]

    headers = headers_of(live_floor.outsider, origin)
    got = talk(origin, headers, script, topics="line:L1,line:NOWHERE")
    assert [(m["type"], m.get("topic")) for m in got[:2]] == [("refused", "line:L1"), ("refused", "line:NOWHERE")]
    assert got[0]["reason"] == got[1]["reason"]
    assert (got[2]["type"], got[2]["tiles"]) == ("snapshot", {})


@pytest.mark.parametrize("forged", ["http://evil.test", "null", "http://127.0.0.1:1"])
def test_a_foreign_origin_is_refused(live_floor: Floor, origin: str, forged: str) -> None:
    headers = headers_of(live_floor.supervisor, origin) | {"Origin": forged}
    with pytest.raises(websockets.InvalidStatus) as refused:
        talk(origin, headers, lambda ws: next_of(ws, "snapshot"))
    assert refused.value.response.status_code == 403


def test_nobody_without_session_or_key_gets_in(live_floor: Floor, origin: str) -> None:
    for headers in ({"Origin": origin}, {}, {"Authorization": "Token mw_wrong"}):
        with pytest.raises(websockets.InvalidStatus):
            talk(origin, headers, lambda ws: next_of(ws, "snapshot"))


def test_a_program_with_a_key_needs_no_origin(live_floor: Floor, origin: str) -> None:
    key = api_key_create(owner=live_floor.supervisor, name="board", scopes=["read"], actor="test", at=datetime.now(UTC))
    got = talk(origin, {"Authorization": f"Token {key}"}, lambda ws: next_of(ws, "snapshot"))
    assert set(got["tiles"]) == {"FILL-1"}


def test_a_kick_ends_the_socket(live_floor: Floor, origin: str) -> None:
    async def script(ws: Any) -> int:
        await next_of(ws, "snapshot")
        await kick(live_floor.supervisor.pk)
        await ws.wait_closed()
        return ws.close_code

    assert talk(origin, headers_of(live_floor.supervisor, origin), script) == 4401


def test_logging_out_ends_the_open_socket(live_floor: Floor, origin: str) -> None:
    client = Client()
    client.force_login(live_floor.supervisor)
    headers = {"Origin": origin, "Cookie": f"sessionid={client.cookies['sessionid'].value}"}

    async def script(ws: Any) -> int:
        await next_of(ws, "snapshot")
        await asyncio.get_running_loop().run_in_executor(None, lambda: client.post("/logout/"))
        await ws.wait_closed()
        return ws.close_code

    assert talk(origin, headers, script) == 4401


@pytest.mark.parametrize("nonsense", ["{", '{"type": "give me all"}', "[1]"])
def test_anything_but_a_resync_ends_the_socket(live_floor: Floor, origin: str, nonsense: str) -> None:
    async def script(ws: Any) -> int:
        await next_of(ws, "snapshot")
        await ws.send(nonsense)
        await ws.wait_closed()
        return ws.close_code

    assert talk(origin, headers_of(live_floor.supervisor, origin), script) == 4400


def test_a_resync_brings_a_new_snapshot_with_the_next_seq(live_floor: Floor, origin: str) -> None:
    async def script(ws: Any) -> list[int]:
        first = await next_of(ws, "snapshot")
        await ws.send('{"type": "resync"}')
        return [first["seq"], (await next_of(ws, "snapshot"))["seq"]]

    assert talk(origin, headers_of(live_floor.supervisor, origin), script) == [1, 2]


def test_a_lost_line_frame_leads_to_a_snapshot(live_floor: Floor, origin: str, broadcaster: Broadcaster) -> None:
    async def script(ws: Any) -> str:
        first = await snapshot_of_the_broadcaster(ws)
        from channels.layers import get_channel_layer

        layer = get_channel_layer()
        gap = {"type": "floor.frame", "boot": first["boot"], "at": "x", "lines": {"L1": [99, '"FILL-1":{}']}}
        await layer.group_send("floor", gap)
        return (await next_of(ws, "snapshot", "tiles"))["type"]

    assert talk(origin, headers_of(live_floor.supervisor, origin), script) == "snapshot"


def test_two_broadcasters_do_not_hold_the_lease_at_once(live_floor: Floor, broadcaster: Broadcaster) -> None:
    assert lease_take(name="broadcast", owner="another") is None
