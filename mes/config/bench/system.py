"""Millwright as `up` runs it, fed by virtual controllers in a process of their own, on a benchmark's servers."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mes.config.bench.child import BASE, JsonChild
from mes.config.bench.cpu import cpu_s
from mes.config.bench.stage import Stage
from mes.config.embedded.kept import free_port
from mes.config.processes import plan
from mes.config.processes.supervisor import TICK_S, Supervisor

PERIOD_S = 1.0
_HEARD_WITHIN_S = 120.0


class DidNotBegin(RuntimeError):
    """The processes did not do within two minutes what they must."""


@dataclass(frozen=True)
class System:
    """Everything that runs; `key` is an API key that sees the whole plant."""

    stage: Stage
    floor: JsonChild
    stored: JsonChild
    port: int
    key: str

    def wait(self, seconds: float) -> None:
        """Lets it run, watching its processes."""
        self.until(lambda: False, seconds)

    def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Lets it run until something is so or the time is over; whether it was so."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                return False
            self.stage.supervisor.tick()
            time.sleep(TICK_S)
        return True

    def counted(self) -> dict[str, Any]:
        """Good pieces of every machine as stored."""
        return self.stored.ask("counted")

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds of each of our processes and servers so far, and of the virtual controllers."""
        children = self.stage.supervisor.children.items()
        roots = {name: child.identity.pid for name, child in children if child.identity}
        return cpu_s(roots | {"virtual controllers": self.floor.pid})


@contextlib.contextmanager
def system(
    ready: Stage, machines: int, *, web: bool = True, poller_environment: dict[str, str] | None = None
) -> Iterator[System]:
    """A plant of so many machines, each polled every second; entered once every machine has been heard."""
    base, port = BASE, free_port()
    with (
        JsonChild("mes.config.bench.virtual") as floor,
        JsonChild("mes.config.bench.stored", **ready.environment) as stored,
    ):
        ports = floor.ask("serve", count=machines)["ports"]
        key = stored.ask("make", ports=ports, period_s=PERIOD_S)["key"]
        env, supervisor = ready.environment, ready.supervisor
        poller, live, _ = plan.workers(base, env | (poller_environment or {}))
        _, live, _ = plan.workers(base, env)
        names = _start(supervisor, [poller, plan.scheduler(base, env, ready.folder)])
        if web:
            names += _start(supervisor, [live, plan.web(base, env, "127.0.0.1", port)])
            supervisor.wait_until_ready(["web"], within_s=60)
        running = System(ready, floor, stored, port, key)
        try:
            if not running.until(lambda: running.counted()["heard_at"] is not None, _HEARD_WITHIN_S):
                raise DidNotBegin(f"Not all of {machines} machines were heard within {_HEARD_WITHIN_S:.0f} s.")
            yield running
        finally:
            supervisor.stop(names)


def _start(supervisor: Supervisor, specs: list[plan.ChildSpec]) -> list[str]:
    return [supervisor.start(spec).spec.name for spec in specs]
