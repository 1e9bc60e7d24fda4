"""`bench kpi`: figures of a shift and of a site's year from roll-ups, against plain SQL on the raw events."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mes.config.bench.child import JsonChild
from mes.config.bench.result import Cell, Goal, Result, Table, percentile
from mes.config.bench.stage import stage

MACHINES, QUICK_MACHINES = 200, 4
WEEKS, QUICK_WEEKS = 104, 3
DAYS, QUICK_DAYS = 365, 14
SAMPLE = 40  # hours of lines, each with all its machines
ANSWER_MS = 100
RATIO = 50


def measure(*, quick: bool, data: Path, say: Callable[[str], None]) -> Result:
    """Makes the history in a database of its own, proves its roll-ups by a sample, then asks."""
    result = Result("kpi", quick)
    machines, weeks, days = (QUICK_MACHINES, QUICK_WEEKS, QUICK_DAYS) if quick else (MACHINES, WEEKS, DAYS)
    shifts, years, raw = (20, 5, 2) if quick else (300, 100, 9)
    say("starting PostgreSQL and Valkey")
    with stage(data) as ready, JsonChild("mes.config.bench.history", **ready.environment) as child:
        say(f"making {weeks} weeks of {machines} machines")
        made = child.ask("make", machines=machines, weeks=weeks)
        say("comparing a sample of roll-ups with the roller")
        sample = child.ask("sample", blocks=SAMPLE)
        say("asking")
        child.ask("machine_shifts", rounds=5)
        child.ask("site_years", rounds=2, days=days)
        asked = {
            "one machine, one shift": child.ask("machine_shifts", rounds=shifts)["ms"],
            f"{machines} machines (site), {days} days": child.ask("site_years", rounds=years, days=days)["ms"],
        }
        pairs = [child.ask("site_raw", days=days) for _ in range(raw)]
    result.tables += [_sizes(made), _answers(asked), _pairs(pairs, days)]
    result.goals += _goals(asked, pairs, sample, quick=quick)
    return result


def _sizes(made: dict[str, Any]) -> Table:
    rows: list[list[Cell]] = [[table, count, megabytes] for table, (count, megabytes) in made["sizes"].items()]
    last: list[Cell] = ["all of these", None, sum(megabytes for _, megabytes in made["sizes"].values())]
    return Table(
        f"Facts and roll-ups from {made['begin'][:10]} to {made['end'][:10]}",
        ["table", "rows", "MB with indexes"],
        [*rows, last],
        f"Made in {sum(made['took_s'].values()):.0f} s by SQL, then indexed; the large tables are without their "
        "foreign keys, and what excludes overlaps there is a plain index.",
    )


def _answers(asked: dict[str, list[float]]) -> Table:
    rows: list[list[Cell]] = [
        [name, len(ms), statistics.median(ms), percentile(ms, 0.95), max(ms)] for name, ms in asked.items()
    ]
    return Table(
        "GET /api/v1/kpi/ from roll-ups, in the process of the server: key, rights, figures, JSON",
        ["question", "asked", "p50 ms", "p95 ms", "longest"],
        rows,
        "Another shift and another first hour each time.",
    )


def _pairs(pairs: list[dict[str, Any]], days: int) -> Table:
    rows: list[list[Cell]] = [
        [n, p["raw_ms"], p["rolled_ms"], p["raw_ms"] / p["rolled_ms"]] for n, p in enumerate(pairs, 1)
    ]
    return Table(
        f"The site's last {days} days: plain SQL on raw events against the whole answer of the API",
        ["round", "raw SQL ms", "API ms", "ratio"],
        rows,
        "The SQL gives seven sums (scheduled, run, planned and unplanned seconds, good, scrap, ideal time of good "
        "pieces); the API all elements and KPIs.",
    )


def _goals(
    asked: dict[str, list[float]], pairs: list[dict[str, Any]], sample: dict[str, Any], *, quick: bool
) -> list[Goal]:
    goals = []
    for name, ms in asked.items():
        p95 = percentile(ms, 0.95)
        met = None if quick else p95 < ANSWER_MS
        goals.append(Goal(f"{name}: p95 under {ANSWER_MS} ms", f"{p95:.1f} ms", met))
    ratio = statistics.median(pair["raw_ms"] / pair["rolled_ms"] for pair in pairs)
    met = None if quick else ratio >= RATIO
    goals.append(Goal(f"from roll-ups at least {RATIO} times as fast as from raw events", f"{ratio:.0f} times", met))
    equal = all(pair["raw"] == pair["rolled"] for pair in pairs)
    goals.append(Goal("both give the same seven sums", "equal" if equal else f"{pairs[0]}", equal))
    different = sample["different"]
    text = f"{sample['looked']} compared, {len(different)} differ {different[:3] or ''}".rstrip()
    goals.append(Goal("the roll-ups made by SQL equal the roller's own, to the bit", text, not different))
    return goals
