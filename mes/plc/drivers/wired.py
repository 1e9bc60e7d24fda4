"""What all adapters share: one object per connection, one exchange at a time, dead for good after the first error."""

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from mes.plc.drivers.port import (
    ControllerIdentity,
    PlcConfigError,
    PlcError,
    PlcRefused,
    PlcTransportError,
    TagInfo,
    TagValue,
)
from mes.plc.drivers.wire import Wire

T = TypeVar("T")


class WiredDriver(ABC):
    """A PlcDriver on a Wire; adapters fill in how to begin, ask and end."""

    #: exceptions of the adapter's library that mean "the controller said no", and those that mean "the line broke"
    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    losses: ClassVar[tuple[type[Exception], ...]] = (OSError,)

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._lock = threading.Lock()
        self._opened = False

    @property
    def last_reply_mono(self) -> float:
        """time.monotonic() of the last reply."""
        return self.wire.last_reply_mono

    @property
    def discarded(self) -> int:
        """Replies thrown away because they did not answer the request that was waiting."""
        return self.wire.discarded

    def open(self) -> None:
        """Connect once; see PlcDriver.open."""
        if self._opened:
            self.kill()
            raise PlcTransportError("This driver was opened before; make a new one.")
        self._opened = True
        try:
            self._guarded("open the connection", self._begin)
        except PlcError:
            self.wire.close()
            raise

    def identity(self) -> ControllerIdentity:
        """Who answers, and where its keyswitch stands."""
        return self._guarded("read the identity", self._identity)

    def program_signature(self) -> str:
        """A text that changes with the program; see PlcDriver.program_signature."""
        return self._guarded("read the program signature", self._refresh_signature)

    def browse(self) -> list[TagInfo]:
        """All user tags with their members; PlcConfigError where the controller has no tag list."""
        return self._guarded("read the tag list", self._browse)

    def read(self, tags: Sequence[str]) -> dict[str, TagValue]:
        """Read `tags`; see PlcDriver.read."""
        return self._guarded("read", lambda: self._read(tuple(tags)))

    def close(self) -> None:
        """Say good-bye when the line still works, then close it."""
        with self._lock:
            if self._opened and not self.wire.dead:
                with contextlib.suppress(Exception):  # the line is given up either way
                    self._end()
            self.wire.close()

    def kill(self) -> None:
        """Drop the line at once; wakes a thread that waits for a reply."""
        self.wire.close()

    def _guarded(self, doing: str, call: Callable[[], T]) -> T:
        """Run one exchange at a time; whatever goes wrong but a configuration error, the wire is dead afterwards."""
        with self._lock:
            if self.wire.dead or not self._opened:
                raise PlcTransportError(self.wire.dead or "The driver is not open.")
            try:
                return call()
            except PlcConfigError:
                raise
            except Exception as error:
                self.wire.close()
                raise self.translate(error, doing) from error

    @classmethod
    def translate(cls, error: BaseException, doing: str) -> PlcError:
        """Our error for whatever a library raised: the first of ours among its causes, else refused or lost."""
        cause: BaseException | None = error
        lost = not isinstance(error, cls.refusals)
        while cause is not None:
            if isinstance(cause, PlcError):
                return cause
            lost = lost or isinstance(cause, cls.losses)
            last, cause = cause, cause.__cause__
        if lost:
            return PlcTransportError(f"Could not {doing}: {last or type(last).__name__}.")
        return PlcRefused(f"The controller refused to {doing}: {last}.")

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _end(self) -> None: ...

    @abstractmethod
    def _identity(self) -> ControllerIdentity: ...

    @abstractmethod
    def _refresh_signature(self) -> str: ...

    @abstractmethod
    def _browse(self) -> list[TagInfo]: ...

    @abstractmethod
    def _read(self, tags: tuple[str, ...]) -> dict[str, TagValue]: ...
