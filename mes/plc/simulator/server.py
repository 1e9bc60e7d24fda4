"""Serving virtual controllers over TCP: one loop in a background thread carries any number of them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .connections import ConnectionTable
from .faults import Faults
from .identity import Identity
from .line import Line, Router
from .pccc import PcccRouter
from .router import LogixRouter
from .slc import SlcController
from .tags import VirtualController

T = TypeVar("T")
CALL_TIMEOUT_S = 10.0


def router_for(controller: VirtualController) -> Router:
    """The side that answers CIP messages for this kind of controller."""
    return PcccRouter(controller) if isinstance(controller, SlcController) else LogixRouter(controller)


class _Station:
    """One served controller: its listening port, its lines and its CIP connections."""

    def __init__(self, controller: VirtualController, host: str) -> None:
        self.controller = controller
        self.host = host
        self.port = 0
        self.faults: Faults = controller.faults
        self.connections = ConnectionTable(controller.faults)
        self.router: Router = router_for(controller)
        self.lines: set[Line] = set()
        self.counts: Counter[str] = Counter()
        self._sessions = itertools.count(0x0A01_0003, 0x0101)
        self._server: asyncio.Server | None = None
        self._fillers: list[socket.socket] = []

    @property
    def identity(self) -> Identity:
        """Who the controller says it is now."""
        return self.controller.identity

    @property
    def keyswitch(self) -> str:
        """Where its keyswitch stands now."""
        return self.controller.keyswitch

    def next_session(self) -> int:
        """A session handle that no other line has."""
        return next(self._sessions) & 0xFFFF_FFFF

    def count(self, what: str) -> None:
        """Count an event."""
        self.counts[what] += 1

    async def listen(self, port: int) -> int:
        """Open the port (0: a free one) and return it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Line(self, loop), self.host, port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def close(self) -> None:
        """Close the port and break every line."""
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        if self._server is not None:
            self._server.close()
            self._server = None
        for line in list(self.lines):
            line.reset()
        await asyncio.sleep(0)

    async def reopen(self) -> None:
        """Listen on the same port again."""
        await self.close()
        await self.listen(self.port)

    async def reset_lines(self) -> int:
        """Break every line with RST but keep listening; how many there were."""
        lines = list(self.lines)
        for line in lines:
            line.reset()
        return len(lines)

    async def black_hole(self) -> None:
        """Let new connections hang: a listener that accepts nothing and whose queue is full drops every SYN."""
        port = self.port
        await self.close()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, port))
        listener.listen(0)
        self._fillers.append(listener)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect((self.host, port))
            self._fillers.append(filler)


class SimulatorHost:
    """A thread with an event loop that serves virtual controllers. Use it as a context manager, or call `close`."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.loop = asyncio.new_event_loop()
        self._stations: dict[int, _Station] = {}
        self._thread = threading.Thread(target=self._run, name="virtual-controllers", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(CALL_TIMEOUT_S)

    def soon(self, work: Callable[[], object]) -> None:
        """Run a plain function on the loop, without waiting."""
        self.loop.call_soon_threadsafe(work)

    def serve(self, controller: VirtualController, port: int = 0) -> int:
        """Serve a controller and return its port. A taken port raises OSError."""
        station = _Station(controller, self.host)
        got = self.call(station.listen(port))
        self._stations[got] = station
        return got

    def stop(self, port: int) -> None:
        """Stop serving the controller on this port for good."""
        station = self._stations.pop(port, None)
        if station is not None:
            self.call(station.close())

    def close_port(self, port: int) -> None:
        """Port closed, lines broken; `open_port` brings the same port back."""
        self.call(self._stations[port].close())

    def open_port(self, port: int) -> None:
        """Listen again on a port that was closed or turned into a black hole."""
        self.call(self._stations[port].reopen())

    def open_port_soon(self, port: int) -> None:
        """Like `open_port`, for code that runs on the loop itself."""
        self.loop.create_task(self._stations[port].reopen())

    def black_hole(self, port: int) -> None:
        """Neither refuse nor accept: clients run into their connect time-out."""
        self.call(self._stations[port].black_hole())

    def reset_lines(self, port: int) -> int:
        """Break every open line of this controller with RST; returns how many there were."""
        return self.call(self._stations[port].reset_lines())

    def counts(self, port: int) -> Counter[str]:
        """What happened so far: `lines`, `cip 4C`, `fault silent`, ..."""
        return Counter(self._stations[port].counts)

    def open_lines(self, port: int) -> int:
        """TCP lines that are open now."""
        return len(self._stations[port].lines)

    def settled(self, port: int) -> int:
        """Like `open_lines`, after the loop went round: what was closed before the call is no longer counted."""
        for _ in range(3):
            self.call(asyncio.sleep(0))
        return self.open_lines(port)

    def open_connections(self, port: int) -> int:
        """CIP connections that are open now."""
        return len(self._stations[port].connections.open)

    def ports(self) -> list[int]:
        """Ports that are served."""
        return list(self._stations)

    def close(self) -> None:
        """Stop everything and end the thread."""
        for port in self.ports():
            self.stop(port)
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(CALL_TIMEOUT_S)

    def __enter__(self) -> SimulatorHost:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ControllerServer:
    """One controller on one port, with a thread of its own (or a shared SimulatorHost). A context manager too."""

    def __init__(
        self,
        controller: VirtualController,
        host: str = "127.0.0.1",
        port: int = 0,
        on: SimulatorHost | None = None,
    ) -> None:
        self.controller = controller
        self.host = host
        self.port = port
        self._shared = on
        self._own: SimulatorHost | None = None

    @property
    def simulator(self) -> SimulatorHost:
        """The host that carries this controller; RuntimeError before `start`."""
        found = self._shared or self._own
        if found is None:
            raise RuntimeError("The virtual controller is not started; call start() first.")
        return found

    @property
    def path(self) -> str:
        """Address as clients take it: `127.0.0.1:PORT`."""
        return f"{self.host}:{self.port}"

    def start(self) -> ControllerServer:
        """Begin to serve; afterwards `port` and `path` are known."""
        if self._shared is None:
            self._own = SimulatorHost(self.host)
        self.port = self.simulator.serve(self.controller, self.port)
        return self

    def stop(self) -> None:
        """Stop serving; the port is free afterwards."""
        if self._own is not None:
            self._own.close()
            self._own = None
        elif self._shared is not None:
            self._shared.stop(self.port)

    def close_port(self) -> None:
        """Refuse connections and break the open ones, as when the module is pulled."""
        self.simulator.close_port(self.port)

    def open_port(self) -> None:
        """Come back on the same port."""
        self.simulator.open_port(self.port)

    def black_hole(self) -> None:
        """Let connection attempts hang."""
        self.simulator.black_hole(self.port)

    def reset_lines(self) -> int:
        """Break every open line with RST; how many there were."""
        return self.simulator.reset_lines(self.port)

    @property
    def counts(self) -> Counter[str]:
        """Counted events: `lines`, `cip 4C` and so on."""
        return self.simulator.counts(self.port)

    @property
    def open_lines(self) -> int:
        """TCP lines open now."""
        return self.simulator.open_lines(self.port)

    def settled(self) -> int:
        """TCP lines that are open once the loop has seen everything that already arrived."""
        return self.simulator.settled(self.port)

    @property
    def open_connections(self) -> int:
        """CIP connections open now."""
        return self.simulator.open_connections(self.port)

    def __enter__(self) -> ControllerServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
