"""`bench erp_chaos`: confirmations to a real Tryton over a line that loses 40 % of all writes: do the totals agree?"""

import os
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import django

from erp_sync.connector import Settings
from erp_sync.connectors.tryton.connector import Tryton
from erp_sync.connectors.tryton.session import Session
from erp_sync.demo.home import Built, TrytonHome
from erp_sync.demo.series import ALL, DATABASE
from erp_sync.demo.server import TrytonServer
from erp_sync.transport.client import HttpDoor
from mes.config.bench.child import JsonChild, answer_lines
from mes.config.bench.erp_ledger import Ledger, Outcome, drive
from mes.config.bench.result import Cell, Goal, Result, Table
from mes.config.embedded.kept import free_port
from mes.config.processes.child import die_with_parent

ORDERS, QUICK_ORDERS = 200, 10
EACH = 5
SEED = 20260101
ITEM = "GLASS-07"  # made of one material without lots and one with
PLANNED = 60


@dataclass(frozen=True, slots=True)
class Erp:
    """A Tryton with the demo plant in it: how to reach it as Millwright and as planner, and its database."""

    settings: Settings
    planner: Settings
    database: Path


def measure(*, quick: bool, data: Path, say: Callable[[str], None]) -> Result:
    """Both series at the same time, each in a process of its own and fresh from its seed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.config.settings")
    django.setup()  # the seed is made from the demo's plant file, whose reader knows the models
    result = Result("erp_chaos", quick)
    orders = QUICK_ORDERS if quick else ORDERS
    for name in ALL:
        say(f"preparing Tryton {name}")
        _home(data, name).build(today=datetime.now(UTC).date(), say=say)
    say(f"{orders} orders, {orders * EACH} confirmations to each Tryton")
    with ExitStack() as stack, ThreadPoolExecutor(len(ALL)) as pool:
        children = [stack.enter_context(JsonChild("mes.config.bench.erp_chaos")) for _ in ALL]
        ran = pool.map(lambda child, name: child.ask("run", name=name, data=str(data), orders=orders), children, ALL)
        told = dict(zip(ALL, ran, strict=True))
    result.tables.append(_table([[name, orders, *found["figures"], found["s"]] for name, found in told.items()]))
    result.goals += [goal for name, found in told.items() for goal in _goals(name, found)]
    return result


def run(name: str, data: str, orders: int) -> dict[str, Any]:
    """One series, in a process of its own: the figures, what differs, and whether late and deleted orders are found."""
    home = _home(Path(data), name)
    with served(home, home.build(today=datetime.now(UTC).date(), say=lambda text: None)) as erp:
        began = monotonic()
        outcome = chaos(erp, orders=orders, each=EACH, seed=SEED)
        took_s = monotonic() - began
        differ = [" ".join(map(str, row)) for row in outcome.differ]
        found = {"late": late_is_found(erp), "deleted": deleted_is_found(erp)}
        return {"figures": _figures(outcome), "differ": differ, "s": took_s, **found}


def chaos(erp: Erp, *, orders: int, each: int, seed: int) -> Outcome:
    """Makes orders, confirms them over the bad line, and compares a ledger with Tryton's own rows."""
    ledgers = [Ledger(key, ITEM) for key in orders_make(erp, orders)]
    return drive(erp.settings, erp.database, ledgers, materials_of(erp), each, seed)


def orders_make(erp: Erp, count: int) -> list[str]:
    """New orders that wait to be made, copied from one of the seed with a small quantity; their keys."""
    with planner(erp) as session:
        find = [["product.code", "=", ITEM], ["state", "=", "draft"]]
        pattern = session.rows("production", find, ["number"], limit=1)[0]["id"]
        made: list[int] = []
        while len(made) < count:  # few at once: each call has its time limit
            part = session.model("production", "copy", [pattern] * min(count - len(made), 10), {})
            session.model("production", "write", part, {"quantity": float(PLANNED)})
            session.model("production", "wait", part)
            made += part
    return [str(order) for order in made]


def late_is_found(erp: Erp) -> bool:
    """Whether an order committed late, dated before what was seen last, comes with the overlap; it must not without."""
    with closing(Tryton(erp.settings)) as connector:
        page = connector.pull_orders("", limit=1000)
        late = page.requests[0]
        newest = datetime.fromisoformat(page.cursor)
        with closing(sqlite3.connect(erp.database, timeout=30)) as rows:  # as if its transaction had ended only now
            before = (newest - timedelta(seconds=120)).strftime("%Y-%m-%d %H:%M:%S.%f")
            rows.execute("UPDATE production SET write_date = ? WHERE id = ?", [before, int(late.ref.key)])
            rows.commit()
        strict = connector.pull_orders(page.cursor, overlap_s=0, limit=1000)
        overlapping = connector.pull_orders(page.cursor, overlap_s=300, limit=1000)
        keys = [{request.ref.key for request in found.requests} for found in (strict, overlapping)]
        return late.ref.key not in keys[0] and late.ref.key in keys[1]


def deleted_is_found(erp: Erp) -> bool:
    """Whether an order that a planner deletes while it is a draft is missed by the sweep, and known to be gone."""
    with closing(Tryton(erp.settings)) as connector, planner(erp) as session:
        find = [["product.code", "=", ITEM], ["state", "=", "draft"]]
        order = session.rows("production", find, ["number"], limit=1)[0]["id"]
        there = str(order) in dict(connector.list_open_keys())
        session.model("production", "delete", [order])
        return there and str(order) not in dict(connector.list_open_keys()) and connector.get_order(str(order)) is None


@contextmanager
def planner(erp: Erp) -> Iterator[Session]:
    """Somebody in the office, with Tryton's own rights."""
    session = Session(erp.planner, HttpDoor(erp.planner))
    try:
        yield session
    finally:
        session.close()


@contextmanager
def served(home: TrytonHome, built: Built) -> Iterator[Erp]:
    """A server of its own on a fresh copy of the seed, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-erp-") as folder:
        server = TrytonServer(home, Path(folder), port=free_port())
        server.start(today=datetime.now(UTC).date(), fresh=True, preexec=die_with_parent(signal.SIGKILL))
        options: dict[str, Any] = {"database": DATABASE, "user": built.user}
        settings = Settings("BENCH", server.url, options, {"password": built.password}, demo=True)
        office = replace(settings, options=options | {"user": "admin"}, secrets={"password": built.admin_password})
        try:
            yield Erp(settings, office, Path(folder) / f"{DATABASE}.sqlite")
        finally:
            server.stop()


def materials_of(erp: Erp) -> dict[str, list[str]]:
    """What the item is made of, each with the lots that are in stock."""
    with planner(erp) as session:
        lots = session.rows("stock.lot", [["product.code", "=", "CAP-28"]], ["number"])
    return {"BOTTLE-GLASS": [""], "CAP-28": [lot["number"] for lot in lots]}


def _home(data: Path, name: str) -> TrytonHome:
    return TrytonHome(ALL[name], data / "erp" / f"tryton-{name}")


def _figures(outcome: Outcome) -> list[Cell]:
    names = ("confirmations", "tries", "calls", "writes", "lost before", "lost after", "killed")
    return [*(outcome.counted[name] for name in names), outcome.good, outcome.scrap, outcome.used, len(outcome.differ)]


def _goals(name: str, found: dict[str, Any]) -> list[Goal]:
    differ, late, deleted = found["differ"], found["late"], found["deleted"]
    told = f"{len(differ)} differ, first: {differ[0]}" if differ else "no figure differs"
    return [
        Goal(f"Tryton {name} has exactly what was made, scrapped and used", told, not differ),
        Goal(
            f"late and deleted orders of Tryton {name} are found", f"late {late}, deleted {deleted}", late and deleted
        ),
    ]


def _table(rows: list[list[Cell]]) -> Table:
    return Table(
        "Confirmations over a line that loses a fifth of all writes before and a fifth after Tryton has them",
        [
            *("Tryton", "orders", "confirmations", "tries", "calls", "writes", "lost before", "lost after"),
            *("worker killed", "good", "scrap", "used", "differ", "s"),
        ],
        rows,
        "The ledger is compared with the rows of Tryton's database, by lot. A worker that is killed is replaced by "
        "another, which knows nothing but the stored message. Both series ran at the same time.",
    )


def main() -> None:
    """Serves its parent."""
    django.setup()
    answer_lines({"run": run})


if __name__ == "__main__":
    main()
