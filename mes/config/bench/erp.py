"""`bench erp`: orders pulled and confirmations drained, beside bare HTTP of the same exchanges.

Twice: with a simulated ERP that answers at once, which shows what we add to an exchange, and with a real Tryton, whose
answers take the time an ERP takes; the promise is judged by the second.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from erp_sync.demo import series
from mes.config.bench.child import BASE, JsonChild
from mes.config.bench.result import Cell, Goal, Result, Table, median_ratio
from mes.config.bench.stage import stage
from mes.config.embedded.kept import free_port
from mes.config.processes.child import die_with_parent

ORDERS, QUICK_ORDERS = 10_000, 100
REAL_ORDERS, QUICK_REAL_ORDERS = 100, 4
ROUNDS, QUICK_ROUNDS = 10, 2
LIMIT = 1.5
CODE = "BENCH"
NEWEST = series.NEWEST.name
READY_S = 20.0


def measure(*, quick: bool, data: Path, say: Callable[[str], None]) -> Result:
    """Two simulated ERPs with the same orders, for Millwright and for the bare exchanges, in turns; then Tryton."""
    result = Result("erp", quick)
    orders, rounds = (QUICK_ORDERS, QUICK_ROUNDS) if quick else (ORDERS, ROUNDS)
    token = secrets.token_urlsafe(24)
    say("starting PostgreSQL, Valkey and two simulated ERPs")
    with ExitStack() as stack:
        ready = stack.enter_context(stage(data))
        ours, bare = (stack.enter_context(_service(ready.folder / f"{name}.db", token)) for name in ("ours", "bare"))
        secret = {f"MES_ERP_SECRET_{CODE}": json.dumps({"token": token})}
        child = stack.enter_context(JsonChild("mes.config.bench.erp_orders", **ready.environment, **secret))
        say(f"making {orders} orders there")
        child.ask("make", orders=orders, ours=ours, bare=bare, token=token)
        say("pulling and applying them")
        pulled = child.ask("pull")
        say("writing a message for each")
        written = child.ask("write")
        say("sending them")
        drained = [child.ask("drain", messages=orders // rounds) for _ in range(rounds)]
        ended = child.ask("ended")
        real = stack.enter_context(JsonChild("mes.config.bench.erp_tryton", **ready.environment))
        told = _real(real, data, QUICK_REAL_ORDERS if quick else REAL_ORDERS, rounds, say)
    result.tables += [_pull_table(pulled), _write_table(written), _drain_table(drained)]
    result.tables += [_real_pull_table(told["pulled"]), _real_drain_table(told["drained"])]
    fine = ended["sent"] == orders and not ended["differ"]
    result.goals += _goals(told, quick=quick)
    result.goals += [Goal("every total of the ERP is ours", f"{ended['sent']} arrived, {ended['differ']} differ", fine)]
    return result


def _real(child: JsonChild, data: Path, orders: int, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The same with a Tryton of its own: all orders unchanged, in rounds, and a confirmation of each new order."""
    home = Path(os.environ.get("MES_TRYTON_HOME") or data / "erp") / f"tryton-{NEWEST}"
    say(f"preparing Tryton {NEWEST}, {2 * orders} orders there")
    child.ask("make", series=NEWEST, home=str(home), orders=orders)
    say("pulling them")
    pulled = [child.ask("pull") for _ in range(rounds)]
    say("confirming them")
    drained = [child.ask("drain", messages=orders // rounds) for _ in range(rounds)]
    return {"pulled": pulled, "drained": drained, "orders": orders, **child.ask("ended")}


def _pull_table(pulled: dict[str, Any]) -> Table:
    rows: list[list[Cell]] = [
        ["bare HTTP", pulled["pages"], pulled["bare_s"], pulled["orders"] / pulled["bare_s"], 1.0, 0.0],
        ["pulled and applied, all new", pulled["pages"], pulled["new_s"], *_against(pulled, "new_s")],
        ["pulled again, all unchanged", pulled["pages"], pulled["again_s"], *_against(pulled, "again_s")],
    ]
    note = "Applied: mapped, journalled, with materials, each page in one transaction. Bare: the same pages, parsed."
    columns = ["what", "pages", "s", "orders/s", "times bare", "ours, ms/order"]
    return Table("Orders in, from an ERP that answers at once", columns, rows, note)


def _against(pulled: dict[str, Any], name: str) -> list[Cell]:
    own_ms = (pulled[name] - pulled["bare_s"]) / pulled["orders"] * 1000
    return [pulled["orders"] / pulled[name], pulled[name] / pulled["bare_s"], own_ms]


def _write_table(written: dict[str, Any]) -> Table:
    rows: list[list[Cell]] = [[written["messages"], written["s"], written["messages"] / written["s"]]]
    note = "Collected from counts, stops, lots and labour of each order, with its sequence, in the journal's order."
    return Table("Messages written", ["messages", "s", "messages/s"], rows, note)


def _drain_table(drained: list[dict[str, Any]]) -> Table:
    rows: list[list[Cell]] = [
        [number, one["sent"], one["ours_s"], one["bare_s"], *_more(one)] for number, one in enumerate(drained, 1)
    ]
    note = "Ours: leased, sent, outcome and exchange stored. Bare: the same bodies on one kept connection to a twin."
    columns = ["round", "messages", "ours s", "bare s", "times bare", "ours, ms/message"]
    return Table("Confirmations out, to an ERP that answers at once", columns, rows, note)


def _real_pull_table(pulled: list[dict[str, Any]]) -> Table:
    rows: list[list[Cell]] = [
        [number, one["orders"], one["exchanges"], one["ours_s"], one["bare_s"], one["ours_s"] / one["bare_s"]]
        for number, one in enumerate(pulled, 1)
    ]
    note = (
        f"New, with materials and operations: {pulled[0]['new_s']:.1f} s. Bare: from request to last byte, not parsed."
    )
    columns = ["round", "orders", "exchanges", "ours s", "bare s", "times bare"]
    return Table(f"Unchanged orders in, from Tryton {NEWEST}", columns, rows, note)


def _real_drain_table(drained: list[dict[str, Any]]) -> Table:
    rows: list[list[Cell]] = [
        [number, one["sent"], one["exchanges"], one["ours_s"], one["bare_s"], *_more(one)]
        for number, one in enumerate(drained, 1)
    ]
    note = (
        "Each message one order's totals with lots made and used. Ours: leased, sent, outcome and exchange stored. "
        "Bare: the requests for as many other orders of the same kind, by http.client, from request to last byte. "
        "Both log in and out once a round."
    )
    columns = ["round", "messages", "exchanges", "ours s", "bare s", "times bare", "ours, ms/message"]
    return Table(f"Confirmations out, to Tryton {NEWEST}", columns, rows, note)


def _more(one: dict[str, Any]) -> list[Cell]:
    return [one["ours_s"] / one["bare_s"], (one["ours_s"] - one["bare_s"]) / one["sent"] * 1000]


def _goals(told: dict[str, Any], *, quick: bool) -> list[Goal]:
    found = []
    for what, rounds in (("confirmations to", told["drained"]), ("unchanged orders of", told["pulled"])):
        ratio = median_ratio([one["ours_s"] for one in rounds], [one["bare_s"] for one in rounds]) or 0.0
        met = None if quick else ratio < LIMIT
        found.append(Goal(f"{what} Tryton: under {LIMIT} times bare HTTP", f"{ratio:.2f}", met))
    arrived = told["sent"] == told["orders"]
    return [*found, Goal("every confirmation to Tryton arrived", f"{told['sent']} of {told['orders']}", arrived)]


@contextmanager
def _service(file: Path, token: str) -> Iterator[str]:
    """A simulated ERP in a process of its own; its address."""
    port = free_port()
    process = subprocess.Popen(
        [*(sys.executable, "-m", "erp_sync.connectors.simulated.service"), "--port", str(port), "--file", str(file)],
        cwd=BASE,
        env={**os.environ, "SIMULATED_ERP_TOKEN": token},
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    until = time.monotonic() + READY_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
