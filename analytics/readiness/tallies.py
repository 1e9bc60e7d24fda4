"""What is counted of a line's data (pure): one tally a planned day, and what is known beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

WINDOW_DAYS = 28
VAGUE_LIMIT = 0.10  # share of down time that reasons like "other" may explain

Witnessed = Literal["witnessed", "unwitnessed", "contradicted"]


@dataclass(frozen=True, slots=True)
class DayTally:
    """One planned day of a line. Times are ms summed over its machines, all of them inside planned time.

    `heard_ms`: what the machine did is known. `gap_ms`: in silences longer than five polls. `looks`, `prompt`: how
    often the newest stored reading was looked at, and was at most two polls late. `read_minutes`, `failing_minutes`:
    minutes with data, and those with a count or code that cannot be true. `down_ms`: unplanned stops; `coded_ms` of it
    has a reason given within a day, `vague_ms` of that a reason like "other". `run_ms`, `linked_ms`: running, and
    running on an order whose item has an ideal rate. `archived`: the plan of the day is kept; `queued`: with at least
    one order. `running`: part of its planned time is still to come.
    """

    day: date
    planned_ms: int = 0
    heard_ms: int = 0
    gap_ms: int = 0
    looks: int = 0
    prompt: int = 0
    read_minutes: int = 0
    failing_minutes: int = 0
    down_ms: int = 0
    coded_ms: int = 0
    vague_ms: int = 0
    run_ms: int = 0
    linked_ms: int = 0
    archived: bool = False
    queued: bool = False
    running: bool = False
    witness: Witnessed = "unwitnessed"
    consistency: float | None = None


@dataclass(frozen=True, slots=True)
class Earned:
    """What a line's own forecasts by shift came to, and what was decided about them. None: nobody measured it.

    `forecasts`: planned shifts that were forecast and seen; `skill`: 1 - pinball loss / that of the simpler level (28
    days' rate) on the same shifts; `held`: share of the last 84 of them inside the 80 % band; `held_long`: the same of
    all in the last 84 days, of which there are `record_days`. `drift_days`: days of the last 84 on which an alarm of
    drift was open; `drift_open`: whether one is open now. `approver`: who was named to approve changes of champion.
    """

    forecasts: int = 0
    skill: float | None = None
    held: float | None = None
    held_long: float | None = None
    record_days: int = 0
    drift_days: int | None = None
    drift_open: bool | None = None
    approver: str = ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything readiness is computed from. `days`: at most the last 28 planned ones, the oldest first.

    `calendar_days`: days ahead for which shifts are known, None without any; `usable_weeks`: of the last twelve, those
    in which at least half of the planned time was observed, `imported_weeks` of them only thanks to imported history;
    `psi`: of hourly rates, None where there are too few;
    `timed`: whether the delay of readings can be seen (not where another system pushes them); `evidence`: what the
    witnesses compared, in words. `fresh`: share of the last 24 hours' planned time with data, None where nothing was
    planned. `erp`: whether an ERP sends the line orders. `reasons`: how many stops of the window each reason has;
    `charts`: how many subgroups each characteristic has: both are labels and lower no score.
    """

    days: tuple[DayTally, ...] = ()
    calendar_days: float | None = None
    usable_weeks: float = 0.0
    psi: float | None = None
    rate_hours: int = 0
    rate_hours_before: int = 0
    timed: bool = True
    witness: Witnessed = "unwitnessed"
    consistency: float | None = None
    evidence: tuple[str, ...] = ()
    imported_weeks: float = 0.0
    fresh: float | None = None
    erp: bool = False
    reasons: tuple[tuple[str, int], ...] = ()
    charts: tuple[tuple[str, int], ...] = ()
    earned: Earned = Earned()


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole; both in the same unit. The share of nothing is unknown, not 1."""

    part: float
    whole: float

    @property
    def value(self) -> float | None:
        """part / whole; None where the whole is 0."""
        return self.part / self.whole if self.whole else None


def share_of(name: str, days: Iterable[DayTally]) -> float | None:
    """A share over some days: sums first, then one division; None where there is nothing to have a share of."""
    parts = [part_of(name, day) for day in days]
    return Share(sum(p.part for p in parts), sum(p.whole for p in parts)).value


def part_of(name: str, day: DayTally) -> Share:
    """What a day adds to a share. Raises KeyError for a share that does not exist."""
    match name:
        case "heard":
            return Share(day.heard_ms, day.planned_ms)
        case "unbroken":
            return Share(day.planned_ms - day.gap_ms, day.planned_ms)
        case "prompt":
            return Share(day.prompt, day.looks)
        case "plausible":
            return Share(day.read_minutes - day.failing_minutes, day.read_minutes)
        case "coded":
            precise = day.coded_ms - day.vague_ms
            return Share(precise + min(day.vague_ms, VAGUE_LIMIT * day.down_ms), day.down_ms)
        case "linked":
            return Share(day.linked_ms, day.run_ms)
        case "archived":
            return Share(int(day.archived), 1)
        case "queue":
            return Share(int(day.queued), 1)
    raise KeyError(name)
