"""The engine's clock: monotonic time for order, and a UTC that never runs backwards."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_SLEW = 0.1  # while the host's clock is behind ours, ours runs at 90 % until they agree


class EngineClock(Protocol):
    """What the engine asks of a clock; tests bring their own."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def now(self) -> datetime:
        """Aware UTC that never goes back."""
        ...

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for the event at most so long; True if it was set."""
        ...


class SteadyUtc:
    """Turns pairs of (monotonic, wall clock) readings into a UTC that never goes back.

    It follows the wall clock forward at once. When the wall clock was set back, it loses 10 % of the time passing
    until both agree, so that samples keep their order and almost their distances; `ahead_s` says how far off it is.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mono: float | None = None
        self._utc = datetime.min.replace(tzinfo=UTC)
        self.ahead_s = 0.0

    def read(self, mono: float, wall: datetime) -> datetime:
        """The steady time for this pair of readings."""
        with self._lock:
            if self._mono is None:
                self._mono, self._utc = mono, wall
                return wall
            passed_s = max(0.0, mono - self._mono)
            straight = self._utc + timedelta(seconds=passed_s)
            if wall < straight:
                slowed = self._utc + timedelta(seconds=passed_s * (1 - _SLEW))
                self._utc = max(wall, slowed)
            else:
                self._utc = wall
            self._mono = max(mono, self._mono)
            self.ahead_s = max(0.0, (self._utc - wall).total_seconds())
            return self._utc


class SystemClock:
    """The host's clocks."""

    def __init__(self) -> None:
        self._steady = SteadyUtc()

    def monotonic(self) -> float:
        """time.monotonic()."""
        return time.monotonic()

    def now(self) -> datetime:
        """Steady aware UTC."""
        return self._steady.read(time.monotonic(), datetime.now(UTC))

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Event.wait()."""
        return event.wait(seconds)
