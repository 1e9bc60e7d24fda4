"""A plant of virtual controllers: serves them, lets their machines run in real time, and takes interventions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from .decoys import Decoys
from .ledger import Ledger
from .machine import Machine
from .program_changes import new_serial, turn_keyswitch
from .server import SimulatorHost
from .sim_clock import SimClock
from .tags import VirtualController

STOP_TIMEOUT_S = 2.0


@dataclass(slots=True)
class SimulatedController:
    """One controller of the plant with what runs in it."""

    code: str
    controller: VirtualController
    machines: list[Machine] = field(default_factory=list)
    decoys: Decoys | None = None
    clock: SimClock | None = None
    wanted_port: int = 0
    port: int = 0

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT` once it is served."""
        return f"127.0.0.1:{self.port}"


def utc_now_ms() -> int:
    """Real time in whole milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class SimulatedPlant:
    """Controllers, machines and one thread for all of them. Every method may be called from any thread.

    Deciding code gets its instants from here: `now_ms` is the only clock (give your own to test).
    """

    def __init__(
        self,
        controllers: list[SimulatedController],
        *,
        speed: float = 1.0,
        tick_s: float = 0.05,
        now_ms: Callable[[], int] = utc_now_ms,
    ) -> None:
        self.controllers = {each.code: each for each in controllers}
        self.machines = {machine.name: machine for each in controllers for machine in each.machines}
        self.speed = speed
        self.tick_s = tick_s
        self.now_ms = now_ms
        self.lock = threading.RLock()
        self.paused = False
        self.host: SimulatorHost | None = None
        self._ledger_files: list[TextIO] = []
        self._stopping = False

    # -- running -------------------------------------------------------------------------------------------------

    def start(self, port_base: int | None = None) -> SimulatedPlant:
        """Serve every controller and begin to run. With `port_base` the ports count up from it in file order.

        A taken port raises OSError.
        """
        self.host = SimulatorHost()
        try:
            for position, each in enumerate(self.controllers.values()):
                wanted = each.wanted_port if port_base is None else port_base + position
                each.port = self.host.serve(each.controller, wanted)
        except BaseException:
            self.host.close()
            raise
        self.host.soon(self._tick)
        return self

    def stop(self) -> None:
        """End within two seconds; the ledgers are closed and their files written."""
        self._stopping = True
        if self.host is not None:
            self.host.close()
            self.host = None
        with self.lock:
            now_ms = self.now_ms()
            for machine in self.machines.values():
                machine.advance(now_ms)
                machine.ledger.close(now_ms)
            for file in self._ledger_files:
                file.close()
            self._ledger_files.clear()

    def _tick(self) -> None:
        if self._stopping or self.host is None:
            return
        self.advance()
        self.host.loop.call_later(self.tick_s, self._tick)

    def advance(self, at_ms: int | None = None) -> None:
        """Bring every machine and decoy to this instant (now when not told)."""
        with self.lock:
            now_ms = self.now_ms() if at_ms is None else at_ms
            for each in self.controllers.values():
                for machine in each.machines:
                    machine.advance(now_ms)
                if each.decoys is not None and each.clock is not None and each.controller.running:
                    each.decoys.advance(each.clock.sim_us(now_ms) / 1e6)

    def write_ledgers(self, folder: Path) -> None:
        """From now on write every closed state interval as a JSON line to `folder`/MACHINE.jsonl."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, machine in self.machines.items():
            file = (folder / f"{name}.jsonl").open("a", buffering=1, encoding="utf-8")
            self._ledger_files.append(file)
            machine.ledger.write_to(partial(print, file=file))

    # -- questions -----------------------------------------------------------------------------------------------

    def controller(self, code: str) -> SimulatedController:
        """The controller with this code; KeyError with a sentence when there is none."""
        if code not in self.controllers:
            raise KeyError(f"There is no controller {code} here; there are {', '.join(self.controllers)}.")
        return self.controllers[code]

    def machine(self, name: str) -> Machine:
        """The machine with this name; KeyError with a sentence when there is none."""
        if name not in self.machines:
            raise KeyError(f"There is no machine {name} here; there are {', '.join(self.machines)}.")
        return self.machines[name]

    def ledger(self, name: str) -> Ledger:
        """The ledger of a machine, brought up to now."""
        machine = self.machine(name)
        self.advance()
        return machine.ledger

    # -- interventions -------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """All machines stand still in the state they are in; heartbeats go on."""
        self._hold_all("pause", True)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._hold_all("pause", False)

    def _hold_all(self, who: str, on: bool) -> None:
        with self.lock:
            now_ms = self.now_ms()
            self.paused = on
            for each in self.controllers.values():
                self._hold(each, who, on, now_ms)

    def _hold(self, each: SimulatedController, who: str, on: bool, now_ms: int) -> None:
        for machine in each.machines:
            (machine.hold if on else machine.release)(who, now_ms)
        if each.clock is not None:
            (each.clock.hold if on else each.clock.release)(who, now_ms)

    def change_speed(self, speed: float) -> None:
        """So many simulated seconds per real second from now on."""
        if speed <= 0:
            raise ValueError("The speed must be above 0; use pause to stand still.")
        with self.lock:
            now_ms = self.now_ms()
            self.speed = speed
            for each in self.controllers.values():
                for machine in each.machines:
                    machine.change_speed(speed, now_ms)
                if each.clock is not None:
                    each.clock.change_speed(speed, now_ms)

    def force(self, name: str, kind: str, *, reason: int = 0, duration_s: float | None = None) -> None:
        """Bring a machine into a kind of state now (see Machine.force)."""
        with self.lock:
            self.machine(name).force(kind, self.now_ms(), reason=reason, duration_s=duration_s)

    def turn_keyswitch(self, code: str, position: str) -> None:
        """Turn the keyswitch; on PROG the logic stands still and the machines are off."""
        with self.lock:
            each = self.controller(code)
            now_ms = self.now_ms()
            turn_keyswitch(each.controller, position)
            self._hold(each, "keyswitch", not each.controller.running, now_ms)

    def restart(self, code: str, *, away_s: float = 0.0, serial: int | None = None) -> None:
        """Power cycle: lines break, the port is away for real seconds, counters start at 0 with a new epoch."""
        each = self.controller(code)
        host = self.served()
        with self.lock:
            self._hold(each, "restart", True, self.now_ms())
        if away_s > 0:
            host.close_port(each.port)
            host.soon(lambda: host.loop.call_later(away_s, self._come_back, each, serial))
        else:
            host.reset_lines(each.port)
            self._restarted(each, serial)

    def _come_back(self, each: SimulatedController, serial: int | None) -> None:
        self._restarted(each, serial)
        host = self.served()
        host.open_port_soon(each.port)

    def _restarted(self, each: SimulatedController, serial: int | None) -> None:
        with self.lock:
            for machine in each.machines:
                machine.restart_counters()
            if serial is not None:
                new_serial(each.controller, serial)
            self._hold(each, "restart", False, self.now_ms())

    def served(self) -> SimulatorHost:
        """The host that carries the controllers; RuntimeError before `start`."""
        if self.host is None:
            raise RuntimeError("The plant is not running; call start() first.")
        return self.host

    def freeze_heartbeat(self, name: str, on: bool = True) -> None:
        """Let a machine's heartbeat stand still while everything else goes on."""
        with self.lock:
            self.machine(name).heartbeat_frozen = on

    def wind_counter(self, name: str, counter: str, value: int) -> None:
        """Set a counter tag (Good, Scrap or Total) of a machine: a manual reset, or just below its wrap."""
        with self.lock:
            self.advance()
            self.machine(name).wind_counter(counter, value)

    def set_tag(self, code: str, path: str, value: Any) -> None:
        """Write any tag of a controller."""
        self.controller(code).controller[path] = value

    def close_port(self, code: str) -> None:
        """Refuse connections and break the open ones."""
        self.served().close_port(self.controller(code).port)

    def open_port(self, code: str) -> None:
        """Come back on the same port."""
        self.served().open_port(self.controller(code).port)

    def black_hole(self, code: str) -> None:
        """Let connection attempts hang until `open_port`."""
        self.served().black_hole(self.controller(code).port)

    def reset_lines(self, code: str) -> None:
        """Break every open line with RST."""
        self.served().reset_lines(self.controller(code).port)
