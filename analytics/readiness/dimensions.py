"""The seven dimensions of readiness (pure): what each measures, where red and green lie, and the score of a line.

A dimension is as good as the weakest of its measures. What nobody has measured yet scores 0, so that nothing is green
by absence; what does not exist for a line (no witness, readings pushed by another system) is left out and says so.
"""

from dataclasses import dataclass
from typing import Literal

from analytics.readiness.scale import readiness, score
from analytics.readiness.tallies import WINDOW_DAYS, Inputs, share_of

Status = Literal["measured", "unmeasured", "left_out", "contradicted"]

# Shifts must be known so many days ahead: as far as a daily forecast reaches.
HORIZON_DAYS = 14.0


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a dimension with its red and green ends. `value` None: nobody has measured it."""

    key: str
    value: float | None
    red: float
    green: float
    status: Status

    @property
    def score(self) -> float | None:
        """0 to 1; None where the measure is left out."""
        if self.status == "left_out":
            return None
        return score(self.value, self.red, self.green) if self.value is not None else 0.0


@dataclass(frozen=True, slots=True)
class Dimension:
    """A named side of readiness with its weight."""

    key: str
    weight: float
    measures: tuple[Measure, ...]

    @property
    def score(self) -> float | None:
        """That of its weakest measure; None where all are left out."""
        scores = [measure.score for measure in self.measures if measure.score is not None]
        return min(scores) if scores else None


def dimensions(inputs: Inputs) -> tuple[Dimension, ...]:
    """All seven, computed from the tallies of the last 28 planned days and what is known beside them."""

    def of_days(key: str, red: float, green: float, *, exists: bool = True) -> Measure:
        return _measure(key, share_of(key, inputs.days), red, green, exists=exists)

    return (
        Dimension("completeness", 0.20, (of_days("heard", 0.80, 0.98), of_days("unbroken", 0.80, 0.98))),
        Dimension("timeliness", 0.10, (of_days("prompt", 0.80, 0.99, exists=inputs.timed),)),
        Dimension("validity", 0.15, (of_days("plausible", 0.98, 0.998),)),
        Dimension("consistency", 0.15, (_consistency(inputs),)),
        Dimension(
            "structure",
            0.20,
            (
                of_days("coded", 0.50, 0.90),
                of_days("linked", 0.70, 0.95),
                _measure("calendar", float(calendar_known(inputs)), 0.0, 1.0),
                of_days("archived", 0.70, 0.95),
            ),
        ),
        Dimension("quantity", 0.10, (_measure("weeks", inputs.usable_weeks, 4.0, 12.0),)),
        Dimension("stability", 0.10, (_measure("psi", inputs.psi, 0.25, 0.10), _drift(inputs))),
    )


def readiness_of(found: tuple[Dimension, ...]) -> float:
    """R, 0 to 100: the weighted geometric mean; a dimension that is left out shares its weight among the others."""
    return readiness((part.score, part.weight) for part in found if part.score is not None)


def calendar_known(inputs: Inputs) -> bool:
    """Whether shifts are known as far ahead as a daily forecast reaches."""
    return inputs.calendar_days is not None and inputs.calendar_days >= HORIZON_DAYS


def _measure(key: str, value: float | None, red: float, green: float, *, exists: bool = True) -> Measure:
    if not exists:
        return Measure(key, None, red, green, "left_out")
    return Measure(key, value, red, green, "unmeasured" if value is None else "measured")


def _drift(inputs: Inputs) -> Measure:
    """1 - days with an open alarm / 28. Without forecasts nobody watches for drift, and the measure is left out."""
    days = inputs.earned.drift_days
    calm = None if days is None else max(0.0, 1 - days / WINDOW_DAYS)
    return _measure("drift", calm, 0.0, 1.0, exists=days is not None)


def _consistency(inputs: Inputs) -> Measure:
    if inputs.witness == "unwitnessed" or inputs.consistency is None:
        return Measure("witness", None, 0.90, 0.98, "left_out")
    status: Status = "contradicted" if inputs.witness == "contradicted" else "measured"
    return Measure("witness", inputs.consistency, 0.90, 0.98, status)
