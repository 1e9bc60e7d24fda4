"""The arithmetic of a board's rows (pure): difference to plan per hour and running, and what counts as behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Made:
    """One hour as it is known: `plan` and `original` pieces (None: no plan), good and scrap (None: not begun yet).

    `planned_ms` is the planned working time of the whole row, `elapsed_ms` of the part that has passed.
    """

    start: datetime
    end: datetime
    plan: int | None
    original: int | None
    good: int | None
    scrap: int | None
    planned_ms: int
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A row with what was due of its plan so far, the difference to it, and the running sum of both."""

    made: Made
    due: int | None
    delta: int | None
    total_due: int | None
    total_delta: int | None

    @property
    def behind(self) -> bool:
        """Fewer good pieces than due by now: the only thing that is red."""
        return self.delta is not None and self.delta < 0

    @property
    def total_behind(self) -> bool:
        """Behind since the first hour."""
        return self.total_delta is not None and self.total_delta < 0


def compared(rows: Sequence[Made]) -> list[Compared]:
    """Rows against their plan. Of the running hour the plan is due as far as its planned time has passed, rounded down.

    Hours without a plan, and hours that have not begun, differ from nothing and leave the running sum as it was.
    Worked: plan 600, half of the hour's planned time over, 280 good: due 300, behind by 20.
    """
    found: list[Compared] = []
    due_sum = delta_sum = 0
    for row in rows:
        if row.plan is None or row.good is None:
            found.append(Compared(row, None, None, None, None))
            continue
        due = due_of(row.plan, row.planned_ms, row.elapsed_ms)
        due_sum, delta_sum = due_sum + due, delta_sum + row.good - due
        found.append(Compared(row, due, row.good - due, due_sum, delta_sum))
    return found


def due_of(plan: int, planned_ms: int, elapsed_ms: int) -> int:
    """The part of an hour's plan that is due; all of it where the hour has no planned time left to wait for."""
    if planned_ms <= 0 or elapsed_ms >= planned_ms:
        return plan
    return int(Fraction(plan) * elapsed_ms / planned_ms)
