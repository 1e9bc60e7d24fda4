"""The process whose cost is measured: clients, no Django, asked in JSON lines.

python -m mes.config.bench.measured
"""

import contextlib
import gc
import itertools
import os
import sys
import time
from typing import Any

from mes.config.bench.child import answer_lines
from mes.config.bench.readers import EnginePollers, StockPollers, make_pollers, opened
from mes.config.bench.result import percentile

LOOK_S = 20.0  # the engine keeps its last few hundred latenesses, so they are collected this often
STEADY_WITHIN_S = 120.0


class Measured:
    """Holds the readers or pollers of this process."""

    def __init__(self) -> None:
        self._opened: dict[str, Any] = {}
        self._pollers: EnginePollers | StockPollers | None = None

    def cost(self, reader: str, address: str, tags: list[str], seconds: float) -> dict[str, Any]:
        """Polls flat out: CPU of this process and time on the wall per poll, in microseconds."""
        if reader not in self._opened:
            self._opened[reader] = opened(reader, address)
        read, _ = self._opened[reader]
        read(tags)
        gc.collect()
        walls: list[float] = []
        began, cpu = time.perf_counter(), time.process_time()
        for _ in itertools.count():
            at = time.perf_counter()
            read(tags)
            walls.append(time.perf_counter() - at)
            if at - began > seconds:
                break
        cpu = time.process_time() - cpu
        return {"cpu_us": cpu / len(walls) * 1e6, "wall_us": percentile(walls, 0.5) * 1e6, "polls": len(walls)}

    def begin(self, reader: str, ports: list[int], hz: float, tags: list[str]) -> dict[str, Any]:
        """Starts pacing and returns once every controller has been polled a few times."""
        self._pollers = make_pollers(reader, ports, hz, tags)
        until = time.monotonic() + STEADY_WITHIN_S
        while not self._pollers.steady():
            if time.monotonic() > until:
                raise RuntimeError(f"{reader} does not poll every controller.")
            time.sleep(0.1)
        return {}

    def window(self, seconds: float, leave_out: list[int] | None = None) -> dict[str, Any]:
        """What polling cost over the next seconds; lateness in ms without the controllers left out."""
        pollers = self._pollers
        assert pollers is not None  # noqa: S101  (begin comes first)
        pollers.late_s()
        before, began, cpu = pollers.taken(), time.monotonic(), time.process_time()
        late: list[float] = []
        while (left := began + seconds - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_S))
            late += [s for number, each in pollers.late_s().items() if number not in (leave_out or []) for s in each]
        took, cpu, after = time.monotonic() - began, time.process_time() - cpu, pollers.taken()
        return {
            "polls": after.polls - before.polls,
            "missed": after.missed - before.missed,
            "failed": after.failed - before.failed,
            "seconds": took,
            "cpu_share": cpu / took,
            "rss_mb": _rss_mb(),
            "late_p50_ms": percentile(late, 0.5) * 1000,
            "late_p95_ms": percentile(late, 0.95) * 1000,
            "late_p99_ms": percentile(late, 0.99) * 1000,
            "django": "django" in sys.modules,
        }

    def end(self) -> dict[str, Any]:
        """Stops pacing and hangs up."""
        if self._pollers is not None:
            self._pollers.stop()
            self._pollers = None
        for _, close in self._opened.values():
            with contextlib.suppress(Exception):
                close()
        self._opened.clear()
        return {}


def _rss_mb() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    measured = Measured()
    answer_lines({each.__name__: each for each in (measured.cost, measured.begin, measured.window, measured.end)})
