"""The decisions of the poll engine without its threads: the poll grid, and when a line counts as lost."""

import math
import zlib
from collections.abc import Callable

from mes.plc.engine_poll import CommState, ControllerSpec

LOST_AFTER_FAILURES = 3
_LONGEST_BACKOFF_S = 60.0
_JITTER = 0.5


def phase_of(spec: ControllerSpec) -> float:
    """Where in its period a controller is polled, in seconds: as told, or spread by its code."""
    if spec.phase_s is not None:
        return spec.phase_s % spec.period_s
    return zlib.crc32(spec.code.encode()) / 2**32 * spec.period_s


def next_slot(after_mono: float, period_s: float, phase_s: float) -> int:
    """Number of the first grid slot later than `after_mono`; slot n is due at phase + n x period."""
    return math.floor((after_mono - phase_s) / period_s) + 1


class CommMachine:
    """CONNECTING -> ONLINE -> DEGRADED (a failure) -> OFFLINE (three, or no connection) -> half-open tries -> ONLINE.

    Tries while OFFLINE come 1, 2, 4 ... 60 s apart, each shortened at random by up to half, so that many controllers
    behind one broken switch do not all knock at the same moment.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._tries = 0
        self.failures = 0
        self.state = CommState.CONNECTING
        self.retry_at_mono = 0.0

    def succeeded(self) -> bool:
        """A read came back. True when the line was not online before."""
        returned = self.state in (CommState.OFFLINE, CommState.CONNECTING)
        self.state, self.failures, self._tries = CommState.ONLINE, 0, 0
        return returned

    def failed(self, now_mono: float, *, connecting: bool) -> bool:
        """A read failed, or (`connecting`) no connection came about. True when the line is lost by this."""
        self.failures += 1
        if self.state is CommState.OFFLINE:
            self._back_off(now_mono)
            return False
        if connecting or self.failures >= LOST_AFTER_FAILURES:
            self.state = CommState.OFFLINE
            self._back_off(now_mono)
            return True
        if self.state is CommState.ONLINE:
            self.state = CommState.DEGRADED
        return False

    def _back_off(self, now_mono: float) -> None:
        longest_s = min(_LONGEST_BACKOFF_S, 2.0**self._tries)
        self._tries = min(self._tries + 1, 10)
        self.retry_at_mono = now_mono + longest_s * (1 - _JITTER * self._random())
