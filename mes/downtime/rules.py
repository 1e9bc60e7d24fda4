"""Which rule explains a stop (pure): by PLC code, state, item, weekday and local time; the first that fits decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time


@dataclass(frozen=True, slots=True)
class Rule:
    """The conditions of a rule; None and empty ones do not restrict. Ids name places and items."""

    code: str
    line: int | None = None
    work_center: int | None = None
    plc_code: int | None = None
    state: str = ""
    item: int | None = None
    weekdays: str = ""
    from_time: time | None = None
    to_time: time | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule may look at. `began` is the start in the site's local time; `item` is what was being made then."""

    line: int
    work_center: int
    plc_code: int | None
    state: str
    item: int | None
    began: datetime
    still: bool = False


def fits(rule: Rule, facts: Facts) -> bool:
    """Whether every condition of the rule holds.

    Weekday and time are those at which the stop begins, half-open; a window from 22:00 to 06:00 reaches over midnight.
    A rule switched on at `since` explains what stands then or stops later, never history.
    """
    return (
        rule.line in (None, facts.line)
        and rule.work_center in (None, facts.work_center)
        and rule.plc_code in (None, facts.plc_code)
        and rule.item in (None, facts.item)
        and rule.state.casefold() in ("", facts.state.casefold())
        and (not rule.weekdays or str(facts.began.isoweekday()) in rule.weekdays)
        and _in_window(rule, facts.began.time())
        and (rule.since is None or facts.still or facts.began >= rule.since)
    )


def first_that_fits(rules: Iterable[Rule], facts: Facts) -> Rule | None:
    """The first rule in their order that fits; None where none does."""
    return next((rule for rule in rules if fits(rule, facts)), None)


def _in_window(rule: Rule, began: time) -> bool:
    start, end = rule.from_time, rule.to_time
    if start is None or end is None:
        return True
    return start <= began < end if start < end else began >= start or began < end
