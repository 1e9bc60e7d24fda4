"""The embedded Valkey as a real server: messages survive a kill, nobody enters without the password."""

import os
import signal
import stat
import time
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mes.config.embedded.valkey import Valkey
from mes.config.processes.supervisor import Supervisor


def start(supervisor: Supervisor, data: Path) -> Valkey:
    server = Valkey.open(data)
    server.prepare()
    supervisor.start(server.child())
    supervisor.wait_until_ready(["valkey"], within_s=20)
    return server


def test_what_was_written_survives_a_kill_and_the_supervisor_brings_it_back(tmp_path: Path) -> None:
    supervisor = Supervisor(run_dir=tmp_path / "run", log_dir=tmp_path / "logs", say=lambda *_: None)
    try:
        server = start(supervisor, tmp_path)
        with redis.Redis.from_url(server.url) as client:
            client.lpush("queue", "first", "second")
            assert client.config_get("appendonly") == {"appendonly": "yes"}
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("bind") == {"bind": "127.0.0.1"}
        child = supervisor.children["valkey"]
        assert child.identity
        os.kill(child.identity.pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while child.is_ready or not child.running:
            assert time.monotonic() < deadline
            supervisor.tick()
            time.sleep(0.02)
        supervisor.wait_until_ready(["valkey"], within_s=20)
        with redis.Redis.from_url(server.url, decode_responses=True) as client:
            assert client.lrange("queue", 0, -1) == ["second", "first"]
    finally:
        supervisor.stop()


def test_nobody_gets_in_without_the_password(tmp_path: Path) -> None:
    supervisor = Supervisor(run_dir=tmp_path / "run", log_dir=tmp_path / "logs", say=lambda *_: None)
    try:
        server = start(supervisor, tmp_path)
        with (
            redis.Redis(host="127.0.0.1", port=server.port, retry=Retry(NoBackoff(), 0)) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
    finally:
        supervisor.stop()
    for kept in ("valkey.json", "valkey/valkey.conf"):
        assert stat.S_IMODE((tmp_path / kept).stat().st_mode) == 0o600
    assert Valkey.open(tmp_path).password == server.password
