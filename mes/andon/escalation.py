"""Which rules of escalation are due for a call: by its age, category, line, shift and whether somebody comes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=15)
MOST_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Rule:
    """When a rule speaks. `category` and `line` 0: all; no `shifts`: always, also outside shifts."""

    code: str
    level: int
    after_s: int
    category: int = 0
    line: int = 0
    shifts: frozenset[str] = frozenset()
    until_closed: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open call as rules see it. `shift` is the one that runs now at its machine, "" for none."""

    raised_at: datetime
    category: int
    line: int
    shift: str
    taken: bool


def due(call: Waiting, rules: Iterable[Rule], now: datetime) -> list[Rule]:
    """The rules that have to speak by `now`, lowest level first; at exactly `after_s` a rule is due.

    A rule whose shift does not run waits for it: a call left over from the night is told to the day shift when it
    begins. Once somebody comes, only rules that hold until the call is resolved go on.
    """
    found = [rule for rule in rules if _applies(call, rule) and now >= call.raised_at + timedelta(seconds=rule.after_s)]
    return sorted(found, key=lambda rule: (rule.level, rule.after_s, rule.code))


def pause_after(attempts: int) -> timedelta:
    """How long a notice waits after so many attempts that failed: 15 s, doubled each time, 15 min at most."""
    return min(FIRST_PAUSE * 2 ** min(max(0, attempts - 1), 10), LONGEST_PAUSE)


def is_dead(attempts: int) -> bool:
    """Whether a notice is given up after so many attempts."""
    return attempts >= MOST_ATTEMPTS


def _applies(call: Waiting, rule: Rule) -> bool:
    return (
        (not rule.category or rule.category == call.category)
        and (not rule.line or rule.line == call.line)
        and (not rule.shifts or call.shift in rule.shifts)
        and (rule.until_closed or not call.taken)
    )
