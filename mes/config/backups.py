"""Backup and restore of everything PostgreSQL holds: one consistent file that carries the proof of its own content."""

import json
import os
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from mes.config.embedded.postgres import binaries
from mes.journal.seal import head, verify

FORMAT = 1
DUMP, MANIFEST = "database.dump", "manifest.json"


class BackupProblem(Exception):
    """Why a backup or restore was not done; the database is as it was before."""


@dataclass(frozen=True)
class Content:
    """What a backup holds: rows per table, and the head of the journal chain."""

    rows: dict[str, int]
    journal_seq: int
    journal_hash: str


def backup(path: Path) -> Content:
    """Writes a backup to `path` (never over an existing file): the dump and the row counts are of the same instant.

    Works while everything runs. Raises BackupProblem with the reason; a half-written file is removed.
    """
    if path.exists():
        raise BackupProblem(f"{path} exists already. Name a new file; a backup never overwrites another.")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SELECT pg_export_snapshot()")
                snapshot = cursor.fetchone()[0]
            content = count()
            dump = Path(folder) / DUMP
            _run("pg_dump", "--format=custom", f"--snapshot={snapshot}", "--no-owner", f"--file={dump}")
        manifest = {
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "rows": content.rows,
            "journal": {"seq": content.journal_seq, "hash": content.journal_hash},
        }
        (Path(folder) / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
        whole = Path(folder) / "whole.tar"
        with tarfile.open(whole, "w") as tar:
            for name in (MANIFEST, DUMP):
                tar.add(Path(folder) / name, arcname=name)
        whole.chmod(0o600)
        whole.replace(path)
    return content


def restore(path: Path, *, replace: bool) -> Content:
    """Brings a backup back in one transaction and checks row counts and the journal chain afterwards.

    A database that holds data is only replaced when `replace` is said. Other sessions are ended first; the running
    processes reconnect, and the pollers book what counters went on meanwhile as made in the gap.
    """
    manifest = read_manifest(path)
    if not replace and _holds_data():
        raise BackupProblem("This database holds data. Say --replace to put the backup in its place.")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(path) as tar:
            tar.extract(DUMP, folder, filter="data")
        dump = Path(folder) / DUMP
        listing = Path(folder) / "listing"
        # Extensions belong to the database's owner and stay as they are.
        entries = _run("pg_restore", "--list", str(dump)).splitlines()
        listing.write_text("\n".join(line for line in entries if " EXTENSION " not in line))
        _end_other_sessions()
        connection.close()
        # Its idle connections were ended too. The pool would try one after the other and pause ever longer between.
        connection.close_pool()  # type: ignore[attr-defined]  # (the stubs do not know the pool)
        _run(
            *("pg_restore", "--single-transaction", "--exit-on-error", "--clean", "--if-exists", "--no-owner"),
            *(f"--use-list={listing}", f"--dbname={connection.settings_dict['NAME']}", str(dump)),
        )
    content = count()
    problems = differences(manifest, content) + [f"journal entry {p.seq}: {p.what}" for p in verify()]
    if problems:
        raise BackupProblem("The backup is back, but it does not agree with itself: " + "; ".join(problems[:5]))
    return content


def read_manifest(path: Path) -> dict[str, Any]:
    """What a backup file says of itself; BackupProblem for anything that is no backup of this kind."""
    try:
        with tarfile.open(path) as tar:
            member = tar.extractfile(MANIFEST)
            manifest: dict[str, Any] = json.load(member) if member else {}
            tar.getmember(DUMP)
    except FileNotFoundError as error:
        raise BackupProblem(f"There is no file {path}.") from error
    except (tarfile.TarError, KeyError, ValueError, OSError) as error:
        raise BackupProblem(f"{path} is not a backup of Millwright, or it is cut short.") from error
    if manifest.get("format") != FORMAT:
        raise BackupProblem(f"{path} has backup format {manifest.get('format')}; this version reads {FORMAT}.")
    return manifest


def count() -> Content:
    """Rows of every table, counted exactly, and the journal's head."""
    names = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)})
    with connection.cursor() as cursor:
        rows = {}
        for name in names:
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608  (our own table names)
            rows[name] = cursor.fetchone()[0]
    newest = head()
    return Content(rows, newest.seq, newest.hash)


def differences(manifest: dict[str, Any], content: Content) -> list[str]:
    """Sentences on every table whose number of rows is not what the backup says, and on the journal's head."""
    found = [
        f"{name} has {content.rows.get(name, 0)} rows, the backup says {rows}"
        for name, rows in manifest["rows"].items()
        if content.rows.get(name, 0) != rows
    ]
    if (content.journal_seq, content.journal_hash) != (manifest["journal"]["seq"], manifest["journal"]["hash"]):
        found.append("the newest journal entry is another one than the backup's")
    return found


def _holds_data() -> bool:
    if "django_migrations" not in connection.introspection.table_names():
        return False
    return any(rows for name, rows in count().rows.items() if name.split("_")[0] in ("plant", "tracking", "journal"))


def _end_other_sessions() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )


def _program(name: str) -> str:
    """The client that matches the embedded server, or the machine's own."""
    own = binaries() / name
    found = str(own) if own.exists() else which(name)
    if not found:
        raise BackupProblem(f"{name} was not found. Install the PostgreSQL client programs.")
    return found


def _run(name: str, *arguments: str) -> str:
    values = settings.DATABASES["default"] | {"NAME": connection.settings_dict["NAME"]}
    environment = os.environ | {
        "PGHOST": str(values["HOST"]),
        "PGPORT": str(values["PORT"]),
        "PGUSER": str(values["USER"]),
        "PGPASSWORD": str(values["PASSWORD"]),
        "PGDATABASE": str(values["NAME"]),
    }
    done = subprocess.run([_program(name), *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupProblem(
            f"{name} failed: {done.stderr.strip().splitlines()[-1] if done.stderr else done.returncode}"
        )
    return done.stdout
