"""Measurements of the poll engine in a process of its own: cost, memory, and whom a hung controller delays.

Run by hand:  python -m tests.plc.engine.hung_measure load --controllers 200 --hz 4 --seconds 60
              python -m tests.plc.engine.hung_measure hung --controllers 50 --rounds 5
The virtual controllers run in another process; only the engine's process is measured.
"""

import argparse
import multiprocessing
import resource
import statistics
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

from mes.plc.engine import ControllerSpec, Poll, PollEngine

MEMBERS = ("Heartbeat", "Good", "Scrap", "Total", "State", "Reason", "Speed", "Running", "OrderId", "Audit")
TAGS = tuple(f"Line.{member}" for member in MEMBERS)


def serve(pipe: Connection, count: int) -> None:
    """Child process: serve `count` controllers; `hang N` makes controller N silent, `heal` ends that."""
    from mes.plc.simulator.server import SimulatorHost
    from mes.plc.simulator.tags import TagSpec, UdtType, VirtualController

    members = [(m, "DINT") for m in MEMBERS[:6]]
    members += [("Speed", "REAL"), ("Running", "BOOL"), ("OrderId", "STRING"), ("Audit", "LINT")]
    udt = UdtType("MES_Line", members)  # type: ignore[arg-type]
    with SimulatorHost() as host:
        made = [VirtualController(udts=[udt], tags=[TagSpec("Line", "MES_Line")]) for _ in range(count)]
        pipe.send([host.serve(controller) for controller in made])
        while (order := pipe.recv()) != "end":
            for controller in made:
                controller.faults.clear()
            for number in order:
                made[number].faults.on_reply("silent", times=None, every_command=True)
            pipe.send("done")


@dataclass(frozen=True, slots=True)
class Cost:
    """What the engine's process took over the measured time."""

    polls: int
    expected: int
    missed: int
    failures: int
    cpu_share: float
    rss_mb: float
    late_p50_ms: float
    late_p95_ms: float
    late_p99_ms: float


def measure_load(count: int, hz: float, seconds: float, kind: str = "pycomm3-logix") -> Cost:
    """Poll `count` controllers with one UDT each and return the cost of this process."""
    parent, child = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(child, count), daemon=True)
    process.start()
    ports: list[int] = parent.recv()
    polled = 0
    lock = threading.Lock()

    def sink(_poll: Poll) -> None:
        nonlocal polled
        with lock:
            polled += 1

    engine = PollEngine(sink=sink)
    for number, port in enumerate(ports):
        engine.take(ControllerSpec(f"C{number:03}", kind, f"127.0.0.1:{port}", 1 / hz, 2.0, TAGS), 1)
    while not all(s.polls > 2 for s in engine.stats().values()):
        time.sleep(0.1)
    before = {code: (s.missed, s.failures) for code, s in engine.stats().items()}
    polled, began, cpu = 0, time.monotonic(), time.process_time()
    time.sleep(seconds)
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    done, stats = polled, engine.stats()
    late = sorted(s for loop, _ in engine._loops.values() for s in loop._late_s)
    cost = Cost(
        done,
        round(count * hz * took),
        sum(s.missed - before[code][0] for code, s in stats.items()),
        sum(s.failures - before[code][1] for code, s in stats.items()),
        cpu / took,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        *(late[int(len(late) * share)] * 1000 for share in (0.5, 0.95, 0.99)),
    )
    engine.stop(5.0)
    parent.send("end")
    process.join(5)
    return cost


def measure_hung(count: int, hz: float, rounds: int, seconds: float) -> list[tuple[float, float]]:
    """p95 lateness in ms of the healthy controllers, (without, with) one hung controller, in interleaved rounds."""
    parent, child = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(child, count), daemon=True)
    process.start()
    ports: list[int] = parent.recv()
    engine = PollEngine(sink=lambda _poll: None)
    for number, port in enumerate(ports):
        engine.take(ControllerSpec(f"C{number:03}", "pycomm3-logix", f"127.0.0.1:{port}", 1 / hz, 2.0, TAGS), 1)
    while not all(s.polls > 2 for s in engine.stats().values()):
        time.sleep(0.1)

    def p95(hung: list[int]) -> float:
        parent.send(hung)
        parent.recv()
        time.sleep(1.0)
        loops = [loop for code, (loop, _thread) in engine._loops.items() if code != "C000"]
        for loop in loops:
            loop._late_s.clear()
        time.sleep(seconds)
        late = sorted(s for loop in loops for s in loop._late_s)
        return late[int(len(late) * 0.95)] * 1000

    pairs = [(p95([]), p95([0])) for _ in range(rounds)]
    engine.stop(5.0)
    parent.send("end")
    process.join(5)
    return pairs


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=("load", "hung"))
    parser.add_argument("--controllers", type=int, default=50)
    parser.add_argument("--hz", type=float, default=4.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kind", default="pycomm3-logix")
    told = parser.parse_args(arguments)
    if told.what == "load":
        sys.stdout.write(f"{measure_load(told.controllers, told.hz, told.seconds, told.kind)}\n")
        return
    pairs = measure_hung(told.controllers, told.hz, told.rounds, told.seconds)
    grown = statistics.median(hung - free for free, hung in pairs)
    sys.stdout.write(f"p95 late ms (without, with): {pairs}\nmedian growth: {grown:.2f} ms\n")


if __name__ == "__main__":
    main(sys.argv[1:])
