"""A running Tryton for tests: built once into a cache, its own copy of the database per run, fresh for each module.

Fixtures (of tests/erp_sync/conftest.py): `tryton` the newest series, `tryton_lts` 7.0, `each_tryton` both in turn.
"""

import base64
import json
import os
import signal
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from erp_sync.connector import Settings
from erp_sync.demo.home import Built, TrytonHome
from erp_sync.demo.series import ALL, DATABASE, Series
from erp_sync.demo.server import TrytonServer, free_port
from mes.config.processes.child import die_with_parent


class Refused(Exception):
    """Tryton's own error: a kind (UserError, UserWarning, ConcurrencyException ...) and its arguments."""

    def __init__(self, error: list[Any]) -> None:
        super().__init__(str(error))
        self.kind = str(error[0])


class Account:
    """Somebody logged in to Tryton over JSON-RPC: how a test plays the planner or looks what is really booked."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url, self._user = url, user
        self._session = ""
        uid, key, *_ = self._post("common.db.login", [user, {"password": password}, "en"])
        self._session = base64.b64encode(f"{user}:{uid}:{key}".encode()).decode()
        self.context: dict[str, Any] = self._post("model.res.user.get_preferences", [True, {}])

    def call(self, method: str, *params: Any) -> Any:
        """For example `call("model.production.read", [7], ["state"])`; the context is added. Refused by the server."""
        return self._post(f"model.{method.removeprefix('model.')}", [*params, self.context])

    def find(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        """Records of a model that match, in the order of their ids."""
        found: list[dict[str, Any]] = self.call(f"{model}.search_read", domain, 0, None, [["id", "ASC"]], fields)
        return found

    def _post(self, method: str, params: list[Any]) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}, default=_plain).encode()
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._session:
            headers["Authorization"] = f"Session {self._session}"
        asked = urllib.request.Request(self._url, body, headers)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            raw = answer.read()
        told = json.loads(raw, object_hook=_rich)
        if told.get("error"):
            raise Refused(told["error"])
        return told.get("result")


class RunningTryton:
    """The server of one series, its people, and what a connector needs to know of it."""

    def __init__(self, built: Built, server: TrytonServer, preexec: Callable[[], None]) -> None:
        self.series = built.series
        self.built = built
        self.server = server
        self._preexec = preexec

    @property
    def url(self) -> str:
        """The address of the server, without the database."""
        return self.server.url

    @property
    def settings(self) -> Settings:
        """What the connector is opened with."""
        secrets = {"user": self.built.user, "password": self.built.password}
        return Settings("TRYTON", self.url, {"database": DATABASE}, secrets, demo=True)

    def admin(self) -> Account:
        """The ERP's own administrator: may do everything, also as the planner."""
        return self._account("admin", self.built.admin_password)

    def service(self) -> Account:
        """The account Millwright logs in with."""
        return self._account(self.built.user, self.built.password)

    def start(self) -> None:
        """Starts the server, on the same port as before."""
        self.server.start(today=_today(), preexec=self._preexec)

    def stop(self) -> None:
        """Ends the server; what is in its database stays."""
        self.server.stop()

    def reset(self) -> None:
        """Back to the seeded state."""
        self.server.reset(today=_today(), preexec=self._preexec)

    def _account(self, user: str, password: str) -> Account:
        return Account(f"{self.url}{ALL[self.series].database_path}", user, password)


def _today() -> date:
    return datetime.now(UTC).date()


def cache_folder(series: Series) -> Path:
    """Where Tryton is kept between runs: below MES_TRYTON_HOME, else in the user's cache."""
    given = os.environ.get("MES_TRYTON_HOME")
    root = Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "millwright"
    return root / f"tryton-{series.name}"


def trytons(folder: Path) -> Iterator[Callable[[str], RunningTryton]]:
    """Gives the running server of a series, built and started when it is first asked for; ends them all at the end."""
    running: dict[str, RunningTryton] = {}

    def of(name: str) -> RunningTryton:
        if name not in running:
            home = TrytonHome(ALL[name], cache_folder(ALL[name]))
            built = home.build(today=_today(), say=print)
            server = TrytonServer(home, folder / f"tryton-{name}", port=free_port())
            running[name] = RunningTryton(built, server, die_with_parent(signal.SIGKILL))
        return running[name]

    try:
        yield of
    finally:
        for one in running.values():
            one.stop()


def _plain(value: Any) -> Any:
    """What JSON does not know, in Tryton's words."""
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    raise TypeError(f"{value!r} cannot be sent")


def _rich(found: dict[str, Any]) -> Any:
    """Decimals as such; dates and times stay the dictionaries Tryton sends."""
    return Decimal(found["decimal"]) if found.get("__class__") == "Decimal" else found
