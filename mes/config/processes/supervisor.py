"""Keeps a set of children alive: start, readiness, restart with back-off, log turn-over, ordered stop."""

import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from mes.config.processes.child import Child, ChildSpec
from mes.config.processes.logs import last_lines, turn_over

TICK_S = 0.1
_LOGS_EVERY_S = 5.0
_PROBE_EVERY_S = 0.25
_TRIES_BEFORE_GIVING_UP = 3


class ChildFailed(Exception):
    """A child did not become ready; the text carries the last lines of its log."""


class Cancelled(Exception):
    """The wait ended because somebody asked for the end of everything."""


class Supervisor:
    """Owns the children of one run. Single-threaded: the caller calls `tick` about ten times a second.

    Call it from the main thread: the kernel ties a child's death signal to the thread that started it.
    """

    def __init__(
        self,
        *,
        run_dir: Path,
        log_dir: Path,
        say: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        run_dir.mkdir(parents=True, exist_ok=True)
        log_dir.mkdir(parents=True, exist_ok=True)
        self.children: dict[str, Child] = {}
        self._run_dir = run_dir
        self._log_dir = log_dir
        self._say = say
        self._clock = clock
        self._next_logs = 0.0
        self._next_probe = 0.0

    def start(self, spec: ChildSpec) -> Child:
        """Starts a child now; it is watched from the next tick on."""
        child = Child(spec, run_dir=self._run_dir, log_dir=self._log_dir)
        self.children[spec.name] = child
        child.start(self._clock())
        return child

    def tick(self) -> None:
        """One look at everything: who ended, who is due to start, who became ready, which log is full."""
        now = self._clock()
        for child in self.children.values():
            self._notice_end(child, now)
            if child.start_at is not None and now >= child.start_at:
                self._restart(child, now)
        if now >= self._next_probe:
            self._next_probe = now + _PROBE_EVERY_S
            for child in self.children.values():
                if child.probe():
                    self._say(child.spec.name, "ready")
        if now >= self._next_logs:
            self._next_logs = now + _LOGS_EVERY_S
            for child in self.children.values():
                turn_over(child.log_path)

    def _notice_end(self, child: Child, now: float) -> None:
        code = child.ended()
        if code is None:
            return
        pause_s = child.plan_restart(now)
        self._say(child.spec.name, f"{_how_it_ended(code)}; starts again in {pause_s:g} s (log: {child.log_path})")
        for line in last_lines(child.log_path, 3, since=child.log_begins):
            self._say(child.spec.name, f"  {line}")

    def _restart(self, child: Child, now: float) -> None:
        try:
            child.start(now)
        except (OSError, RuntimeError) as problem:
            pause_s = child.plan_restart(now)
            self._say(child.spec.name, f"cannot start: {problem}; next try in {pause_s:g} s")

    def wait_until_ready(
        self, names: Iterable[str], *, within_s: float, cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        """Ticks until all named children are ready. ChildFailed after `within_s`, or when one died three times."""
        waiting = [self.children[name] for name in names]
        deadline = self._clock() + within_s
        while True:
            self.tick()
            waiting = [child for child in waiting if not child.is_ready]
            if not waiting:
                return
            if cancelled():
                raise Cancelled
            hopeless = [child for child in waiting if child.deaths_before_ready >= _TRIES_BEFORE_GIVING_UP]
            if hopeless or self._clock() > deadline:
                raise ChildFailed(_why_not_ready((hopeless or waiting)[0], within_s))
            time.sleep(TICK_S)

    def stop(self, names: Iterable[str] | None = None) -> None:
        """Stops the named children (all, when none is named): highest stage first, each stage within its longest
        `stop_within_s`, then SIGKILL to whole sessions."""
        chosen = [self.children[name] for name in (self.children if names is None else names)]
        for stage in sorted({child.spec.stage for child in chosen}, reverse=True):
            self._stop_together([child for child in chosen if child.spec.stage == stage])
        for child in chosen:
            del self.children[child.spec.name]

    def _stop_together(self, children: list[Child]) -> None:
        started = self._clock()
        for child in children:
            child.start_at = None
            child.signal(child.spec.stop_signal)
        killed: set[str] = set()
        while alive := [child for child in children if child.running and child.ended() is None]:
            for child in alive:
                if self._clock() - started > child.spec.stop_within_s:
                    if child.spec.name not in killed:
                        killed.add(child.spec.name)
                        self._say(child.spec.name, f"did not stop within {child.spec.stop_within_s:g} s: killed")
                    child.signal(signal.SIGKILL)
            time.sleep(0.02)
        for child in children:
            if child.spec.clean:
                child.spec.clean()


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _why_not_ready(child: Child, within_s: float) -> str:
    if child.deaths_before_ready:
        what = f"{child.spec.name} ended {child.deaths_before_ready} times before it was ready"
    else:
        what = f"{child.spec.name} was not ready within {within_s:g} s"
    lines = "\n".join(f"  {line}" for line in last_lines(child.log_path))
    return f"{what}. The end of its log {child.log_path}:\n{lines or '  (empty)'}"
