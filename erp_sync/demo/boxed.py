"""The demo's ERP as something that can be run: Tryton where it can be had, else the simulated one, which says so."""

import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from erp_sync.connectors.simulated.service import TOKEN_VARIABLE
from erp_sync.demo.environment import CannotBuild, Say
from erp_sync.demo.home import Built, TrytonHome
from erp_sync.demo.kept import json_read, json_write
from erp_sync.demo.series import ALL, DATABASE, NEWEST
from erp_sync.demo.server import TrytonServer, free_port

SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Boxed:
    """An ERP that is ready to be started by `command`; `secrets` are what Millwright logs in with."""

    code: str
    kind: str
    name: str
    port: int
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    people: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)  # name, password, what for

    @property
    def url(self) -> str:
        """Where it will be heard."""
        return f"http://127.0.0.1:{self.port}"


def boxed_make(wanted: str, folder: Path, *, homes: Path, today: date, say: Say) -> Boxed:
    """The ERP of the demo below `folder`, prepared: a series of Tryton, or SIMULATED.

    Where Tryton cannot be had, `say` gets one sentence that tells why, and the simulated ERP takes its place.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if wanted != SIMULATED:
        try:
            return tryton_boxed(wanted, folder, homes=homes, today=today, say=say)
        except CannotBuild as problem:
            say(f"{problem} The demo uses the simulated ERP instead.")
    return _simulated(folder)


def code_of(series: str) -> str:
    """The code of the connection to a series: they are two systems, and an order of one is none of the other's."""
    return "TRYTON" if series == NEWEST.name else f"TRYTON-{series}"


CODES = (*map(code_of, ALL), SIMULATED.upper())


def tryton_boxed(series: str, folder: Path, *, homes: Path, today: date, say: Say) -> Boxed:
    """Tryton, built where it was not yet. CannotBuild where it cannot be had."""
    home = TrytonHome(ALL[series], homes / f"tryton-{series}")
    built = home.build(today=today, say=say)
    server = tryton_server(home, folder)
    command = server.prepare(today=today)
    return Boxed(
        code=code_of(series),
        kind="tryton",
        name=f"Tryton {series}",
        port=server.port,
        command=tuple(command),
        options={"database": DATABASE},
        secrets={"user": built.user, "password": built.password},
        people=_people(built),
    )


def tryton_server(home: TrytonHome, folder: Path) -> TrytonServer:
    """The demo's server of a series, at the port it had before where that is still free or its own.

    `up` may have started it: then its pid stands among those of its children.
    """
    place = folder / f"server-{home.series.name}"
    kept = int(json_read(place / "port.json").get("port") or 0)
    server = TrytonServer(home, place, port=kept, elsewhere=folder.parent / "run" / "erp.pid")
    if server.running() is None:
        server.port = free_port(kept)
        place.mkdir(parents=True, exist_ok=True)
        json_write(place / "port.json", {"port": server.port})
    return server


def tryton_end(folder: Path, *, homes: Path) -> None:
    """Ends every Tryton of the demo that `erp demo` may have left running, so that `up` can keep its own."""
    for name, series in ALL.items():
        place = folder / f"server-{name}"
        if place.exists():
            TrytonServer(TrytonHome(series, homes / f"tryton-{name}"), place, port=0).stop()


def _people(built: Built) -> tuple[tuple[str, str, str], ...]:
    return (
        ("admin", built.admin_password, "plans and administers in Tryton"),
        (built.user, built.password, "the account Millwright uses"),
    )


def _simulated(folder: Path) -> Boxed:
    place = folder / SIMULATED
    place.mkdir(exist_ok=True)
    kept = json_read(place / "kept.json")
    port = free_port(int(kept.get("port") or 0))
    token = str(kept.get("token") or secrets.token_urlsafe(24))
    json_write(place / "kept.json", {"port": port, "token": token})
    service = (sys.executable, "-m", "erp_sync.connectors.simulated.service")
    return Boxed(
        code=SIMULATED.upper(),
        kind=SIMULATED,
        name="Simulated ERP",
        port=port,
        command=(*service, "--port", str(port), "--file", str(place / "erp.sqlite"), "--seed"),
        env={TOKEN_VARIABLE: token},
        secrets={"token": token},
    )
