"""Faults on the wire, switched while a virtual controller serves, each with a count where that is natural."""

from __future__ import annotations

import threading
from dataclasses import dataclass

# What may happen to a reply. "delay" sends it later, all others damage or drop it.
REPLY_FAULTS = ("silent", "reset", "half_reply", "garbage", "wrong_length", "encapsulation_status", "duplicate")


@dataclass(slots=True)
class _Counted:
    """A switch that stays on (`left` None) or for so many more times, after letting `skip` pass."""

    left: int | None = 0
    skip: int = 0

    def take(self) -> bool:
        """True when it strikes now; counts down."""
        if self.left == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """All wire switches of one controller; every method may be called from any thread.

    `times` None means until `clear()`; `skip` lets so many chances pass first. Reply faults strike connected and
    unconnected requests (0x6F, 0x70), with `every_command` also session and identity requests.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refuse_session = _Counted()
        self._refuse_forward_open = _Counted()
        self._refuse_large = False
        self._delay_s = 0.0
        self._delay = _Counted()
        self._reply: dict[str, _Counted] = {}
        self._every_command = False
        self._missing: set[str] = set()
        self._max_connections: int | None = None
        self._encapsulation_status = 0x03
        self._keep_orphans = False

    # -- switches ------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Back to a healthy controller."""
        with self._lock:
            self._refuse_session = _Counted()
            self._refuse_forward_open = _Counted()
            self._refuse_large = self._every_command = self._keep_orphans = False
            self._delay_s, self._delay = 0.0, _Counted()
            self._reply.clear()
            self._missing.clear()
            self._max_connections = None

    def refuse_session(self, times: int | None = None) -> None:
        """Answer RegisterSession with an error status."""
        with self._lock:
            self._refuse_session = _Counted(times)

    def refuse_forward_open(self, times: int | None = None) -> None:
        """Answer Forward Open, large and small, with 01/0113 (out of connections)."""
        with self._lock:
            self._refuse_forward_open = _Counted(times)

    def refuse_large_forward_open(self, on: bool = True) -> None:
        """Answer Large Forward Open with 08 (service not supported), as old firmware does."""
        with self._lock:
            self._refuse_large = on

    def limit_connections(self, most: int | None, *, keep_orphans: bool = False) -> None:
        """Allow so many CIP connections; `keep_orphans` counts those whose TCP line broke until they time out."""
        with self._lock:
            self._max_connections, self._keep_orphans = most, keep_orphans

    def delay(self, seconds: float, times: int | None = None, skip: int = 0) -> None:
        """Send replies later by `seconds`; replies on one line keep their order."""
        with self._lock:
            self._delay_s, self._delay = seconds, _Counted(times, skip)

    def on_reply(self, fault: str, times: int | None = 1, skip: int = 0, *, every_command: bool = False) -> None:
        """Let one of REPLY_FAULTS strike the next replies. An unknown name raises ValueError."""
        if fault not in REPLY_FAULTS:
            raise ValueError(f"There is no reply fault '{fault}'; choose one of {', '.join(REPLY_FAULTS)}.")
        with self._lock:
            self._reply[fault] = _Counted(times, skip)
            self._every_command = every_command

    def miss_tag(self, name: str, missing: bool = True) -> None:
        """Answer as if the controller-scope tag were not there."""
        with self._lock:
            (self._missing.add if missing else self._missing.discard)(name.lower())

    # -- questions the server asks ------------------------------------------------------------------------------

    def takes_session(self) -> bool:
        """False when this RegisterSession is to be refused."""
        with self._lock:
            return not self._refuse_session.take()

    def takes_forward_open(self) -> bool:
        """False when this Forward Open is to be refused for want of connections."""
        with self._lock:
            return not self._refuse_forward_open.take()

    @property
    def refuses_large(self) -> bool:
        """Whether Large Forward Open is unknown to this controller."""
        return self._refuse_large

    @property
    def max_connections(self) -> int | None:
        """Most CIP connections at a time; None is no limit."""
        return self._max_connections

    @property
    def keeps_orphans(self) -> bool:
        """Whether connections outlive a broken TCP line until they time out."""
        return self._keep_orphans

    def is_missing(self, name: str) -> bool:
        """Whether the tag is switched away."""
        return bool(self._missing) and name.lower() in self._missing

    @property
    def encapsulation_status(self) -> int:
        """Status word that the encapsulation fault sends (3: incorrect data)."""
        return self._encapsulation_status

    def next_delay_s(self) -> float:
        """How much later the next reply goes out."""
        if self._delay.left == 0:
            return 0.0
        with self._lock:
            return self._delay_s if self._delay.take() else 0.0

    def next_reply_fault(self, *, data_command: bool) -> str | None:
        """What strikes the next reply, or None."""
        if not self._reply:
            return None
        with self._lock:
            if not data_command and not self._every_command:
                return None
            return next((name for name, counted in self._reply.items() if counted.take()), None)
