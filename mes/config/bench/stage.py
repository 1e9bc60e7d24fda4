"""What a benchmark runs on: a folder, PostgreSQL and Valkey of its own, and a scratch database that goes afterwards."""

import contextlib
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from mes.config.embedded.servers import start_servers
from mes.config.processes.lock import FolderLock
from mes.config.processes.pytest_run import sweep
from mes.config.processes.supervisor import Supervisor


@dataclass(frozen=True)
class Stage:
    """Servers that run, and the environment by which processes find them."""

    folder: Path
    supervisor: Supervisor
    environment: dict[str, str]

    @property
    def database(self) -> tuple[str, int]:
        """Host and port of PostgreSQL."""
        parts = urlsplit(self.environment["MES_DATABASE_URL"])
        return parts.hostname or "127.0.0.1", parts.port or 5432


@contextlib.contextmanager
def stage(data: Path) -> Iterator[Stage]:
    """Servers in a folder below `<data>/bench`, everything gone afterwards; what killed runs left there is swept.

    A PostgreSQL named in MES_DATABASE_URL is used, with a database of another name that is made and dropped. Valkey is
    always one of our own: a Redis that others use would carry their tiles among ours.
    """
    runs = data / "bench"
    runs.mkdir(parents=True, exist_ok=True)
    sweep(runs)
    with _folder(runs) as folder:
        supervisor = Supervisor(run_dir=folder / "run", log_dir=folder / "logs", say=_say)
        try:
            given = os.environ.get("MES_DATABASE_URL", "")
            urls = start_servers(supervisor, folder, given={"MES_DATABASE_URL": given})
            with _scratch(urls["MES_DATABASE_URL"]) as database:
                yield Stage(folder, supervisor, _environment(folder, urls | {"MES_DATABASE_URL": database}))
                supervisor.stop([name for name, child in supervisor.children.items() if child.spec.stage > 1])
        finally:
            supervisor.stop()


def _environment(folder: Path, urls: dict[str, str]) -> dict[str, str]:
    return {
        **urls,
        "MES_ENV": "test",  # plain static files, which nobody asks for here
        "MES_DATA_DIR": str(folder),
        "MES_SECRET_KEY": secrets.token_urlsafe(48),
        "PYTHONUNBUFFERED": "1",
    }


@contextlib.contextmanager
def _scratch(url: str) -> Iterator[str]:
    name = f"bench_{os.getpid()}_{secrets.token_hex(3)}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            fresh = urlsplit(url)._replace(path=f"/{name}").geturl()
            with psycopg.connect(fresh, autocommit=True) as database:
                database.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
            yield fresh
        finally:
            server.execute(drop)


@contextlib.contextmanager
def _folder(runs: Path) -> Iterator[Path]:
    # Made under another name, so that no sweep sees it before it is locked.
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=runs))
    lock = FolderLock(fresh, name="test")
    lock.acquire()
    folder = fresh.rename(fresh.with_name(f"run-{os.getpid()}-{fresh.name.removeprefix('new-')}"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def _say(name: str, text: str) -> None:
    if text != "ready":
        print(f"{name}: {text}", file=sys.stderr, flush=True)  # noqa: T201
