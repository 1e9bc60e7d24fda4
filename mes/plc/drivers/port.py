"""The port every controller adapter offers: read-only, one connection, one object per connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Quality(StrEnum):
    """How far a value may be trusted. Only GOOD counts parts or moves a state."""

    GOOD = "good"
    STALE = "stale"
    BAD = "bad"
    UNCERTAIN = "uncertain"


Scalar = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class TagValue:
    """One reading. `value` is None whenever quality is BAD; `error` is a sentence a person can act on."""

    value: Scalar
    quality: Quality
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ControllerIdentity:
    """Who answered. `keyswitch`: RUN, REMOTE RUN, PROG, REMOTE PROG or UNKNOWN."""

    vendor: str
    product_name: str
    revision: str
    serial: str
    keyswitch: str
    name: str


@dataclass(frozen=True, slots=True)
class TagInfo:
    """One tag or member as the controller lists it; `members` is filled for structures."""

    name: str
    data_type: str
    dimensions: tuple[int, ...]
    program: str | None
    external_access: str
    members: tuple["TagInfo", ...] = ()


class PlcError(Exception):
    """Base of all driver errors. After any of them the driver object is dead: kill it and make a new one."""


class PlcTransportError(PlcError):
    """The line was lost, was silent too long, or carried something that is no valid reply."""


class PlcRefused(PlcError):
    """The controller answered and refused the session or the connection."""


class PlcConfigError(PlcError):
    """Something we were told is wrong; the message says what to mend."""


class PlcDriver(Protocol):
    """A connection to one controller. Not reusable after an error and never able to write."""

    @property
    def last_reply_mono(self) -> float:
        """time.monotonic() of the last reply; lets a watchdog tell a slow upload from a hung thread."""
        ...

    def open(self) -> None:
        """Connect once. A second call raises PlcTransportError: a dead object is replaced, not revived."""
        ...

    def identity(self) -> ControllerIdentity:
        """Ask the controller who it is and where its keyswitch stands (one request)."""
        ...

    def program_signature(self) -> str:
        """A text that changes when the program or its tags change. A change also drops the cached tag list."""
        ...

    def browse(self) -> list[TagInfo]:
        """Every tag that may be read, controller scope first. Raises PlcConfigError where there is no tag list."""
        ...

    def read(self, tags: Sequence[str]) -> dict[str, TagValue]:
        """Read all tags named; the answer has exactly these keys. One bad tag leaves the others alone."""
        ...

    def close(self) -> None:
        """Say good-bye properly (Forward Close, Unregister); never raises."""
        ...

    def kill(self) -> None:
        """Drop the line at once, from any thread; never raises, never waits."""
        ...
