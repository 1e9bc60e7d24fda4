"""What goes into the poll engine and what comes out: controller specs, polls, statistics, events; polls as JSON."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from mes.plc.drivers.port import Quality, TagValue


class CommState(StrEnum):
    """How the line to one controller stands."""

    CONNECTING = "connecting"
    ONLINE = "online"
    DEGRADED = "degraded"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class ControllerSpec:
    """What to poll and how often. `phase_s` None: crc32(code) spreads the controllers over the period.

    `extra`: groups of further tags, each read every `extra_period_s` where a slot has time left after its poll.
    """

    code: str
    kind: str
    address: str
    period_s: float
    timeout_s: float
    tags: tuple[str, ...]
    phase_s: float | None = None
    extra: tuple[tuple[str, ...], ...] = ()
    extra_period_s: float = 5.0

    def __post_init__(self) -> None:
        if self.period_s <= 0 or self.timeout_s <= 0:
            raise ValueError(f"Controller {self.code}: period and time-out must be longer than 0 s.")


@dataclass(frozen=True, slots=True)
class Poll:
    """One executed poll slot, good or failed.

    `seq` grows by 1 per poll within a fence. `at` is aware UTC, in the middle between request and reply; `rtt_s` the
    time between them. A failed poll has no values and a sentence in `error`.
    """

    controller: str
    fence: int
    seq: int
    at: datetime
    rtt_s: float
    comm: CommState
    values: dict[str, TagValue]
    error: str | None
    program_changed: bool
    keyswitch: str | None


@dataclass(frozen=True, slots=True)
class ControllerStats:
    """How the polling of one controller goes. `late_p95_s` is None before the first poll."""

    code: str
    fence: int
    comm: CommState
    polls: int
    failures: int
    missed: int
    bad_tags: int
    late_p95_s: float | None
    rtt_s: float | None
    last_good_at: datetime | None
    last_progress_mono: float
    last_error: str | None


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something a person may want to know. `kind`: connected, lost, back, program-changed, keyswitch."""

    controller: str
    kind: str
    text: str
    at: datetime


def poll_to_json(poll: Poll) -> str:
    """A poll as one line of JSON. Integers, floats, booleans and text come back exactly; NaN raises ValueError."""
    document = [
        poll.controller,
        poll.fence,
        poll.seq,
        poll.at.isoformat(),
        poll.rtt_s,
        poll.comm.value,
        {tag: [v.value, v.quality.value, v.error] for tag, v in poll.values.items()},
        poll.error,
        poll.program_changed,
        poll.keyswitch,
    ]
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def poll_from_json(text: str) -> Poll:
    """The poll poll_to_json() was given. Raises ValueError for anything else."""
    try:
        controller, fence, seq, at, rtt_s, comm, values, error, changed, keyswitch = json.loads(text)
        when = datetime.fromisoformat(at)
        if when.utcoffset() is None:
            raise ValueError("its time has no zone")
        return Poll(
            controller,
            fence,
            seq,
            when,
            rtt_s,
            CommState(comm),
            {tag: _value_from(parts) for tag, parts in values.items()},
            error,
            changed,
            keyswitch,
        )
    except (TypeError, KeyError, AttributeError, ValueError) as wrong:
        raise ValueError(f"This is not a stored poll: {wrong}.") from wrong


def _value_from(parts: list[Any]) -> TagValue:
    value, quality, error = parts
    return TagValue(value, Quality(quality), error)
