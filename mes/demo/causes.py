"""What goes wrong on the demo's lines: how often, how long, why, and how that changes over the weeks (pure data)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

# (days before now, local time) -> factor on how often and how long a cause strikes.
Mood = Callable[[float, datetime], float]

HELD, STOPPED, ABORTED = ("Held", 11), ("Stopped", 2), ("Aborted", 9)
RUNNING, WAITING = ("Execute", 6), ("Suspended", 5)


def _always(days_ago: float, local: datetime) -> float:
    return 1.0


def _at_night(days_ago: float, local: datetime) -> float:
    return 1.0 if local.hour >= 22 or local.hour < 6 else 0.0


def _grows_in_the_last_week(days_ago: float, local: datetime) -> float:
    return 1.0 if days_ago >= 7 else 1.0 + 17 * ((7 - days_ago) / 7) ** 1.5


@dataclass(frozen=True)
class Cause:
    """A cause of stops at one machine: `per_day` times, half of them longer than `median_s`."""

    machine: str
    reason: str
    plc_code: int
    state: tuple[str, int]
    per_day: float
    median_s: float
    spread: float = 0.6
    mood: Mood = _always


@dataclass(frozen=True)
class Appointment:
    """A planned stop of a whole line at a local hour on some weekdays."""

    reason: str
    plc_code: int
    hour: float
    minutes: int
    days: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True)
class LineStory:
    """How a line behaves: its machines in the order of flow, the slowest one, what it makes and what befalls it."""

    code: str
    machines: tuple[str, ...]
    bottleneck: str
    buffer_s: int  # how long a neighbour runs on when the machine beside it stands
    items: tuple[str, ...]
    causes: tuple[Cause, ...]
    appointments: tuple[Appointment, ...]
    operator: str
    scrap: dict[str, float]


LINES = (
    LineStory(
        code="BOTTLE-1",
        machines=("BLOW-1", "FILL-1", "CAP-1", "LABEL-1", "SHRINK-1"),
        bottleneck="FILL-1",
        buffer_s=25,
        items=("STILL-05", "SPARK-05", "LEMON-05"),
        causes=(
            # A valve that wears: every few days at first, many times a day in the end.
            Cause("FILL-1", "VALVE", 101, ABORTED, 0.6, 540, mood=_grows_in_the_last_week),
            # The night's label rolls: nobody sees it by day.
            Cause("LABEL-1", "LABELFEED", 301, HELD, 16, 270, 0.4, mood=_at_night),
            Cause("FILL-1", "INFEED", 201, HELD, 4.5, 130),
            Cause("CAP-1", "CAPS", 302, HELD, 1.8, 300),
            Cause("CAP-1", "HEAD", 105, ABORTED, 0.75, 720),
            Cause("BLOW-1", "PREFORM", 303, HELD, 1.2, 420),
            Cause("BLOW-1", "AIR", 104, ABORTED, 0.38, 900),
            Cause("LABEL-1", "SENSOR", 103, ABORTED, 1.2, 190),
            Cause("SHRINK-1", "FILM", 304, HELD, 3, 250),
            Cause("SHRINK-1", "OUTFEED", 202, HELD, 3.75, 140),
            Cause("SHRINK-1", "DRIVE", 102, ABORTED, 0.18, 2400),
            Cause("FILL-1", "OPERATOR", 701, STOPPED, 0.9, 300),
            Cause("CAP-1", "FALLEN", 203, HELD, 16, 32, 0.4),
            Cause("LABEL-1", "FALLEN", 203, HELD, 14, 28, 0.4),
        ),
        appointments=(Appointment("CIP", 601, 4.0, 40),),
        operator="olga",
        scrap={"BLOW-1": 0.006, "FILL-1": 0.004, "CAP-1": 0.002, "LABEL-1": 0.003, "SHRINK-1": 0.001},
    ),
    LineStory(
        code="BOTTLE-2",
        machines=("WASH-2", "FILL-2", "LABEL-2", "CRATE-2"),
        bottleneck="FILL-2",
        buffer_s=35,
        items=("GLASS-07", "GLASS-033"),
        causes=(
            Cause("WASH-2", "BROKEN", 305, HELD, 3.6, 310),
            Cause("WASH-2", "DRIVE", 102, ABORTED, 0.3, 2400),
            Cause("FILL-2", "INFEED", 201, HELD, 4.5, 150),
            Cause("FILL-2", "BROKEN", 305, HELD, 2.25, 360),
            Cause("LABEL-2", "LABELFEED", 301, HELD, 0.7, 260),
            Cause("LABEL-2", "SENSOR", 103, ABORTED, 0.9, 200),
            Cause("CRATE-2", "CRATE", 204, HELD, 6, 160),
            Cause("CRATE-2", "ROBOT", 106, ABORTED, 0.6, 1300),
            Cause("FILL-2", "QUALITY", 702, STOPPED, 0.75, 600),
            Cause("FILL-2", "FALLEN", 203, HELD, 20, 35, 0.4),
            Cause("CRATE-2", "FALLEN", 203, HELD, 14, 30, 0.4),
        ),
        appointments=(Appointment("CIP", 601, 3.5, 55, frozenset({1, 3, 5})),),
        operator="otto",
        scrap={"WASH-2": 0.008, "FILL-2": 0.004, "LABEL-2": 0.002, "CRATE-2": 0.001},
    ),
    LineStory(
        code="PACK-3",
        machines=("MULTI-3", "PRINT-3", "PALLET-3"),
        bottleneck="MULTI-3",
        buffer_s=45,
        items=("CASE-6", "CASE-12"),
        causes=(
            Cause("MULTI-3", "FILM", 304, HELD, 3.3, 270),
            Cause("MULTI-3", "OUTFEED", 202, HELD, 4.5, 130),
            Cause("PRINT-3", "SENSOR", 103, ABORTED, 2.1, 210),
            Cause("PALLET-3", "ROBOT", 106, ABORTED, 0.9, 900),
            Cause("PALLET-3", "OUTFEED", 202, HELD, 2.7, 200),
            Cause("MULTI-3", "OPERATOR", 701, STOPPED, 1.5, 320),
            Cause("MULTI-3", "INFEED", 201, HELD, 33, 30, 0.4),
        ),
        appointments=(
            Appointment("SERVICE", 602, 6.25, 60, frozenset({2})),
            Appointment("MEETING", 603, 14.0, 20, frozenset({0, 3})),
        ),
        operator="otto",
        scrap={"MULTI-3": 0.004, "PRINT-3": 0.002, "PALLET-3": 0.0},
    ),
)
