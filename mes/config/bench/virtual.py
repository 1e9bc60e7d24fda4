"""A process of virtual controllers for benchmarks: plain tags, one UDT each, and changes at known instants.

    python -m mes.config.bench.virtual    (asked in JSON lines, see `COMMANDS`)

Instants are time.monotonic(), which all processes of a Linux machine share.
"""

import heapq
import random
import threading
import time
from typing import Any

from mes.config.bench.child import answer_lines
from mes.plc.simulator.machine import MES_LINE
from mes.plc.simulator.server import SimulatorHost
from mes.plc.simulator.tags import TagSpec, VirtualController

MEMBERS = tuple(member[0] for member in MES_LINE.members)
RUN, HELD = 6, 11


class VirtualFloor:
    """Controllers with a tag `Line` of type MES_Line; machines that count at random instants once told to."""

    def __init__(self) -> None:
        self._host = SimulatorHost()
        self._made: list[VirtualController] = []
        self._good: list[int] = []
        self._changes: list[tuple[int, str, int, float]] = []
        self._running = threading.Event()
        self._lock = threading.Lock()

    def serve(self, count: int, tags: int = 0) -> dict[str, Any]:
        """Serve `count` controllers, each with `tags` plain DINT tags beside its UDT; their ports."""
        specs = [TagSpec(f"T{number:03}", "DINT", value=number + 1) for number in range(tags)]
        line = TagSpec("Line", MES_LINE.name, value={"State": RUN, "Epoch": 1, "Speed": 60.0, "OrderId": "WO-1"})
        self._made = [VirtualController(udts=[MES_LINE], tags=[line, *specs]) for _ in range(count)]
        self._good = [0] * count
        return {"ports": [self._host.serve(controller) for controller in self._made]}

    def hang(self, which: list[int]) -> dict[str, Any]:
        """Exactly these controllers swallow every request from now on."""
        for number, controller in enumerate(self._made):
            controller.faults.clear()
            if number in which:
                controller.faults.on_reply("silent", times=None, every_command=True)
        return {}

    def run(self, every_s: float, stops: float = 0.0, seed: int = 1) -> dict[str, Any]:
        """Let every machine make a piece about each `every_s`; after a share `stops` of them it is held for 3-6 s."""
        self._running.set()
        dice = random.Random(seed)  # noqa: S311  (a seed is wanted, not secrecy)
        threading.Thread(target=self._run, args=(every_s, stops, dice), daemon=True).start()
        return {}

    def pause(self) -> dict[str, Any]:
        """Nothing is made any more; what was made so far, by controller."""
        self._running.clear()
        with self._lock:
            return {"good": list(self._good)}

    def changes(self) -> dict[str, Any]:
        """[controller, good or state, new value, instant] of everything since this was last asked."""
        with self._lock:
            told, self._changes = self._changes, []
        return {"changes": told}

    def _run(self, every_s: float, stops: float, dice: random.Random) -> None:
        now = time.monotonic()
        due = [(now + dice.random() * every_s, number) for number in range(len(self._made))]
        held = [False] * len(self._made)
        heapq.heapify(due)
        while self._running.is_set():
            at, number = due[0]
            wait_s = at - time.monotonic()
            if wait_s > 0:
                time.sleep(min(wait_s, 0.05))
                continue
            pause_s = every_s * dice.uniform(0.5, 1.5)
            with self._lock:
                if not self._running.is_set():
                    return
                if held[number]:
                    held[number] = False
                    self._set(number, "state", RUN)
                elif dice.random() < stops:
                    held[number], pause_s = True, dice.uniform(3, 6)
                    self._set(number, "state", HELD)
                else:
                    self._good[number] += 1
                    self._set(number, "good", self._good[number])
            heapq.heapreplace(due, (at + pause_s, number))

    def _set(self, number: int, what: str, value: int) -> None:
        at = time.monotonic()  # before the write: what is measured can only be longer than true, never shorter
        self._made[number][f"Line.{what.capitalize()}"] = value
        self._changes.append((number, what, value, at))


if __name__ == "__main__":
    floor = VirtualFloor()
    COMMANDS = {each.__name__: each for each in (floor.serve, floor.hang, floor.run, floor.pause, floor.changes)}
    answer_lines(COMMANDS)
