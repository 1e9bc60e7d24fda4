"""The clients that are compared: our adapters behind their port and stock clients, all as one `read(tags)`."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mes.plc.drivers.factory import make_driver
from mes.plc.drivers.peers import PEERS, make_peer
from mes.plc.drivers.port import Quality
from mes.plc.engine import ControllerSpec, Poll, PollEngine
from mes.plc.engine_state import phase_of

OURS = {"ours": "pycomm3-logix", "ours (pylogix)": "pylogix"}
TIMEOUT_S = 2.0


def opened(reader: str, address: str) -> tuple[Callable[[Sequence[str]], object], Callable[[], None]]:
    """A connected reader: its read and its close. Raises what the library raises, RuntimeError for a bad tag."""
    if reader in PEERS:
        peer = make_peer(reader, address, TIMEOUT_S)
        peer.open()
        return peer.read, peer.close
    driver = make_driver(ControllerSpec("BENCH", OURS[reader], address, 1.0, TIMEOUT_S, ()))
    driver.open()

    def read(tags: Sequence[str]) -> object:
        values = driver.read(tags)
        bad = [tag for tag, value in values.items() if value.quality is not Quality.GOOD]
        if bad:
            raise RuntimeError(f"{bad[0]} could not be read: {values[bad[0]].error}")
        return values

    return read, driver.close


@dataclass(slots=True)
class Taken:
    """What polling did so far, over all controllers."""

    polls: int = 0
    missed: int = 0
    failed: int = 0


class EnginePollers:
    """Our PollEngine with one controller per port."""

    def __init__(self, reader: str, ports: Sequence[int], hz: float, tags: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._polls = 0
        self._noted: dict[str, int] = {}
        self._engine = PollEngine(sink=self._sink)
        for number, port in enumerate(ports):
            address = f"127.0.0.1:{port}"
            spec = ControllerSpec(f"C{number:03}", OURS[reader], address, 1 / hz, TIMEOUT_S, tuple(tags))
            self._engine.take(spec, 1)

    def _sink(self, poll: Poll) -> None:
        with self._lock:
            self._polls += poll.error is None

    def steady(self) -> bool:
        """Whether every controller has been polled a few times."""
        return all(stats.polls > 2 for stats in self._engine.stats().values())

    def taken(self) -> Taken:
        """Counted since the start."""
        stats = self._engine.stats().values()
        return Taken(self._polls, sum(one.missed for one in stats), sum(one.failures for one in stats))

    def late_s(self) -> dict[int, list[float]]:
        """Controller to the lateness of every slot since this was last asked (at most the last few hundred)."""
        late = self._engine.lateness_s()
        fresh: dict[int, list[float]] = {}
        for code, stats in self._engine.stats().items():
            slots = stats.polls + stats.failures
            new = slots - self._noted.get(code, 0)
            self._noted[code] = slots
            fresh[int(code[1:])] = late[code][-new:] if new else []
        return fresh

    def stop(self) -> None:
        """Ends all threads."""
        self._engine.stop(5.0)


class StockPollers:
    """What one would write with a stock client: a thread per controller that reads at its turn and sleeps."""

    def __init__(self, reader: str, ports: Sequence[int], hz: float, tags: Sequence[str]) -> None:
        self._reader, self._period_s, self._tags = reader, 1 / hz, tuple(tags)
        self._stop = threading.Event()
        self._each = [Taken() for _ in ports]
        self._late: list[list[float]] = [[] for _ in ports]
        self._threads = [
            threading.Thread(target=self._run, args=(number, f"127.0.0.1:{port}"), daemon=True)
            for number, port in enumerate(ports)
        ]
        for thread in self._threads:
            thread.start()

    def steady(self) -> bool:
        """Whether every controller has been polled a few times."""
        return all(each.polls > 2 for each in self._each)

    def taken(self) -> Taken:
        """Counted since the start."""
        names = ("polls", "missed", "failed")
        return Taken(*(sum(getattr(each, name) for each in self._each) for name in names))

    def late_s(self) -> dict[int, list[float]]:
        """Controller to the lateness of every poll since this was last asked."""
        told, self._late = self._late, [[] for _ in self._late]
        return dict(enumerate(told))

    def stop(self) -> None:
        """Ends all threads."""
        self._stop.set()
        for thread in self._threads:
            thread.join(5)

    def _run(self, number: int, address: str) -> None:
        taken = self._each[number]
        phase_s = phase_of(ControllerSpec(f"C{number:03}", "", address, self._period_s, TIMEOUT_S, ()))
        read = close = None
        due = phase_s + (int((time.monotonic() - phase_s) / self._period_s) + 1) * self._period_s
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            self._late[number].append(max(0.0, time.monotonic() - due))
            try:
                if read is None:
                    read, close = opened(self._reader, address)
                read(self._tags)
                taken.polls += 1
            except Exception:  # a stock client raises whatever it likes; the next turn begins with a new one
                taken.failed += 1
                read = None
            skipped = max(0, int((time.monotonic() - due) / self._period_s))
            taken.missed += skipped
            due += (skipped + 1) * self._period_s
        if close is not None:
            close()


def make_pollers(reader: str, ports: Sequence[int], hz: float, tags: Sequence[str]) -> EnginePollers | StockPollers:
    """Begins to poll every port `hz` times a second."""
    return (EnginePollers if reader in OURS else StockPollers)(reader, ports, hz, tags)
