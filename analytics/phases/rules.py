"""Phases (pure): which features each opens, when a line rose or fell, and which counts by hand back a sign-off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

LAST = 5
TALLIES_NEEDED = 2
TALLY_WITHIN = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a phase opens. `alone`: the phase that opens it to a line to which no ERP sends orders; None: none."""

    key: str
    phase: int | None
    alone: int | None

    def opens_in(self, *, erp: bool) -> int | None:
        """The phase that opens it to a line; None where the line has no use for it or cannot have it."""
        return self.phase if erp else self.alone


# Orders typed or imported open what an ERP's do. OEE, Pareto and control charts are never locked, only labelled.
FEATURES = (
    Feature("plan_outlook", 2, 2),
    Feature("no_plan_forecast", None, 2),
    Feature("order_eta", 3, 3),
    Feature("rate_forecast", 3, 3),
    Feature("band_80", 4, 4),
    Feature("slow_running", 4, 4),
    Feature("stop_risk", 4, 4),
    Feature("band_95", 4, 4),
    Feature("promotion", 5, 5),
    Feature("resequencing", 5, 5),
    Feature("learned_limits", 5, 5),
)


def unlocked(phase: int, *, erp: bool) -> tuple[str, ...]:
    """The features that are open in a phase; a line without an ERP has the forecast without a plan from phase 2."""
    doors = ((one.key, one.opens_in(erp=erp)) for one in FEATURES)
    return tuple(key for key, needs in doors if needs is not None and phase >= needs)


@dataclass(frozen=True, slots=True)
class Step:
    """From one phase to another. `fell_from`: the phase lost and not regained, None if none is.

    `why`: the checks that shut the first gate behind which the line lies now; empty where nothing was lost.
    """

    before: int | None
    after: int
    fell_from: int | None
    why: tuple[dict[str, Any], ...]

    @property
    def fell(self) -> bool:
        """Whether this step went down."""
        return self.before is not None and self.after < self.before


def step(before: int | None, fell_from: int | None, after: int, gates: Sequence[Mapping[str, Any]]) -> Step | None:
    """What a new report changes; None where the line stays in its phase.

    `before`: the phase until now, None for a line that had none yet; `fell_from`: what it had lost already; `gates`: of
    the new report, as stored. A line that regains a part of what it lost still says from where it fell, and why.
    """
    if after == before:
        return None
    lost = max((one for one in (before, fell_from) if one is not None and one > after), default=None)
    why = shut_checks(gates, after + 1) if lost is not None else ()
    return Step(before, after, lost, why)


def shut_checks(gates: Iterable[Mapping[str, Any]], phase: int) -> tuple[dict[str, Any], ...]:
    """The checks that hold the gate to a phase shut."""
    return tuple(dict(one) for gate in gates if gate["phase"] == phase for one in gate["checks"] if not one["open"])


def backs(pieces: int, low: Decimal | None, high: Decimal | None) -> bool:
    """Whether a count by hand agrees with the counter within 0.5 % of what was counted by hand.

    `low`, `high`: the least and the most the counter can have counted meanwhile; both ends must agree. Worked: 1000 by
    hand backs 995 to 1005, not 994. Nothing counted backs nothing.
    """
    if pieces <= 0 or low is None or high is None:
        return False
    allowed = TALLY_WITHIN * pieces
    return abs(low - pieces) <= allowed and abs(high - pieces) <= allowed
