"""Slow extra reads of a controller: which group of unbound tags is due, and whether the slot still has room for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mes.plc.drivers.port import TagValue

ROOM_SHARE = 0.5  # an extra read may only begin, and should end, in the first half of a poll period
PAUSE_S = 600.0  # after two failures in a row: tags that break the line must not cost bound readings
FAILURES = 2
FORGET = 0.9  # a read that never fits is tried again when its remembered cost has faded


@dataclass(frozen=True, slots=True)
class ExtraRead:
    """Values of tags nobody has bound, read at one instant (aware UTC) between two polls."""

    controller: str
    at: datetime
    values: dict[str, TagValue]


class ExtraGrid:
    """Decides, without a clock of its own, which group comes next. The bound poll of a slot always comes first."""

    def __init__(self) -> None:
        self._groups: tuple[tuple[str, ...], ...] = ()
        self._due_mono: list[float] = []
        self._cost_s: list[float] = []
        self._failures = 0
        self._paused_until_mono = 0.0

    def next(self, groups: Sequence[tuple[str, ...]], now_mono: float, room_s: float) -> int | None:
        """The longest overdue group that fits into `room_s`, as its position; None when nothing is due or fits."""
        if tuple(groups) != self._groups:
            self._groups = tuple(groups)
            self._due_mono, self._cost_s = [now_mono] * len(groups), [0.0] * len(groups)
        if room_s <= 0 or now_mono < self._paused_until_mono:
            return None
        due = [(mono, at) for at, mono in enumerate(self._due_mono) if mono <= now_mono]
        for _mono, at in sorted(due):
            if self._cost_s[at] <= room_s:
                return at
            self._cost_s[at] *= FORGET
        return None

    def done(self, at: int, began_mono: float, took_s: float, period_s: float) -> None:
        """A group was read: it is due again one period after it was due, without making up for missed rounds."""
        self._failures = 0
        self._cost_s[at] = took_s
        rounds = max(int((began_mono - self._due_mono[at]) // period_s), 0) + 1
        self._due_mono[at] += rounds * period_s

    def failed(self, now_mono: float) -> bool:
        """A group could not be read. True when this begins a pause."""
        self._failures += 1
        if self._failures < FAILURES:
            return False
        self._failures, self._paused_until_mono = 0, now_mono + PAUSE_S
        return True
