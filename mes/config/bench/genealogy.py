"""`bench genealogy`: the recall of one raw lot whose material is in thousands of lots, over four levels."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mes.config.bench.child import JsonChild
from mes.config.bench.result import Cell, Goal, Result, Table, percentile
from mes.config.bench.stage import stage

LOTS, QUICK_LOTS = 10_000, 200
ANSWER_MS = 300


def measure(*, quick: bool, data: Path, say: Callable[[str], None]) -> Result:
    """Makes the lots in a database of its own, then asks down from the raw lot and up from a finished one."""
    result = Result("genealogy", quick)
    lots, rounds = (QUICK_LOTS, 3) if quick else (LOTS, 40)
    say("starting PostgreSQL and Valkey")
    with stage(data) as ready, JsonChild("mes.config.bench.genealogy_lots", **ready.environment) as child:
        say(f"making {lots} lots from one, and as many that have nothing to do with it")
        made = child.ask("make", lots=lots)
        say("asking")
        child.ask("ask", rounds=3)
        asked = child.ask("ask", rounds=rounds)
    result.tables += [_sizes(made), _answers(asked)]
    result.goals += _goals(made, asked, quick=quick)
    return result


def _sizes(made: dict[str, Any]) -> Table:
    rows: list[list[Cell]] = [[name, count] for name, count in made["levels"].items()]
    return Table(
        "One raw lot and what was made of it",
        ["level", "lots"],
        rows,
        "Level 1 through orders, which may have the material in any of their lots; the others lot by lot, each of two. "
        f"{made['links']} links, {made['others']} lots of other material beside them.",
    )


def _answers(asked: dict[str, Any]) -> Table:
    rows: list[list[Cell]] = [
        [name, asked["lots"][name], len(ms), statistics.median(ms), percentile(ms, 0.95), max(ms)]
        for name, ms in asked["ms"].items()
    ]
    return Table(
        "Asked in the process of the server",
        ["question", "lots found", "asked", "p50 ms", "p95 ms", "longest"],
        rows,
        "The API with key, rights, distances, links and JSON; the page of the recall with its tables; the query alone.",
    )


def _goals(made: dict[str, Any], asked: dict[str, Any], *, quick: bool) -> list[Goal]:
    goals = []
    for name, ms in asked["ms"].items():
        p95 = percentile(ms, 0.95)
        goals.append(Goal(f"{name}: p95 under {ANSWER_MS} ms", f"{p95:.1f} ms", None if quick else p95 < ANSWER_MS))
    expected = sum(made["levels"].values())
    found = asked["lots"]["recall, API"]
    goals.append(Goal("every lot is found, and none besides", f"{found} of {expected}", found == expected))
    return goals
