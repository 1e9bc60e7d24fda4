"""What may happen to a nonconformance next, and what must be there before it closes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What a person can do with a report."""

    DISPOSE = "dispose"
    ADD_ACTION = "add-action"
    CLOSE = "close"


STEPS: dict[str, tuple[Step, ...]] = {
    "open": (Step.DISPOSE, Step.ADD_ACTION),
    "dispositioned": (Step.ADD_ACTION, Step.CLOSE),
    "closed": (),
}
"""Per status what can be done."""


@dataclass(frozen=True, slots=True)
class ActionState:
    """How far a corrective action is."""

    done: bool
    verified: bool


def steps_of(status: str) -> tuple[Step, ...]:
    """What can be done in this status (KeyError for one that does not exist)."""
    return STEPS[status]


def missing_to_close(actions: Iterable[ActionState], closing: str) -> tuple[int, bool]:
    """How many corrective actions are not verified yet, and whether words are missing that say why there is none.

    Worked: one of two verified: (1, False). No action and nothing said: (0, True). No action and "one-off": (0, False).
    """
    known = list(actions)
    return sum(not one.verified for one in known), not known and not closing.strip()
