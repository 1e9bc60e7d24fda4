"""`bench poll`: our driver and engine against stock pycomm3 and pylogix on the same virtual controllers."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mes.config.bench.child import JsonChild
from mes.config.bench.result import Goal, Result, Table, median_ratio
from mes.config.bench.virtual import MEMBERS
from mes.plc.drivers.peers import PEERS, installed

UDT = [f"Line.{member}" for member in MEMBERS]
SHAPES = {
    "1 tag": ["T000"],
    "10 tags": [f"T{number:03}" for number in range(10)],
    "100 tags": [f"T{number:03}" for number in range(100)],
    "1 UDT": UDT,
}
CPU_GOAL, RSS_GOAL_MB = 0.25, 150.0
HUNG_GOAL_SHARE, HUNG_GOAL_MS = 0.05, 5.0


@dataclass(frozen=True, slots=True)
class Size:
    """How long and how large a run is."""

    cost_rounds: int
    cost_s: float
    paced: tuple[tuple[int, float], ...]  # (controllers, Hz)
    paced_s: float
    hung: tuple[int, float, int, float]  # controllers, Hz, rounds, seconds
    promise: tuple[int, float, float]  # controllers, Hz, seconds


FULL = Size(9, 0.4, ((64, 1.0), (64, 4.0), (200, 1.0), (200, 4.0)), 12.0, (50, 4.0, 5, 8.0), (200, 4.0, 300.0))
QUICK = Size(2, 0.05, ((8, 4.0),), 1.0, (5, 4.0, 2, 1.0), (10, 4.0, 2.0))


def measure(*, quick: bool, data: Path, say: Callable[[str], None]) -> Result:
    """All parts. Needs no servers and no folder; the virtual controllers run in another process than the clients."""
    size, result = (QUICK if quick else FULL), Result("poll", quick)
    peers = [name for name in PEERS if installed(name)]
    result.absent = [f"{name}: get it with pip install {name}" for name in PEERS if name not in peers]
    say("cost of one poll")
    result.tables.append(_cost(size, peers))
    say("paced polls")
    result.tables.append(_paced(size, peers))
    say("one hung controller")
    table, goal = _hung(size, judged=not quick)
    result.tables.append(table)
    result.goals.append(goal)
    say(f"the promise: {size.promise[0]} controllers for {size.promise[2]:.0f} s")
    table, goals = _promise(size, judged=not quick)
    result.tables.append(table)
    result.goals += goals
    return result


@contextmanager
def _floor(count: int, tags: int = 0) -> Iterator[tuple[JsonChild, list[int]]]:
    with JsonChild("mes.config.bench.virtual") as floor:
        yield floor, floor.ask("serve", count=count, tags=tags)["ports"]


def _tags_for(reader: str, tags: Sequence[str]) -> list[str]:
    """A stock client is asked for the whole structure, which is the cheapest way it has."""
    return ["Line"] if list(tags) == UDT and reader in PEERS else list(tags)


def _cost(size: Size, peers: Sequence[str]) -> Table:
    readers = ["ours", "ours (pylogix)", *peers]
    cpu: dict[tuple[str, str], list[float]] = defaultdict(list)
    wall: dict[tuple[str, str], list[float]] = defaultdict(list)
    with _floor(1, tags=100) as (_, ports), JsonChild("mes.config.bench.measured") as child:
        address = f"127.0.0.1:{ports[0]}"
        for _round in range(size.cost_rounds):
            for shape, tags in SHAPES.items():
                for reader in readers:
                    asked = _tags_for(reader, tags)
                    got = child.ask("cost", reader=reader, address=address, tags=asked, seconds=size.cost_s)
                    cpu[reader, shape].append(got["cpu_us"])
                    wall[reader, shape].append(got["wall_us"])
        child.ask("end")
    rows = []
    for shape in SHAPES:
        for reader in readers:
            ratios = [
                median_ratio(cpu["ours", shape], cpu[peer, shape]) if reader == "ours" else None for peer in peers
            ]
            middle = [statistics.median(kept[reader, shape]) for kept in (cpu, wall)]
            rows.append([shape, reader, *middle, *ratios])
    return Table(
        "CPU of the client's process and time on the wall per poll, one connection, flat out",
        ["read", "client", "CPU us", "wall us", *(f"ours / {peer}" for peer in peers)],
        rows,
        f"Medians of {size.cost_rounds} interleaved rounds; the ratio is the median of the rounds' CPU ratios. Ours "
        "decodes all ten members of the UDT one by one; pycomm3 reads it as one dict, pylogix as undecoded bytes.",
    )


def _window(ports: list[int], reader: str, hz: float, seconds: float) -> dict[str, Any]:
    with JsonChild("mes.config.bench.measured") as child:
        child.ask("begin", reader=reader, ports=ports, hz=hz, tags=_tags_for(reader, UDT))
        got = child.ask("window", seconds=seconds)
        child.ask("end")
    return got


def _paced_row(reader: str, count: int, hz: float, got: dict[str, Any]) -> list[Any]:
    expected = round(count * hz * got["seconds"])
    late = [got[f"late_p{share}_ms"] for share in (50, 95, 99)]
    share = got["cpu_share"] * 100
    return [f"{count} x {hz:g} Hz", reader, got["polls"], expected, got["missed"], got["failed"], *late, share]


PACED = ["controllers", "client", "polls", "due", "missed", "failed", "late p50 ms", "p95 ms", "p99 ms", "CPU %"]


def _paced(size: Size, peers: Sequence[str]) -> Table:
    rows = []
    for count, hz in size.paced:
        with _floor(count) as (_, ports):
            own = None
            for reader in ("ours", *peers):
                got = _window(ports, reader, hz, size.paced_s)
                own = own or got
                row = _paced_row(reader, count, hz, got)
                rows.append([*row, got["rss_mb"], own["cpu_share"] / got["cpu_share"] if got is not own else None])
    return Table(
        "One UDT per controller, a thread per controller in one process",
        [*PACED, "RSS MB", "ours / this CPU"],
        rows,
        f"Each {size.paced_s:g} s, one after the other on the same controllers. Stock clients: a thread each that "
        "reads at its turn and sleeps, without back-off, program check or quality codes.",
    )


def _hung(size: Size, *, judged: bool) -> tuple[Table, Goal]:
    count, hz, rounds, seconds = size.hung
    pairs: list[tuple[float, float]] = []
    with _floor(count) as (floor, ports), JsonChild("mes.config.bench.measured") as child:
        child.ask("begin", reader="ours", ports=ports, hz=hz, tags=UDT)
        for turn in range(rounds):
            late = {}
            for which in ([], [0]) if turn % 2 == 0 else ([0], []):
                floor.ask("hang", which=which)
                child.ask("window", seconds=1.0 if judged else 0.1)
                got = child.ask("window", seconds=seconds, leave_out=[0])
                late[len(which)] = got["late_p95_ms"]
            pairs.append((late[0], late[1]))
        child.ask("end")
    grown = statistics.median(hung - free for free, hung in pairs)
    allowed = max(HUNG_GOAL_SHARE * statistics.median(free for free, _ in pairs), HUNG_GOAL_MS)
    table = Table(
        f"One hung controller of {count} at {hz:g} Hz: p95 lateness of all others in ms",
        ["round", "none hangs", "one hangs", "grown by"],
        [[number + 1, free, hung, hung - free] for number, (free, hung) in enumerate(pairs)],
        "With and without take turns in going first.",
    )
    text = f"one hung controller of {count}: others' p95 lateness grows by at most {allowed:.1f} ms"
    return table, Goal(text, f"{grown:+.2f} ms (median of {rounds} rounds)", grown <= allowed if judged else None)


def _promise(size: Size, *, judged: bool) -> tuple[Table, list[Goal]]:
    count, hz, seconds = size.promise
    with _floor(count) as (_, ports):
        got = _window(ports, "ours", hz, seconds)
    what = f"{count} controllers with one UDT each at {hz:g} Hz for {seconds:.0f} s"
    no_miss = got["missed"] == 0 and got["failed"] == 0
    pure = "without Django" if not got["django"] else "WITH DJANGO"
    goals = [
        Goal(f"{what}: no poll missed", f"{got['missed']} missed, {got['failed']} failed", no_miss if judged else None),
        Goal(
            f"engine's process under {CPU_GOAL:.0%} of one core",
            f"{got['cpu_share']:.1%}",
            got["cpu_share"] < CPU_GOAL if judged else None,
        ),
        Goal(
            f"engine's process under {RSS_GOAL_MB:.0f} MB, without Django",
            f"{got['rss_mb']:.0f} MB, {pure}",
            (got["rss_mb"] < RSS_GOAL_MB and not got["django"]) if judged else None,
        ),
    ]
    row = [*_paced_row("ours", count, hz, got), got["rss_mb"]]
    return Table("The promise", [*PACED, "RSS MB"], [row]), goals
