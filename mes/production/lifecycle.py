"""The life of an order: which step leads from which states to which. Pure; the actions ask here and nowhere else."""

from typing import NamedTuple

RECEIVED, RELEASED, DISPATCHED, RUNNING = "received", "released", "dispatched", "running"
PAUSED, COMPLETED, CLOSED, CANCELLED = "paused", "completed", "closed", "cancelled"

STATES = (RECEIVED, RELEASED, DISPATCHED, RUNNING, PAUSED, COMPLETED, CLOSED, CANCELLED)
OPEN = (RELEASED, DISPATCHED, RUNNING, PAUSED)
"""The floor may work on it: it is in queues and may be started."""
BEGUN = (RUNNING, PAUSED)
"""It was started and is not over."""
OVER = (COMPLETED, CLOSED, CANCELLED)
"""Nothing is made for it any more."""


class Step(NamedTuple):
    """From which states a step may be taken, and where it leads."""

    sources: tuple[str, ...]
    target: str


STEPS: dict[str, Step] = {
    "release": Step((RECEIVED,), RELEASED),
    "dispatch": Step((RELEASED, DISPATCHED), DISPATCHED),
    "start": Step(OPEN, RUNNING),
    "pause": Step((RUNNING,), PAUSED),
    "resume": Step((PAUSED,), RUNNING),
    "complete": Step(BEGUN, COMPLETED),
    "reopen": Step((COMPLETED,), PAUSED),
    "close": Step((COMPLETED,), CLOSED),
    "cancel": Step((RECEIVED, *OPEN), CANCELLED),
}


def may_step(step: str, state: str) -> bool:
    """Whether the step may be taken from this state. KeyError for a step nobody defined."""
    return state in STEPS[step].sources


def is_there(step: str, state: str) -> bool:
    """Whether the step leads where the order already is: said again, it changes nothing."""
    return state == STEPS[step].target


def steps_from(state: str) -> list[str]:
    """The steps a page offers for an order in this state, in the order of a life."""
    return [name for name in STEPS if may_step(name, state)]
