"""`bench erp`: orders pulled from a simulated ERP, confirmations drained to it, beside bare HTTP of the same."""

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
from statistics import median
from typing import Any

from mes.config.bench.child import BASE, JsonChild
from mes.config.bench.result import Cell, Goal, Result, Table, median_ratio
from mes.config.bench.stage import stage
from mes.config.embedded.kept import free_port
from mes.config.processes.child import die_with_parent

ORDERS, QUICK_ORDERS = 10_000, 100
ROUNDS, QUICK_ROUNDS = 10, 2
LIMIT = 1.5
CODE = "BENCH"
READY_S = 20.0


def measure(*, quick: bool, data: Path, say: Callable[[str], None]) -> Result:
    """Two simulated ERPs with the same orders: one for Millwright, one for the bare exchanges, in turns."""
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
    result.tables += [_pull_table(pulled), _write_table(written), _drain_table(drained)]
    result.goals += _goals(pulled, drained, ended, orders, quick=quick)
    return result


def _pull_table(pulled: dict[str, Any]) -> Table:
    rows: list[list[Cell]] = [
        ["bare HTTP", pulled["pages"], pulled["bare_s"], pulled["orders"] / pulled["bare_s"], 1.0],
        ["pulled and applied, all new", pulled["pages"], pulled["new_s"], *_against(pulled, "new_s")],
        ["pulled again, all unchanged", pulled["pages"], pulled["again_s"], *_against(pulled, "again_s")],
    ]
    note = "Applied: mapped, journalled, with materials, each page in one transaction. Bare: the same pages, parsed."
    return Table("Orders in", ["what", "pages", "s", "orders/s", "times bare"], rows, note)


def _against(pulled: dict[str, Any], name: str) -> list[Cell]:
    return [pulled["orders"] / pulled[name], pulled[name] / pulled["bare_s"]]


def _write_table(written: dict[str, Any]) -> Table:
    rows: list[list[Cell]] = [[written["messages"], written["s"], written["messages"] / written["s"]]]
    note = "Collected from counts, stops, lots and labour of each order, with its sequence, in the journal's order."
    return Table("Messages written", ["messages", "s", "messages/s"], rows, note)


def _drain_table(drained: list[dict[str, Any]]) -> Table:
    rows: list[list[Cell]] = [
        [number, one["sent"], one["ours_s"], one["bare_s"], one["ours_s"] / one["bare_s"]]
        for number, one in enumerate(drained, 1)
    ]
    note = "Ours: leased, sent, outcome and exchange stored. Bare: the same bodies on one kept connection to a twin."
    return Table("Confirmations out", ["round", "messages", "ours s", "bare s", "times bare"], rows, note)


def _goals(
    pulled: dict[str, Any], drained: list[dict[str, Any]], ended: dict[str, Any], orders: int, *, quick: bool
) -> list[Goal]:
    ratio = median_ratio([one["ours_s"] for one in drained], [one["bare_s"] for one in drained]) or 0.0
    rate = median(one["sent"] / one["ours_s"] for one in drained)
    again = pulled["again_s"] / pulled["bare_s"]
    fine = ended["sent"] == orders and not ended["differ"]
    return [
        Goal(
            f"confirmations: under {LIMIT} times bare HTTP",
            f"{ratio:.2f} ({rate:.0f}/s)",
            None if quick else ratio < LIMIT,
        ),
        Goal(f"unchanged orders: under {LIMIT} times bare HTTP", f"{again:.2f}", None if quick else again < LIMIT),
        Goal("every total of the ERP is ours", f"{ended['sent']} arrived, {ended['differ']} differ", fine),
    ]


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
