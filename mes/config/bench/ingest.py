"""`bench ingest`: readings and samples stored per second, against a bare COPY of the same sample rows."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mes.config.bench.child import JsonChild
from mes.config.bench.result import Result, Table, median_ratio
from mes.config.bench.stage import stage

MACHINES, QUICK_MACHINES = 200, 20
ROUNDS, QUICK_ROUNDS = 7, 2
SECONDS, QUICK_SECONDS = 20, 4
BATCHES_S = (1, 5)  # one second of polls is a live batch; five of 200 machines are what is replayed from the spool


def measure(*, quick: bool, data: Path, say: Callable[[str], None]) -> Result:
    """Both paths, batches of one and of five seconds, in interleaved rounds."""
    result = Result("ingest", quick)
    machines, rounds, seconds = (QUICK_MACHINES, QUICK_ROUNDS, QUICK_SECONDS) if quick else (MACHINES, ROUNDS, SECONDS)
    got: dict[tuple[str, int], list[dict[str, Any]]] = {}
    say("starting PostgreSQL and Valkey")
    with stage(data) as ready, JsonChild("mes.config.bench.stored", **ready.environment) as child:
        say("making the plant")
        child.ask("make", ports=[1] * machines, period_s=1.0)
        for turn in range(rounds + 1):
            say(f"round {turn} of {rounds}")
            for batch_s in BATCHES_S:
                for path in ("readings", "written"):
                    answer = child.ask(path, seconds=seconds, batch_s=batch_s)
                    if turn:  # the first one warms up
                        got.setdefault((path, batch_s), []).append(answer)
    result.tables.append(_table(got, machines, rounds, seconds))
    result.tables.append(_parts(got))
    return result


def _table(got: dict[tuple[str, int], list[dict[str, Any]]], machines: int, rounds: int, seconds: int) -> Table:
    rows = []
    for (path, batch_s), answers in got.items():
        took = [each["readings_s"] + each["ingest_s"] if path == "readings" else each["writer_s"] for each in answers]
        per_s = [each["rows"] / s for each, s in zip(answers, took, strict=True)]
        bare = [each["rows"] / each["copy_s"] for each in answers]
        whole = [each["rows"] / each["copy_at_once_s"] for each in answers]
        name = "readings_of + ingest" if path == "readings" else "the poller's writer"
        polls = statistics.median(each["polls"] / s for each, s in zip(answers, took, strict=True))
        middle = [statistics.median(values) for values in (per_s, bare, whole)]
        shares = [median_ratio(per_s, bare), median_ratio(per_s, whole)]
        rows.append([name, batch_s * machines, polls, *middle, *shares])
    return Table(
        f"{machines} machines, eight tags each; all counts move with every poll, a state changes about once a minute",
        ["path", "polls in a batch", "polls/s", "rows/s", "COPY rows/s", "COPY at once", "/ COPY", "/ COPY at once"],
        rows,
        f"Medians of {rounds} interleaved rounds of {seconds} s of plant time. A row is one of the partitioned sample "
        "table. COPY: the same rows once more into the same table in as many transactions, by the same client, without "
        "counts, states, stops, cursors or a look at what is there; at once: in one transaction.",
    )


def _parts(got: dict[tuple[str, int], list[dict[str, Any]]]) -> Table:
    rows = []
    for (path, batch_s), answers in got.items():
        if path == "readings":
            parts = [[each[name] / each["polls"] * 1e6 for each in answers] for name in ("readings_s", "ingest_s")]
            rows.append([f"batches of {batch_s} s", *(statistics.median(values) for values in parts)])
    return Table("Time per poll in microseconds", ["", "readings_of", "ingest"], rows)
