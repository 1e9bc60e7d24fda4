"""A body without a length reaches the API whole through a real Daphne (fault 1), and every answer has the policy."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import mes
from mes.people.keys import api_key_create
from mes.people.models import Role
from mes.production.models import WorkOrder
from tests.production.small_plant import SIX, small_plant

BASE = Path(mes.__file__).resolve().parent.parent
KEY_BODY = b'{"number":"WO-1","item":"COLA-05","line":"LINE-1","quantity":"7"}'


@pytest.fixture
def daphne(test_database_url: str, redis_url: str, tmp_path: Path) -> Iterator[int]:
    """Port of a Daphne on the test database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "MES_DATABASE_URL": test_database_url,
        "MES_REDIS_URL": redis_url,
        "MES_ENV": "test",
        "MES_DATA_DIR": str(tmp_path),
        "MES_POOL_MAX": "4",
    }
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "mes.config.asgi:application"]
    with (tmp_path / "daphne.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=BASE, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, process, tmp_path / "daphne.log")
            yield port
        finally:
            process.terminate()
            process.wait(15)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(log.read_text())
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("Daphne did not open its port within 60 s.")


def _key() -> str:
    plant = small_plant()
    owner = plant.person(Role.ADMIN, name="admin")
    return api_key_create(owner=owner, name="k", scopes=["read", "orders"], expires_at=None, actor="test", at=SIX)


def _send(port: int, key: str, parts: list[bytes], path: str = "/api/v1/work-orders/") -> tuple[int, dict[str, object]]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Token {key}", "Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    link.request("POST", path, body=iter(parts), headers=headers, encode_chunked=True)
    answer = link.getresponse()
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    status, body = answer.status, json.loads(answer.read())
    link.close()
    return status, body


def test_a_chunked_order_arrives_whole_and_an_oversized_one_is_413(daphne: int) -> None:
    key = _key()
    status, body = _send(daphne, key, [KEY_BODY[:5], KEY_BODY[5:30], KEY_BODY[30:]])
    assert (status, body["number"], body["quantity"]) == (201, "WO-1", "7.000")
    assert WorkOrder.objects.get().number == "WO-1"
    tiny = b'{"number":"W","item":"COLA"}'[:27]
    status, body = _send(daphne, key, [tiny])  # 27 bytes, cut short: unreadable, and never an empty order
    assert (status, body["code"]) == (400, "parse_error")
    status, body = _send(daphne, key, [b"x" * 100_000] * 26)
    assert (status, body["code"]) == (413, "too_large")


def test_answers_of_every_kind_carry_the_policy(daphne: int) -> None:
    for path, expected in (
        ("/login/", 200),
        ("/no-such-page", 404),
        ("/api/v1/lines/", 401),
        ("/api/v1/no-such/", 404),
        ("/healthz", 200),
        ("/metrics", 200),
    ):
        link = http.client.HTTPConnection("127.0.0.1", daphne, timeout=30)
        link.request("GET", path)
        answer = link.getresponse()
        answer.read()
        link.close()
        assert (path, answer.status) == (path, expected)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
