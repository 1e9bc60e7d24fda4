"""The ledger of one machine: what it really made and when it really stopped, in real UTC instants."""

from __future__ import annotations

import json
import math
from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import RLock
from typing import Any

RUN = "run"


@dataclass(frozen=True, slots=True)
class StateInterval:
    """One stretch in one state, half-open; `end_ms` None while it lasts. `kind` says why: run, breakdown, ..."""

    start_ms: int
    end_ms: int | None
    state: int
    reason: int
    kind: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop as a person would list it: neighbouring stretches without run and with one reason are one stop."""

    start_ms: int
    end_ms: int | None
    state: int
    reason: int
    kind: str


@dataclass(slots=True)
class _Stretch:
    """Parts made at an even pace: the first at `first_ms`, then one every `step_ms`."""

    first_ms: float
    step_ms: float
    parts: int

    def before(self, at_ms: int) -> int:
        """Parts made before an instant."""
        if at_ms <= self.first_ms:
            return 0
        # A thousandth of a microsecond absorbs the rounding of sums of binary fractions.
        return min(self.parts, math.ceil((at_ms - self.first_ms) / self.step_ms - 1e-9))


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a window. `state_ms` by state code; its values add up to the part of the window that is known."""

    good: int
    scrap: int
    state_ms: dict[int, int]
    kind_ms: dict[str, int]


class Ledger:
    """Append-only record of one machine. Reading is safe from any thread; windows are half-open [start, end)."""

    def __init__(self, machine: str) -> None:
        self.machine = machine
        self.good = 0
        self.scrap = 0
        self._lock = RLock()
        self._intervals: list[StateInterval] = []
        self._stretches: list[_Stretch] = []
        self._scrap_at_ms = array("d")
        self._open_stretch = False
        self._write_line: Callable[[str], object] | None = None
        self._noted_good = self._noted_scrap = 0

    def write_to(self, write_line: Callable[[str], object]) -> None:
        """From now on give every closed interval, with the parts made in it, to `write_line` as one JSON line."""
        self._write_line = write_line

    # -- writing -------------------------------------------------------------------------------------------------

    def state(self, at_ms: int, state: int, reason: int, kind: str) -> None:
        """The machine is in this state from now on; the same state, reason and kind again changes nothing."""
        with self._lock:
            self._open_stretch = False
            last = self._intervals[-1] if self._intervals else None
            if last is not None and (last.state, last.reason, last.kind) == (state, reason, kind):
                return
            self._close_last(at_ms)
            self._intervals.append(StateInterval(at_ms, None, state, reason, kind))

    def break_stretch(self) -> None:
        """The pace changes: the next parts begin a new stretch."""
        with self._lock:
            self._open_stretch = False

    def made(self, first_ms: float, step_ms: float, parts: int, scrapped: list[int]) -> None:
        """`parts` more, the first at `first_ms`; `scrapped` holds the positions (0..parts-1) of the bad ones."""
        with self._lock:
            if self._open_stretch:
                self._stretches[-1].parts += parts
            else:
                self._stretches.append(_Stretch(first_ms, step_ms, parts))
                self._open_stretch = True
            self._scrap_at_ms.extend(first_ms + position * step_ms for position in scrapped)
            self.scrap += len(scrapped)
            self.good += parts - len(scrapped)

    def close(self, at_ms: int) -> None:
        """End the last interval, as when the simulator stops."""
        with self._lock:
            self._close_last(at_ms)

    def _close_last(self, at_ms: int) -> None:
        if not self._intervals or self._intervals[-1].end_ms is not None:
            return
        last = self._intervals[-1]
        closed = StateInterval(last.start_ms, max(at_ms, last.start_ms), last.state, last.reason, last.kind)
        self._intervals[-1] = closed
        if self._write_line is not None:
            line = {"machine": self.machine, **asdict(closed)}
            line |= {"good": self.good - self._noted_good, "scrap": self.scrap - self._noted_scrap}
            self._noted_good, self._noted_scrap = self.good, self.scrap
            self._write_line(json.dumps(line))

    # -- reading -------------------------------------------------------------------------------------------------

    def parts(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """(good, scrap) made in the window."""
        with self._lock:
            both = sum(s.before(end_ms) - s.before(start_ms) for s in self._stretches)
            scrap = bisect_left(self._scrap_at_ms, end_ms) - bisect_left(self._scrap_at_ms, start_ms)
            return both - scrap, scrap

    def intervals(self, start_ms: int, end_ms: int) -> list[StateInterval]:
        """State intervals that touch the window, not clipped."""
        with self._lock:
            return [i for i in self._intervals if i.start_ms < end_ms and (i.end_ms is None or i.end_ms > start_ms)]

    def totals(self, start_ms: int, end_ms: int) -> Totals:
        """Parts and milliseconds per state and per kind in the window; the open interval counts up to its end."""
        with self._lock:
            good, scrap = self.parts(start_ms, end_ms)
            state_ms: dict[int, int] = {}
            kind_ms: dict[str, int] = {}
            for interval in self.intervals(start_ms, end_ms):
                end = end_ms if interval.end_ms is None else min(interval.end_ms, end_ms)
                lasted = end - max(interval.start_ms, start_ms)
                state_ms[interval.state] = state_ms.get(interval.state, 0) + lasted
                kind_ms[interval.kind] = kind_ms.get(interval.kind, 0) + lasted
            return Totals(good, scrap, state_ms, kind_ms)

    def stops(self, start_ms: int, end_ms: int) -> list[Stop]:
        """Stops that touch the window, not clipped, oldest first."""
        found: list[Stop] = []
        for i in self.intervals(start_ms, end_ms):
            if i.kind == RUN:
                continue
            if found and found[-1].end_ms == i.start_ms and found[-1].reason == i.reason:
                last = found[-1]
                found[-1] = Stop(last.start_ms, i.end_ms, last.state, last.reason, last.kind)
            else:
                found.append(Stop(i.start_ms, i.end_ms, i.state, i.reason, i.kind))
        return found

    def report(self, start_ms: int, end_ms: int) -> dict[str, Any]:
        """Totals and stops of a window as plain data for the control door."""
        totals = self.totals(start_ms, end_ms)
        stops = [asdict(stop) for stop in self.stops(start_ms, end_ms)]
        kinds = {str(state): ms for state, ms in totals.state_ms.items()}
        return {
            "machine": self.machine,
            "good": totals.good,
            "scrap": totals.scrap,
            "state_ms": kinds,
            "kind_ms": totals.kind_ms,
            "stops": stops,
        }
