"""What holds a line up (pure): the two biggest blockers, what mending wins, whose they are, how long it takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from analytics.readiness.dimensions import Dimension, Measure, readiness_of
from analytics.readiness.gains import gain_of
from analytics.readiness.gates import Check, Gate

SHOWN = 2

# Not measured yet for want of time, which no department can give.
ONLY_TIME = ("prompt", "coded", "linked", "linked_95", "psi", "skill", "held", "held_long", "drift_open")

# Check or measure -> the department that can mend it.
OWNER_OF = {
    "completeness": "controls",
    "heard": "controls",
    "unbroken": "controls",
    "prompt": "it",
    "plausible": "controls",
    "witness": "operations",
    "coded": "operations",
    "linked": "planning",
    "calendar": "planning",
    "archived": "time",
    "weeks": "time",
    "psi": "operations",
    "drift": "operations",
    "fresh": "controls",
    "queue": "planning",
    "linked_95": "planning",
    "weeks_12": "time",
    "own_forecasts": "time",
    "skill": "operations",
    "held": "operations",
    "held_long": "operations",
    "r": "operations",
    "drift_open": "operations",
    "approver": "operations",
}

# Checks that look at a measure of another name: mending them turns that one green.
MEASURES_OF = {
    "completeness": ("heard", "unbroken"),
    "fresh": ("heard", "unbroken"),
    "queue": (),
    "linked_95": ("linked",),
    "weeks_12": ("weeks",),
}

# Checks whose gain was measured under another name.
_GAIN_OF = {"fresh": "completeness", "queue": "archived", "linked_95": "linked", "weeks_12": "weeks"}


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing to mend. `phase`: the gate it holds shut, 0 where all are open and it only lowers the score.

    `gain`: share of the forecast's error it would take away, None where nobody measured that. `r_gain`: points of R if
    its measure were green. `days`, `needs_days`, `wait_days` as in a check.
    """

    key: str
    phase: int
    value: float | None
    needs: float
    owner: str
    gain: float | None
    r_gain: float
    days: int = 0
    needs_days: int = 0
    wait_days: int | None = None
    most: float | None = None


def two_biggest(gates: Sequence[Gate], found: Sequence[Dimension]) -> tuple[Blocker, ...]:
    """The blockers of the next gate first, then of the gates behind it.

    Within a gate what somebody can mend comes before what only time mends, and the greater gain before the smaller.
    With every gate open they are the measures that cost the score most. Fewer than two where less is wrong.
    """
    shut = [(gate.phase, check) for gate in gates for check in gate.checks if not check.is_open]
    held = [_of_check(check, phase, found) for phase, check in shut if check.key != "r"]
    held += [
        replace(_of_measure(measure, found), phase=phase)
        for phase, check in shut
        if check.key == "r"
        for measure in _behind_r(shut, found)
    ]
    if not shut:
        held = [_of_measure(measure, found) for part in found for measure in part.measures if _lowers(measure)]
    held.sort(key=_urgency)
    return tuple(_once(held)[:SHOWN])


def _once(held: Sequence[Blocker]) -> list[Blocker]:
    """The first of those that the same mending takes away: a silent line is told once what to do."""
    named: set[str] = set()
    kept = []
    for blocker in held:
        measures = MEASURES_OF.get(blocker.key, (blocker.key,))
        if not named.intersection(measures):
            kept.append(blocker)
        named.update(measures)
    return kept


def _behind_r(shut: Sequence[tuple[int, Check]], found: Sequence[Dimension]) -> list[Measure]:
    """A score is mended by its measures: those that lower it and that no other shut check names already."""
    named = {key for _, check in shut for key in MEASURES_OF.get(check.key, (check.key,))}
    return [measure for part in found for measure in part.measures if _lowers(measure) and measure.key not in named]


def _urgency(blocker: Blocker) -> tuple[int, bool, float, float, str]:
    return (blocker.phase, blocker.owner == "time", -(blocker.gain or 0.0), -blocker.r_gain, blocker.key)


def r_if_green(found: Sequence[Dimension], *keys: str) -> float:
    """R if these measures were green and all others as they are."""
    return readiness_of(tuple(replace(part, measures=tuple(_mended(m, keys) for m in part.measures)) for part in found))


def _mended(measure: Measure, keys: Sequence[str]) -> Measure:
    mend = measure.key in keys and measure.status != "left_out"
    return replace(measure, value=measure.green, status="measured") if mend else measure


def _lowers(measure: Measure) -> bool:
    return measure.score is not None and measure.score < 1


def _of_check(check: Check, phase: int, found: Sequence[Dimension]) -> Blocker:
    measures = MEASURES_OF.get(check.key, (check.key,))
    return Blocker(
        key=check.key,
        phase=phase,
        value=check.value,
        needs=check.needs,
        owner=_owner(check),
        gain=_gain(check.key, check.value),
        r_gain=r_if_green(found, *measures) - readiness_of(tuple(found)),
        days=check.days,
        needs_days=check.needs_days,
        wait_days=check.wait_days,
        most=check.most,
    )


def _owner(check: Check) -> str:
    within = check.value is not None and check.needs <= check.value <= (check.most or inf)
    lacks_days = check.needs_days > 0 and within
    return "time" if lacks_days or (check.value is None and check.key in ONLY_TIME) else OWNER_OF[check.key]


def _of_measure(measure: Measure, found: Sequence[Dimension]) -> Blocker:
    key = "completeness" if measure.key in ("heard", "unbroken") else measure.key
    return Blocker(
        key=measure.key,
        phase=0,
        value=measure.value,
        needs=measure.green,
        owner="time" if measure.value is None and measure.key in ONLY_TIME else OWNER_OF[measure.key],
        gain=_gain(key, measure.value),
        r_gain=r_if_green(found, measure.key) - readiness_of(tuple(found)),
        wait_days=_weeks_left(measure) if measure.key == "weeks" else None,
    )


def _weeks_left(measure: Measure) -> int | None:
    return None if measure.value is None else max(0, round((measure.green - measure.value) * 7))


def _gain(key: str, value: float | None) -> float | None:
    if value is None:
        return None
    key = _GAIN_OF.get(key, key)
    return gain_of(key, value if key == "weeks" else 1 - value)
