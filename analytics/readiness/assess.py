"""A line's readiness as a whole (pure): score, dimensions, gates and blockers, and the same as plain JSON values."""

from dataclasses import asdict, dataclass
from typing import Any

from analytics.readiness.blockers import Blocker, r_if_green, two_biggest
from analytics.readiness.dimensions import Dimension, dimensions, readiness_of
from analytics.readiness.gates import Gate, gates, phase_of
from analytics.readiness.tallies import Inputs

# Nobody can mend these but by waiting: the first always, the others while they are not measured yet.
ONLY_TIME = ("weeks", "archived")
TIME_TO_MEASURE = ("psi", "prompt")


@dataclass(frozen=True, slots=True)
class Assessment:
    """`r_with_time`: what R would be if all that only time can mend were green."""

    r: float
    r_with_time: float
    phase: int
    dimensions: tuple[Dimension, ...]
    gates: tuple[Gate, ...]
    blockers: tuple[Blocker, ...]


def assess(inputs: Inputs) -> Assessment:
    """The readiness of a line from its inputs; nothing else is looked at, so stored inputs give the same again."""
    found, doors = dimensions(inputs), gates(inputs)
    return Assessment(
        r=readiness_of(found),
        r_with_time=r_if_green(found, *ONLY_TIME, *_not_yet(found)),
        phase=phase_of(doors),
        dimensions=found,
        gates=doors,
        blockers=two_biggest(doors, found),
    )


def _not_yet(found: tuple[Dimension, ...]) -> list[str]:
    measures = [measure for part in found for measure in part.measures]
    return [one.key for one in measures if one.key in TIME_TO_MEASURE and one.status == "unmeasured"]


def scores_json(found: Assessment) -> list[dict[str, Any]]:
    """The dimensions with their measures, as they are stored and as the API gives them."""
    return [
        {
            "key": part.key,
            "weight": part.weight,
            "score": part.score,
            "measures": [asdict(measure) | {"score": measure.score} for measure in part.measures],
        }
        for part in found.dimensions
    ]


def gates_json(found: Assessment) -> list[dict[str, Any]]:
    """The gates with their checks."""
    return [
        {
            "phase": gate.phase,
            "key": gate.key,
            "open": gate.is_open,
            "checks": [asdict(check) | {"open": check.is_open} for check in gate.checks],
        }
        for gate in found.gates
    ]


def blockers_json(found: Assessment) -> list[dict[str, Any]]:
    """The two biggest blockers."""
    return [asdict(blocker) for blocker in found.blockers]


def inputs_json(inputs: Inputs) -> dict[str, Any]:
    """The inputs, days as ISO dates."""
    plain = asdict(inputs)
    plain["days"] = [asdict(day) | {"day": day.day.isoformat()} for day in inputs.days]
    return plain
