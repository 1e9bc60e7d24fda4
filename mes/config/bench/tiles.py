"""`bench tiles`: from a change in a controller to the WebSocket message, by machines and by open sockets."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mes.config.bench.child import JsonChild
from mes.config.bench.result import Goal, Result, Table, percentile
from mes.config.bench.stage import stage
from mes.config.bench.system import PERIOD_S, System, system

SETTLE_S, LATE_S = 5.0, 3.0
STEADY_STATE_S = 3.0  # a state that lasts shorter may pass between two polls
WATCHED = 10
SHOWN = {6: ("running", "slow"), 11: ("down",)}
GOAL_S = {12: 0.5, 200: 1.0}  # beyond the poll period, p95
Change = tuple[int, str, int, float]
Seen = Sequence[tuple[float, str, str, Any]]


@dataclass(frozen=True, slots=True)
class Size:
    """What is opened and for how long it is watched."""

    floors: tuple[int, ...]
    sockets: tuple[int, ...]
    seconds: float


FULL = Size((12, 200), (1, 50, 500), 30.0)
QUICK = Size((4,), (2,), 6.0)


def measure(*, quick: bool, data: Path, say: Callable[[str], None]) -> Result:
    """Each plant on servers of its own; sockets are opened, watched and closed again one number after the other."""
    size, result = (QUICK if quick else FULL), Result("tiles", quick)
    late, cost = [], []
    for machines in size.floors:
        say(f"{machines} machines: starting everything")
        with stage(data) as ready, system(ready, machines) as running:
            running.floor.ask("run", every_s=1.0, stops=1 / 60)
            running.wait(SETTLE_S)
            for sockets in size.sockets:
                say(f"{machines} machines, {sockets} sockets")
                row, used, goal = _watch(running, machines, sockets, size.seconds, judged=not quick)
                late.append(row)
                cost.append(used)
                result.goals += goal
    result.tables += [_late_table(late, size.seconds), _cost_table(cost)]
    return result


def _watch(
    running: System, machines: int, sockets: int, seconds: float, *, judged: bool
) -> tuple[list[Any], dict[str, Any], list[Goal]]:
    with JsonChild("mes.config.bench.sockets") as clients:
        opened_s = clients.ask("open", port=running.port, key=running.key, count=sockets, watched=WATCHED)["seconds"]
        running.wait(SETTLE_S)
        running.floor.ask("changes")
        before, cpu = clients.ask("count"), running.cpu_s()
        running.wait(seconds)
        after, cpu_after = clients.ask("count"), running.cpu_s()
        changes = running.floor.ask("changes")["changes"]
        running.wait(LATE_S)
        seen = clients.ask("seen")["seen"]
        clients.ask("close")
    counts, states, never = latencies(changes, seen)
    took = after["at"] - before["at"]
    used: dict[str, Any] = {"what": f"{machines} x {sockets}"}
    used |= {name: (cpu_after[name] - cpu[name]) / took * 100 for name in cpu}
    p95 = percentile(counts + states, 0.95)
    row = [
        *(f"{machines} x {sockets}", len(changes), never),
        *(percentile(counts, share) * 1000 for share in (0.5, 0.95, 0.99)),
        *(percentile(states, 0.95) * 1000, p95 / (0.95 * PERIOD_S), opened_s),
        *((after[name] - before[name]) / took / sockets / 1000 for name in ("bytes",)),
        (after["frames"] - before["frames"]) / took / sockets,
    ]
    goals = []
    if machines in GOAL_S and (machines == 12 or sockets == 500):
        allowed = PERIOD_S + GOAL_S[machines]
        text = f"{machines} work centers x {sockets} sockets: controller to message within {allowed:g} s (p95)"
        goals.append(Goal(text, f"{p95:.2f} s", p95 <= allowed and never == 0 if judged else None))
    return row, used, goals


def latencies(changes: Sequence[Change], seen: Sequence[Seen]) -> tuple[list[float], list[float], int]:
    """Seconds from each change to its first message on each watched socket: of counts, of states; how many never came.

    A count has arrived with the first message that shows it or a later one; a state with the first that shows it. A
    state that did not last is left out: it may have passed between two polls.
    """
    counts: list[float] = []
    states: list[float] = []
    never = 0
    lasting = _lasting(changes)
    for fields in seen:
        goods: dict[str, tuple[list[float], list[int]]] = defaultdict(lambda: ([], []))
        words: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for at, code, name, value in fields:
            if name == "good":
                goods[code][0].append(at)
                goods[code][1].append(value)
            else:
                words[code].append((at, value))
        for change in changes:
            number, what, value, at = change
            code = f"M{number:03}"
            if what == "good":
                place = bisect_left(goods[code][1], value)
                arrived = goods[code][0][place] if place < len(goods[code][1]) else None
                counts += [max(arrived - at, 0.0)] if arrived is not None else []
                never += arrived is None
            elif (number, at) in lasting:
                arrived = next((when for when, word in words[code] if when > at and word in SHOWN[value]), None)
                states += [arrived - at] if arrived is not None else []
                never += arrived is None
    return counts, states, never


def _lasting(changes: Sequence[Change]) -> set[tuple[int, float]]:
    of_machine: dict[int, list[float]] = defaultdict(list)
    for number, what, _, at in changes:
        if what == "state":
            of_machine[number].append(at)
    return {
        (number, at)
        for number, instants in of_machine.items()
        for at, after in zip(instants, [*instants[1:], float("inf")], strict=True)
        if after - at >= STEADY_STATE_S
    }


def _late_table(rows: list[list[Any]], seconds: float) -> Table:
    return Table(
        "From the change in the controller to the WebSocket message (machines x sockets)",
        [
            *("", "changes", "never came", "p50 ms", "p95 ms", "p99 ms", "states p95 ms", "p95 / limit"),
            *("opened in s", "kB/s a socket", "frames/s"),
        ],
        rows,
        f"{seconds:g} s each at random phases; up to {WATCHED} sockets of each number are read to the letter. Limit: a "
        "change waits for its poll up to one period of 1 s, so 0.95 s of the p95 cannot be avoided.",
    )


def _cost_table(used: list[dict[str, Any]]) -> Table:
    names = [name for name in used[0] if name != "what"]
    rows = [[each["what"], *(each.get(name) for name in names), sum(each[name] for name in names)] for each in used]
    return Table("CPU of each process meanwhile, in % of one core", ["", *names, "together"], rows)
