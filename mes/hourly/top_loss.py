"""What cost the most time in a stretch (pure): by reason, told apart from waiting, micro-stops and missing data."""

from collections.abc import Iterable
from dataclasses import dataclass

from mes.oee.timeline import Owned, Owner
from mes.tracking.states import Kind

NO_REASON, SETUP, WAITING, MICRO, NO_DATA = "-", "-setup", "-waiting", "-micro", "-no-data"
"""What stands for a reason where none was given. A machine that waits shows the loss of another one (R19)."""

_OTHERS = (WAITING, MICRO, NO_DATA)


@dataclass(frozen=True, slots=True)
class Loss:
    """A reason (its name, or one of the words above) and the milliseconds it cost."""

    reason: str
    lost_ms: int


def losses(owned: Iterable[Owned], start_ms: int, end_ms: int) -> list[Loss]:
    """Time lost in [start_ms, end_ms) by reason: own losses first, most time first, then waiting, micro-stops, no data.

    Own are unplanned stops and setup; planned stops and time without an order are no losses.
    """
    lost: dict[str, int] = {}
    for piece in owned:
        key = _key(piece)
        length = min(piece.end_ms, end_ms) - max(piece.start_ms, start_ms)
        if key is not None and length > 0:
            lost[key] = lost.get(key, 0) + length
    return sorted_losses(lost)


def sorted_losses(lost: dict[str, int]) -> list[Loss]:
    """Own losses before the others, most time first, equal ones by name."""
    rows = [Loss(reason, ms) for reason, ms in lost.items()]
    return sorted(rows, key=lambda loss: (loss.reason in _OTHERS, -loss.lost_ms, loss.reason))


def _key(piece: Owned) -> str | None:
    if piece.owner is Owner.UNPLANNED_STOP:
        return WAITING if piece.kind == Kind.WAITING else piece.reason or NO_REASON
    if piece.owner is Owner.SETUP:
        return piece.reason or SETUP
    return {Owner.MICRO_STOP: MICRO, Owner.UNKNOWN: NO_DATA}.get(piece.owner)
