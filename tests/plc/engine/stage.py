"""A stage for the engine: a clock that moves only when waited on, and a driver that follows a script."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from mes.plc.drivers import ControllerIdentity, PlcTransportError, Quality, TagInfo, TagValue
from mes.plc.engine import ControllerSpec, EngineEvent, Poll
from mes.plc.engine_thread import ControllerLoop

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class StageClock:
    """Starts at 1000 s; waiting moves it on, at `ends_at` it runs the end."""

    def __init__(self, ends_at: float = 1e9) -> None:
        self.mono = 1000.0
        self.ends_at = ends_at
        self.at_end: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.mono

    def now(self) -> datetime:
        return START + timedelta(seconds=self.mono - 1000.0)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if event.is_set():
            return True
        self.mono += seconds
        if self.mono >= self.ends_at:
            self.at_end()
        return event.is_set()


class ScriptedDriver:
    """Answers as the script says; every call may take time on the stage clock."""

    def __init__(self, script: "Script") -> None:
        self.script = script
        self.last_reply_mono = 0.0
        self.ended: str | None = None

    def open(self) -> None:
        self.script.opened.append(self.script.clock.mono)
        self.script.act("open")

    def identity(self) -> ControllerIdentity:
        self.script.identities += 1
        return ControllerIdentity("v", "p", "1.1", "s", self.script.keyswitch, "n")

    def program_signature(self) -> str:
        self.script.signatures.append(self.script.clock.mono)
        return self.script.signature

    def browse(self) -> list[TagInfo]:
        return []

    def read(self, tags: Sequence[str]) -> dict[str, TagValue]:
        self.script.read_at.append(self.script.clock.mono)
        self.script.act("read")
        return {tag: TagValue(len(self.script.read_at), Quality.GOOD) for tag in tags}

    def close(self) -> None:
        self.ended = self.ended or "closed"
        self.script.ended.append("closed")

    def kill(self) -> None:
        self.ended = self.ended or "killed"
        self.script.ended.append("killed")


class Script:
    """What happens: `plan` maps (call, number of the call from 1) to a duration in s, an exception, or both."""

    def __init__(self, clock: StageClock) -> None:
        self.clock = clock
        self.durations: dict[str, dict[int, float]] = {"open": {}, "read": {}}
        self.errors: dict[str, Callable[[int], Exception | None]] = {}
        self.usual_s = 0.0
        self.counts = {"open": 0, "read": 0}
        self.opened: list[float] = []
        self.read_at: list[float] = []
        self.signatures: list[float] = []
        self.ended: list[str] = []
        self.identities = 0
        self.signature = "A"
        self.keyswitch = "RUN"

    def act(self, call: str) -> None:
        self.counts[call] += 1
        number = self.counts[call]
        self.clock.mono += self.durations[call].get(number, self.usual_s)
        error = self.errors.get(call, lambda _n: None)(number)
        if error is not None:
            raise error


def lost(*numbers: int) -> Callable[[int], Exception | None]:
    """Fail at these calls."""
    return lambda number: PlcTransportError("The line broke.") if number in numbers else None


def spec(period_s: float = 1.0, phase_s: float | None = 0.25, tags: tuple[str, ...] = ("Good",)) -> ControllerSpec:
    return ControllerSpec("FILL", "pycomm3-logix", "10.0.0.5", period_s, 2.0, tags, phase_s)


class Stage:
    """One loop on a stage clock, run in the test's own thread until the clock says so."""

    def __init__(self, told: ControllerSpec | None = None, *, random: float = 0.0) -> None:
        self.clock = StageClock()
        self.script = Script(self.clock)
        self.polls: list[Poll] = []
        self.events: list[EngineEvent] = []
        self.on_poll: Callable[[Poll], None] = lambda _poll: None
        self.loop = ControllerLoop(
            told or spec(),
            7,
            sink=self._sink,
            clock=self.clock,
            driver_factory=lambda _spec: ScriptedDriver(self.script),
            on_event=self.events.append,
            random=lambda: random,
        )
        self.clock.at_end = self.loop.stop

    def _sink(self, poll: Poll) -> None:
        self.polls.append(poll)
        self.on_poll(poll)

    def run(self, seconds: float) -> None:
        """Run the loop for so many seconds of stage time."""
        self.clock.ends_at = 1000.0 + seconds
        self.loop.run()

    def go_on(self) -> None:
        """Undo the stop at the end of run(), so that the loop can be asked or run again."""
        self.loop._stopped = False
        self.loop._wake.clear()
