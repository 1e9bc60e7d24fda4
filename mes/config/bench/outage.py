"""`bench outage`: PostgreSQL is away while polling goes on: is every part counted, and how fast is it made up?"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mes.config.bench.proxy import AWAY, PASS, FaultProxy
from mes.config.bench.result import Goal, Result, Table
from mes.config.bench.stage import stage
from mes.config.bench.system import PERIOD_S, System, system

BEFORE_S = 5.0
DRAINED_WITHIN_S = 300.0
FRESH_S = 3 * PERIOD_S
DRAIN_GOAL = 20.0


@dataclass(frozen=True, slots=True)
class Size:
    """How many machines, and for how long the database is away."""

    machines: int
    away_s: float


FULL, QUICK = Size(50, 300.0), Size(5, 12.0)


def measure(*, quick: bool, data: Path, say: Callable[[str], None]) -> Result:
    """The poller reaches PostgreSQL through a proxy that is cut and mended; nothing else is touched."""
    size, result = (QUICK if quick else FULL), Result("outage", quick)
    say("starting everything")
    with stage(data) as ready:
        proxy = FaultProxy(*ready.database)
        url = urlsplit(ready.environment["MES_DATABASE_URL"])
        place = url.netloc.rpartition("@")[0] + f"@127.0.0.1:{proxy.port}"
        through = {"MES_DATABASE_URL": url._replace(netloc=place).geturl()}
        with system(ready, size.machines, web=False, poller_environment=through) as running:
            running.floor.ask("run", every_s=1.0, stops=1 / 60)
            running.wait(BEFORE_S)
            say(f"the database is away for {size.away_s:.0f} s")
            proxy.set(AWAY)
            running.wait(size.away_s)
            waiting = spooled(ready.folder)
            proxy.set(PASS)
            say("the database is back")
            again_s, drained_s = _drained(running, ready.folder)
            made = running.floor.ask("pause")["good"]
            running.wait(3 * PERIOD_S + 1)
            settled = running.until(lambda: running.counted()["good"] == made, 20)
            counted = running.counted()
        proxy.set(AWAY)
    _judge(result, size, waiting, (again_s, drained_s), made, counted["good"], settled, counted["quarantined"])
    return result


def spooled(folder: Path) -> int:
    """Polls that wait on disk, in all spools of this run."""
    total = 0
    for file in (folder / "spool").glob("*.sqlite3"):
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)) as spool:
            total += int(spool.execute("SELECT count(*) FROM poll").fetchone()[0])
    return total


def _drained(running: System, folder: Path) -> tuple[float | None, float | None]:
    """Seconds until something is stored again, and until nothing waits on disk and every machine's last reading is
    fresh; None for what took too long."""
    began, before = time.monotonic(), running.counted()["heard_at"]
    again_s: float | None = None

    def done() -> bool:
        nonlocal again_s
        heard_at = running.counted()["heard_at"]
        if again_s is None and heard_at != before:
            again_s = time.monotonic() - began
        return not spooled(folder) and time.time() - heard_at < FRESH_S

    drained = running.until(done, DRAINED_WITHIN_S)
    return again_s, time.monotonic() - began if drained else None


def _judge(
    result: Result,
    size: Size,
    waiting: int,
    took: tuple[float | None, float | None],
    made: list[int],
    counted: list[int],
    settled: bool,
    held_back: int,
) -> None:
    again_s, drained_s = took
    # Polls keep coming while the spool drains, so what is made up is the outage and the drain together.
    rate = (size.away_s + drained_s) / drained_s if drained_s else None
    row = [size.machines, size.away_s, waiting, again_s, drained_s, rate, sum(made), sum(counted), held_back]
    result.tables.append(
        Table(
            "PostgreSQL away while polling goes on",
            [
                *("machines at 1 Hz", "away s", "polls spooled", "stores again after s", "drained in s", "x real time"),
                *("parts made", "parts counted", "held back"),
            ],
            [row],
            "Limit: real time, at which nothing would ever be made up. Drained: the spool is empty and every machine "
            "was heard within the last three polls. The machines pause, three more polls, then parts are compared one "
            "machine at a time.",
        )
    )
    differ = sum(a != b for a, b in zip(made, counted, strict=True))
    told = f"{sum(made)} made, {sum(counted)} counted, {differ} machines differ"
    result.goals.append(Goal("every part is counted once", told, settled and made == counted))
    drain = "did not end" if rate is None else f"{rate:.0f} x"
    fast = rate is not None and rate >= DRAIN_GOAL
    result.goals.append(
        Goal(f"made up at {DRAIN_GOAL:g} x real time or faster", drain, fast if not result.quick else None)
    )
