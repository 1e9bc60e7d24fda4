"""The whole product as a person runs it, on servers behind proxies, with virtual controllers in this process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import requests
from psycopg import sql

from mes.config.bench.proxy import FaultProxy
from mes.plc.simulator.config import load
from mes.plc.simulator.plant import SimulatedPlant

ROOT = Path(__file__).resolve().parents[2]
PERSON, PASSWORD = "boss", "only-for-this-test"


def until(what: str, holds: Callable[[], Any], within_s: float = 30.0, every_s: float = 0.1) -> Any:
    """Waits for a condition and returns what it gave; fails with its name."""
    end = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < end, f"not within {within_s} s: {what}"
        time.sleep(every_s)
    return found


class Stack:
    """`up --no-demo` on a database of its own, reached through proxies."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"http://127.0.0.1:{port}"
        self._database = f"acceptance_{os.getpid()}_{port}"
        self._server = os.environ["MES_DATABASE_URL"]
        self._admin(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._database)))
        self.direct = urlsplit(self._server)._replace(path=f"/{self._database}").geturl()
        self.postgres, self.redis = _proxy(self._server), _proxy(os.environ["MES_REDIS_URL"])
        self.env = os.environ | {
            "MES_ENV": "demo",
            "MES_FORECASTS": "0",
            "MES_DATA_DIR": str(folder / "data"),
            "MES_DATABASE_URL": _through(self.direct, self.postgres),
            "MES_REDIS_URL": _through(os.environ["MES_REDIS_URL"], self.redis),
        }
        self._up: subprocess.Popen[bytes] | None = None
        self.plants: list[SimulatedPlant] = []

    def start(self) -> None:
        """Begins and waits until the web answers."""
        ready = self.folder / "ready.json"
        command = [sys.executable, str(ROOT / "manage.py"), "up", "--no-demo", "--port", str(self.port)]
        command += ["--data", str(self.folder / "data"), "--ready-file", str(ready)]
        with (self.folder / "up.log").open("ab") as log:
            self._up = subprocess.Popen(command, env=self.env, stdout=log, stderr=log, cwd=ROOT)
        until("up is ready", ready.exists, 120)
        self.manage(
            "createsuperuser",
            "--noinput",
            env={
                "DJANGO_SUPERUSER_USERNAME": PERSON,
                "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
                "DJANGO_SUPERUSER_EMAIL": "a@b.de",
            },
        )

    def stop(self) -> int:
        """Ends everything this object began; returns the exit code of `up`."""
        for plant in self.plants:
            plant.stop()
        code = -1
        if self._up is not None:
            self._up.send_signal(signal.SIGTERM)
            code = self._up.wait(30)
        self.postgres.close()
        self.redis.close()
        self._admin(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self._database)))
        return code

    def manage(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        """Runs a command of manage.py on this stack; its output."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.env | (env or {}),
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def simulate(self, text: str) -> SimulatedPlant:
        """Serves virtual controllers from YAML text in this process."""
        file = self.folder / f"controllers-{len(self.plants)}.yaml"
        file.write_text(text)
        plant = load(file)
        plant.start()
        self.plants.append(plant)
        return plant

    def import_plant(self, text: str) -> None:
        """Imports a plant file."""
        file = self.folder / "plant.yaml"
        file.write_text(text)
        self.manage("plant", "import", str(file))

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Asks the database directly, past the proxy."""
        with psycopg.connect(self.direct) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[call-overload, no-any-return]

    def counted(self, machine: str) -> tuple[int, int]:
        """(good, scrap) of a machine over all time, with what was made in gaps."""
        hours = self.rows(
            "SELECT coalesce(sum(good_sum), 0), coalesce(sum(scrap_sum), 0) FROM tracking_counthour c"
            " JOIN plant_workcenter w ON w.id = c.work_center_id WHERE w.code = %s",
            machine,
        )[0]
        gaps = dict(
            self.rows(
                "SELECT role, sum(quantity) FROM tracking_countflag f"
                " JOIN plant_workcenter w ON w.id = f.work_center_id WHERE w.code = %s AND kind = 'gap' GROUP BY role",
                machine,
            )
        )
        return int(hours[0] + gaps.get("good", 0)), int(hours[1] + gaps.get("scrap", 0))

    def heard(self, controller: str) -> tuple[int, int] | None:
        """(fence, seq) of what is stored of a controller."""
        query = "SELECT fence, seq FROM tracking_streamcursor WHERE stream = %s"
        found = self.rows(query, f"plc:{controller}")
        return (found[0][0], found[0][1]) if found and found[0][1] >= 0 else None

    def three_more_polls(self, controller: str, within_s: float = 40, period_s: float = 1.0) -> None:
        """Waits until three polls that were made from now on are stored, behind everything that was spooled."""
        made_by = datetime.now(UTC) + timedelta(seconds=3 * period_s)
        query = "SELECT at FROM tracking_streamcursor WHERE stream = %s AND at > %s"
        until(f"three more polls of {controller}", lambda: self.rows(query, f"plc:{controller}", made_by), within_s)

    def pid(self, child: str) -> int:
        """Process id of a child of `up`."""
        return int(self._pid_file(child).read_text().split()[0])

    def _pid_file(self, child: str) -> Path:
        return self.folder / "data" / "run" / f"{child}.pid"

    def kill(self, child: str) -> None:
        """kill -9 of a child and waits until the supervisor has started it anew."""
        pid = self.pid(child)
        os.kill(pid, signal.SIGKILL)
        until(f"{child} runs again", lambda: self._pid_file(child).exists() and self.pid(child) != pid, 60)

    def session(self) -> requests.Session:
        """A logged-in HTTP session."""
        session = requests.Session()
        page = session.get(f"{self.url}/login/", timeout=10)
        assert page.status_code == 200
        token = session.cookies["csrftoken"] if "csrftoken" in session.cookies else _token(page.text)
        answer = session.post(
            f"{self.url}/login/",
            data={"username": PERSON, "password": PASSWORD, "csrfmiddlewaretoken": token},
            headers={"Referer": self.url, "Origin": self.url},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text[:500]
        return session

    def _admin(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)


def _token(html: str) -> str:
    return html.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]


def _proxy(url: str) -> FaultProxy:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return FaultProxy(parts.hostname, parts.port)


def _through(url: str, proxy: FaultProxy) -> str:
    parts = urlsplit(url)
    secret = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{secret}@127.0.0.1:{proxy.port}" if secret else f"127.0.0.1:{proxy.port}").geturl()
