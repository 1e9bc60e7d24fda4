"""Pure shapes: what one reading of a machine says, and what it did to the machine's history."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from mes.tracking.rules import CounterRule

# Counts arrive as totalizers; a source that pushes may say increments instead (`Reading.made`).
COUNTED = ("good", "scrap", "rework")


@dataclass(frozen=True, slots=True)
class Value:
    """One signal of a reading: a whole number or a text, and how far it can be trusted (good, uncertain or bad)."""

    raw: int | None
    text: str | None = None
    quality: str = "good"


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything read from one machine at one instant. Its identity is (stream, fence, seq)."""

    stream: str
    fence: int
    seq: int
    at: datetime
    work_center: int
    values: dict[str, Value]
    state: tuple[str, str] | None = None  # (state name, kind); None: this reading says nothing about the state
    state_quality: str = "good"
    said: bool = False  # a source that pushes: its message is a sign of life, whatever is in it
    made: tuple[tuple[str, int], ...] = ()  # pieces by role that the source itself counted since its last message
    order: int | None = None  # whose pieces these are, where the source says so; else the run at that time
    item: int | None = None


@dataclass(frozen=True, slots=True)
class SignalRule:
    """How one counter of a machine is read: its plausible range and the pieces per count."""

    counter: CounterRule
    factor: Decimal = Decimal(1)
    least_dt_s: float = 0.0  # plausibility is judged over at least one poll period


@dataclass(frozen=True, slots=True)
class MachineRules:
    """What is known about a machine when its readings are taken in."""

    counters: dict[str, SignalRule]
    silence_s: float  # no reading for longer is unknown time
    state_from_counts: bool = False  # no state tag: a machine runs while it counts
    slowest_cycle_s: Decimal | None = None  # with it, running without counts becomes a stop (R18)
    no_production_cycles: int = 30
    pushed: bool = False  # each message carries some signals only, and what it does not carry was not read
    shown_silence_s: float | None = None  # unheard for longer, what it does now is unknown; None: as silence_s

    @property
    def fresh_s(self) -> float:
        """How long after its last reading a machine counts as heard."""
        return self.silence_s if self.shown_silence_s is None else self.shown_silence_s


@dataclass(slots=True)
class LastValue:
    """The last value of a signal and when it was read; `changed_at` is when it last changed."""

    raw: int | None
    text: str
    at: datetime
    changed_at: datetime
    lost: bool = False
    dirty: bool = False


@dataclass(slots=True)
class OpenSpan:
    """The open state interval of a machine. `row` is None until it is stored."""

    row: int | None
    starts_at: datetime
    state: str
    kind: str
    raw_code: int | None = None
    why: str = ""


@dataclass(slots=True)
class OpenStop:
    """The open stop of a machine. `row` is None until it is stored."""

    row: int | None
    starts_at: datetime
    state: str
    kind: str
    plc_code: int | None = None


@dataclass(frozen=True, slots=True)
class CountAdded:
    """Pieces to book on the minute of `at`; may be negative when a total and its scrap arrive apart."""

    role: str
    at: datetime
    pieces: int
    order: int | None = None
    item: int | None = None


@dataclass(frozen=True, slots=True)
class CountFlagged:
    """Pieces that do not belong to one minute: made in a gap (booked) or implausible (held back)."""

    kind: str
    role: str
    from_at: datetime
    to_at: datetime
    pieces: int
    detail: str
    order: int | None = None
    item: int | None = None


@dataclass(frozen=True, slots=True)
class SpanClosed:
    """A state interval that ended. `span.row` tells whether it must be updated or inserted."""

    span: OpenSpan
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class StopClosed:
    """A stop that ended."""

    stop: OpenStop
    ends_at: datetime


@dataclass(slots=True)
class Machine:
    """A machine as far as its readings are stored, plus what the present batch adds."""

    work_center: int
    heard_at: datetime | None
    values: dict[str, LastValue]
    span: OpenSpan | None
    stop: OpenStop | None
    counts: list[CountAdded] = field(default_factory=list)
    flags: list[CountFlagged] = field(default_factory=list)
    closed_spans: list[SpanClosed] = field(default_factory=list)
    closed_stops: list[StopClosed] = field(default_factory=list)
    samples: list[tuple[Reading, str, Value]] = field(default_factory=list)
    codes: list[tuple[datetime, int]] = field(default_factory=list)  # the raw state code changed to this
    span_dirty: bool = False
    stop_dirty: bool = False
