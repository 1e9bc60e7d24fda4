"""One run of Millwright: servers, preparation, children, the ready file and the ordered end."""

import json
import math
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mes.config.embedded.kept import free_port, port_is_free, read_json, write_json, write_private
from mes.config.embedded.servers import start_servers
from mes.config.processes import plan, static_files
from mes.config.processes.environment import publish, withdraw
from mes.config.processes.erp import ErpBeside
from mes.config.processes.leftovers import end_leftovers
from mes.config.processes.lock import FolderLock
from mes.config.processes.once import Once
from mes.config.processes.supervisor import TICK_S, Cancelled, Supervisor

_DEMO_PORTS = 16  # a block of ports for the demo's virtual controllers
_PATIENCE_S = 120.0
_WORKER_WAITS_S = 8.0


class CannotRun(Exception):
    """The run cannot begin; the text says why and what to do."""


@dataclass(frozen=True)
class Options:
    """What `up` was asked for."""

    host: str
    port: int
    data: Path
    plant: Path | None
    demo: bool
    ready_file: Path | None
    erp: str = "none"  # the demo's: a series of Tryton, "simulated" or "none"


class Run:
    """Owns everything `up` starts. `run` returns after the ordered end."""

    def __init__(self, options: Options, *, base: Path, say: Callable[[str, str], None]) -> None:
        self.options = options
        self._base = base
        self._say = say
        self._ends = False
        self._ready_by = 0.0
        self._demo: dict[str, Any] = {}
        self._erp: ErpBeside | None = None

    @property
    def url(self) -> str:
        """The address for the browser of this machine."""
        return f"http://{plan.reachable(self.options.host)}:{self.options.port}/"

    def run(self) -> None:
        """Runs until Ctrl-C, SIGTERM or SIGHUP. Raises what kept it from running, after stopping what it had begun."""
        options = self.options
        if not port_is_free(options.port, options.host):
            raise CannotRun(
                f"Port {options.port} on {options.host} is taken by another program. "
                f"Choose another one with --port, for example --port {free_port()}."
            )
        options.data.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(options.data)
        lock.acquire()
        if options.ready_file:
            options.ready_file.unlink(missing_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end_soon)
        for name in end_leftovers(options.data / "run"):
            self._say(name, "left by an earlier run that was killed: ended")
        logs = options.data / "logs"
        supervisor = Supervisor(run_dir=options.data / "run", log_dir=logs, say=self._say)
        helpers: list[Once] = []
        try:
            self._bring_up(supervisor, helpers, logs)
            while not self._ends:
                supervisor.tick()
                if self._erp and self._erp.look():
                    self._write_ready_file()
                time.sleep(TICK_S)
        except Cancelled:
            pass
        finally:
            self._say("up", "stopping ...")
            for helper in helpers:
                helper.kill()
            supervisor.stop()
            withdraw(options.data)
            lock.release()
            self._say("up", "stopped")

    def _end_soon(self, number: int, frame: object) -> None:
        self._ends = True

    def _bring_up(self, supervisor: Supervisor, helpers: list[Once], logs: Path) -> None:
        options = self.options
        self._say("up", f"starting on {options.data} ...")
        started = time.monotonic()
        urls = start_servers(supervisor, options.data, cancelled=lambda: self._ends)
        env = self._environment(urls)
        publish(options.data, env)
        port_base = self._port_base()
        prepare = self._helper("prepare", self._prepare_arguments(port_base), env, logs)
        helpers.append(prepare)
        static = self._collect_static(env, logs)
        if static:
            helpers.append(static)
        self._demo = self._event(prepare, ("prepared",), supervisor)["demo"] or {}
        *moving, worker = plan.workers(self._base, env)
        for spec in (*moving, *self._around_the_workers(env, port_base)):
            supervisor.start(spec)
        if static:
            self._until(lambda: _done(static), supervisor)
            static_files.note_collected(options.data, static_files.digest(self._base))
        supervisor.start(plan.web(self._base, env, options.host, options.port))
        supervisor.wait_until_ready(["web"], within_s=_PATIENCE_S, cancelled=lambda: self._ends)
        self._say("up", f"web answers after {time.monotonic() - started:.0f} s, waiting for a tile to move ...")
        # No tile waits for this worker, so it leaves the processor to the others for a while.
        worker_at = time.monotonic() + _WORKER_WAITS_S
        self._until(lambda: _done(prepare) or time.monotonic() > worker_at, supervisor)
        supervisor.start(worker)
        self._event(prepare, ("a tile moves", "nothing to poll"), supervisor, hint=f"logs: {logs}")
        self._say("up", f"ready after {time.monotonic() - started:.0f} s")
        if self._demo and options.erp != "none":
            helper = self._helper("erp-prepare", ["-m", "erp_sync.demo.beside_up", "--erp", options.erp], env, logs)
            helpers.append(helper)
            self._erp = ErpBeside(helper, supervisor, base=self._base, say=self._say)
        self._tell_ready()

    def _helper(self, name: str, arguments: list[str], env: dict[str, str], logs: Path) -> Once:
        return Once(name, [sys.executable, *arguments], cwd=self._base, env=env, log_dir=logs)

    def _prepare_arguments(self, port_base: int) -> list[str]:
        arguments = ["-m", "mes.config.processes.prepare", "--port-base", str(port_base)]
        if self.options.plant:
            arguments += ["--plant", str(self.options.plant)]
        return arguments if self.options.demo else [*arguments, "--no-demo"]

    def _collect_static(self, env: dict[str, str], logs: Path) -> Once | None:
        """The collecting process, beside the preparation; None where the files have not changed."""
        if static_files.are_collected(self.options.data, static_files.digest(self._base)):
            return None
        arguments = [str(self._base / "manage.py"), "collectstatic", "--noinput", "--clear", "--verbosity=0"]
        arguments.append("--ignore=rest_framework")  # its browsable pages are off, and they are half of all files
        return self._helper("static", arguments, env, logs)

    def _around_the_workers(self, env: dict[str, str], port_base: int) -> list[plan.ChildSpec]:
        found = [plan.scheduler(self._base, env, self.options.data)]
        if self._demo:
            found.insert(0, plan.controllers(self._base, env, self._demo["controllers_file"], port_base))
        return found

    def _environment(self, urls: dict[str, str]) -> dict[str, str]:
        options = self.options
        names = ["127.0.0.1", "localhost", "[::1]"]
        own = [name for name in (options.host, plan.reachable(options.host)) if name not in ("0.0.0.0", "::")]  # noqa: S104
        hosts = os.environ.get("MES_ALLOWED_HOSTS") or ",".join(dict.fromkeys([*names, *own]))
        origins = [f"http://{name}:{options.port}" for name in dict.fromkeys([*names, *own])]
        given = [part for part in os.environ.get("MES_ORIGINS", "").split(",") if part]
        return {
            **urls,
            "MES_DATA_DIR": str(options.data),
            "MES_SECRET_KEY": os.environ.get("MES_SECRET_KEY") or self._secret_key(),
            "MES_ALLOWED_HOSTS": hosts,
            "MES_ORIGINS": ",".join([*given, *origins]),
            "PYTHONUNBUFFERED": "1",
        }

    def _secret_key(self) -> str:
        path = self.options.data / "secret-key"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(64))
        return path.read_text().strip()

    def _port_base(self) -> int:
        """The first of a block of free ports for the demo's controllers, kept while they stay free."""
        path = self.options.data / "controllers.json"
        first = read_json(path).get("port_base") or free_port()
        while not all(port_is_free(first + offset) for offset in range(_DEMO_PORTS)):
            first = free_port()
        write_json(path, {"port_base": first})
        return int(first)

    def _event(self, helper: Once, names: tuple[str, ...], supervisor: Supervisor, hint: str = "") -> dict[str, Any]:
        """Waits until `helper` told one of `names`; the event. After two minutes it says once where to look."""
        hint_at = time.monotonic() + _PATIENCE_S if hint else math.inf

        def arrived() -> bool:
            nonlocal hint_at
            if time.monotonic() > hint_at:
                hint_at = math.inf
                self._say(
                    "up", f"no tile has moved for two minutes: no controller answers, or its poller fails ({hint})"
                )
            return _done(helper) or any(name in helper.told for name in names)

        self._until(arrived, supervisor)
        return next(helper.told[name] for name in names if name in helper.told)

    def _until(self, condition: Callable[[], bool], supervisor: Supervisor) -> None:
        while not condition():
            if self._ends:
                raise Cancelled
            supervisor.tick()
            time.sleep(TICK_S)

    def _tell_ready(self) -> None:
        self._say("up", f"Millwright runs at {self.url}")
        for user in self._demo.get("users", []):
            card = f"  badge {user['badge']}  PIN {user['pin']}" if user.get("badge") else ""
            self._say("up", f"  {user['role']:<12} {user['name']:<12} {user['password']:<24}{card}")
        if self._demo:
            self._say("up", f"  API key      {self._demo['api_key']}")
        if self._erp:
            self._say("erp", "the demo's ERP is being prepared; it is told here when it runs")
        self._say("up", f"Logs are in {self.options.data / 'logs'}; Ctrl-C stops everything.")
        self._write_ready_file()

    def _write_ready_file(self) -> None:
        """Written when a tile moves, and again when the ERP runs."""
        if self.options.ready_file:
            facts = {
                "url": self.url,
                "users": self._demo.get("users", []),
                "api_key": self._demo.get("api_key", ""),
                "controllers": self._demo.get("controllers", []),
            }
            erp = {"erp": self._erp.facts} if self._erp else {}
            write_private(self.options.ready_file, json.dumps(facts | erp, indent=1) + "\n")


def _done(helper: Once) -> bool:
    helper.look()
    return helper.done
