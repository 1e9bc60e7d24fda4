"""Tryton built once: an environment, a seeded database as a snapshot, and the passwords that belong to it."""

import hashlib
import json
import secrets
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path

from erp_sync.demo.environment import CannotBuild, Say, environment_make, run
from erp_sync.demo.kept import json_read, json_write, locked, private_write
from erp_sync.demo.recipe import SERVICE_USER, recipe_make
from erp_sync.demo.series import DATABASE, MODULES, Series

_HERE = Path(__file__).parent
_STEP_S = 300
# The days in Tryton's tables that a planner sees.
_DAYS = {
    "production": ("planned_date", "planned_start_date", "effective_date", "effective_start_date"),
    "stock_move": ("planned_date", "effective_date"),
}


@dataclass(frozen=True, slots=True)
class Built:
    """What stands in a home; `content` is a digest of all it was made of. The passwords belong to this snapshot."""

    series: str
    content: str
    on: str
    admin_password: str
    user: str
    password: str


class TrytonHome:
    """The folder of one series. What it holds is made once and not changed afterwards: servers work on copies."""

    def __init__(self, series: Series, folder: Path) -> None:
        self.series = series
        self.folder = folder
        self._log = folder / "build.log"

    @property
    def programs(self) -> Path:
        """Where the environment's programs are."""
        return self.folder / "environment" / "bin"

    @property
    def snapshot(self) -> Path:
        """The seeded database."""
        return self.folder / "seed.sqlite"

    def built(self) -> Built | None:
        """What was built, where it is whole and made by the code as it is now; else None."""
        kept = json_read(self.folder / "built.json")
        if kept.get("content") != _content(self.series) or not self.snapshot.exists():
            return None
        return Built(**kept)

    def build(self, *, today: date, say: Say) -> Built:
        """Builds what is missing and returns what is there. CannotBuild, with one sentence, where it cannot be had."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / "lock"):
            found = self.built()
            if found:
                return found
            started = time.monotonic()
            self._log.unlink(missing_ok=True)
            self._environment(say)
            made = self._database(today, say)
            json_write(self.folder / "built.json", asdict(made))
            say(f"Tryton {self.series.name} is prepared, in {time.monotonic() - started:.0f} s")
            return made

    def _environment(self, say: Say) -> None:
        """The packages, unless exactly these are there already."""
        lock = {"lock": _digest(self.series.lock_file)}
        note = self.folder / "environment.json"
        if json_read(note) == lock and (self.programs / "trytond").exists():
            return
        note.unlink(missing_ok=True)
        environment_make(self.series, self.folder / "environment", log=self._log, say=say)
        json_write(note, lock)

    def _database(self, today: date, say: Say) -> Built:
        """A new database with the demo plant in it, as a snapshot."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        made = Built(
            series=self.series.name,
            content=_content(self.series),
            on=today.isoformat(),
            admin_password=secrets.token_urlsafe(18),
            user=SERVICE_USER,
            password=secrets.token_urlsafe(18),
        )
        (work / f"{DATABASE}.sqlite").touch()
        private_write(work / "password", made.admin_password + "\n")
        conf = conf_write(work, port=0)
        admin = [str(self.programs / "trytond-admin"), "-c", str(conf), "-d", DATABASE, "--all"]
        admin += ["-u", *MODULES, "--activate-dependencies", "--email", "admin@example.com"]
        seed = [str(self.programs / "python"), str(_HERE / "inside" / "seed.py"), str(conf), DATABASE]
        recipe = recipe_make(today=today, password=made.password, finish=self.series.finish)
        say("making its database, half a minute ...")
        try:
            run(admin, log=self._log, within_s=_STEP_S, env={"TRYTONPASSFILE": str(work / "password")})
            run(seed, log=self._log, within_s=_STEP_S, told=json.dumps(recipe))
        except (subprocess.SubprocessError, OSError) as problem:
            raise CannotBuild(f"Tryton's database cannot be made (details: {self._log}).") from problem
        database_copy(work / f"{DATABASE}.sqlite", self.snapshot)
        shutil.rmtree(work)
        return made


def conf_write(folder: Path, *, port: int) -> Path:
    """Tryton's configuration for a database in `folder`, heard on loopback only."""
    path = folder / "trytond.conf"
    private_write(
        path,
        f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n"
        "[session]\nauthentications = password\n",
    )
    return path


def database_copy(source: Path, target: Path) -> None:
    """Copies an SQLite database by its own means: in WAL mode the bare file lacks what was written last."""
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(partial)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")
    for leftover in target.parent.glob(f"{target.name}-*"):
        leftover.unlink()
    partial.replace(target)


def database_restore(home: TrytonHome, target: Path, *, today: date) -> None:
    """A copy of the home's snapshot whose days lie around `today` as they did around the day it was made."""
    built = home.built()
    if built is None:
        raise CannotBuild(f"Tryton {home.series.name} is not prepared.")
    database_copy(home.snapshot, target)
    days = (today - date.fromisoformat(built.on)).days
    if days:
        with closing(sqlite3.connect(target)) as database, database:
            for table, columns in _DAYS.items():
                moved = ", ".join(f"{column} = date({column}, ?)" for column in columns)
                database.execute(f"UPDATE {table} SET {moved}", [f"{days} days"] * len(columns))  # noqa: S608


@cache
def _content(series: Series) -> str:
    """A digest of all that the snapshot is made of: other content, other digest. Asked often, so worked out once."""
    recipe = recipe_make(today=date(2026, 1, 1), password="", finish=series.finish)
    files = [series.lock_file, *sorted((_HERE / "inside").glob("*.py"))]
    parts = [json.dumps(recipe, sort_keys=True), *map(_digest, files), *MODULES]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
