"""The poll engine: one thread per controller, no Django, no Celery. It only reads, queues and reports."""

import random as random_module
import threading
import time
from collections.abc import Callable

from mes.plc.drivers.factory import make_driver
from mes.plc.drivers.port import PlcDriver
from mes.plc.engine_clock import EngineClock, SystemClock
from mes.plc.engine_extra import ExtraRead
from mes.plc.engine_poll import CommState, ControllerSpec, ControllerStats, EngineEvent, Poll
from mes.plc.engine_thread import ControllerLoop

__all__ = ["CommState", "ControllerSpec", "ControllerStats", "EngineEvent", "ExtraRead", "Poll", "PollEngine"]

_LOOK_PERIOD_S = 0.25  # how often lost controllers are looked through for a report that is due


class PollEngine:
    """Polls the controllers it was given and hands every poll to `sink`.

    `sink` is called from many threads and must only queue; after drop() or stop() returned it is not called any more
    for those controllers. `on_event` gets losses, returns, program and keyswitch changes; `extra_sink` the readings of
    tags in `ControllerSpec.extra`. All methods are thread-safe.
    """

    def __init__(
        self,
        *,
        sink: Callable[[Poll], None],
        clock: EngineClock | None = None,
        driver_factory: Callable[[ControllerSpec], PlcDriver] = make_driver,
        on_event: Callable[[EngineEvent], None] | None = None,
        random: Callable[[], float] = random_module.random,
        extra_sink: Callable[[ExtraRead], None] | None = None,
    ) -> None:
        self._sink = sink
        self._extra_sink = extra_sink
        self._clock = clock or SystemClock()
        self._factory = driver_factory
        self._on_event = on_event or (lambda _event: None)
        self._random = random
        self._lock = threading.Lock()
        self._loops: dict[str, tuple[ControllerLoop, threading.Thread]] = {}
        self._left_at: dict[str, tuple[int, int]] = {}  # code -> fence and number of the last poll when it was dropped
        self._parting: list[tuple[ControllerLoop, threading.Thread]] = []
        self._stop = threading.Event()
        self._reporter: threading.Thread | None = None

    def take(self, spec: ControllerSpec, fence: int) -> None:
        """Begin polling, or go on with another spec or a higher fence. Said twice with the same, nothing happens.

        Polls of one fence are numbered through, also when a controller was dropped in between.
        """
        with self._lock:
            if self._stop.is_set():
                raise RuntimeError("The engine was stopped; make a new one.")
            held = self._loops.get(spec.code)
            if held is not None:
                held[0].update(spec, fence)
                if not held[1].is_alive():
                    self._start(spec.code, held[0])
                return
            left_fence, left_seq = self._left_at.get(spec.code, (fence, 0))
            loop = ControllerLoop(
                spec,
                fence,
                sink=self._sink,
                clock=self._clock,
                driver_factory=self._factory,
                on_event=self._on_event,
                random=self._random,
                seq=left_seq if left_fence == fence else 0,
                extra_sink=self._extra_sink,
            )
            self._start(spec.code, loop)

    def _start(self, code: str, loop: ControllerLoop) -> None:
        thread = threading.Thread(target=loop.run, name=f"plc-{code}", daemon=True)
        self._loops[code] = (loop, thread)
        if self._reporter is None:
            self._reporter = threading.Thread(target=self._report, name="plc-report", daemon=True)
            self._reporter.start()
        thread.start()

    def drop(self, code: str) -> None:
        """Stop polling a controller; does not wait for a request under way. Unknown codes are no error."""
        with self._lock:
            held = self._loops.pop(code, None)
            self._parting = [pair for pair in self._parting if pair[1].is_alive()]
        if held is not None:
            held[0].stop()
            with self._lock:
                self._left_at[code] = held[0].position
                self._parting.append(held)

    def held(self) -> dict[str, int]:
        """Code -> fence of all controllers being polled."""
        with self._lock:
            return {code: loop.fence for code, (loop, _thread) in self._loops.items()}

    def stats(self) -> dict[str, ControllerStats]:
        """Code -> how its polling goes."""
        with self._lock:
            loops = {code: loop for code, (loop, _thread) in self._loops.items()}
        return {code: loop.stats() for code, loop in loops.items()}

    def lateness_s(self) -> dict[str, list[float]]:
        """Code -> by how much each of its last few hundred polls began after it was due."""
        with self._lock:
            loops = {code: loop for code, (loop, _thread) in self._loops.items()}
        return {code: loop.lateness_s for code, loop in loops.items()}

    def stuck(self, now_mono: float) -> list[str]:
        """Controllers whose thread died or has not moved for three time-outs; the cure is a new process."""
        with self._lock:
            pairs = list(self._loops.items())
        return [code for code, (loop, thread) in pairs if loop.is_stuck(now_mono) or not thread.is_alive()]

    def stop(self, timeout_s: float) -> None:
        """Stop all polling, say good-bye to the controllers, and cut the lines that are still busy at the end."""
        self._stop.set()
        with self._lock:
            pairs = [*self._loops.values(), *self._parting]
            self._loops.clear()
            self._parting.clear()
        for loop, _thread in pairs:
            loop.stop()
        deadline_mono = time.monotonic() + timeout_s
        for loop, thread in pairs:
            thread.join(max(0.0, deadline_mono - time.monotonic()))
            if thread.is_alive():
                loop.kill()

    def _report(self) -> None:
        while not self._stop.wait(_LOOK_PERIOD_S):
            with self._lock:
                loops = [loop for loop, _thread in self._loops.values()]
            for loop in loops:
                loop.report_if_lost()
