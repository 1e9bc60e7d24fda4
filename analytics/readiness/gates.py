"""The gates of the five phases (pure): which single values a line must reach, and how long that takes.

Gates look at values, never at the score R. They lock forecasts and what builds on them, nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from analytics.readiness.dimensions import calendar_known, dimensions, readiness_of
from analytics.readiness.tallies import WINDOW_DAYS, DayTally, Inputs, Share, part_of, share_of

State = Literal["open", "closed", "unmeasured", "unwitnessed", "left_out"]

DAYS_OF_CONNECTION = 3
DAYS_OF_CONSISTENCY = 14
FRESH = 0.75  # of the last 24 hours' planned time; below it a line forecasts nothing
OWN_FORECASTS = 60
DAYS_OF_RECORD = 84


@dataclass(frozen=True, slots=True)
class Check:
    """One value a gate asks for. Only "closed" and "unmeasured" hold the gate shut.

    `most`: where too much is as bad as too little, the upper end. `days`, `needs_days`: for a value that must hold on
    several days in a row, how many there are. `wait_days`: planned days until it can be open if everything goes well
    from now on; None where time alone does not help.
    """

    key: str
    value: float | None
    needs: float
    state: State
    days: int = 0
    needs_days: int = 0
    wait_days: int | None = None
    most: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the check lets the line pass; what does not exist for the line does not hold it up."""
        return self.state in ("open", "unwitnessed", "left_out")


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate to a phase. It opens only after the gates before it."""

    phase: int
    key: str
    checks: tuple[Check, ...]
    is_open: bool


def gates(inputs: Inputs) -> tuple[Gate, ...]:
    """The gates to phase 1 (connected), 2 (contextualised), 3 (integrated), 4 (predictive) and 5 (adaptive)."""
    connected = (
        _in_a_row("completeness", inputs.days, DAYS_OF_CONNECTION, 0.90, _complete),
        _in_a_row("plausible", inputs.days, DAYS_OF_CONNECTION, 0.98, lambda day: part_of("plausible", day).value),
        _prompt(inputs),
        _fresh(inputs),
    )
    contextualised = (
        _calendar(inputs),
        _of_window("coded", inputs.days, 0.70),
        _of_window("linked", inputs.days, 0.70),
    )
    integrated = (
        _consistent(inputs),
        _of_window("archived", inputs.days, 0.90),
        _of_window("queue", inputs.days, 0.90),
    )
    ladder = (
        ("connected", connected),
        ("contextualised", contextualised),
        ("integrated", integrated),
        ("predictive", _predictive(inputs)),
        ("adaptive", _adaptive(inputs)),
    )
    found: list[Gate] = []
    for phase, (key, checks) in enumerate(ladder, start=1):
        before = all(gate.is_open for gate in found)
        found.append(Gate(phase, key, checks, before and all(check.is_open for check in checks)))
    return tuple(found)


def phase_of(found: Sequence[Gate]) -> int:
    """The highest phase reached, 0 to 5."""
    return max((gate.phase for gate in found if gate.is_open), default=0)


def days_until(parts: Sequence[Share], needs: float, window: int = WINDOW_DAYS) -> int | None:
    """Planned days until a share over a sliding window reaches `needs`, if every coming day is as full as can be.

    A coming day weighs as much as the days of the window do on average. 0 if it is reached; None without any weight,
    because nobody knows how much there is to come. Worked: ten days of 0 out of 1 and a need of .7 take 20 days, for
    then the window of 28 holds 20 full days: .714.
    """
    whole = sum(part.whole for part in parts)
    if not whole:
        return None
    average = whole / sum(1 for part in parts if part.whole)
    days = list(parts)
    for passed in range(window + 1):
        kept = days[-window:]
        if sum(p.part for p in kept) >= needs * sum(p.whole for p in kept):
            return passed
        days.append(Share(average, average))
    return window


def _of_window(key: str, days: Sequence[DayTally], needs: float) -> Check:
    value = share_of(key, days)
    state: State = "unmeasured" if value is None else "open" if value >= needs else "closed"
    return Check(key, value, needs, state, wait_days=days_until([part_of(key, day) for day in days], needs))


def _in_a_row(
    key: str, days: Sequence[DayTally], needs_days: int, needs: float, value_of: Callable[[DayTally], float | None]
) -> Check:
    """How many days in a row, back from the last whole one, reach what is needed.

    A day that still runs neither counts nor breaks the row: its first minutes say too little. Its value is only shown
    where there is no other.
    """
    whole = [value_of(day) for day in days if not day.running][-needs_days:]
    held = 0
    for value in reversed(whole):
        if value is None or value < needs:
            break
        held += 1
    today = [value_of(day) for day in days if day.running][-1:]
    known = [value for value in whole if value is not None] or [value for value in today if value is not None]
    lowest = min(known) if known else None
    state: State = "open" if held >= needs_days else "closed" if known else "unmeasured"
    soon = any(value is not None and value >= needs for value in today)
    return Check(key, lowest, needs, state, held, needs_days, max(0, needs_days - held - soon))


def _complete(day: DayTally) -> float | None:
    heard, unbroken = part_of("heard", day).value, part_of("unbroken", day).value
    return None if heard is None or unbroken is None else min(heard, unbroken)


def _prompt(inputs: Inputs) -> Check:
    if not inputs.timed:
        return Check("prompt", None, 0.90, "left_out")
    return _in_a_row("prompt", inputs.days, DAYS_OF_CONNECTION, 0.90, lambda day: part_of("prompt", day).value)


def _fresh(inputs: Inputs) -> Check:
    """A line that fell silent falls back before its day is over."""
    if inputs.fresh is None:
        return Check("fresh", None, FRESH, "left_out")
    return Check("fresh", inputs.fresh, FRESH, "open" if inputs.fresh >= FRESH else "closed")


def _predictive(inputs: Inputs) -> tuple[Check, ...]:
    """Enough history for a shift's forecast (a day's needs six weeks), and its own record as proof."""
    own = inputs.earned
    skill: State = "unmeasured" if own.skill is None else "open" if own.skill > 0 else "closed"
    return (
        _weeks("weeks", inputs, 4.0),
        replace(_of_window("linked", inputs.days, 0.95), key="linked_95"),
        _at_least("own_forecasts", float(own.forecasts), float(OWN_FORECASTS)),
        Check("skill", own.skill, 0.0, skill),
        _between("held", own.held, 0.70, 0.90),
    )


def _adaptive(inputs: Inputs) -> tuple[Check, ...]:
    own = inputs.earned
    held = _between("held_long", own.held_long, 0.76, 0.84)
    if own.record_days < DAYS_OF_RECORD and held.state != "unmeasured":
        held = replace(held, state="closed")
    named = bool(own.approver)
    drift: State = "unmeasured" if own.drift_open is None else "closed" if own.drift_open else "open"
    return (
        _weeks("weeks_12", inputs, 12.0),
        _at_least("r", readiness_of(dimensions(inputs)), 85.0),
        replace(
            held,
            days=min(own.record_days, DAYS_OF_RECORD),
            needs_days=DAYS_OF_RECORD,
            wait_days=max(0, DAYS_OF_RECORD - own.record_days) or None,
        ),
        Check("drift_open", None if own.drift_open is None else float(own.drift_open), 0.0, drift),
        Check("approver", float(named), 1.0, "open" if named else "closed"),
    )


def _weeks(key: str, inputs: Inputs, needs: float) -> Check:
    left = max(0.0, needs - inputs.usable_weeks)
    return replace(_at_least(key, inputs.usable_weeks, needs), wait_days=ceil(left * 7))


def _at_least(key: str, value: float, needs: float) -> Check:
    return Check(key, value, needs, "open" if value >= needs else "closed")


def _between(key: str, value: float | None, least: float, most: float) -> Check:
    """A band that holds too much is as wrong as one that holds too little: both ends count as reached."""
    state: State = "unmeasured" if value is None else "open" if least <= value <= most else "closed"
    return Check(key, value, least, state, most=most)


def _calendar(inputs: Inputs) -> Check:
    known = calendar_known(inputs)
    return Check("calendar", float(known), 1.0, "open" if known else "closed", wait_days=0 if known else None)


def _consistent(inputs: Inputs) -> Check:
    """Every day of the last fourteen that a witness spoke of must agree, and none may contradict.

    Days without a witness are neither good nor bad: else the first count by hand would lock a line for two weeks that
    was open without it. A line without any witness is not held up, it only says so.
    """
    days = inputs.days[-DAYS_OF_CONSISTENCY:]
    values = [day.consistency for day in days if day.consistency is not None]
    contradicted = inputs.witness == "contradicted" or any(day.witness == "contradicted" for day in days)
    if not values and not contradicted:
        return Check("witness", None, 0.95, "unwitnessed")
    bad = [n for n, day in enumerate(days) if _disagrees(day)]
    lowest = min(values) if values else inputs.consistency
    if not bad and not contradicted:
        return Check("witness", lowest, 0.95, "open", wait_days=0)
    # The last bad day must leave the window; a contradiction that no single day shows needs all of it.
    wait = DAYS_OF_CONSISTENCY - (len(days) - 1 - bad[-1]) if bad else DAYS_OF_CONSISTENCY
    return Check("witness", lowest, 0.95, "closed", wait_days=wait)


def _disagrees(day: DayTally) -> bool:
    return day.witness == "contradicted" or (day.consistency is not None and day.consistency < 0.95)
