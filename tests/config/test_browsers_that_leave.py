"""Browsers that go away before the answer is ready leave the database connections to the others."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.test import Client

from mes.people.models import Role
from tests.production.small_plant import SmallPlant, small_plant

POOL = 4


@pytest.fixture
def plant(transactional_db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


@pytest.fixture
def web(plant: SmallPlant, test_database_url: str, log: Path) -> Iterator[str]:
    """A Daphne of its own with few connections, which waits 1 s for an answer that nobody reads any more."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {"MES_DATABASE_URL": test_database_url, "MES_ENV": "test", "MES_POOL_MAX": str(POOL)}
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "--application-close-timeout", "1"]
    with log.open("wb") as out:
        child = subprocess.Popen([*command, "mes.config.asgi:application"], env=env, stdout=out, stderr=out)
    url = f"http://127.0.0.1:{port}"
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


def until(what: str, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_those_who_leave_early_take_no_connection_with_them(
    web: str, plant: SmallPlant, log: Path, test_database_url: str
) -> None:
    client = Client()
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1))
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    place = urlsplit(web)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(test_database_url) as held, psycopg.connect(test_database_url, autocommit=True) as other:
        held.execute("LOCK TABLE plant_line IN ACCESS EXCLUSIVE MODE")
        lines = [socket.create_connection((place.hostname, place.port)) for _ in range(POOL)]
        for line in lines:
            line.sendall(f"GET /shift/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
        until("every connection waits", lambda: other.execute(waiting).fetchone() == (POOL,))
        for line in lines:
            line.close()
        until(
            "Daphne gives up on all of them, and on tidying up after them",
            lambda: log.read_text().count("took too long to shut down") >= 3 * POOL,
        )  # it does so every second
    asked = urllib.request.Request(web + "/shift/", headers={"Cookie": cookie})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert answer.status == 200
